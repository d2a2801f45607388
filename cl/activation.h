/* Activations by number, and their derivatives. The numbers are those of enum incline_activation in
 * layers/layer.h. Those from 9 on have derivatives that do not follow from their output.
 *
 * ACTIVATION  0 none, 1 relu, 2 sigmoid, 3 tanh, 4 leaky_relu, 5 relu6, 6 elu, 7 selu, 8 softplus,
 *             9 gelu, 10 gelu by tanh, 11 silu, 12 hard_swish
 * ALPHA_BITS  the bits of alpha of leaky_relu and elu, a float >= 0 */
#ifndef INCL_ACTIVATION_H
#define INCL_ACTIVATION_H
#include "functions.h"

#ifndef ACTIVATION
#define ACTIVATION 0
#endif
#ifndef ALPHA_BITS
#define ALPHA_BITS 0
#endif
#define ALPHA as_float(ALPHA_BITS)

#define SELU_SCALE 1.05070099f
#define SELU_SCALE_ALPHA 1.75809934f
#define GELU_ROOT 1.59576912f /* 2 sqrt(2 / pi) */
#define GELU_CUBE 0.044715f

/* x between low and high; NaN stays NaN. */
INCL_INLINE incl_lanes incl_between(incl_lanes x, const float low, const float high)
{
    incl_lanes above = x <= low ? (incl_lanes)(low) : x;
    return above >= high ? (incl_lanes)(high) : above;
}

/* gelu by tanh: (1 + tanh u) / 2 = 1 / (1 + e^-2u), u = sqrt(2 / pi) (z + 0.044715 z^3), with z cut
 * where that is 0 or 1. */
INCL_INLINE incl_lanes incl_gelu_cut(incl_lanes z)
{
    return incl_between(z, -11.0f, 11.0f);
}

INCL_INLINE incl_lanes incl_gelu_gate(incl_lanes cut)
{
    return incl_sigmoid(GELU_ROOT * cut * fma(GELU_CUBE * cut, cut, (incl_lanes)(1.0f)));
}

/* y = f(z), f by number: a constant, so that no choice is left when the kernel runs. Comparisons
 * are written so that NaN stays NaN. */
INCL_INLINE incl_lanes incl_activate(const int f, incl_lanes z)
{
    switch (f) {
    case 1:
        return z <= 0.0f ? (incl_lanes)(0.0f) : z;
    case 2:
        return incl_sigmoid(z);
    case 3:
        return incl_tanh(z);
    case 4:
        return z <= 0.0f ? ALPHA * z : z;
    case 5:
        return incl_between(z, 0.0f, 6.0f);
    case 6:
        return z <= 0.0f ? ALPHA * incl_exp_minus_1(z) : z;
    case 7:
        return z <= 0.0f ? SELU_SCALE_ALPHA * incl_exp_minus_1(z) : SELU_SCALE * z;
    case 8:
        return incl_softplus(z);
    case 9:
        return z * incl_normal(z);
    case 10:
        return z * incl_gelu_gate(incl_gelu_cut(z));
    case 11:
        return z * incl_sigmoid(z);
    case 12:
        return z * (incl_between(z + 3.0f, 0.0f, 6.0f) * (1.0f / 6));
    default:
        return z;
    }
}

INCL_INLINE incl_lanes incl_gelu_slope(incl_lanes z)
{
    return fma(z * 0.398942280f, incl_bell(z), incl_normal(z));
}

INCL_INLINE incl_lanes incl_gelu_tanh_slope(incl_lanes z)
{
    incl_lanes cut = incl_gelu_cut(z), gate = incl_gelu_gate(cut);
    incl_lanes inner = GELU_ROOT * fma(3.0f * GELU_CUBE * cut, cut, (incl_lanes)(1.0f));
    return fma(z * gate * (1.0f - gate), inner, gate);
}

INCL_INLINE incl_lanes incl_silu_slope(incl_lanes z)
{
    incl_lanes s = incl_sigmoid(z);
    return s * fma(z, 1.0f - s, (incl_lanes)(1.0f));
}

INCL_INLINE incl_lanes incl_hard_swish_slope(incl_lanes z)
{
    incl_lanes slope = fma(z, (incl_lanes)(1.0f / 3), (incl_lanes)(0.5f));
    slope = z <= -3.0f ? (incl_lanes)(0.0f) : slope;
    return z >= 3.0f ? (incl_lanes)(1.0f) : slope;
}

/* dz = f'(z) dy, from y = f(z), or from z itself where f' does not follow from y. */
INCL_INLINE incl_lanes incl_activate_backward(const int f, incl_lanes from, incl_lanes dy)
{
    switch (f) {
    case 1:
        return from <= 0.0f ? (incl_lanes)(0.0f) : dy;
    case 2:
        return dy * (from * (1.0f - from));
    case 3:
        return dy * fma(-from, from, (incl_lanes)(1.0f));
    case 4:
        return from <= 0.0f ? ALPHA * dy : dy;
    case 5:
        return from <= 0.0f ? (incl_lanes)(0.0f) : (from >= 6.0f ? (incl_lanes)(0.0f) : dy);
    case 6:
        return from <= 0.0f ? (from + ALPHA) * dy : dy;
    case 7:
        return (from <= 0.0f ? from + SELU_SCALE_ALPHA : (incl_lanes)(SELU_SCALE)) * dy;
    case 8:
        return -incl_exp_minus_1(-from) * dy;
    case 9:
        return incl_gelu_slope(from) * dy;
    case 10:
        return incl_gelu_tanh_slope(from) * dy;
    case 11:
        return incl_silu_slope(from) * dy;
    case 12:
        return incl_hard_swish_slope(from) * dy;
    default:
        return dy;
    }
}

#endif
