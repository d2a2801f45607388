/* The monotonic clock. */
#ifndef INCLINE_BASE_CLOCK_H
#define INCLINE_BASE_CLOCK_H

#include <time.h>

/* Seconds since some fixed point. */
static inline double incline_clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
