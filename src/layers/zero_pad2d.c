/* Zeros around each channel; see cl/zero_pad2d.cl for the equation. */
#include "layers/layer.h"

#include <stdio.h>

enum { TOP, BOTTOM, LEFT, RIGHT };

struct options {
    int padding[4];
};

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    const struct options *options = layer->options;
    const int *cells = options->padding;
    double height = (double)layer->in.height + cells[TOP] + cells[BOTTOM];
    double width = (double)layer->in.width + cells[LEFT] + cells[RIGHT];
    enum incline_status status = incline_check_index(height * width * layer->in.channels, problem);
    if (status)
        return status;
    layer->out = (struct incline_shape){(int)height, (int)width, layer->in.channels};
    if (cells[TOP] == cells[BOTTOM] && cells[TOP] == cells[LEFT] && cells[TOP] == cells[RIGHT])
        snprintf(layer->detail, sizeof layer->detail, "%d", cells[TOP]);
    else
        snprintf(layer->detail, sizeof layer->detail, "%d, %d, %d, %d", cells[TOP], cells[BOTTOM],
                 cells[LEFT], cells[RIGHT]);
    return INCLINE_OK;
}

/* to[h][w] = from[h - top][w - left], or 0 outside. */
static enum incline_status launch_shift(struct incline_context *ctx,
                                        const struct incline_layer *layer,
                                        const struct incline_layer_io *io,
                                        struct incline_tensor *from,
                                        struct incline_shape from_shape, struct incline_tensor *to,
                                        struct incline_shape to_shape, int top, int left)
{
    struct incline_launch launch = {
        .kernel = "zero_pad2d",
        .third = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(from), INCLINE_TENSOR(to), INCLINE_INT(layer->in.channels),
                 INCLINE_INT(from_shape.height), INCLINE_INT(from_shape.width),
                 INCLINE_INT(to_shape.height), INCLINE_INT(to_shape.width), INCLINE_INT(top),
                 INCLINE_INT(left)},
    };
    incline_launch_over_lanes(&launch, io->plan, to_shape.height * to_shape.width);
    return incline_layer_launch(ctx, layer, io, "zero_pad2d.cl", NULL, &launch);
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    const struct options *options = layer->options;
    return launch_shift(ctx, layer, io, io->x, layer->in, io->y, layer->out, options->padding[TOP],
                        options->padding[LEFT]);
}

static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    const struct options *options = layer->options;
    if (!io->dx)
        return INCLINE_OK;
    return launch_shift(ctx, layer, io, io->dy, layer->out, io->dx, layer->in,
                        -options->padding[TOP], -options->padding[LEFT]);
}

static const struct incline_option options[] = {
    {"padding", INCLINE_OPTION_SIDES, offsetof(struct options, padding), NULL, 0, 4096, NULL,
     "rows and columns of zeros at each side"},
};

const struct incline_layer_class incline_zero_pad2d_class = {
    .name = "zero_pad2d",
    .help = "zeros around each channel",
    .about = {.equation = "y[h][w][c] = x[h - top][w - left][c] inside x, 0 outside",
              .shapes = "HxWxC -> (H + top + bottom)x(W + left + right)xC",
              .pytorch = "ZeroPad2d, whose order is left, right, top, bottom",
              .keras = "ZeroPadding2D"},
    .options = {options, sizeof options / sizeof *options, "padding", sizeof(struct options)},
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
