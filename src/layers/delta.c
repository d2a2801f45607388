#include "layers/delta.h"

#include "layers/pool_code.h"

static enum incline_status make_tensors(struct incline_context *ctx,
                                        const struct incline_layer *layer, struct incline_shape out,
                                        struct incline_layer_io *io, struct incline_delta *delta)
{
    size_t elems = (size_t)out.height * (size_t)out.width * (size_t)incline_columns(out.channels);
    enum incline_status status =
        incline_activation_tensor(ctx, io->plan, layer->name, elems, &delta->dz_t);
    if (status || !layer->pool)
        return status;
    size_t images = (size_t)incline_plan_blocks(io->plan) * INCLINE_NB;
    return incline_plan_tensor(ctx, io->plan, layer->name,
                               elems * images * incline_pool_code_bytes(layer->pool),
                               &delta->code_t);
}

enum incline_status incline_delta_plan(struct incline_context *ctx,
                                       const struct incline_layer *layer, struct incline_shape out,
                                       struct incline_layer_io *io, struct incline_delta *delta)
{
    struct incline_text defines;
    struct incline_launch launch = {
        .label = layer->name,
        .source = "delta.cl",
        .kernel = "delta",
        .items = incline_lane_items(io->plan),
        .group = incline_lane_items(io->plan),
        .second = out.height,
        .third = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(io->dy)},
    };
    *delta = (struct incline_delta){0};
    incline_text_init(&defines, ctx);
    enum incline_status status = make_tensors(ctx, layer, out, io, delta);
    if (status)
        goto out;
    if (layer->activation != INCLINE_ACTIVATION_NONE)
        incline_launch_add_tensor(&launch, io->y);
    if (layer->pool) {
        incline_launch_add_tensor(&launch, io->saved);
        incline_launch_add_tensor(&launch, delta->code_t);
        incline_pool_define(layer->pool, "POOL", &defines);
    }
    incline_launch_add_tensor(&launch, delta->dz_t);
    incline_launch_add_int(&launch, out.height);
    incline_launch_add_int(&launch, out.width);
    incline_launch_add_int(&launch, out.channels);
    incline_launch_add_int(&launch, incline_columns(out.channels));
    incline_define_activation(&defines, "ACTIVATION", layer);
    incline_define(&defines, "POOLED", layer->pool != NULL);
    incline_define(&defines, "IN_PLACE", io->dx != NULL || io->conv != NULL);
    status = incline_text_status(&defines);
    if (status)
        goto out;
    launch.defines = incline_text_get(&defines);
    status = incline_plan_launch(ctx, io->plan, &launch);
out:
    incline_text_finish(&defines);
    return status;
}
