/* The head of a network: its last dense layer, the loss, and the way back through both, in one
 * launch (cl/head.cl). */
#ifndef INCLINE_LAYERS_HEAD_H
#define INCLINE_LAYERS_HEAD_H

#include "layers/loss.h"

/* Whether a launch of one work-group for each block of images is enough for this dense layer. */
bool incline_head_fits(const struct incline_layer *layer);

/* Appends the launch. layer, io: the dense layer; io->y takes its sums, io->dx what the layer below
 * is given, or NULL; io->dy stays unused. loss: before incline_loss_begin(); its x and dx stay
 * unused. With gradient, the gradients of weights and bias are left to the step's end; with below,
 * the dense layer that made io->x, io->dx becomes the gradient at its sum, and below_io->dz_t is
 * made. */
enum incline_status incline_head_plan(struct incline_context *ctx,
                                      const struct incline_layer *layer,
                                      struct incline_layer_io *io, struct incline_loss_io *loss,
                                      bool gradient, const struct incline_layer *below,
                                      struct incline_layer_io *below_io) INCLINE_MUST_CHECK;

#endif
