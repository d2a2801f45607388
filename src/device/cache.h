/* The cache folder as a device uses it: never needed, and its failure is said once. */
#ifndef INCLINE_DEVICE_CACHE_H
#define INCLINE_DEVICE_CACHE_H

#include "base/cache_folder.h"
#include "device/device.h"

/* INCLINE_CACHE=off: nothing is read there or kept. */
bool incline_device_cache_is_off(void);

/* Opens the folder, or a part of it, as incline_cache_open(). false: go on without: it is off, or
 * it cannot be used, which is logged at WARN the first time. True or not, close it with
 * incline_cache_close(). */
bool incline_device_cache_open(struct incline_context *ctx, struct incline_device *device,
                               const char *part, struct incline_cache_folder *out);

/* After a failed use of the folder: logs the context's error, at WARN the first time and then at
 * DEBUG, with what follows from it, and clears it. */
void incline_device_cache_failed(struct incline_context *ctx, struct incline_device *device,
                                 const char *consequence);

#endif
