/* Which of several shapes of a kernel a device runs best. The layers name the candidates, best guess
 * first; all give the same bits. What was measured for the device decides, or else the first. */
#ifndef INCLINE_DEVICE_TUNING_H
#define INCLINE_DEVICE_TUNING_H

#include "device/device.h"

enum { INCLINE_TILE_VALUES = 4 };

/* One candidate: what its numbers mean is the kernel's affair. Unused ones are 0. */
struct incline_tile {
    int values[INCLINE_TILE_VALUES];
};

/* The candidate to use for `op` ("dense_forward") on work of this shape ("in=5408 out=128
 * images=128"). candidates [count], count >= 1, must outlive the device. */
const struct incline_tile *incline_tuning_choose(struct incline_device *device, const char *op,
                                                 const char *shape,
                                                 const struct incline_tile *candidates,
                                                 size_t count);

#endif
