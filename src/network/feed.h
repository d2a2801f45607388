/* A set of images on the device: bytes, labels, the order in which they are taken, and the factors
 * that turn bytes into numbers. */
#ifndef INCLINE_NETWORK_FEED_H
#define INCLINE_NETWORK_FEED_H

#include "base/shape.h"
#include "device/device.h"

#include <stdint.h>

struct incline_feed_spec {
    struct incline_shape shape;
    size_t count;                /* >= 1 */
    const unsigned char *pixels; /* [count][H][W][C] */
    const void *labels;          /* [count] as the loss takes them (cl/loss.h), or NULL: all 0 */
    size_t label_bytes;          /* of each; 0: of an int */
    double scale;                /* number = (byte / scale - mean) / std */
    const double *mean, *std;    /* per channel, or NULL: 0 and 1 */
};

struct incline_feed {
    struct incline_device *device;
    size_t count;
    struct incline_buffer *pixels, *labels, *order, *scaling; /* see cl/gather.cl */
    int *host_order; /* what `order` holds or is being given */
};

/* Copies the set to the device, in its own order. */
enum incline_status incline_feed_create(struct incline_context *ctx, struct incline_device *device,
                                        const struct incline_feed_spec *spec,
                                        struct incline_feed **out) INCLINE_MUST_CHECK;
void incline_feed_destroy(struct incline_feed **feed);

/* Queues a new order for the steps that are enqueued after it: the permutation that (seed, epoch)
 * gives. To be called only when the write that the previous call queued is done, since the host's
 * copy is reused. */
enum incline_status incline_feed_shuffle(struct incline_context *ctx, struct incline_feed *feed,
                                         uint64_t seed, int epoch) INCLINE_MUST_CHECK;

/* order[0 .. count - 1] = a permutation of 0 .. count - 1, Fisher and Yates's shuffle by Philox. */
void incline_permutation(uint64_t seed, int epoch, int *order, size_t count);

size_t incline_feed_bytes(struct incline_shape shape, size_t count, size_t label_bytes);

#endif
