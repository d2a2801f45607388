#include "network/feed.h"

#include "base/memory.h"
#include "base/philox.h"

#include <limits.h>

size_t incline_feed_bytes(struct incline_shape shape, size_t count, size_t label_bytes)
{
    return count * (incline_shape_elems(shape) + label_bytes + sizeof(int)) +
           (size_t)shape.channels * 2 * sizeof(float);
}

static enum incline_status upload(struct incline_context *ctx, struct incline_device *device,
                                  const char *what, const void *bytes, size_t length,
                                  struct incline_buffer **out)
{
    enum incline_status status = incline_buffer_create(ctx, device, what, length, out);
    if (status)
        return status;
    return incline_buffer_write(ctx, *out, 0, bytes, length);
}

/* (byte / scale - mean) / std = gain byte + offset */
static enum incline_status upload_scaling(struct incline_context *ctx, struct incline_feed *feed,
                                          const struct incline_feed_spec *spec)
{
    size_t channels = (size_t)spec->shape.channels;
    float *scaling = NULL;
    enum incline_status status = incline_alloc(ctx, channels * 2, sizeof *scaling, &scaling);
    if (status)
        return status;
    for (size_t c = 0; c < channels; c++) {
        double mean = spec->mean ? spec->mean[c] : 0, std = spec->std ? spec->std[c] : 1;
        scaling[c * 2] = (float)(1 / (spec->scale * std));
        scaling[c * 2 + 1] = (float)(-mean / std);
    }
    status = upload(ctx, feed->device, "the scaling of the pixels", scaling,
                    channels * 2 * sizeof *scaling, &feed->scaling);
    incline_free(&scaling);
    return status;
}

static enum incline_status upload_labels(struct incline_context *ctx, struct incline_feed *feed,
                                         const struct incline_feed_spec *spec)
{
    size_t bytes = feed->count * (spec->label_bytes > 0 ? spec->label_bytes : sizeof(int));
    if (spec->labels)
        return upload(ctx, feed->device, "the labels", spec->labels, bytes, &feed->labels);
    enum incline_status status =
        incline_buffer_create(ctx, feed->device, "the labels", bytes, &feed->labels);
    if (status)
        return status;
    return incline_buffer_fill(ctx, feed->labels, 0);
}

static enum incline_status fill(struct incline_context *ctx, struct incline_feed *feed,
                                const struct incline_feed_spec *spec)
{
    enum incline_status status =
        upload(ctx, feed->device, "the data set", spec->pixels,
               spec->count * incline_shape_elems(spec->shape), &feed->pixels);
    if (status)
        return status;
    status = upload_labels(ctx, feed, spec);
    if (status)
        return status;
    status = incline_alloc(ctx, spec->count, sizeof *feed->host_order, &feed->host_order);
    if (status)
        return status;
    for (size_t i = 0; i < spec->count; i++)
        feed->host_order[i] = (int)i;
    status = upload(ctx, feed->device, "the order of the images", feed->host_order,
                    spec->count * sizeof(int), &feed->order);
    if (status)
        return status;
    return upload_scaling(ctx, feed, spec);
}

enum incline_status incline_feed_create(struct incline_context *ctx, struct incline_device *device,
                                        const struct incline_feed_spec *spec,
                                        struct incline_feed **out)
{
    struct incline_feed *feed = NULL;
    enum incline_status status;
    if (spec->count > INT_MAX)
        return incline_fail(ctx, INCLINE_ERROR_UNSUPPORTED, "more than 2^31 - 1 images");
    status = incline_alloc(ctx, 1, sizeof *feed, &feed);
    if (status)
        return status;
    feed->device = device;
    feed->count = spec->count;
    status = fill(ctx, feed, spec);
    if (status) {
        incline_feed_destroy(&feed);
        return status;
    }
    *out = feed;
    return INCLINE_OK;
}

void incline_feed_destroy(struct incline_feed **feed)
{
    if (!*feed)
        return;
    incline_buffer_destroy(&(*feed)->pixels);
    incline_buffer_destroy(&(*feed)->labels);
    incline_buffer_destroy(&(*feed)->order);
    incline_buffer_destroy(&(*feed)->scaling);
    incline_free(&(*feed)->host_order);
    incline_free(feed);
}

/* Uniform in 0 .. bound - 1, from one of the 2^64 values of two words; the bias is below 2^-32. */
static size_t below(struct incline_philox draw, size_t bound)
{
    uint64_t value = ((uint64_t)draw.word[1] << 32) | draw.word[0];
    return (size_t)(value % bound);
}

void incline_permutation(uint64_t seed, int epoch, int *order, size_t count)
{
    for (size_t i = 0; i < count; i++)
        order[i] = (int)i;
    for (size_t i = count; i > 1; i--) {
        size_t j = below(incline_philox_draw(seed, INCLINE_STREAM_SHUFFLE, (uint32_t)epoch, i), i);
        int swapped = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swapped;
    }
}

enum incline_status incline_feed_shuffle(struct incline_context *ctx, struct incline_feed *feed,
                                         uint64_t seed, int epoch)
{
    incline_permutation(seed, epoch, feed->host_order, feed->count);
    return incline_buffer_write_async(ctx, feed->order, 0, feed->host_order,
                                      feed->count * sizeof(int));
}
