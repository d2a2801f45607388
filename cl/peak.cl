/* What a device can do at most, for `incline bench`: its arithmetic, its memory, its launches.
 *
 * peak_fma: CHAINS independent recurrences a <- fma(a, scale, shift) in registers, as many rounds
 * as the host asks for, four steps a round. Chain c of an item begins at item % 64 + c. With scale
 * and shift 1 each step adds 1, so that the host knows how all chains end; then
 *   y[item][0 .. LANES - 1] = item % 64 + 4 rounds                y [items][LANES] f32, written,
 * or more when a chain is wrong. 4 rounds + 64 + CHAINS must stay below 2^24.
 * FLOP: 2 items LANES CHAINS 4 rounds. Work-items {items}: one owns its chains.
 *
 * copy: y = x.   triad: z = x + scale y.   x, y, z [items][LANES] f32. Work-items {items}: one owns
 * LANES neighbouring numbers. Source of the triad: McCalpin's STREAM.
 *
 * launch_count: adds 1 to count[0], an int. Work-items {1}.
 *
 * CHAINS  8 hide the latency of fma on most CPUs; 8, 12 and 16 are tried */
#include "lanes.h"

#ifndef CHAINS
#define CHAINS 8
#endif

kernel void peak_fma(global float *y, float scale, float shift, int rounds)
{
    incl_lanes a[CHAINS], by = (incl_lanes)(scale), add = (incl_lanes)(shift);
    int item = get_global_id(0);
#pragma unroll
    for (int c = 0; c < CHAINS; c++)
        a[c] = (incl_lanes)((float)(item % 64 + c));
    for (int round = 0; round < rounds; round++) {
#pragma unroll
        for (int step = 0; step < 4; step++) {
#pragma unroll
            for (int c = 0; c < CHAINS; c++)
                a[c] = fma(a[c], by, add);
        }
    }
    incl_lanes end = a[0];
#pragma unroll
    for (int c = 1; c < CHAINS; c++)
        end += fabs(a[c] - (incl_lanes)((float)c) - a[0]);
    STORE(end, y + item * LANES);
}

kernel void copy(global const float *restrict x, global float *restrict y)
{
    int i = get_global_id(0) * LANES;
    STORE(LOAD(x + i), y + i);
}

kernel void triad(global const float *restrict x, global const float *restrict y,
                  global float *restrict z, float scale)
{
    int i = get_global_id(0) * LANES;
    STORE(fma((incl_lanes)(scale), LOAD(y + i), LOAD(x + i)), z + i);
}

kernel void launch_count(global int *count)
{
    count[0] += 1;
}
