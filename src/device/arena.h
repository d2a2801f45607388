/* Placing tensors by lifetime: two that are never alive at once may share memory. */
#ifndef INCLINE_DEVICE_ARENA_H
#define INCLINE_DEVICE_ARENA_H

#include <stddef.h>

struct incline_arena_item {
    size_t bytes;
    size_t first, last; /* the first and the last launch that uses it, inclusive */
    size_t offset;      /* result */
};

/* Gives every item an offset that is a multiple of align, such that items whose lifetimes touch do
 * not overlap. Greedy: larger items first, each at the lowest place that is free over its lifetime.
 * order has room for count indices. Returns the bytes of the whole arena. */
size_t incline_arena_place(struct incline_arena_item *items, size_t count, size_t align,
                           size_t *order);

#endif
