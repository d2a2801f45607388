/* PNG through libpng's simplified interface, which brings every kind of image to 8-bit RGBA. */
#include "data/png_file.h"

#include "build_config.h"

#if INCLINE_HAVE_PNG

#include "base/memory.h"
#include "data/idx.h"

#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <string.h>

enum { RGBA = 4 };

static unsigned over_white(unsigned value, unsigned alpha)
{
    return (value * alpha + 255u * (255u - alpha) + 127u) / 255u;
}

/* The luma weights 0.299, 0.587 and 0.114 in 1/65536, as Pillow rounds them. */
static unsigned char luma(const unsigned rgb[3])
{
    return (unsigned char)((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16);
}

/* RGBA to grey or RGB in place: the result is never ahead of what is still to be read. */
static void reduce_channels(unsigned char *pixels, size_t count, int channels)
{
    for (size_t i = 0; i < count; i++) {
        const unsigned char *from = pixels + i * RGBA;
        unsigned char *to = pixels + i * (size_t)channels;
        const unsigned rgb[3] = {over_white(from[0], from[3]), over_white(from[1], from[3]),
                                 over_white(from[2], from[3])};
        if (channels == 1)
            to[0] = luma(rgb);
        for (int c = 0; channels == 3 && c < channels; c++)
            to[c] = (unsigned char)rgb[c];
    }
}

static enum incline_status png_failed(struct incline_context *ctx, const char *path,
                                      const png_image *image)
{
    return incline_fail(ctx, INCLINE_ERROR_DATA, "%s: damaged PNG: %s", path, image->message);
}

static enum incline_status check_png_size(struct incline_context *ctx, const char *path,
                                          const png_image *image)
{
    size_t width = image->width, height = image->height;
    if (width <= INCLINE_IMAGE_SIDE_MAX && height <= INCLINE_IMAGE_SIDE_MAX &&
        width * height <= INCLINE_IMAGE_PIXELS_MAX)
        return INCLINE_OK;
    return incline_fail(ctx, INCLINE_ERROR_DATA,
                        "%s: an image of %zu x %zu pixels; the limits are %d on a side and 64 Mi "
                        "pixels",
                        path, height, width, INCLINE_IMAGE_SIDE_MAX);
}

static enum incline_status decode(struct incline_context *ctx, const char *path, FILE *file,
                                  png_image *image, unsigned char **pixels)
{
    if (!png_image_begin_read_from_stdio(image, file))
        return png_failed(ctx, path, image);
    enum incline_status status = check_png_size(ctx, path, image);
    if (status)
        return status;
    image->format = PNG_FORMAT_RGBA;
    /* Without this, libpng takes 16-bit images for linear light, which hardly any is. */
    image->flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    status = incline_alloc(ctx, (size_t)image->width * image->height, RGBA, pixels);
    if (status)
        return status;
    if (!png_image_finish_read(image, NULL, *pixels, 0, NULL))
        return png_failed(ctx, path, image);
    return INCLINE_OK;
}

enum incline_status incline_png_read(struct incline_context *ctx, const char *path, int channels,
                                     struct incline_shape *shape, unsigned char **pixels)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    *pixels = NULL;
    FILE *file = fopen(path, "rbe");
    if (!file)
        return incline_fail(ctx, INCLINE_ERROR_DATA, "%s: cannot read it: %s", path,
                            strerror(errno));
    enum incline_status status = decode(ctx, path, file, &image, pixels);
    if (status) {
        incline_free(pixels);
    } else {
        *shape = (struct incline_shape){(int)image.height, (int)image.width, channels};
        reduce_channels(*pixels, (size_t)image.width * image.height, channels);
    }
    png_image_free(&image);
    fclose(file);
    return status;
}

#else

enum incline_status incline_png_read(struct incline_context *ctx, const char *path, int channels,
                                     struct incline_shape *shape, unsigned char **pixels)
{
    (void)channels;
    (void)shape;
    *pixels = NULL;
    return incline_fail(ctx, INCLINE_ERROR_UNSUPPORTED,
                        "%s: this build of incline was made without libpng and cannot read PNG "
                        "images",
                        path);
}

#endif
