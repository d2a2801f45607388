/* Images, labels and numbers made up from Philox, for work whose result nobody wants. */
#ifndef INCLINE_BENCH_SYNTHETIC_H
#define INCLINE_BENCH_SYNTHETIC_H

#include "incline/data.h"
#include "network/feed.h"

/* Fills *out with `count` images of random bytes and random labels in 0 .. classes - 1. Free with
 * incline_images_finish. */
enum incline_status incline_synthetic_images(struct incline_context *ctx,
                                             struct incline_shape shape, size_t count, int classes,
                                             struct incline_images *out) INCLINE_MUST_CHECK;

/* Fills a device buffer of floats with numbers uniform in [-scale, scale). */
enum incline_status incline_synthetic_floats(struct incline_context *ctx,
                                             struct incline_buffer *buffer, float scale,
                                             uint32_t seed) INCLINE_MUST_CHECK;

#endif
