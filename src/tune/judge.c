#include "tune/judge.h"

#include <stdlib.h>
#include <string.h>

static const double hopeless_ratio = 1.3, faster_ratio = 0.97, noisy_ratio = 1.25,
                    loaded_share = 0.7;

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double incline_timings_least(const double *seconds, size_t count)
{
    double least = seconds[0];
    for (size_t i = 1; i < count; i++)
        if (seconds[i] < least)
            least = seconds[i];
    return least;
}

double incline_timings_median(const double *seconds, size_t count)
{
    double sorted[INCLINE_TIMINGS_MAX];
    memcpy(sorted, seconds, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, ascending);
    return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static bool scatters(const double *seconds, size_t count)
{
    return incline_timings_median(seconds, count) >
           noisy_ratio * incline_timings_least(seconds, count);
}

bool incline_timings_hopeless(const struct incline_timings *timings)
{
    return timings->count > 1 && !scatters(timings->candidate, timings->count) &&
           incline_timings_least(timings->candidate, timings->count) >
               hopeless_ratio * incline_timings_least(timings->best, timings->count);
}

bool incline_timings_faster(const struct incline_timings *timings)
{
    return incline_timings_least(timings->candidate, timings->count) <
           faster_ratio * incline_timings_least(timings->best, timings->count);
}

bool incline_timings_noisy(const struct incline_timings *timings)
{
    return scatters(timings->best, timings->count) || scatters(timings->candidate, timings->count);
}

bool incline_machine_loaded(double cpu_seconds, double busy_seconds, double units)
{
    return cpu_seconds < loaded_share * busy_seconds * units;
}

bool incline_looks_loaded(int looks, int loaded)
{
    return 4 * loaded > looks;
}
