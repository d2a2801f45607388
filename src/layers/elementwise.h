/* The layers that apply one function to every element: relu, sigmoid, tanh. */
#ifndef INCLINE_LAYERS_ELEMENTWISE_H
#define INCLINE_LAYERS_ELEMENTWISE_H

#include "layers/layer.h"

/* The class functions shared by all of them; the kernel file is `<class name>.cl`. */
enum incline_status incline_elementwise_infer(struct incline_layer *layer,
                                              struct incline_text *problem);
enum incline_status incline_elementwise_forward(struct incline_context *ctx,
                                                const struct incline_layer *layer,
                                                struct incline_layer_io *io);
enum incline_status incline_elementwise_backward(struct incline_context *ctx,
                                                 const struct incline_layer *layer,
                                                 struct incline_layer_io *io);

#endif
