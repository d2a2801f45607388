/* What dropout and spatial_dropout share; both run cl/dropout.cl. */
#ifndef INCLINE_LAYERS_DROPOUT_H
#define INCLINE_LAYERS_DROPOUT_H

#include "layers/layer.h"

struct incline_dropout_options {
    double p; /* probability of 0 */
};

extern const struct incline_option incline_dropout_options[1];

enum incline_status incline_dropout_infer(struct incline_layer *layer,
                                          struct incline_text *problem);

/* In evaluation, and in training with p = 0. */
bool incline_dropout_is_identity(const struct incline_layer *layer, bool trains);

/* One pass, which is the same both ways: from x to y, from dy to dx. An image has `units` numbers
 * that are drawn, and as many for each of `positions` that share them. */
struct incline_dropout_pass {
    struct incline_tensor *from, *to;
    int positions, units;
};
enum incline_status
incline_dropout_plan(struct incline_context *ctx, const struct incline_layer *layer,
                     struct incline_layer_io *io,
                     const struct incline_dropout_pass *pass) INCLINE_MUST_CHECK;

#endif
