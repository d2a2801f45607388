/* Reading IDX files through zlib, which also reads files that are not packed. */
#include "data/idx.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/gzip_end.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum {
    MAGIC_BYTES = 4,
    RANK_MAX = 4,
    TYPE_UNSIGNED_BYTE = 0x08,
    TYPE_SHORT = 0x0b,
    TYPE_INT = 0x0c,
    COUNT_MAX = 0x7fffffff,
    PIECE_BYTES = 1024 * 1024
};

static const uint64_t bytes_max =
    SIZE_MAX / 2 < (UINT64_C(32) << 30) ? SIZE_MAX / 2 : UINT64_C(32) << 30;

/* What a reader wants: messages call it so. */
struct wanted {
    const char *noun;
    int rank_min, rank_max;
    const char *ranks;           /* for messages */
    bool integers;               /* types 0b and 0c as well */
    const char *types;           /* for messages */
    const char *sizes[RANK_MAX]; /* what the dimensions after the first are called */
};

static const struct wanted wanted_images = {
    "images",
    3,
    4,
    "3 ([count][height][width]) or 4 ([count][height][width][channels])",
    false,
    "only unsigned bytes (type 08)",
    {NULL, "height", "width", "channels"}};
static const struct wanted wanted_labels = {
    "labels", 1,
    1,        "1 ([count]), or 2 with data.multi_label: true",
    true,     "only whole numbers (types 08, 0b and 0c)",
    {NULL}};
static const struct wanted wanted_targets = {"labels",
                                             2,
                                             2,
                                             "2 with data.multi_label: true ([count][classes])",
                                             false,
                                             "only unsigned bytes (type 08)",
                                             {NULL, "classes"}};

struct reader {
    struct incline_context *ctx;
    const char *path;
    const struct wanted *wanted;
    gzFile file;
    uint64_t position; /* bytes so far, unpacked */
    uint64_t total;    /* bytes that the file should have, unpacked; 0: not known yet */
    int type, rank;
    size_t dims[RANK_MAX];
};

static const char *type_name(int type)
{
    switch (type) {
    case 0x09:
        return "signed byte";
    case TYPE_SHORT:
        return "16-bit integer";
    case TYPE_INT:
        return "32-bit integer";
    case 0x0d:
        return "float";
    case 0x0e:
        return "double";
    default:
        return NULL;
    }
}

static enum incline_status open_file(struct reader *reader)
{
    enum incline_status status = incline_file_check_kind(reader->ctx, reader->path);
    if (status)
        return status;
    errno = 0;
    reader->file = gzopen(reader->path, "rbe");
    if (reader->file)
        return INCLINE_OK;
    if (errno == 0)
        return incline_fail(reader->ctx, INCLINE_ERROR_MEMORY, "out of memory");
    return incline_fail(reader->ctx, INCLINE_ERROR_DATA, "%s: cannot read it: %s", reader->path,
                        strerror(errno));
}

static enum incline_status file_is_cut(struct reader *reader, uint64_t present)
{
    return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                        "%s: ends after %llu of %llu bytes%s: copy or download it again",
                        reader->path, (unsigned long long)present,
                        (unsigned long long)reader->total,
                        gzdirect(reader->file) ? "" : " (unpacked)");
}

/* zlib begins its messages with the path. */
static const char *without_path(const struct reader *reader, const char *text)
{
    size_t length = strlen(reader->path);
    if (strncmp(text, reader->path, length) != 0 || strncmp(text + length, ": ", 2) != 0)
        return text;
    return text + length + 2;
}

static enum incline_status read_failed(struct reader *reader)
{
    int code = Z_OK;
    const char *text = gzerror(reader->file, &code);
    if (code == Z_ERRNO)
        return incline_fail(reader->ctx, INCLINE_ERROR_DATA, "%s: cannot read it: %s", reader->path,
                            strerror(errno));
    if (code == Z_MEM_ERROR)
        return incline_fail(reader->ctx, INCLINE_ERROR_MEMORY, "out of memory");
    if (code == Z_BUF_ERROR && reader->position < reader->total)
        return file_is_cut(reader, reader->position);
    return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                        "%s: the gzip data is damaged (%s): copy or download it again",
                        reader->path, without_path(reader, text));
}

/* Reads up to length (at most INT_MAX) bytes; *got is smaller only at the end of the file. */
static enum incline_status read_some(struct reader *reader, unsigned char *bytes, size_t length,
                                     size_t *got)
{
    int count = gzread(reader->file, bytes, (unsigned)length);
    int code = Z_OK;
    *got = 0;
    if (count > 0) {
        reader->position += (unsigned)count;
        *got = (size_t)count;
    }
    gzerror(reader->file, &code);
    if (count < 0 || (*got < length && code != Z_OK))
        return read_failed(reader);
    return INCLINE_OK;
}

static enum incline_status not_idx(struct reader *reader, const unsigned char *magic, size_t length)
{
    if (length < MAGIC_BYTES)
        return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                            "%s: not an IDX file: it has only %zu bytes", reader->path, length);
    return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                        "%s: not an IDX file: it begins with %02x %02x %02x %02x, not with "
                        "00 00 08 %02x",
                        reader->path, magic[0], magic[1], magic[2], magic[3],
                        (unsigned)reader->wanted->rank_min);
}

static enum incline_status read_magic(struct reader *reader)
{
    unsigned char magic[MAGIC_BYTES];
    size_t got;
    const struct wanted *wanted = reader->wanted;
    enum incline_status status = read_some(reader, magic, sizeof magic, &got);
    if (status)
        return status;
    if (got < sizeof magic || magic[0] || magic[1])
        return not_idx(reader, magic, got);
    if (magic[2] != TYPE_UNSIGNED_BYTE && !type_name(magic[2]))
        return not_idx(reader, magic, got);
    if (magic[2] != TYPE_UNSIGNED_BYTE &&
        !(wanted->integers && (magic[2] == TYPE_SHORT || magic[2] == TYPE_INT)))
        return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                            "%s: holds values of type %02x (%s); %s can be read", reader->path,
                            magic[2], type_name(magic[2]), wanted->types);
    reader->type = magic[2];
    reader->rank = magic[3];
    if (reader->rank < wanted->rank_min || reader->rank > wanted->rank_max)
        return incline_fail(reader->ctx, INCLINE_ERROR_DATA, "%s: has %d dimension%s; %s need %s",
                            reader->path, reader->rank, reader->rank == 1 ? "" : "s", wanted->noun,
                            wanted->ranks);
    return INCLINE_OK;
}

static enum incline_status check_dimension(struct reader *reader, int index)
{
    size_t size = reader->dims[index];
    if (index == 0 && size == 0)
        return incline_fail(reader->ctx, INCLINE_ERROR_DATA, "%s: holds no %s", reader->path,
                            reader->wanted->noun);
    if (index == 0 && size > COUNT_MAX)
        return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                            "%s: its header says %zu %s; the limit is %d", reader->path, size,
                            reader->wanted->noun, COUNT_MAX);
    if (index > 0 && (size == 0 || size > INCLINE_IMAGE_SIDE_MAX))
        return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                            "%s: its header says %s %zu; it must be 1 to %d", reader->path,
                            reader->wanted->sizes[index], size, INCLINE_IMAGE_SIDE_MAX);
    if (index == 2 && size * reader->dims[1] > INCLINE_IMAGE_PIXELS_MAX)
        return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                            "%s: its header says images of %zu x %zu pixels; the limit is 64 Mi "
                            "pixels",
                            reader->path, reader->dims[1], size);
    return INCLINE_OK;
}

static size_t value_bytes(const struct reader *reader)
{
    return reader->type == TYPE_INT ? 4 : reader->type == TYPE_SHORT ? 2 : 1;
}

/* Each factor is below 2^31 and was checked, and the product is kept below 2^35, so that none of
 * the steps can overflow 64 bits. */
static enum incline_status find_total(struct reader *reader)
{
    uint64_t total = value_bytes(reader);
    for (int i = 0; i < reader->rank; i++) {
        total *= reader->dims[i];
        if (total > bytes_max)
            return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                                "%s: its header says more than the limit of %llu bytes",
                                reader->path, (unsigned long long)bytes_max);
    }
    reader->total = reader->position + total;
    return INCLINE_OK;
}

static enum incline_status read_dimensions(struct reader *reader)
{
    unsigned char bytes[4 * RANK_MAX];
    size_t got, length = 4 * (size_t)reader->rank;
    enum incline_status status = read_some(reader, bytes, length, &got);
    if (status)
        return status;
    if (got < length) {
        reader->total = MAGIC_BYTES + length;
        return file_is_cut(reader, reader->position);
    }
    for (int i = 0; !status && i < reader->rank; i++) {
        const unsigned char *b = bytes + 4 * i;
        reader->dims[i] = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
        status = check_dimension(reader, i);
    }
    return status ? status : find_total(reader);
}

static enum incline_status too_long(struct reader *reader)
{
    return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                        "%s: goes on after the %llu bytes that its header describes: damaged, or "
                        "not the file it seems to be",
                        reader->path, (unsigned long long)reader->total);
}

/* A file that is not packed tells its length before anything is allocated. */
static enum incline_status check_length(struct reader *reader)
{
    struct stat info;
    if (!gzdirect(reader->file) || stat(reader->path, &info) || !S_ISREG(info.st_mode))
        return INCLINE_OK;
    if ((uint64_t)info.st_size < reader->total)
        return file_is_cut(reader, (uint64_t)info.st_size);
    if ((uint64_t)info.st_size > reader->total)
        return too_long(reader);
    return INCLINE_OK;
}

/* The room grows with the bytes that are really there. */
static enum incline_status read_values(struct reader *reader, unsigned char **out, size_t *length)
{
    enum incline_status status = INCLINE_OK;
    size_t capacity = 0, wanted = (size_t)(reader->total - reader->position), got;
    *length = 0;
    while (!status && *length < wanted) {
        size_t piece = wanted - *length < PIECE_BYTES ? wanted - *length : PIECE_BYTES;
        if ((status = incline_grow(reader->ctx, out, &capacity, *length + piece, 1)))
            return status;
        if ((status = read_some(reader, *out + *length, piece, &got)))
            return status;
        *length += got;
        if (got < piece)
            return file_is_cut(reader, reader->position);
    }
    return status;
}

static enum incline_status check_gzip_end(struct reader *reader)
{
    struct stat info;
    bool clean = true;
    if (stat(reader->path, &info) || !S_ISREG(info.st_mode))
        return INCLINE_OK;
    enum incline_status status =
        incline_gzip_end_check(reader->ctx, reader->path, reader->position, &clean);
    if (status || clean)
        return status;
    return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                        "%s: goes on after its gzip data: damaged, or not the file it seems to be",
                        reader->path);
}

/* Looking for one byte more also makes zlib compare the checksum at the end. */
static enum incline_status check_end(struct reader *reader)
{
    unsigned char byte;
    size_t got;
    enum incline_status status = read_some(reader, &byte, 1, &got);
    if (status)
        return status;
    if (got)
        return too_long(reader);
    return gzdirect(reader->file) ? INCLINE_OK : check_gzip_end(reader);
}

/* Reads a whole file: rank and dims into reader, the values into *out. */
static enum incline_status read_file(struct reader *reader, unsigned char **out, size_t *length)
{
    enum incline_status status = INCLINE_ERROR_BUG;
    unsigned char *bytes = NULL;
    if ((status = open_file(reader)))
        goto out;
    if ((status = read_magic(reader)))
        goto out;
    if ((status = read_dimensions(reader)))
        goto out;
    if ((status = check_length(reader)))
        goto out;
    if ((status = read_values(reader, &bytes, length)))
        goto out;
    if ((status = check_end(reader)))
        goto out;
    *out = bytes;
    bytes = NULL;
    status = INCLINE_OK;
out:
    incline_free(&bytes);
    if (reader->file)
        gzclose(reader->file);
    return status;
}

enum incline_status incline_idx_read_images(struct incline_context *ctx, const char *path,
                                            struct incline_images *images)
{
    struct reader reader = {.ctx = ctx, .path = path, .wanted = &wanted_images};
    size_t length;
    *images = (struct incline_images){0};
    enum incline_status status = read_file(&reader, &images->pixels, &length);
    if (status)
        return status;
    images->count = reader.dims[0];
    images->height = (int)reader.dims[1];
    images->width = (int)reader.dims[2];
    images->channels = reader.rank == 4 ? (int)reader.dims[3] : 1;
    return INCLINE_OK;
}

/* Big-endian; the sign is the first bit of the first byte. */
static enum incline_status take_labels(struct reader *reader, const unsigned char *bytes,
                                       int *labels)
{
    size_t size = value_bytes(reader);
    for (size_t i = 0; i < reader->dims[0]; i++, bytes += size) {
        uint32_t value = 0;
        if (size > 1 && (bytes[0] & 0x80))
            return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                                "%s: label %zu (counted from 0) is below 0", reader->path, i);
        for (size_t byte = 0; byte < size; byte++)
            value = value << 8 | bytes[byte];
        labels[i] = (int)value;
    }
    return INCLINE_OK;
}

enum incline_status incline_idx_read_labels(struct incline_context *ctx, const char *path,
                                            int **labels, size_t *count)
{
    struct reader reader = {.ctx = ctx, .path = path, .wanted = &wanted_labels};
    unsigned char *bytes = NULL;
    *labels = NULL;
    *count = 0;
    size_t length;
    enum incline_status status = read_file(&reader, &bytes, &length);
    if (status)
        return status;
    status = incline_alloc(ctx, reader.dims[0], sizeof **labels, labels);
    if (!status)
        status = take_labels(&reader, bytes, *labels);
    if (status)
        incline_free(labels);
    else
        *count = reader.dims[0];
    incline_free(&bytes);
    return status;
}

static enum incline_status check_targets(const struct reader *reader, const unsigned char *targets)
{
    size_t classes = reader->dims[1];
    for (size_t i = 0; i < reader->dims[0] * classes; i++)
        if (targets[i] > 1)
            return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                                "%s: image %zu (counted from 0) has %d for class %zu: it must be 1 "
                                "for a class that the image shows, else 0",
                                reader->path, i / classes, targets[i], i % classes);
    return INCLINE_OK;
}

enum incline_status incline_idx_read_targets(struct incline_context *ctx, const char *path,
                                             unsigned char **targets, size_t *count,
                                             size_t *classes)
{
    struct reader reader = {.ctx = ctx, .path = path, .wanted = &wanted_targets};
    size_t length;
    *targets = NULL;
    enum incline_status status = read_file(&reader, targets, &length);
    if (!status)
        status = check_targets(&reader, *targets);
    if (status)
        incline_free(targets);
    *count = status ? 0 : reader.dims[0];
    *classes = status ? 0 : reader.dims[1];
    return status;
}
