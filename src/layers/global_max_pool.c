/* The largest number of each channel; see cl/global_max_pool.cl for the equations. */
#include "layers/layer.h"

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    (void)problem;
    layer->out = (struct incline_shape){1, 1, layer->in.channels};
    return INCLINE_OK;
}

static enum incline_status launch_kernel(struct incline_context *ctx,
                                         const struct incline_layer *layer,
                                         const struct incline_layer_io *io, int items,
                                         struct incline_launch *launch)
{
    launch->third = INCLINE_BLOCKS;
    incline_launch_add_int(launch, layer->in.height * layer->in.width);
    incline_launch_add_int(launch, layer->in.channels);
    incline_launch_over_lanes(launch, io->plan, items);
    return incline_layer_launch(ctx, layer, io, "global_max_pool.cl", NULL, launch);
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    bool trains = io->gradient_use != INCLINE_GRADIENT_NONE;
    struct incline_launch launch = {
        .kernel = trains ? "global_max_pool_forward" : "global_max_pool_infer",
        .args = {INCLINE_TENSOR(io->x), INCLINE_TENSOR(io->y)},
    };
    enum incline_status status = INCLINE_OK;
    if (trains) {
        status = incline_activation_tensor(ctx, io->plan, layer->name, (size_t)layer->in.channels,
                                           &io->saved);
        incline_launch_add_tensor(&launch, io->saved);
    }
    return status ? status : launch_kernel(ctx, layer, io, layer->in.channels, &launch);
}

static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    struct incline_launch launch = {
        .kernel = "global_max_pool_backward",
        .args = {INCLINE_TENSOR(io->dy), INCLINE_TENSOR(io->saved), INCLINE_TENSOR(io->dx)},
    };
    if (!io->dx)
        return INCLINE_OK;
    return launch_kernel(ctx, layer, io, layer->in.height * layer->in.width, &launch);
}

const struct incline_layer_class incline_global_max_pool_class = {
    .name = "global_max_pool",
    .help = "the largest number of each channel, as a vector: dense can follow",
    .about = {.equation = "y[c] = max over h, w of x[h][w][c]\n"
                          "the gradient goes to the first of equal maxima",
              .shapes = "HxWxC -> 1x1xC",
              .pytorch = "AdaptiveMaxPool2d(1) and Flatten",
              .keras = "GlobalMaxPooling2D"},
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
