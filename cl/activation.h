/* Activations by number, and their derivatives from the output. The numbers are those of enum
 * incline_activation in layers/layer.h.
 *
 * ACTIVATION  0 none, 1 relu, 2 sigmoid, 3 tanh */
#ifndef INCL_ACTIVATION_H
#define INCL_ACTIVATION_H
#include "functions.h"

#ifndef ACTIVATION
#define ACTIVATION 0
#endif

/* y = f(z), f by number: a constant, so that no choice is left when the kernel runs. relu is written
 * so that NaN stays NaN. */
INCL_INLINE incl_lanes incl_activate(const int f, incl_lanes z)
{
    switch (f) {
    case 1:
        return z <= 0.0f ? (incl_lanes)(0.0f) : z;
    case 2:
        return incl_sigmoid(z);
    case 3:
        return incl_tanh(z);
    default:
        return z;
    }
}

/* dz = f'(z) dy, from y = f(z). */
INCL_INLINE incl_lanes incl_activate_backward(const int f, incl_lanes y, incl_lanes dy)
{
    switch (f) {
    case 1:
        return y <= 0.0f ? (incl_lanes)(0.0f) : dy;
    case 2:
        return dy * (y * (1.0f - y));
    case 3:
        return dy * fma(-y, y, (incl_lanes)(1.0f));
    default:
        return dy;
    }
}

#endif
