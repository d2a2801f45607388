#include "bench/timer.h"

#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <math.h>
#include <time.h>

/* Runs are aimed a little above the wanted time, and grow by at most this factor at a time, since
 * the first run of a thing is often slow. */
static const double aim = 1.15, growth_max = 16;
static const double runs_max = 1e9;
enum { RESTARTS_MAX = 20 };

double incline_timer_now(void *cookie)
{
    (void)cookie;
    return incline_clock_seconds();
}

static bool should_stop(const struct incline_bench_timing *timing)
{
    return timing->stop && *timing->stop;
}

static void pause_before(const struct incline_bench_timing *timing)
{
    double seconds = timing->delay_seconds;
    struct timespec rest = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};
    if (seconds <= 0)
        return;
    while (!should_stop(timing) && nanosleep(&rest, &rest) != 0 && errno == EINTR)
        continue;
}

static enum incline_status time_runs(struct incline_context *ctx,
                                     const struct incline_timer_work *work,
                                     const struct incline_bench_timing *timing, size_t runs,
                                     double *seconds)
{
    if (should_stop(timing))
        return incline_fail(ctx, INCLINE_ERROR_INTERRUPTED, "stopped while measuring");
    enum incline_status status = work->drain(ctx, work->cookie);
    if (status)
        return status;
    double start = work->now(work->cookie);
    status = work->run(ctx, work->cookie, runs);
    if (status)
        return status;
    status = work->drain(ctx, work->cookie);
    if (status)
        return status;
    *seconds = work->now(work->cookie) - start;
    return INCLINE_OK;
}

/* More runs than before, for a repeat of `wanted` seconds, when `runs` took `seconds`. */
static size_t grow(size_t runs, double seconds, double wanted)
{
    double factor = seconds > 0 ? aim * wanted / seconds : growth_max;
    double grown = ceil((double)runs * fmin(factor, growth_max));
    return (size_t)fmin(fmax(grown, (double)runs + 1), runs_max);
}

static enum incline_status calibrate(struct incline_context *ctx,
                                     const struct incline_timer_work *work,
                                     const struct incline_bench_timing *timing, size_t *runs)
{
    double seconds;
    for (*runs = 1;; *runs = grow(*runs, seconds, timing->min_seconds)) {
        enum incline_status status = time_runs(ctx, work, timing, *runs, &seconds);
        if (status || seconds >= timing->min_seconds || (double)*runs >= runs_max)
            return status;
    }
}

static enum incline_status warm_up(struct incline_context *ctx,
                                   const struct incline_timer_work *work,
                                   const struct incline_bench_timing *timing, size_t runs)
{
    double unused;
    enum incline_status status = INCLINE_OK;
    for (int i = 0; !status && i < timing->warmups; i++)
        status = time_runs(ctx, work, timing, runs, &unused);
    return status;
}

/* Fills in all samples, or stops at one that is too short and says so. */
static enum incline_status take_samples(struct incline_context *ctx,
                                        const struct incline_timer_work *work,
                                        const struct incline_bench_timing *timing,
                                        struct incline_bench_samples *samples, double *shortest)
{
    for (size_t i = 0; i < samples->count; i++) {
        double seconds;
        pause_before(timing);
        enum incline_status status = time_runs(ctx, work, timing, samples->runs, &seconds);
        if (status)
            return status;
        samples->seconds[i] = seconds / (double)samples->runs;
        *shortest = i == 0 ? seconds : fmin(*shortest, seconds);
        if (seconds < timing->min_seconds)
            return INCLINE_OK;
    }
    return INCLINE_OK;
}

static enum incline_status measure(struct incline_context *ctx,
                                   const struct incline_timer_work *work,
                                   const struct incline_bench_timing *timing,
                                   struct incline_bench_samples *samples)
{
    enum incline_status status = calibrate(ctx, work, timing, &samples->runs);
    if (status)
        return status;
    status = warm_up(ctx, work, timing, samples->runs);
    for (int i = 0; !status && i < RESTARTS_MAX; i++) {
        double shortest = 0;
        status = take_samples(ctx, work, timing, samples, &shortest);
        if (status || shortest >= timing->min_seconds || (double)samples->runs >= runs_max)
            return status;
        samples->runs = grow(samples->runs, shortest, timing->min_seconds);
    }
    if (!status)
        status = incline_fail(ctx, INCLINE_ERROR_UNSUPPORTED,
                              "the clock is too unsteady to time anything for %g s",
                              timing->min_seconds);
    return status;
}

enum incline_status incline_timer_measure(struct incline_context *ctx,
                                          const struct incline_timer_work *work,
                                          const struct incline_bench_timing *timing,
                                          struct incline_bench_samples *out)
{
    INCLINE_REQUIRE(ctx, timing->repeats >= 1 && timing->warmups >= 0 && timing->min_seconds > 0 &&
                             timing->delay_seconds >= 0);
    struct incline_bench_samples samples = {.count = (size_t)timing->repeats};
    enum incline_status status =
        incline_alloc(ctx, samples.count, sizeof *samples.seconds, &samples.seconds);
    if (status)
        return status;
    status = measure(ctx, work, timing, &samples);
    if (status) {
        incline_bench_samples_finish(&samples);
        return status;
    }
    incline_bench_statistics(samples.seconds, samples.count, &samples.mean, &samples.deviation);
    *out = samples;
    return INCLINE_OK;
}

void incline_bench_samples_finish(struct incline_bench_samples *samples)
{
    incline_free(&samples->seconds);
    *samples = (struct incline_bench_samples){0};
}
