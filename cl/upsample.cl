/* Enlarging by whole factors.
 *   y[oh][ow][c] = x[oh / factor_h][ow / factor_w][c]
 *   dx[h][w][c]  = sum of dy over the factor_h x factor_w cells made from this one, row by row
 * x, dx [blocks][in_h][in_w][channels][NB] f32, y, dy [blocks][out_h][out_w][channels][NB] f32 with
 * out_h = in_h factor_h, out_w = in_w factor_w.
 * Work-items {NB / LANES, positions of what is written or more, blocks}: one owns a position. */
#include "lanes.h"

kernel void upsample_forward(global const float *restrict x, global float *restrict y, int in_h,
                             int in_w, int channels, int factor_h, int factor_w)
{
    int p = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    int out_w = in_w * factor_w, positions = in_h * factor_h * out_w;
    if (p >= positions)
        return;
    int h = p / out_w / factor_h, w = p % out_w / factor_w;
    x += ((block * in_h + h) * in_w + w) * channels * NB + lane;
    y += (block * positions + p) * channels * NB + lane;
    for (int c = 0; c < channels; c++)
        STORE(LOAD(x + c * NB), y + c * NB);
}

kernel void upsample_backward(global const float *restrict dy, global float *restrict dx, int in_h,
                              int in_w, int channels, int factor_h, int factor_w)
{
    int p = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    if (p >= in_h * in_w)
        return;
    int out_w = in_w * factor_w, oh = p / in_w * factor_h, ow = p % in_w * factor_w;
    dy += ((block * in_h * factor_h + oh) * out_w + ow) * channels * NB + lane;
    dx += (block * in_h * in_w + p) * channels * NB + lane;
    for (int c = 0; c < channels; c++) {
        incl_lanes sum = (incl_lanes)(0.0f);
        for (int i = 0; i < factor_h; i++) {
            incl_lanes row = (incl_lanes)(0.0f);
            for (int j = 0; j < factor_w; j++)
                row += LOAD(dy + ((i * out_w + j) * channels + c) * NB);
            sum += row;
        }
        STORE(sum, dx + c * NB);
    }
}
