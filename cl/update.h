/* What a kernel does with a finished gradient g of parameter element i.
 *
 * APPLY 0: target is the gradient tensor; g is stored.
 * APPLY 1: target is the parameter; plain stochastic gradient descent, w <- w - learning_rate g. */
#ifndef INCL_UPDATE_H
#define INCL_UPDATE_H
#include "lanes.h"

#ifndef APPLY
#define APPLY 1
#endif

INCL_INLINE void incl_finish_gradient(global float *target, int i, float g, float learning_rate)
{
#if APPLY
    target[i] = fma(-learning_rate, g, target[i]);
#else
    target[i] = g;
#endif
}

/* The gradients of LANES neighbours from element i on, of which those of columns k .. k + LANES - 1
 * below `columns` exist. */
INCL_INLINE void incl_finish_gradients(global float *target, int i, int k, const int columns,
                                         incl_lanes g, float learning_rate)
{
    if (k + LANES <= columns) {
#if APPLY
        g = fma((incl_lanes)(-learning_rate), g, LOAD(target + i));
#endif
        STORE(g, target + i);
        return;
    }
    float one[LANES];
    STORE(g, one);
    for (int l = 0; l < LANES; l++)
        if (k + l < columns)
            incl_finish_gradient(target, i + l, one[l], learning_rate);
}

#endif
