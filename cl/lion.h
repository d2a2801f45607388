/* lion: d = sign(beta1 m + (1 - beta1) g);  m = beta2 m + (1 - beta2) g;  w <- w - lr d, after
 * weight decay has shrunk w. rates: {lr, weight decay, 1 - beta1, 1 - beta2}. state: {m}. */
#ifndef INCL_LION_H
#define INCL_LION_H

INCL_INLINE incl_lanes incl_update(incl_lanes w, incl_lanes g, incl_lanes *state, incl_rates rates)
{
    incl_lanes sum = fma((incl_lanes)(rates.s2), g - state[0], state[0]);
    incl_lanes sign = sum > 0.0f ? (incl_lanes)(1.0f) : sum; /* sign() makes 0 of NaN */
    sign = sum < 0.0f ? (incl_lanes)(-1.0f) : sign;
    state[0] = fma((incl_lanes)(rates.s3), g - state[0], state[0]);
    return fma((incl_lanes)(-rates.s0), sign, fma((incl_lanes)(-rates.s1), w, w));
}

#endif
