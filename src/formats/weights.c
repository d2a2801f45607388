/* Orders of axes, and the metadata of weights files. */
#include "formats/weights.h"

#include "base/memory.h"
#include "formats/safetensors.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES_MAX = 65536 };

void incline_weights_file_shape(const struct incline_parameter *parameter, int *rank,
                                size_t dims[4])
{
    static const int hwio[] = {3, 2, 0, 1}, io[] = {1, 0}, hwc[] = {2, 0, 1}, vector[] = {0};
    const int *axes = parameter->layout == INCLINE_LAYOUT_HWIO ? hwio
                      : parameter->layout == INCLINE_LAYOUT_IO ? io
                      : parameter->rank == 3                   ? hwc
                                                               : vector;
    *rank = parameter->rank;
    for (int i = 0; i < 4; i++)
        dims[i] = i < *rank ? (size_t)parameter->dims[axes[i]] : 1;
}

/* Both matrices of weights are cases of one: memory [A][B][C][D] against file [D][C][A][B], with
 * A x B the places of a filter or an image, C the channels in, D the outputs. */
struct axes {
    size_t a, b, c, d;
};

static struct axes find_axes(const struct incline_parameter *parameter,
                             struct incline_shape flattened)
{
    const int *dims = parameter->dims;
    bool is_flattened = incline_shape_elems(flattened) == parameter->elems;
    if (parameter->layout == INCLINE_LAYOUT_VECTOR || parameter->layout == INCLINE_LAYOUT_COUNT ||
        (parameter->layout == INCLINE_LAYOUT_FEATURES && !is_flattened))
        return (struct axes){1, 1, 1, parameter->elems};
    if (parameter->layout == INCLINE_LAYOUT_FEATURES)
        return (struct axes){(size_t)flattened.height, (size_t)flattened.width,
                             (size_t)flattened.channels, 1};
    if (parameter->layout == INCLINE_LAYOUT_HWIO)
        return (struct axes){(size_t)dims[0], (size_t)dims[1], (size_t)dims[2], (size_t)dims[3]};
    assert(incline_shape_elems(flattened) == (size_t)dims[0]);
    return (struct axes){(size_t)flattened.height, (size_t)flattened.width,
                         (size_t)flattened.channels, (size_t)dims[1]};
}

static size_t memory_index(struct axes n, size_t a, size_t b, size_t c, size_t d)
{
    return ((a * n.b + b) * n.c + c) * n.d + d;
}

void incline_weights_to_file_order(const struct incline_parameter *parameter,
                                   struct incline_shape flattened, const float *memory, float *file)
{
    struct axes n = find_axes(parameter, flattened);
    for (size_t d = 0; d < n.d; d++)
        for (size_t c = 0; c < n.c; c++)
            for (size_t a = 0; a < n.a; a++)
                for (size_t b = 0; b < n.b; b++)
                    *file++ = memory[memory_index(n, a, b, c, d)];
}

void incline_weights_from_file_order(const struct incline_parameter *parameter,
                                     struct incline_shape flattened, const float *file,
                                     float *memory)
{
    struct axes n = find_axes(parameter, flattened);
    for (size_t d = 0; d < n.d; d++)
        for (size_t c = 0; c < n.c; c++)
            for (size_t a = 0; a < n.a; a++)
                for (size_t b = 0; b < n.b; b++)
                    memory[memory_index(n, a, b, c, d)] = *file++;
}

enum incline_status incline_weights_classes_text(struct incline_context *ctx,
                                                 char *const *class_names, size_t count, char **out)
{
    enum incline_status status = INCLINE_ERROR_BUG;
    json_t *list = json_array();
    char *text = NULL;
    *out = NULL;
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(list, json_string(class_names[i]))) {
            status =
                incline_fail(ctx, INCLINE_ERROR_ARGUMENT,
                             "class name %zu cannot be written: not UTF-8, or out of memory", i);
            goto out;
        }
    text = json_dumps(list, JSON_COMPACT);
    if (!text) {
        status = incline_fail(ctx, INCLINE_ERROR_MEMORY, "out of memory");
        goto out;
    }
    if ((status = incline_strdup(ctx, text, out)))
        goto out;
    status = INCLINE_OK;
out:
    free(text);
    json_decref(list);
    return status;
}

static enum incline_status bad_classes(struct incline_context *ctx, const char *path)
{
    return incline_fail(
        ctx, INCLINE_ERROR_DATA,
        "%s: its class names (metadata %s) are not a JSON list of texts without control "
        "characters",
        path, INCLINE_WEIGHTS_CLASSES);
}

/* On failure, the caller frees *names, which always has *count entries. */
static enum incline_status copy_names(struct incline_context *ctx, const char *path, json_t *list,
                                      char ***names, size_t *count)
{
    size_t size = json_array_size(list);
    if (!json_is_array(list) || size > CLASSES_MAX)
        return bad_classes(ctx, path);
    enum incline_status status = incline_alloc(ctx, size, sizeof **names, names);
    if (status)
        return status;
    *count = size;
    for (size_t i = 0; !status && i < size; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        status = name && incline_is_line(name) ? incline_strdup(ctx, name, &(*names)[i])
                                               : bad_classes(ctx, path);
    }
    return status;
}

static enum incline_status read_names(struct incline_context *ctx, const char *path,
                                      const char *text, char ***names, size_t *count)
{
    json_t *list = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    enum incline_status status = copy_names(ctx, path, list, names, count);
    json_decref(list);
    return status;
}

enum incline_status incline_weights_metadata(struct incline_context *ctx, const char *path,
                                             char **config_text, char ***class_names,
                                             size_t *class_count)
{
    enum incline_status status = INCLINE_ERROR_BUG;
    struct incline_safetensors *file = NULL;
    const char *config, *classes;
    *config_text = NULL;
    *class_names = NULL;
    *class_count = 0;
    if ((status = incline_safetensors_read(ctx, path, &file)))
        goto out;
    config = incline_safetensors_metadata(file, INCLINE_WEIGHTS_CONFIG);
    classes = incline_safetensors_metadata(file, INCLINE_WEIGHTS_CLASSES);
    if (config && (status = incline_strdup(ctx, config, config_text)))
        goto out;
    if (classes && (status = read_names(ctx, path, classes, class_names, class_count)))
        goto out;
    status = INCLINE_OK;
out:
    if (status) {
        incline_names_free(class_names, *class_count);
        *class_count = 0;
        incline_text_free(config_text);
    }
    incline_safetensors_destroy(&file);
    return status;
}
