/* How many images a work-item of a device handles. */
#ifndef INCLINE_DEVICE_LANES_H
#define INCLINE_DEVICE_LANES_H

#include "device/device.h"

/* Finds the device's lanes, once it is open: what INCLINE_LANES says; 1 where neighbouring
 * work-items are neighbouring images, on GPUs; on a CPU the vector width at which it multiplies and
 * adds fastest, measured in some milliseconds and remembered in the tuning database. Drivers' words
 * (CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT) count where the measurement fails or finds no difference.
 */
void incline_device_find_lanes(struct incline_context *ctx, struct incline_device *device);

/* Seconds of the probe at 16, 8 and 4 lanes, all of the same work: the lanes to use. The driver's
 * word wins unless another width is faster by more than the noise of such a measurement. */
int incline_lanes_choose(const double seconds[3], int drivers_word);

/* Lets every compute unit multiply and add for some milliseconds: *busy_seconds by the device's
 * clock, in which the process got *cpu_seconds of the machine's cores for all its threads. On a CPU
 * with nothing else to do the second is the first times the compute units. On a slow machine it
 * ends with the first launch that it needs after max_seconds, which building its kernel does not
 * count to. */
enum incline_status incline_device_probe_load(struct incline_context *ctx,
                                              struct incline_device *device, double max_seconds,
                                              double *cpu_seconds,
                                              double *busy_seconds) INCLINE_MUST_CHECK;

#endif
