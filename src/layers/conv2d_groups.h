/* The way back of a conv2d with groups, but for the data gradient; see cl/conv2d_groups.cl. */
#ifndef INCLINE_LAYERS_CONV2D_GROUPS_H
#define INCLINE_LAYERS_CONV2D_GROUPS_H

#include "layers/conv2d.h"

/* The tile of its weight gradient. */
struct incline_conv2d_tile incline_conv2d_groups_tile(const struct incline_layer *layer,
                                                      const struct incline_plan *plan);

/* Makes io->dy the gradient at the sum before the activation, if there is one. */
enum incline_status incline_conv2d_groups_delta(struct incline_context *ctx,
                                                const struct incline_layer *layer,
                                                struct incline_layer_io *io) INCLINE_MUST_CHECK;

/* Appends the parts of the weight gradient, from what incline_conv2d_groups_delta() leaves. */
enum incline_status incline_conv2d_groups_weights(struct incline_context *ctx,
                                                  const struct incline_layer *layer,
                                                  struct incline_layer_io *io,
                                                  struct incline_tensor *pieces) INCLINE_MUST_CHECK;

#endif
