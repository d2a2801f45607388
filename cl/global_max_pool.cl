/* The largest number of each channel.
 *   y[c] = max over p of x[p][c];  from[c] = the first such p
 *   dx[p][c] = dy[c] where p is from[c], 0 elsewhere
 * NaN counts as larger than anything.
 * x, dx [blocks][positions][channels][NB], y, dy [blocks][channels][NB] f32, from as y, int. */
#include "lanes.h"

/* The largest number of a channel, the first of which x points to; *from: where. */
INCL_INLINE incl_lanes incl_largest(global const float *restrict x, int positions, int channels,
                                    incl_ints *from)
{
    incl_lanes best = LOAD(x);
    *from = (incl_ints)(0);
    for (int p = 0; p < positions; p++) {
        incl_lanes value = LOAD(x + p * channels * NB);
        incl_ints larger = (value > best) | (value != value);
        best = larger ? value : best;
        *from = larger ? (incl_ints)(p) : *from;
    }
    return best;
}

/* Work-items {NB / LANES, channels or more, blocks}: one owns a channel of LANES images. */
kernel void global_max_pool_forward(global const float *restrict x, global float *restrict y,
                                    global int *restrict from, int positions, int channels)
{
    int c = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    if (c >= channels)
        return;
    incl_ints place;
    x += (block * positions * channels + c) * NB + lane;
    STORE(incl_largest(x, positions, channels, &place), y + (block * channels + c) * NB + lane);
    STORE(place, from + (block * channels + c) * NB + lane);
}

/* The same where there is no way back. */
kernel void global_max_pool_infer(global const float *restrict x, global float *restrict y,
                                  int positions, int channels)
{
    int c = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    if (c >= channels)
        return;
    incl_ints place;
    x += (block * positions * channels + c) * NB + lane;
    STORE(incl_largest(x, positions, channels, &place), y + (block * channels + c) * NB + lane);
}

/* Work-items {NB / LANES, positions or more, blocks}: one owns a position of LANES images. */
kernel void global_max_pool_backward(global const float *restrict dy,
                                     global const int *restrict from, global float *restrict dx,
                                     int positions, int channels)
{
    int p = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    if (p >= positions)
        return;
    dy += block * channels * NB + lane;
    from += block * channels * NB + lane;
    dx += (block * positions + p) * channels * NB + lane;
    for (int c = 0; c < channels; c++)
        STORE(LOAD(from + c * NB) == (incl_ints)(p) ? LOAD(dy + c * NB) : (incl_lanes)(0.0f),
              dx + c * NB);
}
