/* A timer that grows the work until it lasts long enough to be timed. */
#ifndef INCLINE_BENCH_TIMER_H
#define INCLINE_BENCH_TIMER_H

#include "base/error.h"
#include "incline/bench.h"

/* What is timed, and by which clock. */
struct incline_timer_work {
    /* Does the work `runs` times; may return before the device has done it. */
    enum incline_status (*run)(struct incline_context *ctx, void *cookie, size_t runs);
    enum incline_status (*drain)(struct incline_context *ctx,
                                 void *cookie); /* waits until it has */
    double (*now)(void *cookie);                /* seconds */
    void *cookie;
};

/* Finds the number of runs, does the warm-ups, then the repeats. A repeat that comes out shorter
 * than timing->min_seconds, because the machine became faster, starts them over with more runs.
 * Errors: those of the work; INTERRUPTED, when *timing->stop is set between runs. */
enum incline_status incline_timer_measure(struct incline_context *ctx,
                                          const struct incline_timer_work *work,
                                          const struct incline_bench_timing *timing,
                                          struct incline_bench_samples *out) INCLINE_MUST_CHECK;

/* The clock of real measurements. */
double incline_timer_now(void *cookie);

#endif
