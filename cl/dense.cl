/* Fully connected layer.
 *   z[n][o] = b[o] + sum over i of w[i][o] x[n][i],   y = f(z)
 *   dx[n][i] = sum over o of w[i][o] dz[n][o]
 *   dw[i][o] = sum over n of x[n][i] dz[n][o],   db[o] = sum over n of dz[n][o]
 * Every sum runs in the order of its index, so tiles change speed and never bits.
 *
 * IN OUT     features
 * COLUMNS    OUT rounded up to a multiple of 16
 * HAS_BIAS   0 or 1
 * TILE_OUT   outputs that a forward item sums at once (16 vectors of sums; 8 .. 16)
 * TILE_IN    inputs that a backward item sums at once (16)
 * TILE_ROWS TILE_V  rows of dw, and vectors along o, that an item sums at once (8 x 2, 16 x 1) */
#include "activation.h"
#include "update.h"

static inline void incl_dense_tile(global const float *restrict x, global const float *restrict w,
#if HAS_BIAS
                                   global const float *restrict b,
#endif
                                   global float *restrict y, int o, const int count)
{
    incl_lanes sum[TILE_OUT];
#pragma unroll
    for (int t = 0; t < count; t++)
#if HAS_BIAS
        sum[t] = (incl_lanes)(b[o + t]);
#else
        sum[t] = (incl_lanes)(0.0f);
#endif
    for (int i = 0; i < IN; i++) {
        incl_lanes value = LOAD(x + i * NB);
#pragma unroll
        for (int t = 0; t < count; t++)
            sum[t] = fma(value, (incl_lanes)(w[i * OUT + o + t]), sum[t]);
    }
#pragma unroll
    for (int t = 0; t < count; t++)
        STORE(incl_activate(sum[t]), y + (o + t) * NB);
}

/* x [blocks][IN][NB], w [IN][OUT], b [OUT], read.  y [blocks][OUT][NB], written.  All f32.
 * Work-items {NB / LANES, blocks, ceil(OUT / TILE_OUT)}. */
kernel void dense_forward(global const float *restrict x, global const float *restrict w,
#if HAS_BIAS
                          global const float *restrict b,
#endif
                          global float *restrict y)
{
    int lane = get_global_id(0) * LANES, block = get_global_id(1);
    int o = get_global_id(2) * TILE_OUT;
    x += block * IN * NB + lane;
    y += block * OUT * NB + lane;
#if HAS_BIAS
#define BIAS b,
#else
#define BIAS
#endif
#if OUT % TILE_OUT
    if (o + TILE_OUT > OUT) {
        incl_dense_tile(x, w, BIAS y, o, OUT % TILE_OUT);
        return;
    }
#endif
    incl_dense_tile(x, w, BIAS y, o, TILE_OUT);
}

static inline void incl_dense_data_tile(global const float *restrict dz,
                                        global const float *restrict w,
                                        global float *restrict dx, const int count)
{
    incl_lanes sum[TILE_IN];
#pragma unroll
    for (int t = 0; t < count; t++)
        sum[t] = (incl_lanes)(0.0f);
    for (int o = 0; o < OUT; o++) {
        incl_lanes value = LOAD(dz + o * NB);
#pragma unroll
        for (int t = 0; t < count; t++)
            sum[t] = fma(value, (incl_lanes)(w[t * OUT + o]), sum[t]);
    }
#pragma unroll
    for (int t = 0; t < count; t++)
        STORE(sum[t], dx + t * NB);
}

/* dz [blocks][OUT][NB], w [IN][OUT], read.  dx [blocks][IN][NB], written.  All f32.
 * Work-items {NB / LANES, any number up to blocks, ceil(IN / TILE_IN)}: one owns TILE_IN inputs of
 * every so many blocks. */
kernel void dense_backward_data(global const float *restrict dz, global const float *restrict w,
                                global float *restrict dx, int images)
{
    int lane = get_global_id(0) * LANES, i = get_global_id(2) * TILE_IN;
    int blocks = (images + NB - 1) / NB;
    w += i * OUT;
    for (int block = get_global_id(1); block < blocks; block += get_global_size(1)) {
        global const float *dz_of = dz + block * OUT * NB + lane;
        global float *dx_of = dx + (block * IN + i) * NB + lane;
#if IN % TILE_IN
        if (i + TILE_IN > IN) {
            incl_dense_data_tile(dz_of, w, dx_of, IN % TILE_IN);
            continue;
        }
#endif
        incl_dense_data_tile(dz_of, w, dx_of, TILE_IN);
    }
}

static inline void incl_dense_store(global float *target, int row, int o, incl_lanes sum,
                                    float learning_rate)
{
    float g[LANES];
    STORE(sum, g);
    for (int l = 0; l < LANES; l++)
        if (o + l < OUT)
            incl_finish_gradient(target, row * OUT + o + l, g[l], learning_rate);
}

static inline void incl_dense_weights_tile(global const float *restrict x,
                                           global const float *restrict dz_t,
                                           global float *restrict target, int i, int o, int blocks,
                                           float learning_rate, const int count)
{
    incl_lanes sum[TILE_ROWS][TILE_V];
#pragma unroll
    for (int t = 0; t < count; t++)
#pragma unroll
        for (int v = 0; v < TILE_V; v++)
            sum[t][v] = (incl_lanes)(0.0f);
    for (int block = 0; block < blocks; block++) {
        global const float *x_of = x + (block * IN + i) * NB;
        global const float *dz_of = dz_t + block * NB * COLUMNS + o;
        for (int n = 0; n < NB; n++) {
            incl_lanes value[TILE_V];
#pragma unroll
            for (int v = 0; v < TILE_V; v++)
                value[v] = LOAD(dz_of + n * COLUMNS + v * LANES);
#pragma unroll
            for (int t = 0; t < count; t++)
#pragma unroll
                for (int v = 0; v < TILE_V; v++)
                    sum[t][v] = fma((incl_lanes)(x_of[t * NB + n]), value[v], sum[t][v]);
        }
    }
#pragma unroll
    for (int t = 0; t < count; t++)
#pragma unroll
        for (int v = 0; v < TILE_V; v++)
            incl_dense_store(target, i + t, o + v * LANES, sum[t][v], learning_rate);
}

/* x [blocks][IN][NB], dz_t [blocks][NB][COLUMNS], read.  target: w or dw [IN][OUT]; see update.h.
 * Work-items {any number up to COLUMNS / LANES / TILE_V, ceil(IN / TILE_ROWS)}: one owns TILE_ROWS
 * rows of every so many columns. */
kernel void dense_backward_weights(global const float *restrict x,
                                   global const float *restrict dz_t,
                                   global float *restrict target, float learning_rate, int images)
{
    int i = get_global_id(1) * TILE_ROWS, blocks = (images + NB - 1) / NB;
    const int width = LANES * TILE_V;
    for (int o = get_global_id(0) * width; o < COLUMNS; o += get_global_size(0) * width) {
#if IN % TILE_ROWS
        if (i + TILE_ROWS > IN) {
            incl_dense_weights_tile(x, dz_t, target, i, o, blocks, learning_rate, IN % TILE_ROWS);
            continue;
        }
#endif
        incl_dense_weights_tile(x, dz_t, target, i, o, blocks, learning_rate, TILE_ROWS);
    }
}

/* dz_t [blocks][NB][COLUMNS], read.  target: b or db [OUT]; see update.h.
 * Work-items {COLUMNS / LANES}. */
kernel void dense_backward_bias(global const float *restrict dz_t, global float *restrict target,
                                float learning_rate, int images)
{
    int o = get_global_id(0) * LANES, count = (images + NB - 1) / NB * NB;
    incl_lanes sum = (incl_lanes)(0.0f);
    for (int n = 0; n < count; n++)
        sum += LOAD(dz_t + n * COLUMNS + o);
    incl_dense_store(target, 0, o, sum, learning_rate);
}
