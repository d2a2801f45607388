/* The size of one image or activation, without the batch. */
#ifndef INCLINE_BASE_SHAPE_H
#define INCLINE_BASE_SHAPE_H

#include <stddef.h>

struct incline_shape {
    int height, width, channels; /* each >= 1 */
};

static inline size_t incline_shape_elems(struct incline_shape shape)
{
    return (size_t)shape.height * (size_t)shape.width * (size_t)shape.channels;
}

#endif
