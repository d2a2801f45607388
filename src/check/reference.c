#include "check/reference.h"

#include "base/philox.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static int reach_of(const struct incline_reference_window *window, int axis)
{
    return (window->size[axis] - 1) * window->dilation[axis] + 1;
}

struct incline_reference_window incline_reference_dilated(struct incline_shape in,
                                                          const int size[2], const int stride[2],
                                                          const int dilation[2], int padding)
{
    struct incline_reference_window window = {.in = {in.height, in.width}};
    for (int axis = 0; axis < 2; axis++) {
        int cells = window.in[axis], total = 2 * padding;
        window.size[axis] = size[axis];
        window.stride[axis] = stride[axis];
        window.dilation[axis] = dilation[axis];
        if (padding == INCLINE_REFERENCE_SAME) {
            int out = (cells + stride[axis] - 1) / stride[axis];
            total = (out - 1) * stride[axis] + reach_of(&window, axis) - cells;
            total = total > 0 ? total : 0;
        }
        window.before[axis] = total / 2;
        window.out[axis] = (cells + total - reach_of(&window, axis)) / stride[axis] + 1;
    }
    return window;
}

struct incline_reference_window incline_reference_window(struct incline_shape in, const int size[2],
                                                         const int stride[2], int padding)
{
    return incline_reference_dilated(in, size, stride, (const int[2]){1, 1}, padding);
}

/* The cell along one axis that a window's cell lies on; -1 in the padding. */
static int cell_at(const struct incline_reference_window *window, int axis, int position, int cell)
{
    int at = position * window->stride[axis] + cell * window->dilation[axis] - window->before[axis];
    return at >= 0 && at < window->in[axis] ? at : -1;
}

/* The window's cell along one axis that lies on an input cell; -1 when there is none. */
static int reach(const struct incline_reference_window *window, int axis, int position, int at)
{
    int from = at - (position * window->stride[axis] - window->before[axis]);
    return from >= 0 && from < reach_of(window, axis) && from % window->dilation[axis] == 0
               ? from / window->dilation[axis]
               : -1;
}

/* A place in [n][height][width][channels], from its flat index. */
struct place {
    size_t image, channel;
    int at[2];
};

static struct place place_of(size_t index, const int extent[2], size_t channels)
{
    struct place place = {.channel = index % channels};
    index /= channels;
    place.at[1] = (int)(index % (size_t)extent[1]);
    index /= (size_t)extent[1];
    place.at[0] = (int)(index % (size_t)extent[0]);
    place.image = index / (size_t)extent[0];
    return place;
}

static size_t flat(size_t image, int h, int w, const int extent[2])
{
    return (image * (size_t)extent[0] + (size_t)h) * (size_t)extent[1] + (size_t)w;
}

static size_t tap_of(const struct incline_reference_window *window, int kh, int kw)
{
    return (size_t)kh * (size_t)window->size[1] + (size_t)kw;
}

/* Channels and filters of a group. */
static size_t group_channels(const struct incline_reference_conv2d *conv)
{
    return (size_t)(conv->channels / conv->groups);
}

static size_t group_filters(const struct incline_reference_conv2d *conv)
{
    return (size_t)(conv->filters / conv->groups);
}

/* Where the channels of a cell of x begin. */
static size_t cell_of(const struct incline_reference_conv2d *conv, size_t image, int h, int w)
{
    return flat(image, h, w, conv->window.in) * (size_t)conv->channels;
}

double incline_reference_conv2d_at(const struct incline_reference_conv2d *conv, const double *x,
                                   const double *w, const double *b, size_t index)
{
    const struct incline_reference_window *window = &conv->window;
    size_t K = (size_t)conv->filters, C = group_channels(conv);
    struct place to = place_of(index, window->out, K);
    size_t first = to.channel / group_filters(conv) * C;
    double sum = b ? b[to.channel] : 0;
    for (int kh = 0; kh < window->size[0]; kh++)
        for (int kw = 0; kw < window->size[1]; kw++) {
            int h = cell_at(window, 0, to.at[0], kh), column = cell_at(window, 1, to.at[1], kw);
            if (h < 0 || column < 0)
                continue;
            const double *cell = x + cell_of(conv, to.image, h, column) + first;
            const double *tap = w + tap_of(window, kh, kw) * C * K + to.channel;
            for (size_t c = 0; c < C; c++)
                sum += tap[c * K] * cell[c];
        }
    return sum;
}

double incline_reference_conv2d_data_at(const struct incline_reference_conv2d *conv,
                                        const double *w, const double *dy, size_t index)
{
    const struct incline_reference_window *window = &conv->window;
    size_t K = (size_t)conv->filters, C = group_channels(conv), filters = group_filters(conv);
    struct place to = place_of(index, window->in, (size_t)conv->channels);
    size_t first = to.channel / C * filters;
    double sum = 0;
    for (int oh = 0; oh < window->out[0]; oh++) {
        int kh = reach(window, 0, oh, to.at[0]);
        for (int ow = 0; kh >= 0 && ow < window->out[1]; ow++) {
            int kw = reach(window, 1, ow, to.at[1]);
            if (kw < 0)
                continue;
            const double *out = dy + flat(to.image, oh, ow, window->out) * K + first;
            const double *tap = w + (tap_of(window, kh, kw) * C + to.channel % C) * K + first;
            for (size_t k = 0; k < filters; k++)
                sum += tap[k] * out[k];
        }
    }
    return sum;
}

double incline_reference_conv2d_weights_at(const struct incline_reference_conv2d *conv, int images,
                                           const double *x, const double *dy, size_t index)
{
    const struct incline_reference_window *window = &conv->window;
    size_t K = (size_t)conv->filters, C = group_channels(conv);
    struct place tap = place_of(index / K, window->size, C);
    size_t channel = index % K / group_filters(conv) * C + tap.channel;
    double sum = 0;
    for (size_t n = 0; n < (size_t)images; n++)
        for (int oh = 0; oh < window->out[0]; oh++) {
            int h = cell_at(window, 0, oh, tap.at[0]);
            for (int ow = 0; h >= 0 && ow < window->out[1]; ow++) {
                int column = cell_at(window, 1, ow, tap.at[1]);
                if (column >= 0)
                    sum += x[cell_of(conv, n, h, column) + channel] *
                           dy[flat(n, oh, ow, window->out) * K + index % K];
            }
        }
    return sum;
}

static size_t positions(const struct incline_reference_window *window)
{
    return (size_t)window->out[0] * (size_t)window->out[1];
}

static size_t cells(const struct incline_reference_window *window)
{
    return (size_t)window->in[0] * (size_t)window->in[1];
}

void incline_reference_conv2d(const struct incline_reference_conv2d *conv, int images,
                              const double *x, const double *w, const double *b, double *y)
{
    size_t count = (size_t)images * positions(&conv->window) * (size_t)conv->filters;
    for (size_t i = 0; i < count; i++)
        y[i] = incline_reference_conv2d_at(conv, x, w, b, i);
}

void incline_reference_conv2d_data(const struct incline_reference_conv2d *conv, int images,
                                   const double *w, const double *dy, double *dx)
{
    size_t count = (size_t)images * cells(&conv->window) * (size_t)conv->channels;
    for (size_t i = 0; i < count; i++)
        dx[i] = incline_reference_conv2d_data_at(conv, w, dy, i);
}

void incline_reference_conv2d_weights(const struct incline_reference_conv2d *conv, int images,
                                      const double *x, const double *dy, double *dw)
{
    size_t taps = (size_t)conv->window.size[0] * (size_t)conv->window.size[1];
    size_t count = taps * group_channels(conv) * (size_t)conv->filters;
    for (size_t i = 0; i < count; i++)
        dw[i] = incline_reference_conv2d_weights_at(conv, images, x, dy, i);
}

struct incline_reference_conv2d incline_reference_dense_conv2d(int in, int out)
{
    return (struct incline_reference_conv2d){
        .window =
            {.in = {1, 1}, .out = {1, 1}, .size = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}},
        .channels = in,
        .filters = out,
        .groups = 1,
    };
}

void incline_reference_dense(int in, int out, int images, const double *x, const double *w,
                             const double *b, double *y)
{
    struct incline_reference_conv2d conv = incline_reference_dense_conv2d(in, out);
    incline_reference_conv2d(&conv, images, x, w, b, y);
}

void incline_reference_dense_data(int in, int out, int images, const double *w, const double *dy,
                                  double *dx)
{
    struct incline_reference_conv2d conv = incline_reference_dense_conv2d(in, out);
    incline_reference_conv2d_data(&conv, images, w, dy, dx);
}

void incline_reference_dense_weights(int in, int out, int images, const double *x, const double *dy,
                                     double *dw)
{
    struct incline_reference_conv2d conv = incline_reference_dense_conv2d(in, out);
    incline_reference_conv2d_weights(&conv, images, x, dy, dw);
}

double incline_reference_bias_at(size_t rows, int columns, const double *dy, size_t column)
{
    double sum = 0;
    for (size_t row = 0; row < rows; row++)
        sum += dy[row * (size_t)columns + column];
    return sum;
}

void incline_reference_bias(int rows, int columns, const double *dy, double *db)
{
    for (size_t k = 0; k < (size_t)columns; k++)
        db[k] = incline_reference_bias_at((size_t)rows, columns, dy, k);
}

size_t incline_reference_max_pool2d_at(const struct incline_reference_window *window, int channels,
                                       const double *x, size_t index)
{
    size_t C = (size_t)channels, from = SIZE_MAX;
    struct place to = place_of(index, window->out, C);
    for (int kh = 0; kh < window->size[0]; kh++)
        for (int kw = 0; kw < window->size[1]; kw++) {
            int h = cell_at(window, 0, to.at[0], kh), column = cell_at(window, 1, to.at[1], kw);
            if (h < 0 || column < 0)
                continue;
            size_t at = flat(to.image, h, column, window->in) * C + to.channel;
            if (from == SIZE_MAX || x[at] > x[from] || isnan(x[at]))
                from = at;
        }
    return from;
}

double incline_reference_max_pool2d_data_at(const struct incline_reference_window *window,
                                            int channels, const double *x, const double *dy,
                                            size_t index)
{
    size_t C = (size_t)channels;
    struct place to = place_of(index, window->in, C);
    double sum = 0;
    for (int oh = 0; oh < window->out[0]; oh++)
        for (int ow = 0; reach(window, 0, oh, to.at[0]) >= 0 && ow < window->out[1]; ow++) {
            size_t out = flat(to.image, oh, ow, window->out) * C + to.channel;
            if (reach(window, 1, ow, to.at[1]) >= 0 &&
                incline_reference_max_pool2d_at(window, channels, x, out) == index)
                sum += dy[out];
        }
    return sum;
}

void incline_reference_max_pool2d(const struct incline_reference_window *window, int channels,
                                  int images, const double *x, double *y, size_t *from)
{
    size_t outputs = (size_t)images * positions(window) * (size_t)channels;
    for (size_t o = 0; o < outputs; o++) {
        from[o] = incline_reference_max_pool2d_at(window, channels, x, o);
        y[o] = x[from[o]];
    }
}

void incline_reference_max_pool2d_backward(size_t inputs, size_t outputs, const double *dy,
                                           const size_t *from, double *dx)
{
    memset(dx, 0, inputs * sizeof *dx);
    for (size_t o = 0; o < outputs; o++)
        dx[from[o]] += dy[o];
}

/* Cells of the window at a position: those inside the image, or all. */
static double count_cells(const struct incline_reference_window *window, int oh, int ow, bool all)
{
    int inside = 0;
    for (int kh = 0; kh < window->size[0]; kh++)
        for (int kw = 0; kw < window->size[1]; kw++)
            inside += all || (cell_at(window, 0, oh, kh) >= 0 && cell_at(window, 1, ow, kw) >= 0);
    return inside;
}

double incline_reference_avg_pool2d_at(const struct incline_reference_window *window, int channels,
                                       bool padding_counts, const double *x, size_t index)
{
    size_t C = (size_t)channels;
    struct place to = place_of(index, window->out, C);
    double sum = 0;
    for (int kh = 0; kh < window->size[0]; kh++)
        for (int kw = 0; kw < window->size[1]; kw++) {
            int h = cell_at(window, 0, to.at[0], kh), column = cell_at(window, 1, to.at[1], kw);
            if (h >= 0 && column >= 0)
                sum += x[flat(to.image, h, column, window->in) * C + to.channel];
        }
    return sum / count_cells(window, to.at[0], to.at[1], padding_counts);
}

double incline_reference_avg_pool2d_data_at(const struct incline_reference_window *window,
                                            int channels, bool padding_counts, const double *dy,
                                            size_t index)
{
    size_t C = (size_t)channels;
    struct place to = place_of(index, window->in, C);
    double sum = 0;
    for (int oh = 0; oh < window->out[0]; oh++)
        for (int ow = 0; reach(window, 0, oh, to.at[0]) >= 0 && ow < window->out[1]; ow++)
            if (reach(window, 1, ow, to.at[1]) >= 0)
                sum += dy[flat(to.image, oh, ow, window->out) * C + to.channel] /
                       count_cells(window, oh, ow, padding_counts);
    return sum;
}

double incline_reference_zero_pad2d_at(struct incline_shape in, const int sides[4], const double *x,
                                       size_t index)
{
    const int from[2] = {in.height, in.width};
    const int out[2] = {in.height + sides[0] + sides[1], in.width + sides[2] + sides[3]};
    struct place to = place_of(index, out, (size_t)in.channels);
    int h = to.at[0] - sides[0], w = to.at[1] - sides[2];
    if (h < 0 || h >= in.height || w < 0 || w >= in.width)
        return 0;
    return x[flat(to.image, h, w, from) * (size_t)in.channels + to.channel];
}

double incline_reference_zero_pad2d_data_at(struct incline_shape in, const int sides[4],
                                            const double *dy, size_t index)
{
    const int cells_in[2] = {in.height, in.width};
    const int out[2] = {in.height + sides[0] + sides[1], in.width + sides[2] + sides[3]};
    struct place to = place_of(index, cells_in, (size_t)in.channels);
    size_t from = flat(to.image, to.at[0] + sides[0], to.at[1] + sides[2], out);
    return dy[from * (size_t)in.channels + to.channel];
}

double incline_reference_upsample_at(struct incline_shape in, const int factor[2], const double *x,
                                     size_t index)
{
    const int from[2] = {in.height, in.width};
    const int out[2] = {in.height * factor[0], in.width * factor[1]};
    struct place to = place_of(index, out, (size_t)in.channels);
    size_t cell = flat(to.image, to.at[0] / factor[0], to.at[1] / factor[1], from);
    return x[cell * (size_t)in.channels + to.channel];
}

double incline_reference_upsample_data_at(struct incline_shape in, const int factor[2],
                                          const double *dy, size_t index)
{
    const int cells_in[2] = {in.height, in.width};
    const int out[2] = {in.height * factor[0], in.width * factor[1]};
    struct place to = place_of(index, cells_in, (size_t)in.channels);
    double sum = 0;
    for (int h = 0; h < out[0]; h++)
        for (int w = 0; h / factor[0] == to.at[0] && w < out[1]; w++)
            if (w / factor[1] == to.at[1])
                sum += dy[flat(to.image, h, w, out) * (size_t)in.channels + to.channel];
    return sum;
}

double incline_reference_dropout_at(const struct incline_reference_dropout *dropout, size_t n,
                                    size_t u)
{
    uint64_t index = n * ((dropout->units + 3) / 4) + u / 4;
    struct incline_philox draw =
        incline_philox_draw(dropout->seed, INCLINE_STREAM_DROPOUT, dropout->layer,
                            (uint64_t)dropout->step << 32 | index);
    return draw.word[u % 4] >= dropout->p * 4294967296.0 ? 1 / (1 - dropout->p) : 0;
}

double incline_reference_central_differences(double (*function)(void *cookie), void *cookie,
                                             double *values, size_t count, const double *gradient)
{
    const double h = 1e-6;
    double worst = 0;
    for (size_t i = 0; i < count; i++) {
        double value = values[i];
        values[i] = value + h;
        double above = function(cookie);
        values[i] = value - h;
        double below = function(cookie);
        values[i] = value;
        double error = fabs(gradient[i] - (above - below) / (2 * h)) / fmax(1, fabs(gradient[i]));
        worst = error > worst || isnan(error) ? error : worst;
    }
    return worst;
}
