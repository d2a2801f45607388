/* What a conv2d needs to know of the max_pool2d that it computes as well. */
#ifndef INCLINE_LAYERS_POOL_CODE_H
#define INCLINE_LAYERS_POOL_CODE_H

#include "layers/layer.h"

/* Bytes of one arg-max code: 1, or 2 for windows of more than 255 cells. */
size_t incline_pool_code_bytes(const struct incline_layer *pool);

/* Makes io->saved for the arg-max codes of forward and adds it to the launch; neither when there is
 * no way back. */
enum incline_status incline_pool_codes(struct incline_context *ctx,
                                       const struct incline_layer *pool,
                                       struct incline_layer_io *io,
                                       struct incline_launch *launch) INCLINE_MUST_CHECK;

/* Defines NAME_H and NAME_W as the size of the pool's window, or as 1 without a pool (NULL). */
void incline_pool_define(const struct incline_layer *pool, const char *name,
                         struct incline_text *defines);

/* Windows that the output of conv is divided into; see cl/conv2d.cl. */
int incline_pool_windows(const struct incline_layer *conv);

/* true when the windows of this max_pool2d neither overlap nor leave gaps nor are padded, so that a
 * conv2d can compute it window by window. */
bool incline_pool_tiles_input(const struct incline_layer *pool);

#endif
