/* The update of all parameters at once, for gradients that are stored: because the fusion `update`
 * is off, or because all must be complete before the first is used.
 *
 * Parameters w, gradients g and each state lie in buffers of one layout, f32, and are worked
 * through in rows (parameter_rows.h).
 *
 * CLIP_NORM  1: gradients are multiplied by scale [1] f32, which update_scale has found */
#include "parameter_rows.h"
#include "update.h"

#ifdef OPTIMIZER
#define RATES(row) (DECAYS(row) ? rates : WITHOUT_DECAY(rates))
#else
#define RATES(row) rates
#endif

#if CLIP_NORM
#define SCALE_ARG global const float *restrict scale,
#define GRADIENT(i, end) (incl_clip(incl_load_some(g + (i), (end) - (i)), rates) * scale[0])
#else
#define SCALE_ARG
#define GRADIENT(i, end) incl_load_some(g + (i), (end) - (i))
#endif

/* g, read.  w and its state, updated. */
kernel void update(global const int *restrict rows, global float *w,
                   STATE_ARGS(w) global const float *restrict g, SCALE_ARG incl_rates rates,
                   int count)
{
    if (ROW >= count)
        return;
    int end = END(ROW);
    for (int i = FIRST(ROW) + LANE; i < end; i += NB)
        incl_finish_gradients(w, STATES_OF(w) i, i, end, GRADIENT(i, end), RATES(ROW));
}

#ifdef OPTIMIZER
/* g, read.  sums [count][NB] f32, written: of the squares of the gradients. */
kernel void update_squares(global const int *restrict rows, global const float *restrict g,
                           global float *restrict sums, incl_rates rates, int count)
{
    incl_lanes sum = (incl_lanes)(0.0f);
    if (ROW >= count)
        return;
    for (int i = FIRST(ROW) + LANE; i < END(ROW); i += NB) {
        incl_lanes value = incl_clip(incl_load_some(g + i, END(ROW) - i), rates);
        sum = fma(value, value, sum);
    }
    STORE(sum, sums + ROW * NB + LANE);
}

INCL_INLINE float incl_ratio(float a, float b)
{
    float ratio[LANES];
    STORE(incl_quotient((incl_lanes)(a), (incl_lanes)(b)), ratio);
    return ratio[0];
}

/* sums as update_squares leaves them, read.  scale [1], written: limit / (norm + 1e-6), at most 1,
 * as torch.nn.utils.clip_grad_norm_. One group. */
kernel void update_scale(global const float *restrict sums, global float *restrict scale,
                         float limit, int count)
{
    SCRATCH float total[NB] __attribute__((aligned(64)));
    float norm = incl_norm(sums, NB, 0, count, total);
    float ratio = incl_ratio(limit, norm + 1e-6f);
    FOR_ITEMS(i, 1)
        scale[i] = ratio > 1.0f ? 1.0f : ratio;
}
#endif

#if defined(OPTIMIZER) && OPTIMIZER == 7 /* lamb */
/* g, read; overwritten with the direction d.  w, read.  State, updated.
 * sums [count][2][NB] f32, written: of the squares of w and of d. */
kernel void update_direction(global const int *restrict rows, global const float *restrict w,
                             STATE_ARGS(w) global float *g, SCALE_ARG global float *restrict sums,
                             incl_rates rates, int count)
{
    incl_lanes sum = (incl_lanes)(0.0f), sum_d = (incl_lanes)(0.0f);
    if (ROW >= count)
        return;
    int end = END(ROW);
    for (int i = FIRST(ROW) + LANE; i < end; i += NB) {
        incl_lanes state[2] = {incl_load_some(w_state0 + i, end - i),
                               incl_load_some(w_state1 + i, end - i)};
        incl_lanes value = incl_load_some(w + i, end - i);
        incl_lanes d = incl_adam_direction(incl_clip(GRADIENT(i, end), rates), state, rates);
        d = fma((incl_lanes)(RATES(ROW).s1), value, d);
        sum = fma(value, value, sum);
        sum_d = fma(d, d, sum_d);
        incl_store_some(d, g + i, end - i);
        incl_store_some(state[0], w_state0 + i, end - i);
        incl_store_some(state[1], w_state1 + i, end - i);
    }
    STORE(sum, sums + ROW * 2 * NB + LANE);
    STORE(sum_d, sums + (ROW * 2 + 1) * NB + LANE);
}

/* trust [parameters] f32, written: the norm of each parameter over that of its direction, 1 where
 * one of them is 0. Dimension 1 has a group for each parameter. */
kernel void update_trust(global const int *restrict rows, global const float *restrict sums,
                         global float *restrict trust, int count)
{
    SCRATCH float total[NB] __attribute__((aligned(64)));
    SCRATCH float total_d[NB] __attribute__((aligned(64)));
    int parameter = GROUP(1);
    int first = FIRST_ROW(parameter, count), end = FIRST_ROW(parameter + 1, count);
    float norm = incl_norm(sums, 2 * NB, first, end, total);
    float norm_d = incl_norm(sums + NB, 2 * NB, first, end, total_d);
    float ratio = norm == 0.0f || norm_d == 0.0f ? 1.0f : incl_ratio(norm, norm_d);
    FOR_ITEMS(i, 1)
        trust[parameter] = ratio;
}

/* d as update_direction leaves it and trust, read.  w, updated. */
kernel void update_normalized(global const int *restrict rows, global float *w,
                              global const float *restrict d, global const float *restrict trust,
                              incl_rates rates, int count)
{
    if (ROW >= count)
        return;
    int end = END(ROW);
    float rate = rates.s0 * trust[PARAMETER(ROW)];
    for (int i = FIRST(ROW) + LANE; i < end; i += NB) {
        incl_lanes value = incl_load_some(w + i, end - i);
        value = fma((incl_lanes)(-rate), incl_load_some(d + i, end - i), value);
        incl_store_some(value, w + i, end - i);
    }
}
#endif
