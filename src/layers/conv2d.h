/* What the launches that hold a convolution's work besides others need of it. */
#ifndef INCLINE_LAYERS_CONV2D_H
#define INCLINE_LAYERS_CONV2D_H

#include "layers/finish.h"

int incline_conv2d_groups(const struct incline_layer *layer);

/* What an item of the weight gradient sums at once: kernel rows, cells of such a row, and vectors
 * along the output channels or, with groups, channels. */
struct incline_conv2d_tile {
    int kernel_rows, run, across;
};

/* Defines all macros of cl/conv2d.cl but INPUT and TILE_IN. */
void incline_conv2d_define(const struct incline_layer *layer, const struct incline_plan *plan,
                           struct incline_text *defines);

/* Whether the rows of x that a row of y reads fit into the first cache and into local memory, so
 * that the layer can pick the images of the batch itself. After the rewrites of its pool. */
bool incline_conv2d_can_read_pixels(const struct incline_layer *layer);

/* Parts of the weight gradient, and a new tensor for all of them. */
int incline_conv2d_parts(const struct incline_layer *layer);
enum incline_status incline_conv2d_pieces(struct incline_context *ctx,
                                          const struct incline_layer *layer,
                                          struct incline_layer_io *io,
                                          struct incline_tensor **out) INCLINE_MUST_CHECK;

/* Leaves the sum of the parts, gradients of weights and bias, to the step's end. */
enum incline_status incline_conv2d_finish(struct incline_context *ctx,
                                          const struct incline_layer *layer,
                                          struct incline_layer_io *io,
                                          struct incline_tensor *pieces) INCLINE_MUST_CHECK;

#endif
