/* Graph rewrites: named fusions that make fewer launches of the same arithmetic. Each fires
 * wherever its pattern occurs and can be switched off. */
#ifndef INCLINE_NETWORK_REWRITE_H
#define INCLINE_NETWORK_REWRITE_H

#include "layers/layer.h"

enum incline_rewrite {
    INCLINE_REWRITE_ACTIVATION = 1, /* conv2d or dense without activation + relu, sigmoid or tanh */
    INCLINE_REWRITE_POOL = 2,       /* conv2d + max_pool2d whose windows tile their input */
    INCLINE_REWRITE_UPDATE = 4,     /* weight gradient + optimizer (read by the step plan) */
    INCLINE_REWRITE_ALL = 7
};

/* Applies the rewrites in the set `which` to a chain: layers whose work another one does now are
 * marked absorbed. The layers must stay where they are, since a conv2d points at its pool. */
void incline_rewrite_layers(struct incline_layer *layers, size_t count, unsigned which);

#endif
