/* All parameters of a network in one device buffer. */
#ifndef INCLINE_NETWORK_PARAMETERS_H
#define INCLINE_NETWORK_PARAMETERS_H

#include "layers/layer.h"

struct incline_parameter_place {
    size_t layer;             /* in the model */
    int role;                 /* which of the layer's parameters */
    size_t first_elem, elems; /* in the buffer */
    struct incline_buffer *part;
};

struct incline_parameters {
    struct incline_device *device;
    struct incline_buffer *all;
    size_t total_elems;   /* with the gaps that alignment leaves; they hold 0 */
    size_t trained_elems; /* the first of them, of parameters with a gradient; the rest is state */
    struct incline_parameter_place *places;
    size_t count, trained_count; /* the first of the places are trained, the rest is state */
};

/* Room for every parameter of the layers, zeroed. Also used for gradients. */
enum incline_status incline_parameters_create(struct incline_context *ctx,
                                              struct incline_device *device,
                                              const struct incline_layer *layers,
                                              size_t layer_count,
                                              struct incline_parameters **out) INCLINE_MUST_CHECK;
void incline_parameters_destroy(struct incline_parameters **parameters);

/* The place of parameter `role` of layer `layer`. */
struct incline_parameter_place *incline_parameters_find(const struct incline_parameters *parameters,
                                                        size_t layer, int role);

/* Blocking copies of one parameter, in memory order. */
enum incline_status incline_parameters_read(struct incline_context *ctx,
                                            const struct incline_parameters *parameters,
                                            size_t index, float *values) INCLINE_MUST_CHECK;
enum incline_status incline_parameters_write(struct incline_context *ctx,
                                             const struct incline_parameters *parameters,
                                             size_t index, const float *values) INCLINE_MUST_CHECK;

#endif
