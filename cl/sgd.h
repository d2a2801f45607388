/* sgd: v = momentum v + (1 - dampening) g;  w <- w - lr v, with NESTEROV w - lr (g + momentum v).
 * VARIANT: 1 momentum, 2 Nesterov's.
 * rates: {lr, weight decay, momentum, 1 - dampening}. state: {v} with momentum. */
#ifndef INCL_SGD_H
#define INCL_SGD_H

INCL_INLINE incl_lanes incl_update(incl_lanes w, incl_lanes g, incl_lanes *state, incl_rates rates)
{
    g = fma((incl_lanes)(rates.s1), w, g);
#if VARIANT & 1
    state[0] = fma((incl_lanes)(rates.s2), state[0], rates.s3 * g);
#if VARIANT & 2
    g = fma((incl_lanes)(rates.s2), state[0], g);
#else
    g = state[0];
#endif
#endif
    return fma((incl_lanes)(-rates.s0), g, w);
}

#endif
