/* Enqueues a plan's launches, those that would last too long in pieces.
 *
 * A display that shares its device freezes while a kernel runs, and drivers end kernels of some
 * seconds. So where device->launch_seconds sets a limit, the first step of a size runs each launch
 * in pieces that grow while they stay far below it, and what was measured then sets the size of the
 * pieces from there on. A piece is a number of whole work-groups along one dimension, which the
 * kernels cannot tell from the whole: results stay the same to the bit. */
#include "base/clock.h"
#include "device/handles.h"
#include "device/plan_inner.h"

#include <assert.h>
#include <math.h>
#include <string.h>

int incline_blocks_of(int images)
{
    return (images + INCLINE_NB - 1) / INCLINE_NB;
}

enum incline_status incline_launch_fail(struct incline_context *ctx,
                                        const struct incline_device *device, cl_int code,
                                        const char *call, const struct incline_launch *spec)
{
    return incline_fail(ctx, INCLINE_ERROR_DEVICE,
                        "%s failed with %s (%d) on device %s: kernel %s of %s%s", call,
                        incline_cl_error_name(code), (int)code, device->info.name, spec->kernel,
                        spec->label, incline_cl_error_advice(code));
}

cl_int incline_launch_set_argument(const struct incline_bound_launch *launch, cl_uint index,
                                   const struct incline_step *step)
{
    const struct incline_arg *arg = &launch->spec.args[index];
    const void *value = &arg->value;
    cl_int earlier = (cl_int)step->earlier;
    size_t size = sizeof(cl_int);
    switch (arg->kind) {
    case INCLINE_ARG_TENSOR:
        value = &arg->value.tensor->buffer->handle;
        size = sizeof(cl_mem);
        break;
    case INCLINE_ARG_IMAGES:
        value = &step->images;
        break;
    case INCLINE_ARG_FIRST:
        value = &step->first;
        break;
    case INCLINE_ARG_NUMBER:
        value = &step->number;
        break;
    case INCLINE_ARG_LEARNING_RATE:
        value = &step->learning_rate;
        break;
    case INCLINE_ARG_RATES:
        value = step->rates;
        size = sizeof(cl_float8);
        break;
    case INCLINE_ARG_SEED:
        value = &step->seed;
        size = sizeof(cl_ulong);
        break;
    case INCLINE_ARG_EARLIER:
        value = &earlier;
        break;
    case INCLINE_ARG_EARLIER_STEPS:
        value = &step->accumulation.earlier_steps;
        break;
    case INCLINE_ARG_SHARE:
        value = &step->share;
        break;
    case INCLINE_ARG_AVERAGE_SHARE:
        value = &step->average_share;
        break;
    case INCLINE_ARG_WATCH:
        value = &step->watch;
        break;
    case INCLINE_ARG_INT8:
        size = sizeof(cl_int8);
        break;
    case INCLINE_ARG_INT:
    case INCLINE_ARG_FLOAT:
    case INCLINE_ARG_END:
        break;
    }
    return clSetKernelArg(launch->kernel, index, size, value);
}

static bool differ(float a, float b)
{
    return memcmp(&a, &b, sizeof a) != 0;
}

static bool changes(enum incline_arg_kind kind, const struct incline_step *a,
                    const struct incline_step *b)
{
    switch (kind) {
    case INCLINE_ARG_IMAGES:
        return a->images != b->images;
    case INCLINE_ARG_FIRST:
        return a->first != b->first;
    case INCLINE_ARG_NUMBER:
        return a->number != b->number;
    case INCLINE_ARG_LEARNING_RATE:
        return differ(a->learning_rate, b->learning_rate);
    case INCLINE_ARG_RATES:
        return memcmp(a->rates, b->rates, sizeof a->rates) != 0;
    case INCLINE_ARG_SEED:
        return a->seed != b->seed;
    case INCLINE_ARG_EARLIER:
        return a->earlier != b->earlier;
    case INCLINE_ARG_EARLIER_STEPS:
        return a->accumulation.earlier_steps != b->accumulation.earlier_steps;
    case INCLINE_ARG_SHARE:
        return differ(a->share, b->share);
    case INCLINE_ARG_AVERAGE_SHARE:
        return differ(a->average_share, b->average_share);
    case INCLINE_ARG_WATCH:
        return a->watch != b->watch;
    default:
        return false;
    }
}

static size_t dimension(int size, int blocks)
{
    if (size == INCLINE_BLOCKS)
        return (size_t)blocks;
    return size > 0 ? (size_t)size : 1;
}

static enum incline_status enqueue_call(struct incline_context *ctx, struct incline_plan *plan,
                                        const struct incline_launch *spec,
                                        const struct incline_step *step)
{
    struct incline_call call = {
        .device = plan->device,
        .label = spec->label,
        .args = spec->args,
        .step = step,
    };
    enum incline_status status = spec->call(ctx, &call);
    if (!status)
        plan->device->counters.launches++;
    return status;
}

/* How a step divides a launch: its work-items, and the dimension along which it is cut. */
struct extent {
    size_t global[3];
    cl_uint dimension; /* that with the most work-groups */
    size_t groups;     /* along it */
};

static struct extent extent_of(const struct incline_bound_launch *launch,
                               const struct incline_step *step)
{
    const struct incline_launch *spec = &launch->spec;
    int blocks = incline_blocks_of(step->images);
    size_t second = dimension(spec->second, blocks), group = launch->local[1];
    size_t groups = spec->second_groups ? second : (second + group - 1) / group;
    size_t first = spec->second_groups ? launch->local[0] : (size_t)spec->items;
    struct extent extent = {.global = {first, groups * group, dimension(spec->third, blocks)}};
    for (cl_uint i = 0; i < 3; i++) {
        size_t along = extent.global[i] / launch->local[i];
        if (along > extent.groups) {
            extent.groups = along;
            extent.dimension = i;
        }
    }
    return extent;
}

bool incline_launch_is_left_out(const struct incline_bound_launch *launch,
                                const struct incline_step *step)
{
    return launch->spec.only_on_update && step->accumulation.waits;
}

size_t incline_launch_pieces(const struct incline_bound_launch *launch,
                             const struct incline_step *step)
{
    if (incline_launch_is_left_out(launch, step))
        return 0;
    if (launch->spec.call || launch->piece == 0)
        return 1;
    return (extent_of(launch, step).groups + launch->piece - 1) / launch->piece;
}

static enum incline_status set_changed(struct incline_context *ctx, const struct incline_plan *plan,
                                       const struct incline_bound_launch *launch,
                                       const struct incline_step *step)
{
    const struct incline_launch *spec = &launch->spec;
    for (cl_uint i = 0; spec->args[i].kind != INCLINE_ARG_END; i++) {
        if (!changes(spec->args[i].kind, step, &plan->last_step))
            continue;
        cl_int code = incline_launch_set_argument(launch, i, step);
        if (code != CL_SUCCESS)
            return incline_launch_fail(ctx, plan->device, code, "clSetKernelArg", spec);
    }
    return INCLINE_OK;
}

/* `count` groups from the one numbered `from` on. */
static enum incline_status enqueue_piece(struct incline_context *ctx, struct incline_plan *plan,
                                         const struct incline_bound_launch *launch,
                                         struct extent extent, size_t from, size_t count)
{
    size_t local = launch->local[extent.dimension], offset[3] = {0};
    offset[extent.dimension] = from * local;
    extent.global[extent.dimension] = count * local;
    cl_int code = clEnqueueNDRangeKernel(plan->device->queue, launch->kernel, 3,
                                         from > 0 ? offset : NULL, extent.global, launch->local, 0,
                                         NULL, incline_device_take_event(plan->device));
    if (code != CL_SUCCESS)
        return incline_launch_fail(ctx, plan->device, code, "clEnqueueNDRangeKernel",
                                   &launch->spec);
    plan->device->counters.launches++;
    return INCLINE_OK;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static enum incline_status enqueue(struct incline_context *ctx, struct incline_plan *plan,
                                   const struct incline_bound_launch *launch,
                                   const struct incline_step *step)
{
    struct extent extent = extent_of(launch, step);
    size_t piece = launch->piece > 0 ? launch->piece : extent.groups;
    for (size_t done = 0; done < extent.groups; done += piece) {
        enum incline_status status =
            enqueue_piece(ctx, plan, launch, extent, done, smaller(piece, extent.groups - done));
        if (status)
            return status;
    }
    return INCLINE_OK;
}

/* Runs a launch in pieces that last half the limit at most, as far as the pieces before tell, and
 * sets launch->piece. The fastest piece counts: the first ones may have been compiled. */
static enum incline_status pace(struct incline_context *ctx, struct incline_plan *plan,
                                struct incline_bound_launch *launch,
                                const struct incline_step *step)
{
    struct extent extent = extent_of(launch, step);
    double groups_in_time = 0.0;
    size_t piece = 1, count;
    for (size_t done = 0; done < extent.groups; done += count) {
        double start = incline_clock_seconds();
        count = smaller(piece, extent.groups - done);
        enum incline_status status = enqueue_piece(ctx, plan, launch, extent, done, count);
        if (!status)
            status = incline_device_wait(ctx, plan->device);
        if (status)
            return status;
        double seconds = incline_clock_seconds() - start;
        double now_in_time = (double)count * plan->device->launch_seconds / 2.0 / seconds;
        if (now_in_time > groups_in_time)
            groups_in_time = now_in_time;
        piece = (double)(2 * piece) < groups_in_time ? 2 * piece
                : groups_in_time > 1.0               ? (size_t)groups_in_time
                                                     : 1;
    }
    launch->piece = groups_in_time >= (double)extent.groups ? 0 : piece;
    launch->paced_images = step->images;
    return INCLINE_OK;
}

static bool will_pace(const struct incline_plan *plan, const struct incline_bound_launch *launch,
                      const struct incline_step *step)
{
    return plan->device->launch_seconds > 0.0 && !launch->spec.call &&
           !incline_launch_is_left_out(launch, step) && step->images > launch->paced_images;
}

/* Of a launch that is left out the arguments change as well: plan->last_step stands for all. */
static enum incline_status run_launch(struct incline_context *ctx, struct incline_plan *plan,
                                      struct incline_bound_launch *launch,
                                      const struct incline_step *step)
{
    bool left_out = incline_launch_is_left_out(launch, step);
    if (launch->spec.call)
        return left_out ? INCLINE_OK : enqueue_call(ctx, plan, &launch->spec, step);
    enum incline_status status = set_changed(ctx, plan, launch, step);
    if (status || left_out)
        return status;
    return will_pace(plan, launch, step) ? pace(ctx, plan, launch, step)
                                         : enqueue(ctx, plan, launch, step);
}

bool incline_plan_will_pace(const struct incline_plan *plan, const struct incline_step *step)
{
    for (size_t i = 0; i < plan->launch_count; i++)
        if (will_pace(plan, &plan->launches[i], step))
            return true;
    return false;
}

/* Differs from every step in everything, but for the seed from this one. */
static struct incline_step no_step(const struct incline_step *step)
{
    return (struct incline_step){.images = -1,
                                 .first = -1,
                                 .number = -1,
                                 .learning_rate = NAN,
                                 .earlier = -1,
                                 .rates = {NAN},
                                 .seed = ~step->seed,
                                 .accumulation = {.earlier_steps = -1},
                                 .share = NAN,
                                 .average_share = NAN,
                                 .watch = -1};
}

enum incline_status incline_plan_enqueue(struct incline_context *ctx, struct incline_plan *plan,
                                         const struct incline_step *step)
{
    assert(step->images >= 1 && step->images <= plan->batch);
    for (size_t i = 0; i < plan->launch_count; i++) {
        enum incline_status status = run_launch(ctx, plan, &plan->launches[i], step);
        if (status) {
            plan->last_step = no_step(step); /* set all arguments anew */
            return status;
        }
    }
    plan->last_step = *step;
    return INCLINE_OK;
}
