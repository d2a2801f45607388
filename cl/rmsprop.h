/* rmsprop: s = alpha s + (1 - alpha) g^2;  w <- w - lr g / (sqrt(s) + eps).
 * VARIANT: 1 momentum: v = momentum v + that quotient, w <- w - lr v; 2 centered: s - m^2 in place
 * of s, m = alpha m + (1 - alpha) g. rates: {lr, weight decay, 1 - alpha, momentum, eps}. state:
 * {s}, v with momentum, m centered. */
#ifndef INCL_RMSPROP_H
#define INCL_RMSPROP_H

INCL_INLINE incl_lanes incl_update(incl_lanes w, incl_lanes g, incl_lanes *state, incl_rates rates)
{
    incl_lanes share = (incl_lanes)(rates.s2);
    g = fma((incl_lanes)(rates.s1), w, g);
    state[0] = fma(share, fma(g, g, -state[0]), state[0]);
    incl_lanes square = state[0];
#if VARIANT & 2
    state[STATES - 1] = fma(share, g - state[STATES - 1], state[STATES - 1]);
    square = fma(-state[STATES - 1], state[STATES - 1], square);
    square = square < 0.0f ? (incl_lanes)(0.0f) : square; /* rounding may take it there */
#endif
    g = incl_quotient(g, incl_sqrt(square) + rates.s4);
#if VARIANT & 1
    state[1] = fma((incl_lanes)(rates.s3), state[1], g);
    g = state[1];
#endif
    return fma((incl_lanes)(-rates.s0), g, w);
}

#endif
