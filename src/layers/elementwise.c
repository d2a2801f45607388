#include "layers/elementwise.h"

enum { CHUNK = 64 };

enum incline_status incline_elementwise_infer(struct incline_layer *layer,
                                              struct incline_text *problem)
{
    (void)problem;
    layer->out = layer->in;
    layer->activation = layer->class->activation;
    layer->alpha = incline_activation_alpha(layer->activation);
    return INCLINE_OK;
}

static enum incline_status launch_pass(struct incline_context *ctx,
                                       const struct incline_layer *layer,
                                       struct incline_layer_io *io, struct incline_launch *launch)
{
    int elems = (int)incline_shape_elems(layer->in);
    struct incline_text defines;
    incline_text_init(&defines, ctx);
    incline_define_activation(&defines, "ACTIVATION", layer);
    incline_define(&defines, "CHUNK", CHUNK);
    incline_launch_add_int(launch, elems);
    launch->items = launch->group = incline_lane_items(io->plan);
    launch->second = (elems + CHUNK - 1) / CHUNK;
    launch->third = INCLINE_BLOCKS;
    return incline_layer_launch(ctx, layer, io, "elementwise.cl", &defines, launch);
}

enum incline_status incline_elementwise_forward(struct incline_context *ctx,
                                                const struct incline_layer *layer,
                                                struct incline_layer_io *io)
{
    struct incline_launch launch = {
        .kernel = "activation_forward",
        .args = {INCLINE_TENSOR(io->x), INCLINE_TENSOR(io->y)},
    };
    return launch_pass(ctx, layer, io, &launch);
}

enum incline_status incline_elementwise_backward(struct incline_context *ctx,
                                                 const struct incline_layer *layer,
                                                 struct incline_layer_io *io)
{
    struct incline_tensor *from = incline_activation_wants_x(layer->activation) ? io->x : io->y;
    if (!io->dx)
        return INCLINE_OK;
    struct incline_launch launch = {
        .kernel = "activation_backward",
        .args = {INCLINE_TENSOR(from), INCLINE_TENSOR(io->dy), INCLINE_TENSOR(io->dx)},
    };
    return launch_pass(ctx, layer, io, &launch);
}
