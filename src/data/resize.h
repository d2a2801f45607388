/* Resizing images of bytes. */
#ifndef INCLINE_DATA_RESIZE_H
#define INCLINE_DATA_RESIZE_H

#include "base/error.h"
#include "base/shape.h"

/* out[y][x][c] = sum over the window of in, weighted by a triangle of width 2 s around the centre,
 * s = max(1, in size / out size) per axis: bilinear interpolation when growing, antialiasing when
 * shrinking, as Image.resize(BILINEAR) of Pillow does. in [H][W][C] and out [OH][OW][C] have the
 * same number of channels; no size above 65536. Fails with MEMORY. */
enum incline_status incline_resize(struct incline_context *ctx, struct incline_shape in_shape,
                                   const unsigned char *in, struct incline_shape out_shape,
                                   unsigned char *out) INCLINE_MUST_CHECK;

#endif
