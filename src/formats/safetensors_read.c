/* Reading safetensors files. */
#include "base/file.h"
#include "base/memory.h"
#include "formats/safetensors.h"

#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LENGTH_BYTES = 8,
    HEADER_BYTES_MAX = 16 * 1024 * 1024,
    TENSORS_MAX = 65536,
    NAME_BYTES_MAX = 512
};

static const size_t file_bytes_max =
    SIZE_MAX / 2 < (UINT64_C(16) << 30) ? SIZE_MAX / 2 : (size_t)(UINT64_C(16) << 30);

struct incline_safetensors {
    char *path;
    char *bytes; /* the whole file */
    size_t length;
    json_t *header; /* owns every name */
    struct incline_safetensor *tensors;
    size_t count;
};

/* Where the reader is; one of these per file, for the checks and their messages. */
struct reader {
    struct incline_context *ctx;
    struct incline_safetensors *file;
    const unsigned char *data;
    size_t data_bytes;
    struct incline_safetensor *tensor; /* being read */
};

struct dtype {
    const char *name;
    size_t bytes;
};

static const struct dtype dtypes[] = {
    {"BOOL", 1}, {"U8", 1},  {"I8", 1},   {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"U16", 2},
    {"I16", 2},  {"F16", 2}, {"BF16", 2}, {"U32", 4},     {"I32", 4},     {"F32", 4},
    {"U64", 8},  {"I64", 8}, {"F64", 8},  {"C64", 8},
};

static const struct dtype *find_dtype(const char *name)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (!strcmp(dtypes[i].name, name))
            return &dtypes[i];
    return NULL;
}

static enum incline_status file_failed(struct reader *reader, const char *what)
{
    return incline_fail(reader->ctx, INCLINE_ERROR_DATA, "%s: not a sound safetensors file: %s",
                        reader->file->path, what);
}

static enum incline_status tensor_failed(struct reader *reader, const char *what)
{
    return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                        "%s: not a sound safetensors file: tensor '%s': %s", reader->file->path,
                        reader->tensor->name, what);
}

/* The length begins a file and ends in zeros; a text has none. */
static bool looks_like_text(const struct incline_safetensors *file)
{
    if (file->length < LENGTH_BYTES)
        return false;
    for (size_t i = 0; i < LENGTH_BYTES; i++) {
        unsigned char byte = (unsigned char)file->bytes[i];
        if (byte > 0x7e || (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t'))
            return false;
    }
    return true;
}

static enum incline_status file_is_cut(struct reader *reader, const char *what)
{
    return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                        "%s: not a sound safetensors file: %s: copy or save it again",
                        reader->file->path, what);
}

/* Splits the file into header and data; *header_bytes lies inside the file. */
static enum incline_status read_length(struct reader *reader, size_t *header_bytes)
{
    const unsigned char *bytes = (const unsigned char *)reader->file->bytes;
    uint64_t length = 0;
    char what[96];
    if (looks_like_text(reader->file))
        return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                            "%s: not a safetensors file: it begins like a text",
                            reader->file->path);
    if (reader->file->length < LENGTH_BYTES) {
        snprintf(what, sizeof what, "it has only %zu bytes", reader->file->length);
        return file_is_cut(reader, what);
    }
    for (int i = LENGTH_BYTES - 1; i >= 0; i--)
        length = length << 8 | bytes[i];
    if (length > HEADER_BYTES_MAX)
        return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                            "%s: not a sound safetensors file: a header of %llu bytes; the limit "
                            "is %d",
                            reader->file->path, (unsigned long long)length, HEADER_BYTES_MAX);
    if (length > reader->file->length - LENGTH_BYTES) {
        snprintf(what, sizeof what, "a header of %llu bytes in a file of %zu",
                 (unsigned long long)length, reader->file->length);
        return file_is_cut(reader, what);
    }
    *header_bytes = (size_t)length;
    reader->data = bytes + LENGTH_BYTES + *header_bytes;
    reader->data_bytes = reader->file->length - LENGTH_BYTES - *header_bytes;
    return INCLINE_OK;
}

static enum incline_status parse_header(struct reader *reader, size_t header_bytes)
{
    const char *text = reader->file->bytes + LENGTH_BYTES;
    json_error_t error;
    if (header_bytes == 0 || text[0] != '{')
        return file_failed(reader, "its header does not begin with '{'");
    reader->file->header = json_loadb(text, header_bytes, JSON_REJECT_DUPLICATES, &error);
    if (!reader->file->header && error.text[0] == '\0') /* Jansson's way to say so */
        return incline_fail(reader->ctx, INCLINE_ERROR_MEMORY, "out of memory");
    if (!reader->file->header)
        return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                            "%s: not a sound safetensors file: its header is not valid JSON: %s "
                            "(byte %d)",
                            reader->file->path, error.text, error.position);
    assert(json_is_object(reader->file->header));
    return INCLINE_OK;
}

static enum incline_status check_metadata(struct reader *reader)
{
    json_t *metadata = json_object_get(reader->file->header, "__metadata__"), *value;
    const char *key;
    if (metadata && !json_is_object(metadata))
        return file_failed(reader, "__metadata__ is not an object");
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value))
            return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                                "%s: not a sound safetensors file: __metadata__ holds a value that "
                                "is not text",
                                reader->file->path);
    }
    return INCLINE_OK;
}

/* Names go into messages and onto terminals. */
static enum incline_status check_name(struct reader *reader, const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > NAME_BYTES_MAX)
        return file_failed(reader, "a tensor's name is empty or longer than 512 bytes");
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return file_failed(reader, "a tensor's name holds control characters");
    return INCLINE_OK;
}

/* true when value is a whole number that fits size_t. */
static bool get_size(json_t *value, size_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    unsigned long long number = (unsigned long long)json_integer_value(value);
    *out = (size_t)number;
    return number <= SIZE_MAX;
}

static enum incline_status read_shape(struct reader *reader, json_t *shape)
{
    struct incline_safetensor *tensor = reader->tensor;
    if (!json_is_array(shape))
        return tensor_failed(reader, "it has no shape");
    if (json_array_size(shape) > INCLINE_TENSOR_RANK_MAX)
        return tensor_failed(reader, "it has more than 8 dimensions");
    tensor->rank = (int)json_array_size(shape);
    tensor->elems = 1;
    for (int i = 0; i < tensor->rank; i++) {
        if (!get_size(json_array_get(shape, (size_t)i), &tensor->dims[i]))
            return tensor_failed(reader, "a dimension is not a whole number of 0 or more");
        if (incline_mul_overflows(tensor->elems, tensor->dims[i], &tensor->elems))
            return tensor_failed(reader, "the product of its dimensions is too large");
    }
    return INCLINE_OK;
}

static enum incline_status read_range(struct reader *reader, json_t *offsets, size_t elem_bytes)
{
    struct incline_safetensor *tensor = reader->tensor;
    size_t begin, end;
    if (json_array_size(offsets) != 2 || !get_size(json_array_get(offsets, 0), &begin) ||
        !get_size(json_array_get(offsets, 1), &end))
        return tensor_failed(reader, "data_offsets is not a pair of whole numbers of 0 or more");
    if (incline_mul_overflows(tensor->elems, elem_bytes, &tensor->bytes))
        return tensor_failed(reader, "the product of its dimensions is too large");
    if (begin > end || end > reader->data_bytes)
        return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                            "%s: not a sound safetensors file: tensor '%s': its range %zu to %zu "
                            "is not inside the %zu bytes of data: copy or save it again",
                            reader->file->path, tensor->name, begin, end, reader->data_bytes);
    if (end - begin != tensor->bytes)
        return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                            "%s: not a sound safetensors file: tensor '%s': its shape and type "
                            "need %zu bytes, its range has %zu",
                            reader->file->path, tensor->name, tensor->bytes, end - begin);
    tensor->data = reader->data + begin;
    return INCLINE_OK;
}

static enum incline_status read_tensor(struct reader *reader, json_t *entry)
{
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    const struct dtype *dtype = type ? find_dtype(type) : NULL;
    if (!json_is_object(entry))
        return tensor_failed(reader, "its entry is not an object");
    if (!dtype)
        return tensor_failed(reader, "its dtype is missing or unknown");
    reader->tensor->dtype = dtype->name;
    enum incline_status status = read_shape(reader, json_object_get(entry, "shape"));
    if (status)
        return status;
    return read_range(reader, json_object_get(entry, "data_offsets"), dtype->bytes);
}

static enum incline_status read_tensors(struct reader *reader)
{
    struct incline_safetensors *file = reader->file;
    const char *name;
    json_t *entry;
    if (json_object_size(file->header) > TENSORS_MAX)
        return file_failed(reader, "it has more than 65536 tensors");
    enum incline_status status = incline_alloc(reader->ctx, json_object_size(file->header),
                                               sizeof *file->tensors, &file->tensors);
    if (status)
        return status;
    json_object_foreach(file->header, name, entry)
    {
        if (!strcmp(name, "__metadata__"))
            continue;
        if ((status = check_name(reader, name)))
            return status;
        reader->tensor = &file->tensors[file->count++];
        reader->tensor->name = name;
        if ((status = read_tensor(reader, entry)))
            return status;
    }
    return INCLINE_OK;
}

/* Empty tensors come before the one that begins at the same place. */
static int compare_places(const void *left, const void *right)
{
    const struct incline_safetensor *a = left, *b = right;
    if (a->data != b->data)
        return a->data < b->data ? -1 : 1;
    return (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

static int compare_names(const void *left, const void *right)
{
    const struct incline_safetensor *a = left, *b = right;
    return strcmp(a->name, b->name);
}

static enum incline_status check_tiling(struct reader *reader)
{
    struct incline_safetensors *file = reader->file;
    const unsigned char *place = reader->data;
    qsort(file->tensors, file->count, sizeof *file->tensors, compare_places);
    for (size_t i = 0; i < file->count; i++) {
        reader->tensor = &file->tensors[i];
        if (reader->tensor->data > place)
            return tensor_failed(reader, "there is a gap before its data");
        if (reader->tensor->data < place)
            return tensor_failed(reader, "its data overlap those of another tensor");
        place += reader->tensor->bytes;
    }
    if (place != reader->data + reader->data_bytes)
        return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                            "%s: not a sound safetensors file: %zu bytes after the last tensor",
                            file->path, (size_t)(reader->data + reader->data_bytes - place));
    return INCLINE_OK;
}

static enum incline_status read_parts(struct reader *reader)
{
    struct incline_safetensors *file = reader->file;
    size_t header_bytes = 0;
    enum incline_status status;
    if ((status = incline_file_check_kind(reader->ctx, file->path)))
        return status;
    if ((status = incline_file_read(reader->ctx, file->path, file_bytes_max, &file->bytes,
                                    &file->length)))
        return status;
    if ((status = read_length(reader, &header_bytes)))
        return status;
    if ((status = parse_header(reader, header_bytes)))
        return status;
    if ((status = check_metadata(reader)))
        return status;
    if ((status = read_tensors(reader)))
        return status;
    return check_tiling(reader);
}

enum incline_status incline_safetensors_read(struct incline_context *ctx, const char *path,
                                             struct incline_safetensors **out)
{
    enum incline_status status = INCLINE_ERROR_BUG;
    struct incline_safetensors *file = NULL;
    struct reader reader = {.ctx = ctx};
    *out = NULL;
    if ((status = incline_alloc(ctx, 1, sizeof *file, &file)))
        goto out;
    reader.file = file;
    if ((status = incline_strdup(ctx, path, &file->path)))
        goto out;
    if ((status = read_parts(&reader)))
        goto out;
    qsort(file->tensors, file->count, sizeof *file->tensors, compare_names);
    *out = file;
    file = NULL;
    status = INCLINE_OK;
out:
    incline_safetensors_destroy(&file);
    return status;
}

void incline_safetensors_destroy(struct incline_safetensors **file)
{
    if (!*file)
        return;
    json_decref((*file)->header);
    incline_free(&(*file)->tensors);
    incline_free(&(*file)->bytes);
    incline_free(&(*file)->path);
    incline_free(file);
}

size_t incline_safetensors_count(const struct incline_safetensors *file)
{
    return file->count;
}

const struct incline_safetensor *incline_safetensors_item(const struct incline_safetensors *file,
                                                          size_t index)
{
    assert(index < file->count);
    return &file->tensors[index];
}

const struct incline_safetensor *incline_safetensors_find(const struct incline_safetensors *file,
                                                          const char *name)
{
    struct incline_safetensor wanted = {.name = name};
    return bsearch(&wanted, file->tensors, file->count, sizeof wanted, compare_names);
}

const char *incline_safetensors_metadata(const struct incline_safetensors *file, const char *key)
{
    return json_string_value(json_object_get(json_object_get(file->header, "__metadata__"), key));
}

static enum incline_status fail_dtype(struct incline_context *ctx,
                                      const struct incline_safetensors *file,
                                      const struct incline_safetensor *tensor, const char *wanted)
{
    return incline_fail(ctx, INCLINE_ERROR_DATA, "%s: tensor '%s' has type %s; only %s can be read",
                        file->path, tensor->name, tensor->dtype, wanted);
}

enum incline_status incline_safetensors_get_f32(struct incline_context *ctx,
                                                const struct incline_safetensors *file,
                                                const struct incline_safetensor *tensor, float *out)
{
    if (strcmp(tensor->dtype, "F32") != 0)
        return fail_dtype(ctx, file, tensor, "F32 (32-bit float)");
    for (size_t i = 0; i < tensor->elems; i++) {
        const unsigned char *b = tensor->data + 4 * i;
        uint32_t word = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        memcpy(&out[i], &word, sizeof word);
    }
    return INCLINE_OK;
}

enum incline_status incline_safetensors_get_whole(struct incline_context *ctx,
                                                  const struct incline_safetensors *file,
                                                  const struct incline_safetensor *tensor,
                                                  float *out)
{
    if (strcmp(tensor->dtype, "I64") != 0)
        return fail_dtype(ctx, file, tensor, "I64 (64-bit whole number)");
    for (size_t i = 0; i < tensor->elems; i++) {
        uint64_t word = 0;
        for (int b = 0; b < 8; b++)
            word |= (uint64_t)tensor->data[8 * i + (size_t)b] << (8 * b);
        out[i] = (float)(int64_t)word;
    }
    return INCLINE_OK;
}
