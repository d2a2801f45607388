#include "layers/head.h"

#include "layers/dense.h"

enum { ELEMS_MAX = 1 << 16, SHARE = 16 };

bool incline_head_fits(const struct incline_layer *layer)
{
    return layer->parameters[0].elems <= ELEMS_MAX && layer->activation == INCLINE_ACTIVATION_NONE;
}

/* What one launch is made of. */
struct head {
    const struct incline_layer *layer;
    struct incline_layer_io *io;
    struct incline_loss_io *loss;
    const struct incline_layer *below;
    struct incline_layer_io *below_io;
    bool gradient;
    struct incline_tensor *dz, *dz_t;
};

static enum incline_status make_gradients(struct incline_context *ctx, struct head *head)
{
    struct incline_plan *plan = head->io->plan;
    size_t out = (size_t)head->layer->out.channels;
    enum incline_status status =
        incline_activation_tensor(ctx, plan, head->layer->name, out, &head->dz);
    if (status)
        return status;
    status = incline_activation_tensor(ctx, plan, head->layer->name,
                                       (size_t)incline_columns((int)out), &head->dz_t);
    if (status || !head->below)
        return status;
    return incline_activation_tensor(ctx, plan, head->below->name,
                                     (size_t)incline_columns(head->below->out.channels),
                                     &head->below_io->dz_t);
}

static void define(const struct head *head, struct incline_text *defines)
{
    const struct incline_layer *below = head->below;
    int lanes = incline_device_lanes(incline_plan_device(head->io->plan));
    incline_dense_define(head->layer, head->io->plan, defines);
    incline_dense_define_forward(head->layer, head->io->plan, defines);
    incline_define(defines, "TILE_IN", lanes > 1 ? lanes : 4);
    incline_define(defines, "HAS_BIAS", incline_layer_has_bias(head->layer));
    incline_define(defines, "ACTIVATION", 0);
    incline_loss_define(head->loss, head->gradient, defines);
    incline_define(defines, "WANTS_DX", head->io->dx != NULL);
    incline_define(defines, "BELOW", below != NULL);
    incline_define_activation(defines, "BELOW_ACTIVATION", below);
    incline_define(defines, "BELOW_COLUMNS", below ? incline_columns(below->out.channels) : 0);
}

static void add_arguments(const struct head *head, struct incline_launch *launch)
{
    const struct incline_layer_io *io = head->io;
    incline_launch_add_tensor(launch, io->x);
    incline_launch_add_tensor(launch, io->parameters[0]);
    if (incline_layer_has_bias(head->layer))
        incline_launch_add_tensor(launch, io->parameters[1]);
    incline_launch_add_tensor(launch, io->y);
    if (head->gradient) {
        incline_launch_add_tensor(launch, head->dz);
        incline_launch_add_tensor(launch, head->dz_t);
        if (io->dx)
            incline_launch_add_tensor(launch, io->dx);
        if (io->dx && head->below)
            incline_launch_add_tensor(launch, head->below_io->dz_t);
    }
    incline_loss_add_arguments(head->loss, launch);
}

static enum incline_status launch_head(struct incline_context *ctx, const struct head *head)
{
    struct incline_text defines, label;
    incline_text_init(&label, ctx);
    incline_text_add(&label, "%s + %s", head->layer->name, head->loss->loss->class->name);
    struct incline_launch launch = {
        .label = incline_text_get(&label), .kernel = "head", .third = INCLINE_BLOCKS};
    incline_launch_in_groups(&launch, head->io->plan, 1, SHARE);
    add_arguments(head, &launch);
    incline_text_init(&defines, ctx);
    define(head, &defines);
    enum incline_status status =
        incline_layer_launch(ctx, head->layer, head->io, "head.cl", &defines, &launch);
    incline_text_finish(&label);
    return status;
}

/* The weight gradient is small: the sum over the images is left to the step's end. */
static enum incline_status leave_gradients(struct incline_context *ctx, const struct head *head)
{
    struct incline_unfinished gradient = {
        .piece = head->dz_t,
        .x = head->io->x,
        .rows = head->layer->in.channels,
        .columns = incline_columns(head->layer->out.channels),
        .channels = head->layer->out.channels,
        .target = incline_gradient_target(head->io, 0),
    };
    enum incline_status status =
        incline_finish_gradient(ctx, head->io->finish, head->layer->name, &gradient);
    if (status)
        return status;
    return incline_dense_bias_gradient(ctx, head->layer, head->io, head->dz_t);
}

enum incline_status incline_head_plan(struct incline_context *ctx,
                                      const struct incline_layer *layer,
                                      struct incline_layer_io *io, struct incline_loss_io *loss,
                                      bool gradient, const struct incline_layer *below,
                                      struct incline_layer_io *below_io)
{
    struct head head = {.layer = layer,
                        .io = io,
                        .loss = loss,
                        .below = io->dx ? below : NULL,
                        .below_io = below_io,
                        .gradient = gradient};
    enum incline_status status = incline_loss_begin(ctx, loss);
    if (!status && gradient)
        status = make_gradients(ctx, &head);
    if (!status)
        status = launch_head(ctx, &head);
    if (!status && gradient)
        status = leave_gradients(ctx, &head);
    if (status)
        return status;
    return incline_finish_figures(ctx, io->finish, &loss->figures);
}
