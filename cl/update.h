/* What a kernel does with a finished gradient g of parameter element i.
 *
 * APPLY 0: target is the gradient tensor; g is stored.
 * APPLY 1: target is the parameter, which is updated with its state: tensors of the same shape,
 *          STATES of them. Without OPTIMIZER by plain stochastic gradient descent,
 *          w <- w - learning_rate g; with it as the header of that optimizer says.
 *
 * OPTIMIZER  number of the optimizer, as in incline_optimizer_classes
 * VARIANT    of the optimizer; its header says which there are
 * STATES     tensors of state, 0 .. 3
 *
 * Each header of an optimizer defines
 *   incl_update(w, g, state, rates): what w becomes; state[0 .. STATES - 1] is changed
 * for LANES neighbours. rates: the numbers of this step (src/optimizers); .s0 is the learning rate,
 * .s1 weight decay, .s7 the limit of a gradient's absolute value or 0. */
#ifndef INCL_UPDATE_H
#define INCL_UPDATE_H
#include "lanes.h"

#ifndef APPLY
#define APPLY 1
#endif
#ifndef STATES
#define STATES 0
#endif

/* The state tensors of a parameter, as parameters of a function and as arguments of a call. */
#if STATES == 0
#define STATE_ARGS(target)
#define STATES_OF(target)
#elif STATES == 1
#define STATE_ARGS(target) global float *target##_state0,
#define STATES_OF(target) target##_state0,
#elif STATES == 2
#define STATE_ARGS(target) global float *target##_state0, global float *target##_state1,
#define STATES_OF(target) target##_state0, target##_state1,
#else
#define STATE_ARGS(target)                                                                         \
    global float *target##_state0, global float *target##_state1, global float *target##_state2,
#define STATES_OF(target) target##_state0, target##_state1, target##_state2,
#endif

/* The first `count` of LANES numbers; the others are 0. */
INCL_INLINE incl_lanes incl_load_some(global const float *from, int count)
{
    if (count >= LANES)
        return LOAD(from);
    float one[LANES];
    for (int l = 0; l < LANES; l++)
        one[l] = l < count ? from[l] : 0.0f;
    return LOAD(one);
}

INCL_INLINE void incl_store_some(incl_lanes value, global float *to, int count)
{
    if (count >= LANES) {
        STORE(value, to);
        return;
    }
    float one[LANES];
    STORE(value, one);
    for (int l = 0; l < LANES; l++)
        if (l < count)
            to[l] = one[l];
}

#ifndef OPTIMIZER
typedef float incl_rates;
#define WITHOUT_DECAY(rates) (rates)

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
                                       incl_lanes g, incl_rates learning_rate)
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

#else
#include "functions.h"
typedef float8 incl_rates;
#define WITHOUT_DECAY(rates) ((incl_rates)((rates).s0, 0.0f, (rates).s2, (rates).s3, (rates).hi))

#if OPTIMIZER == 0
#include "sgd.h"
#elif OPTIMIZER == 1
#include "rmsprop.h"
#elif OPTIMIZER == 2
#include "adagrad.h"
#elif OPTIMIZER == 3
#include "adadelta.h"
#elif OPTIMIZER == 4 || OPTIMIZER == 5 || OPTIMIZER == 7
#include "adam.h"
#elif OPTIMIZER == 6
#include "lion.h"
#else
#error "no such OPTIMIZER"
#endif

INCL_INLINE incl_lanes incl_clip(incl_lanes g, incl_rates rates)
{
    incl_lanes limit = (incl_lanes)(rates.s7);
    if (rates.s7 == 0.0f)
        return g;
    g = g > limit ? limit : g;
    return g < -limit ? -limit : g;
}

/* As above. */
INCL_OUTLINE void incl_finish_gradients(global float *target, STATE_ARGS(target) int i, int k,
                                        const int columns, incl_lanes g, incl_rates rates)
{
    int count = columns - k;
    incl_lanes state[STATES + 1];
#if STATES > 0
    state[0] = incl_load_some(target_state0 + i, count);
#endif
#if STATES > 1
    state[1] = incl_load_some(target_state1 + i, count);
#endif
#if STATES > 2
    state[2] = incl_load_some(target_state2 + i, count);
#endif
    incl_lanes w = incl_load_some(target + i, count);
    incl_store_some(incl_update(w, incl_clip(g, rates), state, rates), target + i, count);
#if STATES > 0
    incl_store_some(state[0], target_state0 + i, count);
#endif
#if STATES > 1
    incl_store_some(state[1], target_state1 + i, count);
#endif
#if STATES > 2
    incl_store_some(state[2], target_state2 + i, count);
#endif
}
#endif

#endif
