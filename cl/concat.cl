/* Channels side by side:  y[p][offset + c] = x[p][c]  for one of the inputs, and back.
 * x, dx [blocks][positions][channels][NB], y, dy [blocks][positions][total][NB] f32.
 * Work-items {NB / LANES, positions or more, blocks}: one owns a position of LANES images. */
#include "lanes.h"

kernel void concat_forward(global const float *restrict x, global float *restrict y, int positions,
                           int channels, int offset, int total)
{
    int p = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    if (p >= positions)
        return;
    x += (block * positions + p) * channels * NB + lane;
    y += ((block * positions + p) * total + offset) * NB + lane;
    for (int c = 0; c < channels; c++)
        STORE(LOAD(x + c * NB), y + c * NB);
}

kernel void concat_backward(global const float *restrict dy, global float *restrict dx,
                            int positions, int channels, int offset, int total)
{
    int p = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    if (p >= positions)
        return;
    dy += ((block * positions + p) * total + offset) * NB + lane;
    dx += (block * positions + p) * channels * NB + lane;
    for (int c = 0; c < channels; c++)
        STORE(LOAD(dy + c * NB), dx + c * NB);
}
