/* The OpenCL handles behind a buffer and a device's queue, borrowed, for libraries that take them.
 * Outside this room only src/gemm includes this; everyone else does without. */
#ifndef INCLINE_DEVICE_HANDLES_H
#define INCLINE_DEVICE_HANDLES_H

#include <CL/cl.h>

#include "device/device.h"

cl_mem incline_buffer_handle(const struct incline_buffer *buffer);
cl_command_queue incline_device_queue(const struct incline_device *device);

/* Where what enqueues a launch puts its event: NULL, unless the step is profiled. */
cl_event *incline_device_take_event(struct incline_device *device);

#endif
