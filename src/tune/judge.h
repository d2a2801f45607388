/* What timings say: which of two is faster, and whether they can be trusted. */
#ifndef INCLINE_TUNE_JUDGE_H
#define INCLINE_TUNE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

/* Timings of one candidate and, in turn with them, of the best so far. */
enum { INCLINE_TIMINGS_MAX = 16 };
struct incline_timings {
    size_t count;
    double best[INCLINE_TIMINGS_MAX], candidate[INCLINE_TIMINGS_MAX]; /* seconds */
};

double incline_timings_least(const double *seconds, size_t count);
double incline_timings_median(const double *seconds, size_t count);

/* So much slower than the best so far that more timings are not worth it; one timing, or two that
 * differ, may have been disturbed and do not say so. */
bool incline_timings_hopeless(const struct incline_timings *timings);

/* Faster by more than the noise: the least of its timings against the least of the other's. */
bool incline_timings_faster(const struct incline_timings *timings);

/* The half of the timings of one of the two is above its least by more than a quarter: something
 * disturbs. */
bool incline_timings_noisy(const struct incline_timings *timings);

/* The process got clearly less of the machine than the device worked: cpu_seconds of all its
 * threads while `units` of them should have been busy for busy_seconds. */
bool incline_machine_loaded(double cpu_seconds, double busy_seconds, double units);

/* Over a whole tuning: more than a quarter of the looks at the machine found it loaded. */
bool incline_looks_loaded(int looks, int loaded);

#endif
