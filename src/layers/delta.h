/* The first step back through conv2d and dense: from the gradient at the output to the gradient at
 * the sum before the activation, also with the output channel innermost. */
#ifndef INCLINE_LAYERS_DELTA_H
#define INCLINE_LAYERS_DELTA_H

#include "layers/layer.h"

struct incline_delta {
    struct incline_tensor *dz_t;   /* [blocks][positions][NB][columns] f32 */
    struct incline_tensor *code_t; /* the same shape, codes; NULL without a fused pool */
};

/* Appends the launch of cl/delta.cl for a layer whose output (after a fused pool) is out. When
 * io->dx is wanted, or io->conv is to be served, io->dy holds the gradient at the sum afterwards.
 */
enum incline_status incline_delta_plan(struct incline_context *ctx,
                                       const struct incline_layer *layer, struct incline_shape out,
                                       struct incline_layer_io *io,
                                       struct incline_delta *delta) INCLINE_MUST_CHECK;

#endif
