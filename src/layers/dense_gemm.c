#include "layers/dense_gemm.h"

#include "gemm/gemm.h"
#include "layers/finish.h"

/* A tensor [blocks][NB][columns] with a row for each image. */
static enum incline_status rows_tensor(struct incline_context *ctx,
                                       const struct incline_layer *layer,
                                       struct incline_layer_io *io, int channels,
                                       struct incline_tensor **out)
{
    return incline_activation_tensor(ctx, io->plan, layer->name, (size_t)incline_columns(channels),
                                     out);
}

/* A kernel of cl/rows.cl over images of `channels` features; launch holds its name and arguments.
 * With `activation` it applies the layer's. */
static enum incline_status plan_rows(struct incline_context *ctx, const struct incline_layer *layer,
                                     struct incline_layer_io *io, int channels, bool bias,
                                     bool activation, struct incline_launch *launch)
{
    struct incline_text defines;
    incline_text_init(&defines, ctx);
    incline_define(&defines, "CHANNELS", channels);
    incline_define(&defines, "COLUMNS", incline_columns(channels));
    incline_define(&defines, "HAS_BIAS", bias);
    incline_define_activation(&defines, "ACTIVATION", activation ? layer : NULL);
    launch->items = launch->group = incline_lane_items(io->plan);
    launch->second =
        incline_columns(channels) / incline_device_lanes(incline_plan_device(io->plan));
    launch->third = INCLINE_BLOCKS;
    return incline_layer_launch(ctx, layer, io, "rows.cl", &defines, launch);
}

static enum incline_status plan_pack(struct incline_context *ctx, const struct incline_layer *layer,
                                     struct incline_layer_io *io)
{
    enum incline_status status = rows_tensor(ctx, layer, io, layer->in.channels, &io->saved);
    if (status)
        return status;
    struct incline_launch launch = {
        .kernel = "rows_pack",
        .args = {INCLINE_TENSOR(io->x), INCLINE_TENSOR(io->saved)},
    };
    return plan_rows(ctx, layer, io, layer->in.channels, false, false, &launch);
}

enum incline_status incline_dense_gemm_forward(struct incline_context *ctx,
                                               const struct incline_layer *layer,
                                               struct incline_layer_io *io)
{
    int in = layer->in.channels, out = layer->out.channels;
    bool bias = layer->parameter_count > 1;
    struct incline_tensor *z = NULL;
    enum incline_status status = plan_pack(ctx, layer, io);
    if (status)
        return status;
    status = rows_tensor(ctx, layer, io, out, &z);
    if (status)
        return status;
    struct incline_product product = {
        .label = layer->name,
        .a = io->saved,
        .b = io->parameters[0],
        .c = z,
        .rows = INCLINE_GEMM_IMAGES,
        .columns = out,
        .inner = in,
        .a_pitch = incline_columns(in),
        .b_pitch = out,
        .c_pitch = incline_columns(out),
    };
    status = incline_product_plan(ctx, io->plan, &product);
    if (status)
        return status;
    struct incline_launch launch = {.kernel = "rows_finish", .args = {INCLINE_TENSOR(z)}};
    if (bias)
        incline_launch_add_tensor(&launch, io->parameters[1]);
    incline_launch_add_tensor(&launch, io->y);
    return plan_rows(ctx, layer, io, out, bias, true, &launch);
}

enum incline_status incline_dense_gemm_data_gradient(struct incline_context *ctx,
                                                     const struct incline_layer *layer,
                                                     struct incline_layer_io *io,
                                                     struct incline_tensor *dz_t)
{
    int in = layer->in.channels, out = layer->out.channels;
    struct incline_tensor *dx_t = NULL;
    enum incline_status status = rows_tensor(ctx, layer, io, in, &dx_t);
    if (status)
        return status;
    struct incline_product product = {
        .label = layer->name,
        .a = dz_t,
        .b = io->parameters[0],
        .c = dx_t,
        .transpose_b = true,
        .rows = INCLINE_GEMM_IMAGES,
        .columns = in,
        .inner = out,
        .a_pitch = incline_columns(out),
        .b_pitch = out,
        .c_pitch = incline_columns(in),
    };
    status = incline_product_plan(ctx, io->plan, &product);
    if (status)
        return status;
    struct incline_launch launch = {
        .kernel = "rows_finish",
        .args = {INCLINE_TENSOR(dx_t), INCLINE_TENSOR(io->dx)},
    };
    return plan_rows(ctx, layer, io, in, false, false, &launch);
}

/* The product is one part to add up, so that it meets the parameter as every gradient does. */
static enum incline_status plan_use(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io, struct incline_tensor *product)
{
    struct incline_unfinished gradient = {
        .piece = product,
        .parts = 1,
        .rows = layer->in.channels,
        .columns = incline_columns(layer->out.channels),
        .channels = layer->out.channels,
        .target = incline_gradient_target(io, 0),
    };
    return incline_finish_gradient(ctx, io->finish, layer->name, &gradient);
}

enum incline_status incline_dense_gemm_weight_gradient(struct incline_context *ctx,
                                                       const struct incline_layer *layer,
                                                       struct incline_layer_io *io,
                                                       struct incline_tensor *dz_t)
{
    int in = layer->in.channels, columns = incline_columns(layer->out.channels);
    struct incline_tensor *dw = NULL;
    enum incline_status status = incline_plan_tensor(
        ctx, io->plan, layer->name, (size_t)in * (size_t)columns * sizeof(float), &dw);
    if (status)
        return status;
    struct incline_product product = {
        .label = layer->name,
        .a = io->saved,
        .b = dz_t,
        .c = dw,
        .transpose_a = true,
        .rows = in,
        .columns = layer->out.channels,
        .inner = INCLINE_GEMM_IMAGES,
        .a_pitch = incline_columns(in),
        .b_pitch = columns,
        .c_pitch = columns,
    };
    status = incline_product_plan(ctx, io->plan, &product);
    if (status)
        return status;
    return plan_use(ctx, layer, io, dw);
}
