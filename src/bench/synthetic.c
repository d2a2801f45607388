#include "bench/synthetic.h"

#include "base/memory.h"
#include "base/philox.h"

#include <string.h>

static void fill_bytes(unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i += 16) {
        struct incline_philox draw =
            incline_philox(0, 0, (uint32_t)(i / 16), (uint32_t)(i / 16 >> 32), 0, 0);
        memcpy(bytes + i, draw.word, length - i < 16 ? length - i : 16);
    }
}

static void fill_labels(int *labels, size_t count, int classes)
{
    for (size_t i = 0; i < count; i++)
        labels[i] = (int)(incline_philox(0, 1, (uint32_t)i, 0, 0, 0).word[0] % (uint32_t)classes);
}

enum incline_status incline_synthetic_images(struct incline_context *ctx,
                                             struct incline_shape shape, size_t count, int classes,
                                             struct incline_images *out)
{
    struct incline_images images = {shape.height, shape.width, shape.channels, count, NULL, NULL};
    size_t bytes;
    if (incline_mul_overflows(count, incline_shape_elems(shape), &bytes))
        return incline_fail(ctx, INCLINE_ERROR_MEMORY, "%zu images are too many", count);
    enum incline_status status = incline_alloc(ctx, bytes, 1, &images.pixels);
    if (status)
        return status;
    status = incline_alloc(ctx, count, sizeof *images.labels, &images.labels);
    if (status) {
        incline_images_finish(&images);
        return status;
    }
    fill_bytes(images.pixels, bytes);
    fill_labels(images.labels, count, classes);
    *out = images;
    return INCLINE_OK;
}

enum incline_status incline_synthetic_floats(struct incline_context *ctx,
                                             struct incline_buffer *buffer, float scale,
                                             uint32_t seed)
{
    size_t count = incline_buffer_bytes(buffer) / sizeof(float);
    float *values = NULL;
    enum incline_status status = incline_alloc(ctx, count, sizeof *values, &values);
    if (status)
        return status;
    for (size_t i = 0; i < count; i++) {
        uint32_t word = incline_philox(seed, 2, (uint32_t)(i / 4), 0, 0, 0).word[i % 4];
        values[i] = scale * (2 * incline_philox_uniform(word) - 1);
    }
    status = incline_buffer_write(ctx, buffer, 0, values, count * sizeof *values);
    incline_free(&values);
    return status;
}
