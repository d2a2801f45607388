#include "network/running.h"

enum { CHUNK = 64 }; /* as in cl/running.cl */

/* from and to are the kernel's first arguments, the number of elements its last. */
static enum incline_status launch_over(struct incline_context *ctx, struct incline_plan *plan,
                                       struct incline_launch *launch, size_t elems)
{
    int runs = (int)elems / INCLINE_NB;
    launch->source = "running.cl";
    incline_launch_over_lanes(launch, plan, (runs + CHUNK - 1) / CHUNK);
    incline_launch_add_int(launch, (int)elems);
    return incline_plan_launch(ctx, plan, launch);
}

static enum incline_status bind(struct incline_context *ctx, struct incline_plan *plan,
                                struct incline_launch *launch, const char *from_name,
                                const struct incline_parameters *from,
                                const struct incline_parameters *to)
{
    struct incline_tensor *x, *y;
    enum incline_status status = incline_plan_external(ctx, plan, from_name, from->all, &x);
    if (!status)
        status = incline_plan_external(ctx, plan, launch->label, to->all, &y);
    if (status)
        return status;
    incline_launch_add_tensor(launch, x);
    incline_launch_add_tensor(launch, y);
    return INCLINE_OK;
}

enum incline_status incline_running_total(struct incline_context *ctx, struct incline_plan *plan,
                                          const struct incline_parameters *gradients,
                                          const struct incline_parameters *total)
{
    struct incline_launch launch = {.label = "total gradients", .kernel = "running_total"};
    enum incline_status status = bind(ctx, plan, &launch, "gradients", gradients, total);
    if (status)
        return status;
    incline_launch_add(&launch, (struct incline_arg)INCLINE_SHARE);
    incline_launch_add(&launch, (struct incline_arg)INCLINE_EARLIER_STEPS);
    return launch_over(ctx, plan, &launch, gradients->trained_elems);
}

enum incline_status incline_running_average(struct incline_context *ctx, struct incline_plan *plan,
                                            const struct incline_parameters *parameters,
                                            const struct incline_parameters *average)
{
    struct incline_launch launch = {
        .label = "average weights", .kernel = "running_average", .only_on_update = true};
    enum incline_status status = bind(ctx, plan, &launch, "parameters", parameters, average);
    if (status)
        return status;
    incline_launch_add(&launch, (struct incline_arg)INCLINE_AVERAGE_SHARE);
    incline_launch_add_int(&launch, (int)parameters->trained_elems);
    return launch_over(ctx, plan, &launch, parameters->total_elems);
}
