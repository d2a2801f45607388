#include "train/weights_file.h"

#include "base/memory.h"
#include "formats/safetensors.h"
#include "formats/weights.h"
#include "incline/version.h"
#include "network/graph.h"

#include <math.h>
#include <string.h>

/* Does the layer leave every feature in its place? Those with a matrix of weights mix them. */
static bool keeps_features(const struct incline_layer *layer)
{
    enum incline_parameter_layout layout = layer->parameters[0].layout;
    return layer->in.height == layer->out.height && layer->in.width == layer->out.width &&
           layer->in.channels == layer->out.channels &&
           (layer->parameter_count == 0 || layout == INCLINE_LAYOUT_VECTOR ||
            layout == INCLINE_LAYOUT_FEATURES);
}

/* What a flatten made into the input of this layer; {1, 1, in} when none did. */
static struct incline_shape flattened_shape(const struct incline_model *model, size_t layer)
{
    int i = incline_graph_input(model->layers, layer, 0);
    while (i >= 0 && keeps_features(&model->layers[i]))
        i = incline_graph_input(model->layers, (size_t)i, 0);
    if (i >= 0 && strcmp(model->layers[i].class->name, "flatten") == 0)
        return model->layers[i].in;
    return model->layers[layer].in;
}

static enum incline_status tensor_name(struct incline_context *ctx,
                                       const struct incline_layer *layer, int role, char **out)
{
    struct incline_text text;
    incline_text_init(&text, ctx);
    incline_text_add(&text, "%s.%s", layer->name, layer->parameters[role].role);
    enum incline_status status = incline_text_status(&text);
    if (!status)
        status = incline_strdup(ctx, incline_text_get(&text), out);
    incline_text_finish(&text);
    return status;
}

/* Names and values of all parameters in file order; the i-th belongs to place i. */
struct image {
    size_t count;
    char **names;
    float **values;
    struct incline_safetensor_source *sources;
};

static void finish_image(struct image *image)
{
    for (size_t i = 0; image->names && i < image->count; i++)
        incline_free(&image->names[i]);
    for (size_t i = 0; image->values && i < image->count; i++)
        incline_free(&image->values[i]);
    incline_free(&image->names);
    incline_free(&image->values);
    incline_free(&image->sources);
}

static enum incline_status init_image(struct incline_context *ctx, size_t count,
                                      struct image *image)
{
    enum incline_status status;
    *image = (struct image){.count = count};
    status = incline_alloc(ctx, count, sizeof *image->names, &image->names);
    if (status)
        return status;
    status = incline_alloc(ctx, count, sizeof *image->values, &image->values);
    if (status)
        return status;
    return incline_alloc(ctx, count, sizeof *image->sources, &image->sources);
}

static enum incline_status check_finite(struct incline_context *ctx, const char *name,
                                        const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return incline_fail(ctx, INCLINE_ERROR_NUMERIC,
                                "training diverged: '%s' holds %s and is not saved; try a smaller "
                                "learning rate (--lr)",
                                name, isnan(values[i]) ? "nan" : "an infinite number");
    return INCLINE_OK;
}

static enum incline_status fetch_one(struct incline_context *ctx,
                                     const struct incline_config *config,
                                     const struct incline_parameters *parameters, size_t i,
                                     struct image *image)
{
    const struct incline_parameter_place *place = &parameters->places[i];
    const struct incline_layer *layer = &config->model.layers[place->layer];
    const struct incline_parameter *parameter = &layer->parameters[place->role];
    struct incline_safetensor_source *source = &image->sources[i];
    float *memory = NULL;
    enum incline_status status = tensor_name(ctx, layer, place->role, &image->names[i]);
    if (status)
        return status;
    status = incline_alloc(ctx, place->elems, sizeof(float), &image->values[i]);
    if (status)
        return status;
    status = incline_alloc(ctx, place->elems, sizeof(float), &memory);
    if (status)
        return status;
    status = incline_parameters_read(ctx, parameters, i, memory);
    if (!status)
        status = check_finite(ctx, image->names[i], memory, place->elems);
    if (!status)
        incline_weights_to_file_order(parameter, flattened_shape(&config->model, place->layer),
                                      memory, image->values[i]);
    incline_free(&memory);
    source->name = image->names[i];
    source->values = image->values[i];
    source->is_whole = parameter->layout == INCLINE_LAYOUT_COUNT;
    incline_weights_file_shape(parameter, &source->rank, source->dims);
    return status;
}

enum incline_status incline_weights_save(struct incline_context *ctx,
                                         const struct incline_config *config,
                                         const struct incline_parameters *parameters,
                                         char *const *class_names, int classes, const char *path)
{
    struct incline_safetensor_pair metadata[4] = {
        {"format", "pt"},
        {"incline_version", incline_version()},
        {INCLINE_WEIGHTS_CONFIG, config->text},
    };
    size_t pairs = 3;
    char *names_text = NULL;
    struct image image;
    enum incline_status status = init_image(ctx, parameters->count, &image);
    if (status)
        goto out;
    for (size_t i = 0; i < parameters->count; i++) {
        status = fetch_one(ctx, config, parameters, i, &image);
        if (status)
            goto out;
    }
    if (class_names) {
        status = incline_weights_classes_text(ctx, class_names, (size_t)classes, &names_text);
        if (status)
            goto out;
        metadata[pairs++] = (struct incline_safetensor_pair){INCLINE_WEIGHTS_CLASSES, names_text};
    }
    status = incline_safetensors_write(ctx, path, image.sources, image.count, metadata, pairs);
out:
    incline_free(&names_text);
    finish_image(&image);
    return status;
}

static void add_shape(struct incline_text *text, int rank, const size_t *dims)
{
    incline_text_add(text, "[");
    for (int i = 0; i < rank; i++)
        incline_text_add(text, "%s%zu", i ? ", " : "", dims[i]);
    incline_text_add(text, "]");
}

static enum incline_status fail_shape(struct incline_context *ctx, const char *path,
                                      const struct incline_safetensor *tensor, int rank,
                                      const size_t *dims)
{
    struct incline_text text;
    incline_text_init(&text, ctx);
    add_shape(&text, tensor->rank, tensor->dims);
    incline_text_add(&text, ", the network needs ");
    add_shape(&text, rank, dims);
    enum incline_status status = incline_fail(
        ctx, INCLINE_ERROR_CONFIG, "%s: weights of another network: tensor '%s' has shape %s", path,
        tensor->name, incline_text_get(&text));
    incline_text_finish(&text);
    return status;
}

/* Such numbers would make every answer NaN, silently. */
static enum incline_status check_numbers(struct incline_context *ctx, const char *path,
                                         const char *name, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return incline_fail(ctx, INCLINE_ERROR_DATA,
                                "%s: tensor '%s' holds %s: these weights are of no use; take ones "
                                "saved earlier",
                                path, name, isnan(values[i]) ? "NaN" : "an infinite number");
    return INCLINE_OK;
}

/* Checks the file's tensor for place i and takes its values, still in file order. A count may be
 * missing, as it may for PyTorch, and is 0 then. */
static enum incline_status take_one(struct incline_context *ctx,
                                    const struct incline_config *config,
                                    const struct incline_parameters *parameters, size_t i,
                                    const struct incline_safetensors *file, const char *path,
                                    struct image *image)
{
    const struct incline_parameter_place *place = &parameters->places[i];
    const struct incline_layer *layer = &config->model.layers[place->layer];
    const struct incline_safetensor *tensor;
    int rank;
    size_t dims[4];
    enum incline_status status = tensor_name(ctx, layer, place->role, &image->names[i]);
    if (status)
        return status;
    tensor = incline_safetensors_find(file, image->names[i]);
    if (!tensor && layer->parameters[place->role].layout == INCLINE_LAYOUT_COUNT)
        return incline_alloc(ctx, place->elems, sizeof(float), &image->values[i]);
    if (!tensor)
        return incline_fail(ctx, INCLINE_ERROR_CONFIG,
                            "%s: weights of another network: there is no tensor '%s'; a layer's "
                            "`name:` must match the file's names",
                            path, image->names[i]);
    incline_weights_file_shape(&layer->parameters[place->role], &rank, dims);
    if (tensor->rank != rank || memcmp(tensor->dims, dims, (size_t)rank * sizeof *dims) != 0)
        return fail_shape(ctx, path, tensor, rank, dims);
    status = incline_alloc(ctx, place->elems, sizeof(float), &image->values[i]);
    if (status)
        return status;
    status = layer->parameters[place->role].layout == INCLINE_LAYOUT_COUNT
                 ? incline_safetensors_get_whole(ctx, file, tensor, image->values[i])
                 : incline_safetensors_get_f32(ctx, file, tensor, image->values[i]);
    if (status)
        return status;
    return check_numbers(ctx, path, image->names[i], image->values[i], place->elems);
}

static enum incline_status check_foreign(struct incline_context *ctx,
                                         const struct incline_safetensors *file, const char *path,
                                         const struct image *image)
{
    for (size_t i = 0; i < incline_safetensors_count(file); i++) {
        const char *name = incline_safetensors_item(file, i)->name;
        bool known = false;
        for (size_t j = 0; j < image->count; j++)
            known = known || strcmp(name, image->names[j]) == 0;
        if (!known)
            return incline_fail(ctx, INCLINE_ERROR_CONFIG,
                                "%s: weights of another network: tensor '%s' belongs to no layer",
                                path, name);
    }
    return INCLINE_OK;
}

static enum incline_status put_one(struct incline_context *ctx, const struct incline_config *config,
                                   const struct incline_parameters *parameters, size_t i,
                                   const struct image *image)
{
    const struct incline_parameter_place *place = &parameters->places[i];
    const struct incline_layer *layer = &config->model.layers[place->layer];
    float *memory = NULL;
    enum incline_status status = incline_alloc(ctx, place->elems, sizeof(float), &memory);
    if (status)
        return status;
    incline_weights_from_file_order(&layer->parameters[place->role],
                                    flattened_shape(&config->model, place->layer), image->values[i],
                                    memory);
    status = incline_parameters_write(ctx, parameters, i, memory);
    incline_free(&memory);
    return status;
}

enum incline_status incline_weights_load(struct incline_context *ctx,
                                         const struct incline_config *config,
                                         const struct incline_parameters *parameters,
                                         const char *path)
{
    struct incline_safetensors *file = NULL;
    struct image image;
    enum incline_status status = init_image(ctx, parameters->count, &image);
    if (status)
        goto out;
    status = incline_safetensors_read(ctx, path, &file);
    if (status)
        goto out;
    for (size_t i = 0; i < parameters->count; i++) {
        status = take_one(ctx, config, parameters, i, file, path, &image);
        if (status)
            goto out;
    }
    status = check_foreign(ctx, file, path, &image);
    if (status)
        goto out;
    for (size_t i = 0; i < parameters->count; i++) {
        status = put_one(ctx, config, parameters, i, &image);
        if (status)
            goto out;
    }
    status = INCLINE_OK;
out:
    incline_safetensors_destroy(&file);
    finish_image(&image);
    return status;
}
