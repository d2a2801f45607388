/* The products of a fully connected layer through src/gemm. Activations become matrices with a row
 * for each image, so that each pass is one product; see cl/dense.cl for the equations. */
#ifndef INCLINE_LAYERS_DENSE_GEMM_H
#define INCLINE_LAYERS_DENSE_GEMM_H

#include "layers/layer.h"

/* Appends y = f(x w + b). io->saved becomes x as rows, [blocks][NB][columns] f32. */
enum incline_status incline_dense_gemm_forward(struct incline_context *ctx,
                                               const struct incline_layer *layer,
                                               struct incline_layer_io *io) INCLINE_MUST_CHECK;

/* Appends dx = dz w transposed; dz_t as in struct incline_delta. */
enum incline_status
incline_dense_gemm_data_gradient(struct incline_context *ctx, const struct incline_layer *layer,
                                 struct incline_layer_io *io,
                                 struct incline_tensor *dz_t) INCLINE_MUST_CHECK;

/* Appends dw = x transposed dz, and puts it to use. After forward. */
enum incline_status
incline_dense_gemm_weight_gradient(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io,
                                   struct incline_tensor *dz_t) INCLINE_MUST_CHECK;

#endif
