/* IDX files for tests, plain or packed. */
#ifndef TESTS_SUPPORT_IDX_FILES_H
#define TESTS_SUPPORT_IDX_FILES_H

#include "support/scratch.h"

#include <zlib.h>

/* What an IDX file will hold, in the order of the bytes. */
struct idx_bytes {
    unsigned char bytes[4096];
    size_t length;
};

static inline void idx_begin(struct idx_bytes *idx, int type, int rank, const uint32_t *dims)
{
    const unsigned char magic[4] = {0, 0, (unsigned char)type, (unsigned char)rank};
    memcpy(idx->bytes, magic, sizeof magic);
    idx->length = sizeof magic;
    for (int i = 0; i < rank; i++)
        for (int shift = 24; shift >= 0; shift -= 8)
            idx->bytes[idx->length++] = (unsigned char)(dims[i] >> shift);
}

static inline void idx_add(struct idx_bytes *idx, unsigned value)
{
    assert_true(idx->length < sizeof idx->bytes);
    idx->bytes[idx->length++] = (unsigned char)value;
}

/* Writes the bytes packed with gzip when the name ends so; returns the path. */
static inline const char *idx_write(struct scratch *scratch, const char *name,
                                    const struct idx_bytes *idx)
{
    size_t length = strlen(name);
    if (length < 3 || strcmp(name + length - 3, ".gz") != 0)
        return scratch_write(scratch, name, idx->bytes, idx->length);
    const char *path = scratch_path(scratch, name);
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, idx->bytes, (unsigned)idx->length), idx->length);
    assert_int_equal(gzclose(file), Z_OK);
    return path;
}

/* count images of height x width; byte i of the file is i * 7 % 256. */
static inline const char *idx_write_images(struct scratch *scratch, const char *name,
                                           uint32_t count, uint32_t height, uint32_t width)
{
    struct idx_bytes idx;
    idx_begin(&idx, 0x08, 3, (const uint32_t[]){count, height, width});
    for (uint32_t i = 0; i < count * height * width; i++)
        idx_add(&idx, i * 7);
    return idx_write(scratch, name, &idx);
}

/* count labels: 0, 1, ... classes - 1, 0, 1, ... */
static inline const char *idx_write_labels(struct scratch *scratch, const char *name,
                                           uint32_t count, uint32_t classes)
{
    struct idx_bytes idx;
    idx_begin(&idx, 0x08, 1, &count);
    for (uint32_t i = 0; i < count; i++)
        idx_add(&idx, i % classes);
    return idx_write(scratch, name, &idx);
}

/* count rows of targets for so many classes: image i shows class c where bit c of i is set. */
static inline const char *idx_write_targets(struct scratch *scratch, const char *name,
                                            uint32_t count, uint32_t classes)
{
    struct idx_bytes idx;
    idx_begin(&idx, 0x08, 2, (const uint32_t[]){count, classes});
    for (uint32_t i = 0; i < count * classes; i++)
        idx_add(&idx, i / classes >> i % classes & 1);
    return idx_write(scratch, name, &idx);
}

#endif
