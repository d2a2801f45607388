/* Activations by number, and their derivatives from the output. The numbers are those of enum
 * incline_activation in layers/layer.h.
 *
 * ACTIVATION  0 none, 1 relu, 2 sigmoid, 3 tanh */
#include "functions.h"

#ifndef ACTIVATION
#define ACTIVATION 0
#endif

/* y = f(z). relu is written so that NaN stays NaN. */
static inline incl_lanes incl_activate(incl_lanes z)
{
#if ACTIVATION == 1
    return z <= 0.0f ? (incl_lanes)(0.0f) : z;
#elif ACTIVATION == 2
    return incl_sigmoid(z);
#elif ACTIVATION == 3
    return incl_tanh(z);
#else
    return z;
#endif
}

/* dz = f'(z) dy, from y = f(z). */
static inline incl_lanes incl_activate_backward(incl_lanes y, incl_lanes dy)
{
#if ACTIVATION == 1
    return y <= 0.0f ? (incl_lanes)(0.0f) : dy;
#elif ACTIVATION == 2
    return dy * (y * (1.0f - y));
#elif ACTIVATION == 3
    return dy * fma(-y, y, (incl_lanes)(1.0f));
#else
    return dy;
#endif
}
