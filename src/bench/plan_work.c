#include "bench/plan_work.h"

#include "base/memory.h"
#include "bench/statistics.h"

enum { PROFILED_STEPS = 7 };

static struct incline_step next_step(struct incline_plan_work *work)
{
    struct incline_step step = work->step;
    size_t batch = work->done++ % work->batches;
    step.first += (int)batch * step.images;
    step.number += (int)batch;
    return step;
}

static enum incline_status enqueue(struct incline_context *ctx, struct incline_plan_work *work)
{
    struct incline_step step = next_step(work);
    struct incline_device *device = incline_plan_device(work->plan);
    enum incline_status status = incline_plan_enqueue(ctx, work->plan, &step);
    if (status)
        return status;
    return work->wait_each ? incline_device_wait(ctx, device) : incline_device_flush(ctx, device);
}

static enum incline_status keep_pace(struct incline_context *ctx, struct incline_device *device,
                                     struct incline_fence *fences[2])
{
    enum incline_status status = incline_fence_wait(ctx, &fences[0]);
    if (status)
        return status;
    fences[0] = fences[1];
    fences[1] = NULL;
    return incline_fence_put(ctx, device, &fences[1]);
}

static enum incline_status run(struct incline_context *ctx, void *cookie, size_t runs)
{
    struct incline_plan_work *work = cookie;
    struct incline_fence *fences[2] = {NULL, NULL};
    enum incline_status status = INCLINE_OK, first, second;
    for (size_t i = 1; !status && i <= runs; i++) {
        status = enqueue(ctx, work);
        if (!status && !work->wait_each && i % work->stride == 0)
            status = keep_pace(ctx, incline_plan_device(work->plan), fences);
    }
    first = incline_fence_wait(ctx, &fences[0]);
    second = incline_fence_wait(ctx, &fences[1]);
    return status ? status : first ? first : second;
}

static enum incline_status drain(struct incline_context *ctx, void *cookie)
{
    struct incline_plan_work *work = cookie;
    return incline_device_wait(ctx, incline_plan_device(work->plan));
}

struct incline_timer_work incline_plan_work_timer(struct incline_plan_work *work)
{
    return (struct incline_timer_work){run, drain, incline_timer_now, work};
}

enum incline_status incline_plan_work_run(struct incline_context *ctx,
                                          struct incline_plan_work *work, size_t steps)
{
    enum incline_status status = run(ctx, work, steps);
    return status ? status : drain(ctx, work);
}

/* rows [PROFILED_STEPS][launches] */
static void take_medians(const double *rows, size_t launches, double *seconds, double *total)
{
    double column[PROFILED_STEPS], sums[PROFILED_STEPS] = {0};
    for (size_t i = 0; i < launches; i++) {
        for (size_t row = 0; row < PROFILED_STEPS; row++) {
            column[row] = rows[row * launches + i];
            sums[row] += column[row];
        }
        seconds[i] = incline_median(column, PROFILED_STEPS);
    }
    *total = incline_median(sums, PROFILED_STEPS);
}

enum incline_status incline_plan_work_profile(struct incline_context *ctx,
                                              struct incline_plan_work *work, double *seconds,
                                              double *total)
{
    size_t launches = incline_plan_launches(work->plan);
    double *rows = NULL;
    enum incline_status status = incline_alloc(ctx, launches * PROFILED_STEPS, sizeof *rows, &rows);
    for (size_t row = 0; !status && row < PROFILED_STEPS; row++) {
        status = run(ctx, work, 1); /* so that caches are as between steps */
        struct incline_step step = next_step(work);
        if (!status)
            status = incline_plan_profile(ctx, work->plan, &step, rows + row * launches);
    }
    if (!status)
        take_medians(rows, launches, seconds, total);
    incline_free(&rows);
    return status;
}
