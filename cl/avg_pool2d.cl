/* Average pooling.
 *   y[oh][ow][c] = sum over the window's cells inside x / n
 *   dx[h][w][c]  = sum over the windows that cover the cell of dy[oh][ow][c] / n
 * n: the window's cells; with inside_only, its cells inside x.
 *
 * x, dx [blocks][in_h][in_w][channels][NB], y, dy [blocks][out_h][out_w][channels][NB] f32. */
#include "functions.h"
#include "window.h"

#define GEOMETRY                                                                                   \
    int in_h, int in_w, int channels, int out_h, int out_w, int pool_h, int pool_w, int stride_h,  \
        int stride_w, int pad_top, int pad_left, int inside_only

/* The cells of a window along one axis that lie inside x. */
struct span {
    int first, end;
};

INCL_INLINE struct span incl_span(int window, int size, int stride, int before, int in)
{
    struct span span;
    int at = window * stride - before;
    span.first = max(at, 0);
    span.end = min(at + size, in);
    return span;
}

/* Work-items {NB / LANES, out_h out_w or more, blocks}: one owns a position of y. */
kernel void avg_pool2d_forward(global const float *restrict x, global float *restrict y, GEOMETRY)
{
    int p = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    if (p >= out_h * out_w)
        return;
    struct span h = incl_span(p / out_w, pool_h, stride_h, pad_top, in_h);
    struct span w = incl_span(p % out_w, pool_w, stride_w, pad_left, in_w);
    int inside = (h.end - h.first) * (w.end - w.first);
    incl_lanes share = incl_inverse(inside_only ? inside : pool_h * pool_w);
    x += block * in_h * in_w * channels * NB + lane;
    y += (block * out_h * out_w + p) * channels * NB + lane;
    for (int c = 0; c < channels; c++) {
        incl_lanes sum = (incl_lanes)(0.0f);
        for (int i = h.first; i < h.end; i++) {
            incl_lanes row = (incl_lanes)(0.0f);
            for (int j = w.first; j < w.end; j++)
                row += LOAD(x + ((i * in_w + j) * channels + c) * NB);
            sum += row;
        }
        STORE(sum * share, y + c * NB);
    }
}

/* dy = dy / n, ahead of avg_pool2d_backward where n differs from window to window.
 * Work-items as avg_pool2d_forward. */
kernel void avg_pool2d_share(global float *restrict dy, GEOMETRY)
{
    int p = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    if (p >= out_h * out_w)
        return;
    struct span h = incl_span(p / out_w, pool_h, stride_h, pad_top, in_h);
    struct span w = incl_span(p % out_w, pool_w, stride_w, pad_left, in_w);
    incl_lanes share = incl_inverse((h.end - h.first) * (w.end - w.first));
    dy += (block * out_h * out_w + p) * channels * NB + lane;
    for (int c = 0; c < channels; c++)
        STORE(LOAD(dy + c * NB) * share, dy + c * NB);
}

/* dy is divided already with inside_only.
 * Work-items {NB / LANES, in_h in_w or more, blocks}: one owns a position of dx and gathers. */
kernel void avg_pool2d_backward(global const float *restrict dy, global float *restrict dx,
                                GEOMETRY)
{
    int p = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    if (p >= in_h * in_w)
        return;
    int h = p / in_w, w = p % in_w;
    int oh_first = incl_window_first(h, pool_h, stride_h, pad_top);
    int oh_last = incl_window_last(h, stride_h, pad_top, out_h);
    int ow_first = incl_window_first(w, pool_w, stride_w, pad_left);
    int ow_last = incl_window_last(w, stride_w, pad_left, out_w);
    incl_lanes share = incl_inverse(inside_only ? 1 : pool_h * pool_w);
    dy += block * out_h * out_w * channels * NB + lane;
    dx += (block * in_h * in_w + p) * channels * NB + lane;
    for (int c = 0; c < channels; c++) {
        incl_lanes sum = (incl_lanes)(0.0f);
        for (int oh = oh_first; oh <= oh_last; oh++) {
            incl_lanes row = (incl_lanes)(0.0f);
            for (int ow = ow_first; ow <= ow_last; ow++)
                row += LOAD(dy + ((oh * out_w + ow) * channels + c) * NB);
            sum += row;
        }
        STORE(sum * share, dx + c * NB);
    }
}
