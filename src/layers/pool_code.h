/* What a conv2d needs to know of the max_pool2d that it computes as well. */
#ifndef INCLINE_LAYERS_POOL_CODE_H
#define INCLINE_LAYERS_POOL_CODE_H

#include "layers/layer.h"

/* Bytes of one arg-max code: 1, or 2 for windows of more than 255 cells. */
size_t incline_pool_code_bytes(const struct incline_layer *pool);

/* Defines POOL_H and POOL_W. */
void incline_pool_define(const struct incline_layer *pool, struct incline_text *defines);

/* true when the windows of this max_pool2d neither overlap nor leave gaps nor are padded, so that a
 * conv2d can compute it window by window. */
bool incline_pool_tiles_input(const struct incline_layer *pool);

#endif
