/* The step plan: a flat list of launches over named tensors, made once and enqueued often.
 *
 * While it is made, tensors are only sizes. incline_plan_finish() looks at which launches use each,
 * places them by lifetime in one arena buffer, creates the kernels and binds their arguments. After
 * that, enqueueing neither allocates, builds nor waits. */
#ifndef INCLINE_DEVICE_PLAN_H
#define INCLINE_DEVICE_PLAN_H

#include "base/hash.h"
#include "base/text.h"
#include "device/device.h"
#include "optimizers/optimizer.h"

#include <stdint.h>

struct incline_plan;
struct incline_tensor; /* owned by its plan */

/* Where a step stands among those whose gradients make one update together. All 0: it is alone. */
struct incline_accumulation {
    int images;        /* of all these steps; 0: of this one */
    int earlier_steps; /* of them: their gradients are those that this one's are added to */
    bool waits;        /* for later ones: parameters are not updated */
    long long updates; /* of the same training before this one */
};

/* What changes from step to step. */
struct incline_step {
    int images; /* in this batch, 1 .. the plan's batch size */
    int first;  /* position of the batch in the epoch's order, in images */
    int number; /* which slot of the metrics this step writes */
    float learning_rate;
    long long earlier;          /* steps of the same training before this one */
    float rates[INCLINE_RATES]; /* what the optimizer makes of these; see incline_step_run() */
    uint64_t seed;              /* of the run's random numbers */
    struct incline_accumulation accumulation;
    float share;         /* of the update's images; see incline_step_run() */
    float average_share; /* of a moving average, that the parameters get in this step */
    int watch;           /* which slot of the figures a watched step writes */
};

enum incline_arg_kind {
    INCLINE_ARG_END = 0,
    INCLINE_ARG_TENSOR,
    INCLINE_ARG_INT,           /* fixed when the plan is made */
    INCLINE_ARG_INT8,          /* eight ints, fixed when the plan is made */
    INCLINE_ARG_FLOAT,         /* fixed when the plan is made */
    INCLINE_ARG_IMAGES,        /* int: step.images */
    INCLINE_ARG_FIRST,         /* int: step.first */
    INCLINE_ARG_NUMBER,        /* int: step.number */
    INCLINE_ARG_LEARNING_RATE, /* float: step.learning_rate */
    INCLINE_ARG_RATES,         /* float8: step.rates */
    INCLINE_ARG_SEED,          /* ulong: step.seed */
    INCLINE_ARG_EARLIER,       /* int: step.earlier */
    INCLINE_ARG_EARLIER_STEPS, /* int: step.accumulation.earlier_steps */
    INCLINE_ARG_SHARE,         /* float: step.share */
    INCLINE_ARG_AVERAGE_SHARE, /* float: step.average_share */
    INCLINE_ARG_WATCH          /* int: step.watch */
};

struct incline_arg {
    enum incline_arg_kind kind;
    union {
        struct incline_tensor *tensor;
        int i, int8[8];
        float f;
    } value;
};

/* clang-format off */
#define INCLINE_TENSOR(t) {INCLINE_ARG_TENSOR, {.tensor = (t)}}
#define INCLINE_INT(n) {INCLINE_ARG_INT, {.i = (n)}}
#define INCLINE_FLOAT(x) {INCLINE_ARG_FLOAT, {.f = (x)}}
#define INCLINE_IMAGES {INCLINE_ARG_IMAGES, {.i = 0}}
#define INCLINE_FIRST {INCLINE_ARG_FIRST, {.i = 0}}
#define INCLINE_NUMBER {INCLINE_ARG_NUMBER, {.i = 0}}
#define INCLINE_LEARNING_RATE {INCLINE_ARG_LEARNING_RATE, {.i = 0}}
#define INCLINE_RATES_ARG {INCLINE_ARG_RATES, {.i = 0}}
#define INCLINE_SEED {INCLINE_ARG_SEED, {.i = 0}}
#define INCLINE_EARLIER {INCLINE_ARG_EARLIER, {.i = 0}}
#define INCLINE_EARLIER_STEPS {INCLINE_ARG_EARLIER_STEPS, {.i = 0}}
#define INCLINE_SHARE {INCLINE_ARG_SHARE, {.i = 0}}
#define INCLINE_AVERAGE_SHARE {INCLINE_ARG_AVERAGE_SHARE, {.i = 0}}
#define INCLINE_WATCH {INCLINE_ARG_WATCH, {.i = 0}}
/* clang-format on */

enum { INCLINE_ARGS_MAX = 64 };

/* What a launch that is no kernel is given each time it is enqueued. */
struct incline_call {
    struct incline_device *device;
    const char *label;              /* the launch's */
    const struct incline_arg *args; /* the launch's; tensors have their buffers */
    const struct incline_step *step;
};

/* What a launch is for. */
enum incline_pass {
    INCLINE_PASS_FORWARD,
    INCLINE_PASS_LOSS,
    INCLINE_PASS_BACKWARD,
    INCLINE_PASS_UPDATE
};
extern const char *const incline_pass_names[]; /* "forward", ..., NULL */

/* One launch. The work-items are {items, second, third}, in groups of {group, second_group, 1}, or
 * of fewer where the kernel's limit is lower. A size that is BLOCKS is as large as the step has
 * blocks of NB images. */
struct incline_launch {
    const char *label;      /* the layer's name, for messages and timing; copied */
    enum incline_pass pass; /* the plan's current one; set by incline_plan_launch() */
    const char *source;     /* "conv2d.cl"; copied */
    const char *kernel;     /* "conv2d_forward"; a string that outlives the plan */
    const char *defines;    /* " -D IN_C=3 ..."; copied; NULL for none */
    int items;              /* of dimension 0; a multiple of group */
    int group;
    int second;       /* of dimension 1, or INCLINE_BLOCKS; rounded up to whole groups; 0 means 1 */
    int second_group; /* 0 means 1 */
    bool second_groups;  /* second counts groups, and dimension 0 has one group of any size */
    int third;           /* of dimension 2, or INCLINE_BLOCKS; 0 means 1 */
    bool only_on_update; /* left out of a step that waits for others */
    struct incline_arg args[INCLINE_ARGS_MAX]; /* in the kernel's order, ended by kind END */
    /* NULL for a kernel. Otherwise what enqueues the work, through another library, on the device's
     * queue: source to third are unused then. It does not wait, and its errors name label and
     * device. Counts as one launch. */
    enum incline_status (*call)(struct incline_context *ctx, const struct incline_call *call);
};

enum { INCLINE_BLOCKS = -1 };

/* Appends one argument to launch->args. */
void incline_launch_add(struct incline_launch *launch, struct incline_arg arg);
void incline_launch_add_tensor(struct incline_launch *launch, struct incline_tensor *tensor);
void incline_launch_add_int(struct incline_launch *launch, int value);
void incline_launch_add_float(struct incline_launch *launch, double value);

/* A plan for batches of up to `batch` images. device must outlive it. */
enum incline_status incline_plan_create(struct incline_context *ctx, struct incline_device *device,
                                        int batch, struct incline_plan **out) INCLINE_MUST_CHECK;
void incline_plan_destroy(struct incline_plan **plan);

/* Lets tuning choose kernels as for batches of `batch` images, so that a few images run the kernels
 * of a large batch. */
void incline_plan_tune_for(struct incline_plan *plan, int batch);

struct incline_device *incline_plan_device(const struct incline_plan *plan);
int incline_plan_batch(const struct incline_plan *plan);
int incline_plan_blocks(const struct incline_plan *plan); /* ceil(batch / NB) */
int incline_plan_tuned_batch(const struct incline_plan *plan);

/* Lets the plan use another one's arena when it is placed, where that is large enough: for plans
 * that run one after the other on the device's queue. lender has been finished (or measured, for a
 * plan that is measured) and must outlive the plan; NULL changes nothing. */
void incline_plan_borrow(struct incline_plan *plan, const struct incline_plan *lender);

/* A tensor in the arena. The plan gives it room from the first launch that uses it to the last. */
enum incline_status incline_plan_tensor(struct incline_context *ctx, struct incline_plan *plan,
                                        const char *name, size_t bytes,
                                        struct incline_tensor **out) INCLINE_MUST_CHECK;

/* A tensor that lies in a buffer of the caller's, which must outlive the plan. */
enum incline_status incline_plan_external(struct incline_context *ctx, struct incline_plan *plan,
                                          const char *name, struct incline_buffer *buffer,
                                          struct incline_tensor **out) INCLINE_MUST_CHECK;

/* A tensor of the plan's own that holds `bytes` bytes of data from the start. Waits for the copy.
 */
enum incline_status incline_plan_constant(struct incline_context *ctx, struct incline_plan *plan,
                                          const char *name, const void *data, size_t bytes,
                                          struct incline_tensor **out) INCLINE_MUST_CHECK;

/* Keeps an arena tensor's room to itself to the end of the plan, so that the host can read it. */
void incline_plan_keep(struct incline_tensor *tensor);

enum incline_status incline_plan_launch(struct incline_context *ctx, struct incline_plan *plan,
                                        const struct incline_launch *launch) INCLINE_MUST_CHECK;

/* What the launches that follow are for; FORWARD at first. */
void incline_plan_set_pass(struct incline_plan *plan, enum incline_pass pass);

/* Places, builds and binds. To be called once, before the first enqueue. */
enum incline_status incline_plan_finish(struct incline_context *ctx,
                                        struct incline_plan *plan) INCLINE_MUST_CHECK;

/* Only finds out incline_plan_arena_bytes(), without allocating or building; the plan cannot run.
 */
enum incline_status incline_plan_measure(struct incline_context *ctx,
                                         struct incline_plan *plan) INCLINE_MUST_CHECK;

/* Enqueues every launch for one step; does not wait, except in the first step of a size on a device
 * other than a CPU, which finds out how to keep kernels below 100 ms (see enqueue.c). Errors name
 * the label, kernel and device. */
enum incline_status incline_plan_enqueue(struct incline_context *ctx, struct incline_plan *plan,
                                         const struct incline_step *step) INCLINE_MUST_CHECK;

/* After finish: the tensor's buffer, and the bytes of the plan's own arena. */
struct incline_buffer *incline_tensor_buffer(const struct incline_tensor *tensor);
size_t incline_plan_arena_bytes(const struct incline_plan *plan);
size_t incline_plan_launches(const struct incline_plan *plan);
const struct incline_launch *incline_plan_get_launch(const struct incline_plan *plan, size_t i);

/* Adds what the launches of the plan run, which need not be finished: device and driver, kernel
 * sources, build options, sizes and fixed arguments; of a call its arguments. */
enum incline_status incline_plan_hash(struct incline_context *ctx, const struct incline_plan *plan,
                                      struct incline_hash *hash) INCLINE_MUST_CHECK;

/* Runs one step and writes the seconds that the device worked on each launch, by its own clock, to
 * seconds [launches]. Waits for the end. Runs the step twice when enqueueing it would wait (see
 * there). Not for use between enqueued steps whose speed matters. */
enum incline_status incline_plan_profile(struct incline_context *ctx, struct incline_plan *plan,
                                         const struct incline_step *step,
                                         double *seconds) INCLINE_MUST_CHECK;

#endif
