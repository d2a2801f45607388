/* A rectifier whose slopes below 0 are parameters, one for each of `slopes` channels or for all:
 *   y = x where x > 0, else w[k] x
 *   dx = dy where x > 0, else w[k] dy,   dw[k] = sum of dy x where not x > 0
 * x, y, dx, dy [blocks][elems][NB] f32, elems = positions slopes, k the element modulo slopes; w
 * [slopes] f32. NaN stays NaN, and shows in dw. The sum runs over blocks and positions in order,
 * for each slice of `share` positions and each image of a block alone, and then over those
 * (finish.cl).
 *
 * CHUNK     elements a work-item handles forward (64)
 * WANTS_DX  0: nobody needs dx */
#include "lanes.h"

#ifndef WANTS_DX
#define WANTS_DX 1
#endif

/* Work-items {NB / LANES, ceil(elems / CHUNK) or more, blocks}. */
kernel void prelu_forward(global const float *restrict x, global const float *restrict w,
                          global float *restrict y, int elems, int slopes)
{
    int e = get_global_id(1) * CHUNK, end = min(e + CHUNK, elems), k = e % slopes;
    int base = get_global_id(2) * elems * NB + (int)get_global_id(0) * LANES;
    for (; e < end; e++) {
        incl_lanes value = LOAD(x + base + e * NB);
        STORE(value > 0.0f ? value : w[k] * value, y + base + e * NB);
        k = k + 1 < slopes ? k + 1 : 0;
    }
}

/* piece [slices][NB][columns] f32, written; columns are the slopes rounded up to whole blocks.
 * Work-items {NB / LANES, columns or more, slices}: one owns a channel of LANES images of each
 * block. */
kernel void prelu_backward(global const float *restrict x, global const float *restrict dy,
                           global const float *restrict w, global float *restrict piece,
#if WANTS_DX
                           global float *restrict dx,
#endif
                           int positions, int slopes, int share, int images)
{
    int lane = get_global_id(0) * LANES, k = get_global_id(1), slice = get_global_id(2);
    int columns = (slopes + NB - 1) / NB * NB, blocks = (images + NB - 1) / NB;
    int first = slice * share, end = k < slopes ? min(first + share, positions) : first;
    incl_lanes sum = (incl_lanes)(0.0f);
    float one[LANES];
    if (k >= columns)
        return;
    for (int block = 0; block < blocks; block++)
        for (int p = first; p < end; p++) {
            int at = ((block * positions + p) * slopes + k) * NB + lane;
            incl_lanes value = LOAD(x + at), gradient = LOAD(dy + at);
            sum = value > 0.0f ? sum : fma(gradient, value, sum);
#if WANTS_DX
            STORE(value > 0.0f ? gradient : w[k] * gradient, dx + at);
#endif
        }
    STORE(sum, one);
    for (int l = 0; l < LANES; l++)
        piece[(slice * NB + lane + l) * columns + k] = one[l];
}
