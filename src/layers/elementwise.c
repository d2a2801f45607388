#include "layers/elementwise.h"

enum { CHUNK = 64 };

enum incline_status incline_elementwise_infer(struct incline_layer *layer,
                                              struct incline_text *problem)
{
    (void)problem;
    layer->out = layer->in;
    return INCLINE_OK;
}

static enum incline_status launch_pass(struct incline_context *ctx,
                                       const struct incline_layer *layer,
                                       struct incline_layer_io *io, struct incline_launch *launch)
{
    int elems = (int)incline_shape_elems(layer->in);
    struct incline_text defines, source;
    incline_text_init(&defines, ctx);
    incline_text_init(&source, ctx);
    incline_text_add(&source, "%s.cl", layer->class->name);
    incline_define(&defines, "ELEMS", elems);
    incline_define(&defines, "CHUNK", CHUNK);
    enum incline_status status = incline_text_status(&defines);
    if (!status)
        status = incline_text_status(&source);
    if (!status) {
        launch->label = layer->name;
        launch->source = incline_text_get(&source);
        launch->defines = incline_text_get(&defines);
        launch->items = launch->group = incline_lane_items(io->plan);
        launch->second = (elems + CHUNK - 1) / CHUNK;
        launch->third = INCLINE_BLOCKS;
        status = incline_plan_launch(ctx, io->plan, launch);
    }
    incline_text_finish(&source);
    incline_text_finish(&defines);
    return status;
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
    if (!io->dx)
        return INCLINE_OK;
    struct incline_launch launch = {
        .kernel = "activation_backward",
        .args = {INCLINE_TENSOR(io->y), INCLINE_TENSOR(io->dy), INCLINE_TENSOR(io->dx)},
    };
    return launch_pass(ctx, layer, io, &launch);
}
