/* The average of each channel; see cl/global_avg_pool.cl for the equations. */
#include "layers/layer.h"

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    (void)problem;
    layer->out = (struct incline_shape){1, 1, layer->in.channels};
    return INCLINE_OK;
}

static enum incline_status launch_kernel(struct incline_context *ctx,
                                         const struct incline_layer *layer,
                                         const struct incline_layer_io *io, const char *kernel,
                                         struct incline_tensor *from, struct incline_tensor *to,
                                         int items)
{
    struct incline_launch launch = {
        .kernel = kernel,
        .third = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(from), INCLINE_TENSOR(to),
                 INCLINE_INT(layer->in.height * layer->in.width), INCLINE_INT(layer->in.channels)},
    };
    incline_launch_over_lanes(&launch, io->plan, items);
    return incline_layer_launch(ctx, layer, io, "global_avg_pool.cl", NULL, &launch);
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    return launch_kernel(ctx, layer, io, "global_avg_pool_forward", io->x, io->y,
                         layer->in.channels);
}

static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    if (!io->dx)
        return INCLINE_OK;
    return launch_kernel(ctx, layer, io, "global_avg_pool_backward", io->dy, io->dx,
                         layer->in.height * layer->in.width);
}

const struct incline_layer_class incline_global_avg_pool_class = {
    .name = "global_avg_pool",
    .help = "the average of each channel, as a vector: dense can follow",
    .about = {.equation = "y[c] = (1 / (H W)) sum over h, w of x[h][w][c]",
              .shapes = "HxWxC -> 1x1xC",
              .pytorch = "AdaptiveAvgPool2d(1) and Flatten",
              .keras = "GlobalAveragePooling2D",
              .source = "Lin, Chen, Yan 2013, Network In Network"},
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
