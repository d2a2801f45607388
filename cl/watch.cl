/* The figures of a step that is watched: the norms of each parameter, of its gradient and of its
 * update, and of each layer that can put out nothing but 0 the units that do.
 *
 * Parameters are worked through in rows (parameter_rows.h). Their sums of squares
 *   sums [count][NORMS][NB] f32: of w before the update, of g, of w after it less w before it
 * figures [slots][stride] f32: of the step's slot 3 norms of each parameter in that order, then the
 * number of dead units of each layer. */
#include "parameter_rows.h"
#include "update.h"

enum { NORMS = 3, STRANDS = 8 };

#define SUMS(norm) (sums + (ROW * NORMS + (norm)) * NB + LANE)

/* w and g, read.  old, written: w.  sums, written: the first two. */
kernel void watch_before(global const int *restrict rows, global const float *restrict w,
                         global const float *restrict g, global float *restrict old,
                         global float *restrict sums, int count)
{
    incl_lanes sum_w = (incl_lanes)(0.0f), sum_g = (incl_lanes)(0.0f);
    if (ROW >= count)
        return;
    int end = END(ROW);
    for (int i = FIRST(ROW) + LANE; i < end; i += NB) {
        incl_lanes value = incl_load_some(w + i, end - i);
        incl_lanes gradient = incl_load_some(g + i, end - i);
        sum_w = fma(value, value, sum_w);
        sum_g = fma(gradient, gradient, sum_g);
        incl_store_some(value, old + i, end - i);
    }
    STORE(sum_w, SUMS(0));
    STORE(sum_g, SUMS(1));
}

/* w and old, read.  sums, written: the last one. */
kernel void watch_after(global const int *restrict rows, global const float *restrict w,
                        global const float *restrict old, global float *restrict sums, int count)
{
    incl_lanes sum = (incl_lanes)(0.0f);
    if (ROW >= count)
        return;
    int end = END(ROW);
    for (int i = FIRST(ROW) + LANE; i < end; i += NB) {
        incl_lanes change = incl_load_some(w + i, end - i) - incl_load_some(old + i, end - i);
        sum = fma(change, change, sum);
    }
    STORE(sum, SUMS(2));
}

/* sums, read.  figures, written.  Dimension 1 has a group for each parameter. */
kernel void watch_norms(global const int *restrict rows, global const float *restrict sums,
                        global float *restrict figures, int count, int stride, int slot)
{
    SCRATCH float total[NORMS * NB] __attribute__((aligned(64)));
    int parameter = GROUP(1);
    int first = FIRST_ROW(parameter, count), end = FIRST_ROW(parameter + 1, count);
    figures += slot * stride + parameter * NORMS;
    for (int norm = 0; norm < NORMS; norm++) {
        float value = incl_norm(sums + norm * NB, NORMS * NB, first, end, total + norm * NB);
        FOR_ITEMS(i, 1)
            figures[norm] = value;
    }
}

#if LANES > 1
#define ANY(v) any(v)
#else
#define ANY(v) (v)
#endif

/* Whether y [blocks][positions][channels][NB] of LANES images, from the channel on, is other than 0
 * in one of every STRANDS-th cells. NaN is. */
INCL_INLINE int incl_lives(global const float *restrict y, int strand, int lane, int positions,
                           int channels, int images)
{
    int cells = (images + NB - 1) / NB * positions;
    for (int cell = strand; cell < cells; cell += STRANDS) {
        int n = cell / positions * NB + lane;
        incl_lanes value = LOAD(y + cell * channels * NB + lane);
        value = n + LANE_NUMBERS < images ? value : (incl_lanes)(0.0f);
        if (ANY(value != 0.0f))
            return 1;
    }
    return 0;
}

/* y [blocks][positions][channels][NB] f32, read.  dead [first .. first + channels - 1] i32,
 * written: 1 where a channel is 0 at all positions of all images, otherwise 0.
 * Dimension 1 has a group for each channel. */
kernel void watch_dead(global const float *restrict y, global int *restrict dead, int first,
                       int positions, int channels, int images)
{
    SCRATCH int lives[STRANDS * NB];
    int c = GROUP(1), any_lives = 0;
    FOR_LANES(lane)
    FOR_SHARE(strand, STRANDS)
    lives[strand * NB + lane] =
        incl_lives(y + c * NB, strand, lane, positions, channels, images);
    SYNC();
    for (int i = 0; i < STRANDS * NB; i += LANES)
        any_lives |= lives[i];
    FOR_ITEMS(i, 1)
        dead[first + c] = !any_lives;
}

/* dead, read.  starts [layers + 1] i32, read: where the units of each layer begin in it, and its
 * end.  figures, written from number `offset` of the slot on.
 * Dimension 1 has a group for each layer. */
kernel void watch_count(global const int *restrict starts, global const int *restrict dead,
                        global float *restrict figures, int stride, int offset, int slot)
{
    SCRATCH int counts[NB];
    int layer = GROUP(1), total = 0;
    FOR_ITEMS(part, NB)
    {
        counts[part] = 0;
        for (int i = starts[layer] + part; i < starts[layer + 1]; i += NB)
            counts[part] += dead[i];
    }
    SYNC();
    for (int part = 0; part < NB; part++)
        total += counts[part];
    FOR_ITEMS(i, 1)
        figures[slot * stride + offset + layer] = (float)total;
}
