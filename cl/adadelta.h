/* adadelta: s = rho s + (1 - rho) g^2;  d = sqrt(u + eps) / sqrt(s + eps) g;
 * u = rho u + (1 - rho) d^2;  w <- w - lr d.
 * rates: {lr, weight decay, 1 - rho, eps}. state: {s, u}. */
#ifndef INCL_ADADELTA_H
#define INCL_ADADELTA_H

INCL_INLINE incl_lanes incl_update(incl_lanes w, incl_lanes g, incl_lanes *state, incl_rates rates)
{
    incl_lanes share = (incl_lanes)(rates.s2);
    g = fma((incl_lanes)(rates.s1), w, g);
    state[0] = fma(share, fma(g, g, -state[0]), state[0]);
    g *= incl_quotient(incl_sqrt(state[1] + rates.s3), incl_sqrt(state[0] + rates.s3));
    state[1] = fma(share, fma(g, g, -state[1]), state[1]);
    return fma((incl_lanes)(-rates.s0), g, w);
}

#endif
