#include "layers/dense_conv2d.h"

#include "layers/conv2d.h"
#include "layers/dense.h"

enum { CHANNELS_MAX = 128, SHARE = 16 };

bool incline_dense_conv2d_fits(const struct incline_layer *conv)
{
    return incline_conv2d_groups(conv) == 1 && incline_columns(conv->out.channels) <= CHANNELS_MAX;
}

static enum incline_status plan(struct incline_context *ctx, const struct incline_layer *layer,
                                struct incline_layer_io *io, struct incline_tensor *dz_t,
                                struct incline_tensor *pieces)
{
    int lanes = incline_device_lanes(incline_plan_device(io->plan));
    struct incline_text defines, label;
    incline_text_init(&label, ctx);
    incline_text_add(&label, "%s + %s", layer->conv->name, layer->name);
    struct incline_launch launch = {
        .label = incline_text_get(&label),
        .kernel = "dense_conv2d_backward",
        .args = {INCLINE_TENSOR(io->conv->x), INCLINE_TENSOR(io->x)},
    };
    if (layer->conv->pool)
        incline_launch_add_tensor(&launch, io->conv->saved);
    incline_launch_add_tensor(&launch, io->dy);
    incline_launch_add_tensor(&launch, dz_t);
    incline_launch_add_tensor(&launch, io->parameters[0]);
    if (io->gradient_use == INCLINE_GRADIENT_STORE)
        incline_launch_add_tensor(&launch, io->gradients[0]);
    incline_launch_add_tensor(&launch, pieces);
    incline_launch_add(&launch, (struct incline_arg)INCLINE_LEARNING_RATE);
    incline_launch_add(&launch, (struct incline_arg)INCLINE_IMAGES);
    incline_launch_in_groups(&launch, io->plan, incline_conv2d_parts(layer->conv), SHARE);

    incline_text_init(&defines, ctx);
    incline_conv2d_define(layer->conv, io->plan, &defines);
    incline_dense_define(layer, io->plan, &defines);
    incline_define(&defines, "TILE_IN", lanes > 1 ? lanes : 4);
    incline_define(&defines, "APPLY", io->gradient_use == INCLINE_GRADIENT_APPLY);
    enum incline_status status =
        incline_layer_launch(ctx, layer, io, "dense_conv2d.cl", &defines, &launch);
    incline_text_finish(&label);
    return status;
}

enum incline_status incline_dense_conv2d_plan(struct incline_context *ctx,
                                              const struct incline_layer *layer,
                                              struct incline_layer_io *io,
                                              struct incline_tensor *dz_t)
{
    struct incline_tensor *pieces;
    enum incline_status status = incline_conv2d_pieces(ctx, layer->conv, io->conv, &pieces);
    if (status)
        return status;
    status = plan(ctx, layer, io, dz_t, pieces);
    if (status)
        return status;
    return incline_conv2d_finish(ctx, layer->conv, io->conv, pieces);
}
