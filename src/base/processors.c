/* sched_getaffinity() */
#define _GNU_SOURCE

#include "base/processors.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>

static const char quota_file[] = "/sys/fs/cgroup/cpu.max";

static double bound_to(void)
{
#ifdef CPU_COUNT
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
#endif
    return INFINITY;
}

double incline_processors_of_quota(const char *text)
{
    long quota, period;
    if (sscanf(text, "%ld %ld", &quota, &period) != 2 || quota <= 0 || period <= 0)
        return INFINITY;
    return (double)quota / (double)period;
}

static double read_quota(void)
{
    char text[64] = "";
    FILE *file = fopen(quota_file, "re");
    if (!file)
        return INFINITY;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return incline_processors_of_quota(text);
}

double incline_processors(void)
{
    return fmin(bound_to(), read_quota());
}
