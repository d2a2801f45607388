/* Numbers about numbers. */
#ifndef INCLINE_BENCH_STATISTICS_H
#define INCLINE_BENCH_STATISTICS_H

#include <stddef.h>

/* The middle value, or the mean of the two in the middle. Sorts values; count >= 1. */
double incline_median(double *values, size_t count);

#endif
