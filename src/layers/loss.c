#include "layers/loss.h"

const char *const incline_loss_names[] = {"cross_entropy", "mse", NULL};

/* In the order of the names. */
const struct incline_loss_class incline_losses[] = {
    {"cross_entropy", "categorical cross-entropy of the softmax of the last layer's output", true},
    {"mse", "mean squared error against the one-hot label", false},
};

int incline_loss_number(const struct incline_loss_class *loss)
{
    return (int)(loss - incline_losses);
}

enum incline_status incline_figures_create(struct incline_context *ctx, struct incline_plan *plan,
                                           struct incline_figures *out)
{
    size_t batch = (size_t)incline_plan_batch(plan);
    enum incline_status status =
        incline_plan_tensor(ctx, plan, "image_loss", batch * sizeof(float), &out->image_loss);
    if (status)
        return status;
    return incline_plan_tensor(ctx, plan, "image_rank", batch * sizeof(int), &out->image_rank);
}

void incline_loss_add_arguments(const struct incline_loss_io *io,
                                const struct incline_figures *figures,
                                struct incline_launch *launch)
{
    incline_launch_add_tensor(launch, io->labels);
    incline_launch_add_tensor(launch, io->order);
    incline_launch_add_tensor(launch, figures->image_loss);
    incline_launch_add_tensor(launch, figures->image_rank);
    incline_launch_add_tensor(launch, io->image_class);
    incline_launch_add(launch, (struct incline_arg)INCLINE_FIRST);
    incline_launch_add(launch, (struct incline_arg)INCLINE_IMAGES);
}

static enum incline_status plan_loss(struct incline_context *ctx, const struct incline_loss_io *io,
                                     const struct incline_figures *figures)
{
    struct incline_text defines;
    incline_text_init(&defines, ctx);
    incline_define(&defines, "LOSS", incline_loss_number(io->loss));
    incline_define(&defines, "CLASSES", io->classes);
    incline_define(&defines, "GRADIENT", io->dx != NULL);
    struct incline_launch launch = {
        .label = io->loss->name,
        .source = "loss.cl",
        .kernel = "loss",
        .defines = incline_text_get(&defines),
        .items = incline_lane_items(io->plan),
        .group = incline_lane_items(io->plan),
        .second = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(io->x)},
    };
    if (io->dx)
        incline_launch_add_tensor(&launch, io->dx);
    incline_loss_add_arguments(io, figures, &launch);
    enum incline_status status = incline_text_status(&defines);
    if (!status)
        status = incline_plan_launch(ctx, io->plan, &launch);
    incline_text_finish(&defines);
    return status;
}

enum incline_status incline_loss_plan(struct incline_context *ctx, const struct incline_loss_io *io,
                                      struct incline_finish *finish)
{
    struct incline_figures figures;
    enum incline_status status = incline_figures_create(ctx, io->plan, &figures);
    if (!status)
        status = plan_loss(ctx, io, &figures);
    if (status)
        return status;
    return incline_finish_figures(ctx, finish, figures.image_loss, figures.image_rank, io->metrics);
}
