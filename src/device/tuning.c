#include "device/tuning.h"

const struct incline_tile *incline_tuning_choose(struct incline_device *device, const char *op,
                                                 const char *shape,
                                                 const struct incline_tile *candidates,
                                                 size_t count)
{
    (void)device;
    (void)op;
    (void)shape;
    (void)count;
    return candidates;
}
