/* Zeros around each channel, and with negative numbers the way back, which cuts them off.
 *   y[h][w][c] = x[h - top][w - left][c] inside x, 0 outside
 * x [blocks][in_h][in_w][channels][NB], y [blocks][out_h][out_w][channels][NB] f32.
 * Work-items {NB / LANES, out_h out_w or more, blocks}: one owns a position of y. */
#include "lanes.h"

kernel void zero_pad2d(global const float *restrict x, global float *restrict y, int channels,
                       int in_h, int in_w, int out_h, int out_w, int top, int left)
{
    int p = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    if (p >= out_h * out_w)
        return;
    int h = p / out_w - top, w = p % out_w - left;
    bool inside = h >= 0 && h < in_h && w >= 0 && w < in_w;
    x += ((block * in_h + (inside ? h : 0)) * in_w + (inside ? w : 0)) * channels * NB + lane;
    y += (block * out_h * out_w + p) * channels * NB + lane;
    for (int c = 0; c < channels; c++)
        STORE(inside ? LOAD(x + c * NB) : (incl_lanes)(0.0f), y + c * NB);
}
