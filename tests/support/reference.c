#include "support/reference.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct reference_window reference_window(struct incline_shape in, const int size[2],
                                         const int stride[2], int padding)
{
    struct reference_window window = {.in = {in.height, in.width}};
    for (int axis = 0; axis < 2; axis++) {
        int cells = window.in[axis], total = 2 * padding;
        if (padding == REFERENCE_SAME) {
            int out = (cells + stride[axis] - 1) / stride[axis];
            total = (out - 1) * stride[axis] + size[axis] - cells;
            total = total > 0 ? total : 0;
        }
        window.size[axis] = size[axis];
        window.stride[axis] = stride[axis];
        window.before[axis] = total / 2;
        window.out[axis] = (cells + total - size[axis]) / stride[axis] + 1;
    }
    return window;
}

/* The window positions and cells that lie inside the image, one after the other. */
struct cursor {
    const struct reference_window *window;
    int image, position[2], cell[2];
    size_t in, out, tap; /* cell of x, position of y, cell of the window; each counted flat */
};

static bool is_inside(const struct cursor *c)
{
    for (int axis = 0; axis < 2; axis++) {
        int at =
            c->position[axis] * c->window->stride[axis] + c->cell[axis] - c->window->before[axis];
        if (at < 0 || at >= c->window->in[axis])
            return false;
    }
    return true;
}

static void locate(struct cursor *c)
{
    const struct reference_window *w = c->window;
    int h = c->position[0] * w->stride[0] + c->cell[0] - w->before[0];
    int column = c->position[1] * w->stride[1] + c->cell[1] - w->before[1];
    c->in = ((size_t)c->image * (size_t)w->in[0] + (size_t)h) * (size_t)w->in[1] + (size_t)column;
    c->out = ((size_t)c->image * (size_t)w->out[0] + (size_t)c->position[0]) * (size_t)w->out[1] +
             (size_t)c->position[1];
    c->tap = (size_t)c->cell[0] * (size_t)w->size[1] + (size_t)c->cell[1];
}

static void step(struct cursor *c)
{
    if (++c->cell[1] < c->window->size[1])
        return;
    c->cell[1] = 0;
    if (++c->cell[0] < c->window->size[0])
        return;
    c->cell[0] = 0;
    if (++c->position[1] < c->window->out[1])
        return;
    c->position[1] = 0;
    if (++c->position[0] < c->window->out[0])
        return;
    c->position[0] = 0;
    c->image++;
}

static struct cursor start(const struct reference_window *window)
{
    struct cursor cursor = {.window = window};
    cursor.cell[1] = -1;
    return cursor;
}

/* Goes to the next cell inside an image: images, then positions, then cells of the window. */
static bool next(struct cursor *c, int images)
{
    do
        step(c);
    while (c->image < images && !is_inside(c));
    if (c->image >= images)
        return false;
    locate(c);
    return true;
}

static size_t positions(const struct reference_window *window)
{
    return (size_t)window->out[0] * (size_t)window->out[1];
}

void reference_conv2d(const struct reference_conv2d *conv, int images, const double *x,
                      const double *w, const double *b, double *y)
{
    size_t C = (size_t)conv->channels, K = (size_t)conv->filters;
    for (size_t i = 0; i < (size_t)images * positions(&conv->window); i++)
        for (size_t k = 0; k < K; k++)
            y[i * K + k] = b ? b[k] : 0;
    for (struct cursor at = start(&conv->window); next(&at, images);)
        for (size_t c = 0; c < C; c++)
            for (size_t k = 0; k < K; k++)
                y[at.out * K + k] += w[(at.tap * C + c) * K + k] * x[at.in * C + c];
}

void reference_conv2d_data(const struct reference_conv2d *conv, int images, const double *w,
                           const double *dy, double *dx)
{
    size_t C = (size_t)conv->channels, K = (size_t)conv->filters;
    size_t cells = (size_t)conv->window.in[0] * (size_t)conv->window.in[1];
    memset(dx, 0, (size_t)images * cells * C * sizeof *dx);
    for (struct cursor at = start(&conv->window); next(&at, images);)
        for (size_t c = 0; c < C; c++)
            for (size_t k = 0; k < K; k++)
                dx[at.in * C + c] += w[(at.tap * C + c) * K + k] * dy[at.out * K + k];
}

void reference_conv2d_weights(const struct reference_conv2d *conv, int images, const double *x,
                              const double *dy, double *dw)
{
    size_t C = (size_t)conv->channels, K = (size_t)conv->filters;
    size_t taps = (size_t)conv->window.size[0] * (size_t)conv->window.size[1];
    memset(dw, 0, taps * C * K * sizeof *dw);
    for (struct cursor at = start(&conv->window); next(&at, images);)
        for (size_t c = 0; c < C; c++)
            for (size_t k = 0; k < K; k++)
                dw[(at.tap * C + c) * K + k] += x[at.in * C + c] * dy[at.out * K + k];
}

void reference_dense(int in, int out, int images, const double *x, const double *w, const double *b,
                     double *y)
{
    for (int n = 0; n < images; n++)
        for (int o = 0; o < out; o++) {
            double sum = b ? b[o] : 0;
            for (int i = 0; i < in; i++)
                sum += w[i * out + o] * x[n * in + i];
            y[n * out + o] = sum;
        }
}

void reference_dense_data(int in, int out, int images, const double *w, const double *dy,
                          double *dx)
{
    for (int n = 0; n < images; n++)
        for (int i = 0; i < in; i++) {
            double sum = 0;
            for (int o = 0; o < out; o++)
                sum += w[i * out + o] * dy[n * out + o];
            dx[n * in + i] = sum;
        }
}

void reference_dense_weights(int in, int out, int images, const double *x, const double *dy,
                             double *dw)
{
    for (int i = 0; i < in; i++)
        for (int o = 0; o < out; o++) {
            double sum = 0;
            for (int n = 0; n < images; n++)
                sum += x[n * in + i] * dy[n * out + o];
            dw[i * out + o] = sum;
        }
}

void reference_bias(int rows, int columns, const double *dy, double *db)
{
    memset(db, 0, (size_t)columns * sizeof *db);
    for (int row = 0; row < rows; row++)
        for (int k = 0; k < columns; k++)
            db[k] += dy[row * columns + k];
}

void reference_max_pool2d(const struct reference_window *window, int channels, int images,
                          const double *x, double *y, size_t *from)
{
    size_t C = (size_t)channels, outputs = (size_t)images * positions(window) * C;
    for (size_t o = 0; o < outputs; o++)
        from[o] = SIZE_MAX;
    for (struct cursor at = start(window); next(&at, images);)
        for (size_t c = 0; c < C; c++) {
            size_t o = at.out * C + c;
            double value = x[at.in * C + c];
            if (from[o] != SIZE_MAX && !(value > y[o]) && !isnan(value))
                continue;
            y[o] = value;
            from[o] = at.in * C + c;
        }
}

void reference_max_pool2d_backward(size_t inputs, size_t outputs, const double *dy,
                                   const size_t *from, double *dx)
{
    memset(dx, 0, inputs * sizeof *dx);
    for (size_t o = 0; o < outputs; o++)
        dx[from[o]] += dy[o];
}

void reference_activation(enum incline_activation f, size_t count, const double *x, double *y)
{
    for (size_t i = 0; i < count; i++)
        switch (f) {
        case INCLINE_ACTIVATION_NONE:
            y[i] = x[i];
            break;
        case INCLINE_ACTIVATION_RELU:
            y[i] = x[i] <= 0 ? 0 : x[i];
            break;
        case INCLINE_ACTIVATION_SIGMOID:
            y[i] = 1 / (1 + exp(-x[i]));
            break;
        case INCLINE_ACTIVATION_TANH:
            y[i] = tanh(x[i]);
            break;
        }
}

void reference_activation_backward(enum incline_activation f, size_t count, const double *y,
                                   const double *dy, double *dx)
{
    for (size_t i = 0; i < count; i++)
        switch (f) {
        case INCLINE_ACTIVATION_NONE:
            dx[i] = dy[i];
            break;
        case INCLINE_ACTIVATION_RELU:
            dx[i] = y[i] <= 0 ? 0 : dy[i];
            break;
        case INCLINE_ACTIVATION_SIGMOID:
            dx[i] = dy[i] * y[i] * (1 - y[i]);
            break;
        case INCLINE_ACTIVATION_TANH:
            dx[i] = dy[i] * (1 - y[i] * y[i]);
            break;
        }
}

static double largest(int count, const double *x)
{
    double most = x[0];
    for (int i = 1; i < count; i++)
        most = x[i] > most ? x[i] : most;
    return most;
}

void reference_softmax(size_t rows, int channels, const double *x, double *y)
{
    for (; rows > 0; rows--, x += channels, y += channels) {
        double most = largest(channels, x), sum = 0;
        for (int c = 0; c < channels; c++)
            sum += y[c] = exp(x[c] - most);
        for (int c = 0; c < channels; c++)
            y[c] /= sum;
    }
}

void reference_softmax_backward(size_t rows, int channels, const double *y, const double *dy,
                                double *dx)
{
    for (; rows > 0; rows--, y += channels, dy += channels, dx += channels) {
        double sum = 0;
        for (int c = 0; c < channels; c++)
            sum += dy[c] * y[c];
        for (int c = 0; c < channels; c++)
            dx[c] = y[c] * (dy[c] - sum);
    }
}

void reference_cross_entropy(int images, int classes, const double *x, const int *label,
                             double *loss, double *dx)
{
    reference_softmax((size_t)images, classes, x, dx);
    for (int n = 0; n < images; n++) {
        const double *scores = x + n * classes;
        double most = largest(classes, scores), sum = 0;
        for (int c = 0; c < classes; c++)
            sum += exp(scores[c] - most);
        loss[n] = log(sum) - (scores[label[n]] - most);
        dx[n * classes + label[n]] -= 1;
    }
}

void reference_mse(int images, int classes, const double *x, const int *label, double *loss,
                   double *dx)
{
    for (int n = 0; n < images; n++) {
        loss[n] = 0;
        for (int c = 0; c < classes; c++) {
            double difference = x[n * classes + c] - (c == label[n]);
            loss[n] += difference * difference / classes;
            dx[n * classes + c] = 2 * difference / classes;
        }
    }
}

double reference_central_differences(double (*function)(void *cookie), void *cookie, double *values,
                                     size_t count, const double *gradient)
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
