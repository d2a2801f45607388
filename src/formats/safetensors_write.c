/* Writing safetensors files. */
#include "base/file.h"
#include "base/memory.h"
#include "formats/safetensors.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8, ALIGN = 8 };

struct writer {
    struct incline_context *ctx;
    const struct incline_safetensor_source **order; /* by name */
    size_t count;
    json_t *header;
    size_t data_bytes;
};

static int compare_sources(const void *left, const void *right)
{
    const struct incline_safetensor_source *const *a = left, *const *b = right;
    return strcmp((*a)->name, (*b)->name);
}

static enum incline_status not_json(struct writer *writer, const char *text)
{
    return incline_fail(writer->ctx, INCLINE_ERROR_ARGUMENT,
                        "safetensors: '%s' cannot be written: not UTF-8, or out of memory", text);
}

static enum incline_status sort_tensors(struct writer *writer,
                                        const struct incline_safetensor_source *tensors)
{
    enum incline_status status =
        incline_alloc(writer->ctx, writer->count, sizeof *writer->order, &writer->order);
    if (status)
        return status;
    for (size_t i = 0; i < writer->count; i++)
        writer->order[i] = &tensors[i];
    qsort(writer->order, writer->count, sizeof *writer->order, compare_sources);
    for (size_t i = 0; i < writer->count; i++) {
        const char *name = writer->order[i]->name;
        if (name[0] == '\0' || !strcmp(name, "__metadata__"))
            return incline_fail(writer->ctx, INCLINE_ERROR_ARGUMENT,
                                "safetensors: '%s' is no name for a tensor", name);
        if (i > 0 && !strcmp(name, writer->order[i - 1]->name))
            return incline_fail(writer->ctx, INCLINE_ERROR_ARGUMENT,
                                "safetensors: two tensors have the name '%s'", name);
    }
    return INCLINE_OK;
}

static enum incline_status add_metadata(struct writer *writer,
                                        const struct incline_safetensor_pair *pairs, size_t count)
{
    json_t *metadata = json_object();
    if (json_object_set_new(writer->header, "__metadata__", metadata))
        return not_json(writer, "__metadata__");
    for (size_t i = 0; i < count; i++)
        if (json_object_set_new(metadata, pairs[i].key, json_string(pairs[i].value)))
            return not_json(writer, pairs[i].key);
    return INCLINE_OK;
}

static int elem_bytes(const struct incline_safetensor_source *tensor)
{
    return tensor->is_whole ? 8 : 4;
}

static enum incline_status find_bytes(struct writer *writer,
                                      const struct incline_safetensor_source *tensor, size_t *bytes)
{
    *bytes = (size_t)elem_bytes(tensor);
    for (int i = 0; i < tensor->rank; i++)
        if (incline_mul_overflows(*bytes, tensor->dims[i], bytes))
            return incline_fail(writer->ctx, INCLINE_ERROR_ARGUMENT,
                                "safetensors: tensor '%s' is too large", tensor->name);
    return INCLINE_OK;
}

static enum incline_status add_tensor(struct writer *writer,
                                      const struct incline_safetensor_source *tensor)
{
    size_t bytes, end;
    enum incline_status status = find_bytes(writer, tensor, &bytes);
    if (status)
        return status;
    if (incline_add_overflows(writer->data_bytes, bytes, &end) || end > SIZE_MAX / 2)
        return incline_fail(writer->ctx, INCLINE_ERROR_ARGUMENT,
                            "safetensors: tensor '%s' is too large", tensor->name);
    json_t *shape = json_array();
    bool failed = !shape;
    for (int i = 0; !failed && i < tensor->rank; i++)
        failed = json_array_append_new(shape, json_integer((json_int_t)tensor->dims[i])) != 0;
    json_t *entry =
        json_pack("{s:s, s:o, s:[I, I]}", "dtype", tensor->is_whole ? "I64" : "F32", "shape", shape,
                  "data_offsets", (json_int_t)writer->data_bytes, (json_int_t)end);
    if (json_object_set_new(writer->header, tensor->name, entry) || failed)
        return not_json(writer, tensor->name);
    writer->data_bytes = end;
    return INCLINE_OK;
}

static void put_values(unsigned char *to, const struct incline_safetensor_source *tensor,
                       size_t count)
{
    int size = elem_bytes(tensor);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &tensor->values[i], sizeof bits);
        uint64_t word = tensor->is_whole ? (uint64_t)(int64_t)tensor->values[i] : bits;
        for (int b = 0; b < size; b++)
            *to++ = (unsigned char)(word >> (8 * b));
    }
}

static void put_file(const struct writer *writer, const char *text, size_t header_bytes,
                     unsigned char *bytes)
{
    size_t text_length = strlen(text);
    for (int b = 0; b < LENGTH_BYTES; b++)
        bytes[b] = (unsigned char)((uint64_t)header_bytes >> (8 * b));
    memcpy(bytes + LENGTH_BYTES, text, text_length);
    memset(bytes + LENGTH_BYTES + text_length, ' ', header_bytes - text_length);
    bytes += LENGTH_BYTES + header_bytes;
    for (size_t i = 0; i < writer->count; i++) {
        const struct incline_safetensor_source *tensor = writer->order[i];
        size_t elems = 1;
        for (int d = 0; d < tensor->rank; d++)
            elems *= tensor->dims[d];
        put_values(bytes, tensor, elems);
        bytes += elems * (size_t)elem_bytes(tensor);
    }
}

static enum incline_status write_bytes(struct writer *writer, const char *path)
{
    enum incline_status status = INCLINE_ERROR_BUG;
    unsigned char *bytes = NULL;
    char *text = json_dumps(writer->header, JSON_COMPACT);
    size_t header_bytes, length;
    if (!text) {
        status = incline_fail(writer->ctx, INCLINE_ERROR_MEMORY, "out of memory");
        goto out;
    }
    header_bytes = (strlen(text) + ALIGN - 1) / ALIGN * ALIGN;
    length = LENGTH_BYTES + header_bytes + writer->data_bytes;
    if ((status = incline_alloc(writer->ctx, length, 1, &bytes)))
        goto out;
    put_file(writer, text, header_bytes, bytes);
    if ((status = incline_file_write(writer->ctx, path, bytes, length)))
        goto out;
    status = INCLINE_OK;
out:
    incline_free(&bytes);
    free(text);
    return status;
}

enum incline_status incline_safetensors_write(struct incline_context *ctx, const char *path,
                                              const struct incline_safetensor_source *tensors,
                                              size_t count,
                                              const struct incline_safetensor_pair *metadata,
                                              size_t pair_count)
{
    enum incline_status status = INCLINE_ERROR_BUG;
    struct writer writer = {.ctx = ctx, .count = count, .header = json_object()};
    if (!writer.header) {
        status = incline_fail(ctx, INCLINE_ERROR_MEMORY, "out of memory");
        goto out;
    }
    if ((status = sort_tensors(&writer, tensors)))
        goto out;
    if (pair_count > 0 && (status = add_metadata(&writer, metadata, pair_count)))
        goto out;
    for (size_t i = 0; i < count; i++)
        if ((status = add_tensor(&writer, writer.order[i])))
            goto out;
    if ((status = write_bytes(&writer, path)))
        goto out;
    status = INCLINE_OK;
out:
    json_decref(writer.header);
    incline_free(&writer.order);
    return status;
}
