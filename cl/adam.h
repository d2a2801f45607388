/* adam, adamw and, in its direction, lamb:
 *   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2,  d = m c1 / (sqrt(v) c2 + eps)
 *   w <- w - lr d
 * with the corrections c1 = 1 / (1 - beta1^n) and c2 = 1 / sqrt(1 - beta2^n) of step n.
 * VARIANT: 1 decoupled: weight decay shrinks w and leaves g alone.
 * rates: {lr, weight decay, 1 - beta1, 1 - beta2, c1, c2, eps}. state: {m, v}. */
#ifndef INCL_ADAM_H
#define INCL_ADAM_H

INCL_INLINE incl_lanes incl_adam_direction(incl_lanes g, incl_lanes *state, incl_rates rates)
{
    state[0] = fma((incl_lanes)(rates.s2), g - state[0], state[0]);
    state[1] = fma((incl_lanes)(rates.s3), fma(g, g, -state[1]), state[1]);
    return incl_quotient(state[0] * rates.s4,
                         fma(incl_sqrt(state[1]), (incl_lanes)(rates.s5), (incl_lanes)(rates.s6)));
}

INCL_INLINE incl_lanes incl_update(incl_lanes w, incl_lanes g, incl_lanes *state, incl_rates rates)
{
#if VARIANT & 1
    w = fma((incl_lanes)(-rates.s1), w, w);
#else
    g = fma((incl_lanes)(rates.s1), w, g);
#endif
    return fma((incl_lanes)(-rates.s0), incl_adam_direction(g, state, rates), w);
}

#endif
