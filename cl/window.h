/* Windows that slide along one axis: number o covers `size` cells from o stride - before on. */
#ifndef INCL_WINDOW_H
#define INCL_WINDOW_H
#include "lanes.h"

/* The first and the last of `windows` windows that cover a cell; where none does, the first is
 * after the last. */
INCL_INLINE int incl_window_first(int cell, int size, int stride, int before)
{
    return max(0, (cell + before - size + stride) / stride);
}

INCL_INLINE int incl_window_last(int cell, int stride, int before, int windows)
{
    return min(windows - 1, (cell + before) / stride);
}

#endif
