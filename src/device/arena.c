#include "device/arena.h"

#include <stdbool.h>

static size_t round_up(size_t bytes, size_t align)
{
    return (bytes + align - 1) / align * align;
}

/* Insertion sort, so that equal sizes keep their order and the placement is reproducible. */
static void sort_by_size(const struct incline_arena_item *items, size_t count, size_t *order)
{
    for (size_t i = 0; i < count; i++) {
        size_t place = i;
        while (place > 0 && items[order[place - 1]].bytes < items[i].bytes) {
            order[place] = order[place - 1];
            place--;
        }
        order[place] = i;
    }
}

static bool share_time(const struct incline_arena_item *a, const struct incline_arena_item *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static bool share_place(const struct incline_arena_item *a, const struct incline_arena_item *b)
{
    return a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

/* The end of a placed item that is in the way of `item` at its present offset, or 0. */
static size_t end_of_obstacle(const struct incline_arena_item *items, const size_t *order,
                              size_t placed, const struct incline_arena_item *item)
{
    for (size_t i = 0; i < placed; i++) {
        const struct incline_arena_item *other = &items[order[i]];
        if (share_time(item, other) && share_place(item, other))
            return other->offset + other->bytes;
    }
    return 0;
}

size_t incline_arena_place(struct incline_arena_item *items, size_t count, size_t align,
                           size_t *order)
{
    size_t total = 0;
    sort_by_size(items, count, order);
    for (size_t i = 0; i < count; i++) {
        struct incline_arena_item *item = &items[order[i]];
        size_t end;
        item->offset = 0;
        while ((end = end_of_obstacle(items, order, i, item)) != 0)
            item->offset = round_up(end, align);
        if (item->offset + item->bytes > total)
            total = item->offset + item->bytes;
    }
    return total;
}
