/* Channels side by side:  y[p][OFFSET + c] = x[p][c]  for one of the inputs, and back.
 * x, dx [blocks][POSITIONS][CHANNELS][NB], y, dy [blocks][POSITIONS][TOTAL][NB] f32.
 * Work-items {NB / LANES, POSITIONS or more, blocks}: one owns a position of LANES images. */
#include "lanes.h"

kernel void concat_forward(global const float *restrict x, global float *restrict y)
{
    int p = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    if (p >= POSITIONS)
        return;
    x += (block * POSITIONS + p) * CHANNELS * NB + lane;
    y += ((block * POSITIONS + p) * TOTAL + OFFSET) * NB + lane;
    for (int c = 0; c < CHANNELS; c++)
        STORE(LOAD(x + c * NB), y + c * NB);
}

kernel void concat_backward(global const float *restrict dy, global float *restrict dx)
{
    int p = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    if (p >= POSITIONS)
        return;
    dy += ((block * POSITIONS + p) * TOTAL + OFFSET) * NB + lane;
    dx += (block * POSITIONS + p) * CHANNELS * NB + lane;
    for (int c = 0; c < CHANNELS; c++)
        STORE(LOAD(dy + c * NB), dx + c * NB);
}
