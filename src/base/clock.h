/* The monotonic clock, and the one of the process's own work. */
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

/* Seconds that the processor has worked for this process, all threads together. */
static inline double incline_clock_process_seconds(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
