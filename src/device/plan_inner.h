/* What plan.c, which makes a plan, and enqueue.c, which runs it, share. */
#ifndef INCLINE_DEVICE_PLAN_INNER_H
#define INCLINE_DEVICE_PLAN_INNER_H

#include "device/opencl.h"
#include "device/plan.h"

struct incline_tensor {
    char *name;
    size_t bytes;
    size_t first, last; /* launches; first > last: unused */
    bool kept;
    bool external;                 /* lies in no arena */
    bool constant;                 /* external, but the plan's own */
    struct incline_buffer *buffer; /* owned unless external and not constant */
};

struct incline_bound_launch {
    struct incline_launch spec; /* its texts are the copies below */
    char *label, *source, *defines;
    cl_kernel kernel;
    size_t local[3];
    size_t piece;     /* work-groups that are enqueued at once; 0: all */
    int paced_images; /* of the largest step in which it was cut to pieces */
};

struct incline_plan {
    struct incline_device *device;
    int batch, tuned_batch;
    struct incline_tensor **tensors;
    size_t tensor_count, tensor_capacity;
    struct incline_bound_launch *launches;
    size_t launch_count, launch_capacity;
    const struct incline_plan *lender; /* whose arena it uses; NULL: its own */
    struct incline_buffer *arena;      /* NULL: the lender's */
    size_t arena_bytes;
    struct incline_step last_step; /* what the kernels' arguments hold */
    enum incline_pass pass;        /* of launches to come */
};

/* Blocks of NB images that hold so many. */
int incline_blocks_of(int images);

/* Does the step leave the launch out? */
bool incline_launch_is_left_out(const struct incline_bound_launch *launch,
                                const struct incline_step *step);

/* Enqueues of a launch in one step. */
size_t incline_launch_pieces(const struct incline_bound_launch *launch,
                             const struct incline_step *step);

/* Will enqueueing this step cut launches to pieces, and so wait for each? */
bool incline_plan_will_pace(const struct incline_plan *plan, const struct incline_step *step);

cl_int incline_launch_set_argument(const struct incline_bound_launch *launch, cl_uint index,
                                   const struct incline_step *step);

/* Raises DEVICE: `call failed with CODE on device NAME: kernel K of LABEL`. */
enum incline_status incline_launch_fail(struct incline_context *ctx,
                                        const struct incline_device *device, cl_int code,
                                        const char *call, const struct incline_launch *spec);

#endif
