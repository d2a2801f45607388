/* What the launches that hold a dense layer's work besides others need of it. */
#ifndef INCLINE_LAYERS_DENSE_H
#define INCLINE_LAYERS_DENSE_H

#include "layers/finish.h"

/* Defines IN, OUT, COLUMNS, SLICE, TILE_ROWS and TILE_V of cl/dense.cl. */
void incline_dense_define(const struct incline_layer *layer, const struct incline_plan *plan,
                          struct incline_text *defines);

/* Defines TILE_OUT, which cl/conv2d.cl has as well, for a kernel that sums one block at a time. */
void incline_dense_define_forward(const struct incline_layer *layer,
                                  const struct incline_plan *plan, struct incline_text *defines);

/* Leaves the bias gradient, if there is a bias, to the step's end. dz_t as in struct
 * incline_delta. */
enum incline_status incline_dense_bias_gradient(struct incline_context *ctx,
                                                const struct incline_layer *layer,
                                                struct incline_layer_io *io,
                                                struct incline_tensor *dz_t) INCLINE_MUST_CHECK;

#endif
