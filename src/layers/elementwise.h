/* The layers that apply one function to every element; see cl/elementwise.cl. */
#ifndef INCLINE_LAYERS_ELEMENTWISE_H
#define INCLINE_LAYERS_ELEMENTWISE_H

#include "layers/layer.h"

/* The class functions shared by all of them. infer sets the activation to the class's. */
enum incline_status incline_elementwise_infer(struct incline_layer *layer,
                                              struct incline_text *problem);
enum incline_status incline_elementwise_forward(struct incline_context *ctx,
                                                const struct incline_layer *layer,
                                                struct incline_layer_io *io);
enum incline_status incline_elementwise_backward(struct incline_context *ctx,
                                                 const struct incline_layer *layer,
                                                 struct incline_layer_io *io);

#endif
