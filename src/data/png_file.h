/* Reading PNG files, where the build has libpng. */
#ifndef INCLINE_DATA_PNG_FILE_H
#define INCLINE_DATA_PNG_FILE_H

#include "base/error.h"
#include "base/shape.h"

/* Reads one image as bytes: 1 channel is grey (ITU-R 601 luma), 3 are RGB; 16-bit values are
 * reduced to 8, palettes resolved, alpha is laid over white. Sets shape; *pixels [H][W][C] is
 * allocated. Fails with DATA, or with UNSUPPORTED in a build without libpng. */
enum incline_status incline_png_read(struct incline_context *ctx, const char *path, int channels,
                                     struct incline_shape *shape,
                                     unsigned char **pixels) INCLINE_MUST_CHECK;

#endif
