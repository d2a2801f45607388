#include "layers/finish.h"

enum { ROW_TILE = 8 };

/* Vectors of `lanes` that the gradient takes; each is an item's. */
static int count_items(const struct incline_unfinished *gradient, int lanes)
{
    int rows = gradient->parts > 0 ? gradient->rows : (gradient->rows + ROW_TILE - 1) / ROW_TILE;
    return rows * (gradient->columns / lanes);
}

static void add_gradient(const struct incline_unfinished *gradient, struct incline_launch *launch)
{
    const struct incline_arg shape = {
        INCLINE_ARG_INT8,
        {.int8 = {gradient->parts, gradient->stride, gradient->offset, gradient->rows,
                  gradient->columns, gradient->channels, gradient->x != NULL,
                  gradient->target.decays}}};
    incline_launch_add_tensor(launch, gradient->piece);
    incline_launch_add_tensor(launch, gradient->x ? gradient->x : gradient->piece);
    incline_launch_add_target(launch, &gradient->target);
    incline_launch_add(launch, shape);
}

/* A gradient has piece, x, target with its states, and shape; then come figures, rates and images.
 */
_Static_assert(INCLINE_FINISH_GRADIENTS_MAX *(4 + INCLINE_STATES_MAX) + 8 < INCLINE_ARGS_MAX,
               "a launch has room for all of them");

static void add_figures(const struct incline_figures *figures, struct incline_launch *launch)
{
    incline_launch_add_tensor(launch, figures->image_loss);
    incline_launch_add_tensor(launch, figures->image_rank);
    if (figures->weight_sum)
        incline_launch_add_tensor(launch, figures->weight_sum);
    incline_launch_add_tensor(launch, figures->metrics);
    incline_launch_add_int(launch, figures->top_k);
    incline_launch_add(launch, (struct incline_arg)INCLINE_NUMBER);
}

/* Appends one launch for what is there, and forgets it. */
static enum incline_status launch_all(struct incline_context *ctx, struct incline_finish *finish,
                                      const char *label)
{
    int lanes = incline_device_lanes(incline_plan_device(finish->plan));
    struct incline_launch launch = {.label = label, .source = "finish.cl", .kernel = "finish"};
    struct incline_text defines;
    int items = finish->figures.metrics ? 1 : 0;
    incline_text_init(&defines, ctx);
    incline_define_update(&defines, finish->optimizer, finish->gradient_use);
    incline_define(&defines, "ENTRIES", finish->count);
    incline_define(&defines, "ROW_TILE", ROW_TILE);
    incline_define(&defines, "METRICS", finish->figures.metrics != NULL);
    incline_define(&defines, "WEIGHTED", finish->figures.weight_sum != NULL);
    incline_define(&defines, "DECISIONS", finish->figures.decisions);
    for (int i = 0; i < finish->count; i++) {
        add_gradient(&finish->gradients[i], &launch);
        items += count_items(&finish->gradients[i], lanes);
    }
    if (finish->figures.metrics)
        add_figures(&finish->figures, &launch);
    incline_launch_add_rates(&launch, finish->optimizer, finish->gradient_use);
    incline_launch_add(&launch, (struct incline_arg)INCLINE_IMAGES);
    launch.group = lanes > 1 ? 1 : 64;
    launch.items = (items + launch.group - 1) / launch.group * launch.group;
    launch.defines = incline_text_get(&defines);
    enum incline_status status = incline_text_status(&defines);
    if (!status)
        status = incline_plan_launch(ctx, finish->plan, &launch);
    incline_text_finish(&defines);
    finish->count = 0;
    finish->figures = (struct incline_figures){0};
    return status;
}

enum incline_status incline_finish_gradient(struct incline_context *ctx,
                                            struct incline_finish *finish, const char *label,
                                            const struct incline_unfinished *gradient)
{
    if (finish->count == INCLINE_FINISH_GRADIENTS_MAX) {
        enum incline_status status = launch_all(ctx, finish, "finish");
        if (status)
            return status;
    }
    finish->gradients[finish->count++] = *gradient;
    return finish->fused ? INCLINE_OK : launch_all(ctx, finish, label);
}

enum incline_status incline_finish_figures(struct incline_context *ctx,
                                           struct incline_finish *finish,
                                           const struct incline_figures *figures)
{
    finish->figures = *figures;
    return finish->fused ? INCLINE_OK : launch_all(ctx, finish, "figures");
}

enum incline_status incline_finish_all(struct incline_context *ctx, struct incline_finish *finish)
{
    if (finish->count == 0 && !finish->figures.metrics)
        return INCLINE_OK;
    return launch_all(ctx, finish, "finish");
}
