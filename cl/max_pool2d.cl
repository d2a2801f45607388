/* Max pooling.
 *   y[oh][ow][c] = max over the window's cells inside x; code = number of the first such cell
 *   dx[h][w][c]  = sum of dy over the windows whose maximum was this cell
 * NaN counts as larger than anything. Cells outside x do not count.
 *
 * IN_H IN_W CHANNELS  OUT_H OUT_W   shapes
 * TRAINS              0: there is no way back, and no code
 * POOL_H POOL_W STRIDE_H STRIDE_W PAD_TOP PAD_LEFT   window */
#include "window.h"

#define X_AT(h, w, c) ((((h) * IN_W + (w)) * CHANNELS + (c)) * NB)
#define Y_AT(h, w, c) ((((h) * OUT_W + (w)) * CHANNELS + (c)) * NB)

/* x [blocks][IN_H][IN_W][C][NB] f32, read.  y, code [blocks][OUT_H][OUT_W][C][NB], written.
 * Work-items {NB / LANES, OUT_H, blocks}: one owns a row of y. */
kernel void max_pool2d_forward(global const float *restrict x, global float *restrict y
#if TRAINS
                               ,
                               global incl_code *restrict code
#endif
)
{
    int lane = get_global_id(0) * LANES, oh = get_global_id(1), block = get_global_id(2);
    int h = oh * STRIDE_H - PAD_TOP;
    int top = max(h, 0), bottom = min(h + POOL_H, IN_H);
    x += block * IN_H * IN_W * CHANNELS * NB + lane;
    y += block * OUT_H * OUT_W * CHANNELS * NB + lane;
#if TRAINS
    code += block * OUT_H * OUT_W * CHANNELS * NB + lane;
#endif
    for (int ow = 0; ow < OUT_W; ow++) {
        int w = ow * STRIDE_W - PAD_LEFT;
        int left = max(w, 0), right = min(w + POOL_W, IN_W);
        for (int c = 0; c < CHANNELS; c++) {
            incl_lanes best = LOAD(x + X_AT(top, left, c));
            incl_ints cell = (incl_ints)((top - h) * POOL_W + left - w);
            for (int i = top; i < bottom; i++)
                for (int j = left; j < right; j++) {
                    incl_lanes value = LOAD(x + X_AT(i, j, c));
                    incl_ints larger = (value > best) | (value != value);
                    best = larger ? value : best;
                    cell = larger ? (incl_ints)((i - h) * POOL_W + j - w) : cell;
                }
            STORE(best, y + Y_AT(oh, ow, c));
#if TRAINS
            STORE_CODES(cell, code + Y_AT(oh, ow, c));
#endif
        }
    }
}

/* dy, code as y above, read.  dx as x above, written.
 * Work-items {NB / LANES, IN_H, blocks}: one owns a row of dx and gathers. */
kernel void max_pool2d_backward(global const float *restrict dy,
                                global const incl_code *restrict code, global float *restrict dx)
{
    int lane = get_global_id(0) * LANES, h = get_global_id(1), block = get_global_id(2);
    int oh_first = incl_window_first(h, POOL_H, STRIDE_H, PAD_TOP);
    int oh_last = incl_window_last(h, STRIDE_H, PAD_TOP, OUT_H);
    dy += block * OUT_H * OUT_W * CHANNELS * NB + lane;
    code += block * OUT_H * OUT_W * CHANNELS * NB + lane;
    dx += block * IN_H * IN_W * CHANNELS * NB + lane;
    for (int w = 0; w < IN_W; w++) {
        int ow_first = incl_window_first(w, POOL_W, STRIDE_W, PAD_LEFT);
        int ow_last = incl_window_last(w, STRIDE_W, PAD_LEFT, OUT_W);
        for (int c = 0; c < CHANNELS; c++) {
            incl_lanes sum = (incl_lanes)(0.0f);
            for (int oh = oh_first; oh <= oh_last; oh++)
                for (int ow = ow_first; ow <= ow_last; ow++) {
                    int cell = (h + PAD_TOP - oh * STRIDE_H) * POOL_W + w + PAD_LEFT - ow * STRIDE_W;
                    incl_ints chosen = LOAD_CODES(code + Y_AT(oh, ow, c), global) == (incl_ints)(cell);
                    sum += chosen ? LOAD(dy + Y_AT(oh, ow, c)) : (incl_lanes)(0.0f);
                }
            STORE(sum, dx + X_AT(h, w, c));
        }
    }
}
