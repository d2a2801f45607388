/* Drivers are tried in a child process before this one loads them: some abort, crash or hang as
 * soon as they are asked for their devices, and take the program with them. */
#ifndef INCLINE_DEVICE_PROBE_H
#define INCLINE_DEVICE_PROBE_H

#include "base/error.h"

#include <stddef.h>

/* A driver that this process stays away from. */
struct incline_bad_driver {
    char name[128]; /* of its platform where it came so far, otherwise of its .icd file */
    char state[64]; /* "driver crashed (signal 6)", "driver hangs" */
};

enum { INCLINE_BAD_DRIVERS_MAX = 16 };

struct incline_probe {
    struct incline_bad_driver bad[INCLINE_BAD_DRIVERS_MAX];
    size_t bad_count;
};

/* Tries the drivers, once for the process, and makes the loader load the good ones only. To be
 * called before any OpenCL call; safe from several threads. *out is a copy of what was found.
 *
 * One child lists the devices of all drivers. Only when it does not come to its end within
 * INCLINE_PROBE_SECONDS (20 by default, 0: nothing is tried) is each driver tried in a child of its
 * own; the loader is then given a private folder with the good ones' .icd files, through
 * OCL_ICD_VENDORS for the time of its start. The drivers are those of OCL_ICD_VENDORS (a folder, a
 * file or a library) or of the system's folder. */
enum incline_status incline_probe_drivers(struct incline_context *ctx,
                                          struct incline_probe *out) INCLINE_MUST_CHECK;

/* Begins with it, so that other work can be done meanwhile. */
enum incline_status incline_probe_begin(struct incline_context *ctx) INCLINE_MUST_CHECK;

#endif
