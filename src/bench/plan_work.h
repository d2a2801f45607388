/* A plan as the work of a timer, and as something whose launches are timed one by one. */
#ifndef INCLINE_BENCH_PLAN_WORK_H
#define INCLINE_BENCH_PLAN_WORK_H

#include "bench/timer.h"
#include "device/plan.h"

struct incline_plan_work {
    struct incline_plan *plan;
    struct incline_step step; /* of the first batch */
    size_t batches;           /* first and number of the steps go round so many batches */
    size_t stride;  /* the host runs ahead of the device by two strides of steps at most */
    bool wait_each; /* for the device, after each step */
    size_t done;    /* steps enqueued so far */
};

/* work must outlive the timer's use of it. */
struct incline_timer_work incline_plan_work_timer(struct incline_plan_work *work);

/* Enqueues the steps and waits for them. */
enum incline_status incline_plan_work_run(struct incline_context *ctx,
                                          struct incline_plan_work *work,
                                          size_t steps) INCLINE_MUST_CHECK;

/* Profiles some steps: seconds [launches] = the median of each launch's device time, *total = the
 * median of their sum. Waits. */
enum incline_status incline_plan_work_profile(struct incline_context *ctx,
                                              struct incline_plan_work *work, double *seconds,
                                              double *total) INCLINE_MUST_CHECK;

#endif
