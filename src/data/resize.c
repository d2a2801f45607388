/* Resizing with a triangle filter: for each row of the result, first down the columns, then along
 * the row, so that no image of floats is ever held. */
#include "data/resize.h"

#include "base/memory.h"

#include <assert.h>
#include <math.h>

/* The input positions that make up one output position. */
struct window {
    int first, count;
    float *weights; /* their sum is 1 */
};

struct axis {
    struct window *windows; /* one per output position */
    float *weights;         /* of all windows */
};

static double triangle(double x)
{
    double distance = fabs(x);
    return distance < 1.0 ? 1.0 - distance : 0.0;
}

static int clip(double x, int limit)
{
    if (x < 0.0)
        return 0;
    return x > limit ? limit : (int)x;
}

static void fill_window(struct window *window, int position, int in_size, int out_size)
{
    double scale = (double)in_size / out_size, width = scale > 1.0 ? scale : 1.0, sum = 0.0;
    double centre = (position + 0.5) * scale;
    window->first = clip(centre - width + 0.5, in_size);
    window->count = clip(centre + width + 0.5, in_size) - window->first;
    for (int i = 0; i < window->count; i++)
        sum += triangle((window->first + i + 0.5 - centre) / width);
    for (int i = 0; i < window->count; i++)
        window->weights[i] = (float)(triangle((window->first + i + 0.5 - centre) / width) / sum);
}

static void axis_finish(struct axis *axis)
{
    incline_free(&axis->windows);
    incline_free(&axis->weights);
}

static enum incline_status axis_init(struct incline_context *ctx, struct axis *axis, int in_size,
                                     int out_size)
{
    double scale = (double)in_size / out_size;
    size_t room = (size_t)(2.0 * (scale > 1.0 ? scale : 1.0)) + 2; /* weights of one window */
    *axis = (struct axis){0};
    enum incline_status status =
        incline_alloc(ctx, (size_t)out_size, sizeof *axis->windows, &axis->windows);
    if (!status)
        status = incline_alloc(ctx, (size_t)out_size * room, sizeof *axis->weights, &axis->weights);
    for (int i = 0; !status && i < out_size; i++) {
        axis->windows[i].weights = axis->weights + (size_t)i * room;
        fill_window(&axis->windows[i], i, in_size, out_size);
    }
    return status;
}

/* row[i] = weighted sum of the window's rows of in, each `length` values long. */
static void shrink_columns(const struct window *window, const unsigned char *in, size_t length,
                           float *row)
{
    for (size_t i = 0; i < length; i++)
        row[i] = 0.0f;
    for (int k = 0; k < window->count; k++) {
        const unsigned char *source = in + (size_t)(window->first + k) * length;
        for (size_t i = 0; i < length; i++)
            row[i] += window->weights[k] * (float)source[i];
    }
}

static unsigned char to_byte(float value)
{
    return (unsigned char)(value < 0.0f ? 0.0f : value > 254.5f ? 255.0f : value + 0.5f);
}

static void shrink_row(const struct axis *axis, const float *row, int out_width, int channels,
                       unsigned char *out)
{
    for (int x = 0; x < out_width; x++) {
        const struct window *window = &axis->windows[x];
        for (int c = 0; c < channels; c++) {
            float sum = 0.0f;
            for (int k = 0; k < window->count; k++)
                sum += window->weights[k] *
                       row[(size_t)(window->first + k) * (size_t)channels + (size_t)c];
            out[(size_t)x * (size_t)channels + (size_t)c] = to_byte(sum);
        }
    }
}

enum incline_status incline_resize(struct incline_context *ctx, struct incline_shape in_shape,
                                   const unsigned char *in, struct incline_shape out_shape,
                                   unsigned char *out)
{
    enum incline_status status = INCLINE_ERROR_BUG;
    struct axis rows = {0}, columns = {0};
    float *row = NULL;
    int channels = in_shape.channels;
    size_t in_length = (size_t)in_shape.width * (size_t)channels;
    size_t out_length = (size_t)out_shape.width * (size_t)channels;
    assert(channels == out_shape.channels);
    if ((status = axis_init(ctx, &rows, in_shape.height, out_shape.height)))
        goto out;
    if ((status = axis_init(ctx, &columns, in_shape.width, out_shape.width)))
        goto out;
    if ((status = incline_alloc(ctx, in_length, sizeof *row, &row)))
        goto out;
    for (int y = 0; y < out_shape.height; y++) {
        shrink_columns(&rows.windows[y], in, in_length, row);
        shrink_row(&columns, row, out_shape.width, channels, out + (size_t)y * out_length);
    }
    status = INCLINE_OK;
out:
    incline_free(&row);
    axis_finish(&columns);
    axis_finish(&rows);
    return status;
}
