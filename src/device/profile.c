/* How long the device works on each launch of a step: the step runs once on a queue that keeps
 * time. */
#include "base/memory.h"
#include "device/handles.h"
#include "device/plan_inner.h"

cl_event *incline_device_take_event(struct incline_device *device)
{
    return device->events ? device->events++ : NULL;
}

static enum incline_status add_seconds(struct incline_context *ctx,
                                       const struct incline_device *device, cl_event event,
                                       double *seconds)
{
    cl_ulong start = 0, end = 0;
    cl_int code =
        clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof start, &start, NULL);
    if (code == CL_SUCCESS)
        code = clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL);
    if (code != CL_SUCCESS)
        return incline_cl_fail(ctx, device, code, "clGetEventProfilingInfo", "timing a step");
    *seconds += (double)(end - start) * 1e-9;
    return INCLINE_OK;
}

/* The sums over each launch's pieces, whose events follow one another. */
static enum incline_status sum_seconds(struct incline_context *ctx, const struct incline_plan *plan,
                                       const struct incline_step *step, const cl_event *events,
                                       double *seconds)
{
    for (size_t i = 0; i < plan->launch_count; i++) {
        seconds[i] = 0.0;
        for (size_t left = incline_launch_pieces(&plan->launches[i], step); left > 0; left--) {
            enum incline_status status = add_seconds(ctx, plan->device, *events++, &seconds[i]);
            if (status)
                return status;
        }
    }
    return INCLINE_OK;
}

static enum incline_status profile(struct incline_context *ctx, struct incline_plan *plan,
                                   const struct incline_step *step, cl_event *events,
                                   double *seconds)
{
    struct incline_device *device = plan->device;
    device->events = events;
    enum incline_status status = incline_plan_enqueue(ctx, plan, step);
    device->events = NULL;
    if (!status)
        status = incline_device_wait(ctx, device);
    return status ? status : sum_seconds(ctx, plan, step, events, seconds);
}

static size_t count_pieces(const struct incline_plan *plan, const struct incline_step *step)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->launch_count; i++)
        count += incline_launch_pieces(&plan->launches[i], step);
    return count;
}

enum incline_status incline_plan_profile(struct incline_context *ctx, struct incline_plan *plan,
                                         const struct incline_step *step, double *seconds)
{
    struct incline_device *device = plan->device;
    cl_command_queue queue = device->queue;
    cl_event *events = NULL;
    cl_int code;
    enum incline_status status = INCLINE_OK;
    if (incline_plan_will_pace(plan, step))
        status = incline_plan_enqueue(ctx, plan, step);
    if (status)
        return status;
    size_t count = count_pieces(plan, step);
    status = incline_alloc(ctx, count, sizeof *events, &events);
    if (status)
        return status;
    status = incline_device_wait(ctx, device);
    if (status)
        goto out;
    device->queue =
        clCreateCommandQueue(device->context, device->id, CL_QUEUE_PROFILING_ENABLE, &code);
    if (code != CL_SUCCESS) {
        status = incline_cl_fail(ctx, device, code, "clCreateCommandQueue", "timing a step");
        goto out;
    }
    status = profile(ctx, plan, step, events, seconds);
    clFinish(device->queue);
    clReleaseCommandQueue(device->queue);
out:
    device->queue = queue;
    for (size_t i = 0; i < count; i++)
        if (events[i])
            clReleaseEvent(events[i]);
    incline_free(&events);
    return status;
}
