/* A dense layer's backward pass that takes the weight gradient of the conv2d below along. */
#ifndef INCLINE_LAYERS_DENSE_CONV2D_H
#define INCLINE_LAYERS_DENSE_CONV2D_H

#include "layers/layer.h"

/* Whether cl/dense_conv2d.cl can serve the pair: the conv2d has no groups, and what a work-group
 * keeps of it fits into local memory. After the rewrites of the conv2d's pool and activation. */
bool incline_dense_conv2d_fits(const struct incline_layer *conv);

/* Appends both weight gradients, of the dense layer (io) and of the conv2d below (layer->conv with
 * io->conv), whose bias gradient goes along. The latter is left to the step's end. */
enum incline_status incline_dense_conv2d_plan(struct incline_context *ctx,
                                              const struct incline_layer *layer,
                                              struct incline_layer_io *io,
                                              struct incline_tensor *dz_t) INCLINE_MUST_CHECK;

#endif
