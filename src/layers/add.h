/* Sums of tensors, also where several layers leave a gradient for one. */
#ifndef INCLINE_LAYERS_ADD_H
#define INCLINE_LAYERS_ADD_H

#include "layers/layer.h"

/* Appends y += x, elems numbers an image. */
enum incline_status incline_add_to(struct incline_context *ctx, struct incline_plan *plan,
                                   const char *label, size_t elems, struct incline_tensor *x,
                                   struct incline_tensor *y) INCLINE_MUST_CHECK;

#endif
