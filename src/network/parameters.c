#include "network/parameters.h"

#include "base/memory.h"

#include <limits.h>

static size_t aligned_elems(const struct incline_device *device, size_t elems)
{
    size_t unit = incline_device_align(device) / sizeof(float);
    return (elems + unit - 1) / unit * unit;
}

static size_t count_parameters(const struct incline_layer *layers, size_t layer_count)
{
    size_t count = 0;
    for (size_t i = 0; i < layer_count; i++)
        count += (size_t)layers[i].parameter_count;
    return count;
}

/* The next places: what is trained, or what is state. */
static void lay_out(struct incline_parameters *parameters, const struct incline_layer *layers,
                    size_t layer_count, bool is_state, size_t *next)
{
    for (size_t i = 0; i < layer_count; i++)
        for (int role = 0; role < layers[i].parameter_count; role++) {
            size_t elems = layers[i].parameters[role].elems;
            if (layers[i].parameters[role].is_state != is_state)
                continue;
            parameters->places[(*next)++] = (struct incline_parameter_place){
                .layer = i,
                .role = role,
                .first_elem = parameters->total_elems,
                .elems = elems,
            };
            parameters->total_elems += aligned_elems(parameters->device, elems);
        }
}

static enum incline_status make_parts(struct incline_context *ctx,
                                      struct incline_parameters *parameters)
{
    for (size_t i = 0; i < parameters->count; i++) {
        struct incline_parameter_place *place = &parameters->places[i];
        enum incline_status status =
            incline_buffer_part(ctx, parameters->all, place->first_elem * sizeof(float),
                                place->elems * sizeof(float), &place->part);
        if (status)
            return status;
    }
    return INCLINE_OK;
}

enum incline_status incline_parameters_create(struct incline_context *ctx,
                                              struct incline_device *device,
                                              const struct incline_layer *layers,
                                              size_t layer_count, struct incline_parameters **out)
{
    struct incline_parameters *parameters = NULL;
    size_t next = 0;
    enum incline_status status = incline_alloc(ctx, 1, sizeof *parameters, &parameters);
    if (status)
        goto out;
    parameters->device = device;
    parameters->count = count_parameters(layers, layer_count);
    status = incline_alloc(ctx, parameters->count, sizeof *parameters->places, &parameters->places);
    if (status)
        goto out;
    lay_out(parameters, layers, layer_count, false, &next);
    parameters->trained_elems = parameters->total_elems;
    parameters->trained_count = next;
    lay_out(parameters, layers, layer_count, true, &next);
    if (parameters->total_elems > INT_MAX) {
        status = incline_fail(ctx, INCLINE_ERROR_CONFIG, "%zu parameters are more than 2^31 - 1",
                              parameters->total_elems);
        goto out;
    }
    if (parameters->count > 0) {
        status = incline_buffer_create(ctx, device, "the parameters",
                                       parameters->total_elems * sizeof(float), &parameters->all);
        if (status)
            goto out;
        status = incline_buffer_fill(ctx, parameters->all, 0);
        if (status)
            goto out;
        status = make_parts(ctx, parameters);
        if (status)
            goto out;
    }
    *out = parameters;
    parameters = NULL;
    status = INCLINE_OK;
out:
    incline_parameters_destroy(&parameters);
    return status;
}

void incline_parameters_destroy(struct incline_parameters **pointer)
{
    struct incline_parameters *parameters = *pointer;
    if (!parameters)
        return;
    for (size_t i = 0; parameters->places && i < parameters->count; i++)
        incline_buffer_destroy(&parameters->places[i].part);
    incline_buffer_destroy(&parameters->all);
    incline_free(&parameters->places);
    incline_free(pointer);
}

struct incline_parameter_place *incline_parameters_find(const struct incline_parameters *parameters,
                                                        size_t layer, int role)
{
    for (size_t i = 0; i < parameters->count; i++)
        if (parameters->places[i].layer == layer && parameters->places[i].role == role)
            return &parameters->places[i];
    return NULL;
}

enum incline_status incline_parameters_read(struct incline_context *ctx,
                                            const struct incline_parameters *parameters,
                                            size_t index, float *values)
{
    const struct incline_parameter_place *place = &parameters->places[index];
    return incline_buffer_read(ctx, place->part, 0, values, place->elems * sizeof(float));
}

enum incline_status incline_parameters_write(struct incline_context *ctx,
                                             const struct incline_parameters *parameters,
                                             size_t index, const float *values)
{
    const struct incline_parameter_place *place = &parameters->places[index];
    return incline_buffer_write(ctx, place->part, 0, values, place->elems * sizeof(float));
}
