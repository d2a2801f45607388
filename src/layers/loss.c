#include "layers/loss.h"

#include "layers/layer.h"

const char *const incline_loss_names[] = {"cross_entropy", "mse", NULL};

/* In the order of the names. */
const struct incline_loss_class incline_losses[] = {
    {"cross_entropy", "categorical cross-entropy of the softmax of the last layer's output",
     "cross_entropy.cl", "cross_entropy", true},
    {"mse", "mean squared error against the one-hot label", "mse.cl", "mse", false},
};

static enum incline_status plan_sum(struct incline_context *ctx, const struct incline_loss_io *io,
                                    struct incline_tensor *image_loss,
                                    struct incline_tensor *image_rank)
{
    struct incline_launch launch = {
        .label = "metrics",
        .source = "metrics.cl",
        .kernel = "metrics_sum",
        .items = 1,
        .args = {INCLINE_TENSOR(image_loss), INCLINE_TENSOR(image_rank),
                 INCLINE_TENSOR(io->metrics), INCLINE_IMAGES, INCLINE_NUMBER},
    };
    return incline_plan_launch(ctx, io->plan, &launch);
}

static enum incline_status plan_loss(struct incline_context *ctx, const struct incline_loss_io *io,
                                     struct incline_tensor *image_loss,
                                     struct incline_tensor *image_rank)
{
    struct incline_text defines;
    incline_text_init(&defines, ctx);
    incline_define(&defines, "CLASSES", io->classes);
    incline_define(&defines, "GRADIENT", io->dx != NULL);
    struct incline_launch launch = {
        .label = io->loss->name,
        .source = io->loss->source,
        .kernel = io->loss->kernel,
        .defines = incline_text_get(&defines),
        .items = incline_lane_items(io->plan),
        .group = incline_lane_items(io->plan),
        .second = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(io->x), INCLINE_TENSOR(io->labels), INCLINE_TENSOR(io->order)},
    };
    if (io->dx)
        incline_launch_add_tensor(&launch, io->dx);
    incline_launch_add_tensor(&launch, image_loss);
    incline_launch_add_tensor(&launch, image_rank);
    incline_launch_add_tensor(&launch, io->image_class);
    incline_launch_add(&launch, (struct incline_arg)INCLINE_FIRST);
    incline_launch_add(&launch, (struct incline_arg)INCLINE_IMAGES);
    enum incline_status status = incline_text_status(&defines);
    if (!status)
        status = incline_plan_launch(ctx, io->plan, &launch);
    incline_text_finish(&defines);
    return status;
}

enum incline_status incline_loss_plan(struct incline_context *ctx, const struct incline_loss_io *io)
{
    struct incline_tensor *image_loss, *image_rank;
    size_t batch = (size_t)incline_plan_batch(io->plan);
    enum incline_status status =
        incline_plan_tensor(ctx, io->plan, "image_loss", batch * sizeof(float), &image_loss);
    if (status)
        return status;
    status = incline_plan_tensor(ctx, io->plan, "image_rank", batch * sizeof(int), &image_rank);
    if (status)
        return status;
    status = plan_loss(ctx, io, image_loss, image_rank);
    if (status)
        return status;
    return plan_sum(ctx, io, image_loss, image_rank);
}
