/* adagrad: s = s + g^2;  w <- w - lr g / (sqrt(s) + eps).
 * rates: {lr, weight decay, what s starts at or 0 in later steps, eps}. state: {s}. */
#ifndef INCL_ADAGRAD_H
#define INCL_ADAGRAD_H

INCL_INLINE incl_lanes incl_update(incl_lanes w, incl_lanes g, incl_lanes *state, incl_rates rates)
{
    g = fma((incl_lanes)(rates.s1), w, g);
    state[0] = fma(g, g, state[0] + rates.s2);
    return fma((incl_lanes)(-rates.s0), incl_quotient(g, incl_sqrt(state[0]) + rates.s3), w);
}

#endif
