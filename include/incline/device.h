/* OpenCL devices: listing, choosing, opening. */
#ifndef INCLINE_DEVICE_H
#define INCLINE_DEVICE_H

#include "incline/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One device, or one platform that has none (device -1, index -1), or one driver that cannot be
 * used at all (platform, device and index -1; platform_name is what is known of it). */
struct incline_device_info {
    int index;    /* number for `-d`, counted over usable devices; -1 when it cannot be used */
    int platform; /* position of its platform, and of the device within it, as clinfo counts */
    int device;
    char type[12];  /* "gpu", "cpu", "accelerator", "-" */
    char name[128]; /* of the device */
    char vendor[128];
    char platform_name[128];
    char opencl[16];  /* version of OpenCL, "3.0" */
    char driver[128]; /* driver version */
    int compute_units;
    int clock_mhz;
    uint64_t memory_bytes;    /* global memory */
    uint64_t max_alloc_bytes; /* largest single buffer */
    uint64_t local_bytes;     /* local memory of a work-group */
    size_t max_work_group;    /* work-items */
    bool integrated;          /* shares memory with the host */
    bool is_default;          /* what an absent `-d` picks */
    int same_as;              /* number of the device that is this GPU through a better driver; -1:
                               * none. Only its number, P:D or platform choose this one */
    char state[96];           /* "default", "ok", "no devices", "skipped: <reason>",
                               * "driver crashed (signal 6)", "driver hangs" */
};

struct incline_device_list {
    size_t count;
    struct incline_device_info *devices; /* usable and unusable ones, in platform order */
};

/* Lists every platform and device. Succeeds with count 0 when there is no driver at all.
 *
 * The first listing or opening of a process tries the drivers in a child process (fork), so that
 * one that crashes or hangs is left out and reported. INCLINE_PROBE_SECONDS in the environment is
 * how long that may take, 20 by default; 0 leaves it out, which a program that has used OpenCL
 * itself before should do, because drivers do not survive a fork. */
INCLINE_API enum incline_status
incline_devices_list(struct incline_context *ctx,
                     struct incline_device_list **out) INCLINE_MUST_CHECK;
/* Begins the trying of drivers, in its child, that the first listing or opening would begin: a
 * program that has other work to do before it opens a device saves that time. */
INCLINE_API enum incline_status
incline_devices_prepare(struct incline_context *ctx) INCLINE_MUST_CHECK;

INCLINE_API void incline_devices_free(struct incline_device_list **list);

struct incline_device;

/* Opens one device. selector: NULL or "" for the default; a number as the list gives it; "P:D";
 * "gpu" or "cpu"; or a part of the device's or platform's name in any case. Fails with DEVICE and a
 * text that lists what there is, or how to install a driver; with ARGUMENT on a wrong INCLINE_LANES
 * or INCLINE_CACHE in the environment. */
INCLINE_API enum incline_status incline_device_open(struct incline_context *ctx,
                                                    const char *selector,
                                                    struct incline_device **out) INCLINE_MUST_CHECK;

/* Waits for the device, frees it and sets *device to NULL. Everything made on it must be gone. */
INCLINE_API void incline_device_close(struct incline_device **device);

/* Facts about an open device; owned by it. */
INCLINE_API const struct incline_device_info *
incline_device_get_info(const struct incline_device *device);

/* What the library asked of a device since it was opened; for `-v` and for tests. */
struct incline_device_counters {
    uint64_t launches;       /* kernels enqueued */
    uint64_t program_builds; /* programs compiled or loaded */
    uint64_t allocations;    /* device buffers created */
    uint64_t blocking_calls; /* calls that waited for all that was enqueued: reads, writes */
    uint64_t window_waits;   /* calls that waited for an earlier point, so that the host does not
                              * run ahead without bound; the device goes on meanwhile */
    double build_seconds;
};

INCLINE_API struct incline_device_counters
incline_device_get_counters(const struct incline_device *device);

#endif
