#include "bench/statistics.h"

#include "incline/bench.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

void incline_bench_statistics(const double *values, size_t count, double *mean, double *deviation)
{
    double sum = 0, squares = 0;
    assert(count >= 1);
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    *mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - *mean) * (values[i] - *mean);
    *deviation = count > 1 ? sqrt(squares / (double)(count - 1)) : 0;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double incline_median(double *values, size_t count)
{
    assert(count >= 1);
    qsort(values, count, sizeof *values, compare);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}
