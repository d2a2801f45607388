/* Images to classify: the kind of file by its first bytes, then the reader for it. */
#include "base/file.h"
#include "base/memory.h"
#include "data/idx.h"
#include "data/png_file.h"
#include "data/resize.h"
#include "incline/data.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { START_BYTES = 8 };

enum file_kind { KIND_UNKNOWN, KIND_PNG, KIND_IDX };

struct signature {
    const char *name;
    const char *bytes;
    size_t length;
    enum file_kind kind;
};

/* The unknown kinds are there to be named in the message. */
static const struct signature signatures[] = {
    {"PNG", "\x89PNG\r\n\x1a\n", 8, KIND_PNG},
    {"IDX", "\0\0", 2, KIND_IDX},
    {"gzip", "\x1f\x8b", 2, KIND_IDX},
    {"JPEG", "\xff\xd8\xff", 3, KIND_UNKNOWN},
    {"GIF", "GIF8", 4, KIND_UNKNOWN},
    {"WebP", "RIFF", 4, KIND_UNKNOWN},
    {"BMP", "BM", 2, KIND_UNKNOWN},
    {"TIFF", "II*", 3, KIND_UNKNOWN},
    {"TIFF", "MM\0*", 4, KIND_UNKNOWN},
};

static enum incline_status unknown_kind(struct incline_context *ctx, const char *path,
                                        const struct signature *signature)
{
    return incline_fail(ctx, INCLINE_ERROR_DATA,
                        "%s: %s%s; incline reads PNG images and IDX files (packed with gzip or "
                        "not)",
                        path, signature ? signature->name : "not an image file that incline knows",
                        signature ? " images cannot be read" : "");
}

static enum incline_status find_kind(struct incline_context *ctx, const char *path,
                                     enum file_kind *kind)
{
    char start[START_BYTES];
    enum incline_status status = incline_file_check_kind(ctx, path);
    if (status)
        return status;
    FILE *file = fopen(path, "rbe");
    size_t length = file ? fread(start, 1, sizeof start, file) : 0;
    if (!file || ferror(file)) {
        status =
            incline_fail(ctx, INCLINE_ERROR_DATA, "%s: cannot read it: %s", path, strerror(errno));
        if (file)
            fclose(file);
        return status;
    }
    fclose(file);
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct signature *signature = &signatures[i];
        if (length < signature->length || memcmp(start, signature->bytes, signature->length) != 0)
            continue;
        *kind = signature->kind;
        return *kind == KIND_UNKNOWN ? unknown_kind(ctx, path, signature) : INCLINE_OK;
    }
    return unknown_kind(ctx, path, NULL);
}

static enum incline_status read_idx(struct incline_context *ctx, const char *path,
                                    struct incline_shape wanted, struct incline_images *out)
{
    enum incline_status status = incline_idx_read_images(ctx, path, out);
    if (status)
        return status;
    if (out->height == wanted.height && out->width == wanted.width &&
        out->channels == wanted.channels)
        return INCLINE_OK;
    return incline_fail(ctx, INCLINE_ERROR_DATA,
                        "%s: images of %d x %d x %d (height, width, channels), but the model takes "
                        "%d x %d x %d; IDX images are not resized",
                        path, out->height, out->width, out->channels, wanted.height, wanted.width,
                        wanted.channels);
}

static enum incline_status read_png(struct incline_context *ctx, const char *path,
                                    struct incline_shape wanted, struct incline_images *out)
{
    struct incline_shape shape;
    unsigned char *pixels = NULL;
    if (wanted.channels != 1 && wanted.channels != 3)
        return incline_fail(ctx, INCLINE_ERROR_DATA,
                            "%s: PNG images have 1 (grey) or 3 (RGB) channels, but the model takes "
                            "%d",
                            path, wanted.channels);
    enum incline_status status = incline_png_read(ctx, path, wanted.channels, &shape, &pixels);
    if (!status)
        status = incline_alloc(ctx, incline_shape_elems(wanted), 1, &out->pixels);
    if (!status)
        status = incline_resize(ctx, shape, pixels, wanted, out->pixels);
    incline_free(&pixels);
    out->height = wanted.height;
    out->width = wanted.width;
    out->channels = wanted.channels;
    out->count = 1;
    return status;
}

static bool is_side(int size)
{
    return size >= 1 && size <= INCLINE_IMAGE_SIDE_MAX;
}

enum incline_status incline_images_read(struct incline_context *ctx, const char *path, int height,
                                        int width, int channels, struct incline_images *out)
{
    enum file_kind kind = KIND_UNKNOWN;
    struct incline_shape wanted = {height, width, channels};
    if (!ctx || !path || !out || !is_side(height) || !is_side(width) || !is_side(channels) ||
        (size_t)height * (size_t)width > INCLINE_IMAGE_PIXELS_MAX)
        return incline_fail(ctx, INCLINE_ERROR_ARGUMENT,
                            "incline_images_read: path, out and a size of 1 to %d on each side are "
                            "needed",
                            INCLINE_IMAGE_SIDE_MAX);
    *out = (struct incline_images){0};
    enum incline_status status = find_kind(ctx, path, &kind);
    if (!status)
        status =
            kind == KIND_PNG ? read_png(ctx, path, wanted, out) : read_idx(ctx, path, wanted, out);
    if (status)
        incline_images_finish(out);
    return status;
}
