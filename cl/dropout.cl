/* Dropout: y = x / (1 - p) with probability 1 - p, otherwise 0 x. A number is drawn for each of the
 * `units` of an image (its elements, or its channels, then for all positions alike), and what it
 * multiplies is drawn anew on the way back, where dx is made from dy in the same way.
 *   keep unit u of image n when word[u mod 4] of Philox(seed; n ceil(units / 4) + u / 4, step,
 *   stream, layer) is at least p 2^32
 * NaN stays NaN also where it is dropped.
 *
 * x [blocks][positions][units][NB], read.  y as x, written.  All f32.
 * Work-items {NB / LANES, ceil(units / 4 quads) or more, blocks}: one owns 4 quads units of LANES
 * images.
 *
 * threshold  p 2^32;  scale  1 / (1 - p) */
#include "philox.h"

enum { STREAM = 4 }; /* INCLINE_STREAM_DROPOUT of base/philox.h */

INCL_OUTLINE void incl_dropout_quad(global const float *restrict x, global float *restrict y,
                                    struct incl_philox draw, uint threshold, float scale,
                                    int count, int positions, int units)
{
    incl_lanes factor[4];
#pragma unroll
    for (int q = 0; q < 4; q++)
        factor[q] = draw.word[q] >= threshold ? (incl_lanes)(scale) : (incl_lanes)(0.0f);
    for (int p = 0; p < positions; p++)
#pragma unroll
        for (int q = 0; q < 4; q++)
            if (q < count)
                STORE(LOAD(x + (p * units + q) * NB) * factor[q], y + (p * units + q) * NB);
}

kernel void dropout(global const float *restrict x, global float *restrict y, int positions,
                    int units, int quads, int layer, uint threshold, float scale, ulong seed,
                    int step)
{
    int lane = get_global_id(0) * LANES, block = get_global_id(2);
    int first = get_global_id(1) * quads, all = (units + 3) / 4;
    int base = block * positions * units * NB + lane;
    for (int quad = first; quad < min(first + quads, all); quad++) {
        incl_words index = AS_WORDS((block * NB + lane + LANE_NUMBERS) * all + quad);
        int at = base + quad * 4 * NB;
        incl_dropout_quad(x + at, y + at, incl_philox(seed, index, step, STREAM, layer), threshold,
                          scale, units - quad * 4, positions, units);
    }
}
