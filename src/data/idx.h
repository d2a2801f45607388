/* IDX, the file format of MNIST and its relatives: 00 00, a type byte, the number of dimensions,
 * the dimensions as big-endian 32-bit numbers, then the values, big-endian too. Packed with gzip or
 * not. Images are unsigned bytes (type 08); labels may also be signed integers of 16 or 32 bits
 * (types 0b and 0c), for more than 256 classes. Targets, the labels of images that show several
 * classes or none, are unsigned bytes 0 and 1.
 *
 * Limits: height, width and channels at most 65536 each, an image at most 64 Mi pixels, at most
 * 2^31 - 1 images, 32 GiB in all. A header is believed only as far as there are bytes behind it:
 * the memory taken stays below twice the bytes present, plus 1 MiB. */
#ifndef INCLINE_DATA_IDX_H
#define INCLINE_DATA_IDX_H

#include "base/error.h"
#include "incline/data.h"

#include <stddef.h>

enum {
    INCLINE_IMAGE_SIDE_MAX = 65536,             /* height, width or channels of an image */
    INCLINE_IMAGE_PIXELS_MAX = 64 * 1024 * 1024 /* height x width */
};

/* Reads images: rank 3 is [count][H][W], rank 4 is [count][H][W][C]. They have no labels. On
 * failure, *images is all zero and the status is DATA. */
enum incline_status incline_idx_read_images(struct incline_context *ctx, const char *path,
                                            struct incline_images *images) INCLINE_MUST_CHECK;

/* Reads labels, rank 1: *labels has *count numbers >= 0; free it with incline_free. Fails with
 * DATA.
 */
enum incline_status incline_idx_read_labels(struct incline_context *ctx, const char *path,
                                            int **labels, size_t *count) INCLINE_MUST_CHECK;

/* Reads targets, rank 2: *targets has *count rows of *classes bytes, each 0 or 1; free it with
 * incline_free. Fails with DATA.
 */
enum incline_status incline_idx_read_targets(struct incline_context *ctx, const char *path,
                                             unsigned char **targets, size_t *count,
                                             size_t *classes) INCLINE_MUST_CHECK;

#endif
