/* The average of each channel.
 *   y[c] = sum over p of x[p][c] / positions,   dx[p][c] = dy[c] / positions
 * x, dx [blocks][positions][channels][NB], y, dy [blocks][channels][NB] f32. */
#include "functions.h"

/* Sums run in slices of so many positions, whose sums are added in turn. */
#define SLICE 256

/* Work-items {NB / LANES, channels or more, blocks}: one owns a channel of LANES images. */
kernel void global_avg_pool_forward(global const float *restrict x, global float *restrict y,
                                    int positions, int channels)
{
    int c = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    if (c >= channels)
        return;
    x += (block * positions * channels + c) * NB + lane;
    incl_lanes sum = (incl_lanes)(0.0f);
    for (int first = 0; first < positions; first += SLICE) {
        incl_lanes part = (incl_lanes)(0.0f);
        for (int p = first; p < min(first + SLICE, positions); p++)
            part += LOAD(x + p * channels * NB);
        sum += part;
    }
    STORE(sum * incl_inverse(positions), y + (block * channels + c) * NB + lane);
}

/* Work-items {NB / LANES, positions or more, blocks}: one owns a position of LANES images. */
kernel void global_avg_pool_backward(global const float *restrict dy, global float *restrict dx,
                                     int positions, int channels)
{
    int p = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    if (p >= positions)
        return;
    incl_lanes share = incl_inverse(positions);
    dy += block * channels * NB + lane;
    dx += (block * positions + p) * channels * NB + lane;
    for (int c = 0; c < channels; c++)
        STORE(LOAD(dy + c * NB) * share, dx + c * NB);
}
