/* The sums of a fully connected layer, tile by tile; see dense.cl for equations and macros. */
#ifndef INCL_DENSE_H
#define INCL_DENSE_H
#include "activation.h"
#include "update.h"

#ifndef WIDE_BLOCKS
#define WIDE_BLOCKS 1
#endif

/* Terms ahead of which w is asked for: its rows lie further apart than a cache's prefetcher follows
 * from page to page. */
enum { DENSE_PREFETCH = 16 };

/* sum[j][t] = z[o + t] of LANES images of the j-th of `wide` blocks, from the terms `from` to
 * `end` - 1; x and y start at the images of the first block, w at output o. */
INCL_INLINE void incl_dense_slice(global const float *restrict x, global const float *restrict w,
                                  int from, int end, incl_lanes *sum, const int count,
                                  const int wide)
{
    for (int i = from; i < end; i++) {
        incl_lanes value[WIDE_BLOCKS];
#pragma unroll
        for (int j = 0; j < wide; j++)
            value[j] = LOAD(x + (j * IN + i) * NB);
        global const float *row = w + i * OUT;
        PREFETCH(row + DENSE_PREFETCH * OUT);
#pragma unroll
        for (int t = 0; t < count; t++) {
            incl_lanes factor = (incl_lanes)(row[t]);
#pragma unroll
            for (int j = 0; j < wide; j++)
                sum[j * count + t] = fma(value[j], factor, sum[j * count + t]);
        }
    }
}

/* What a slice's sum starts at: the first one at the bias, the others at 0. */
INCL_INLINE void incl_dense_begin(
#if HAS_BIAS
    global const float *restrict b,
#endif
    bool is_first, incl_lanes *sum, const int count)
{
#pragma unroll
    for (int t = 0; t < count; t++)
#if HAS_BIAS
        sum[t] = is_first ? (incl_lanes)(b[t]) : (incl_lanes)(0.0f);
#else
        sum[t] = (incl_lanes)(0.0f);
#endif
}

#if HAS_BIAS
#define DENSE_BIAS(o) b + (o),
#else
#define DENSE_BIAS(o)
#endif

/* Adds the slice of the terms from `from` on to y[o + t] of LANES images of `wide` blocks; the last
 * one ends in f. */
INCL_INLINE void incl_dense_tile(global const float *restrict x, global const float *restrict w,
#if HAS_BIAS
                                 global const float *restrict b,
#endif
                                 global float *restrict y, int from, int o, const int count,
                                 const int wide)
{
    incl_lanes sum[WIDE_BLOCKS * TILE_OUT];
#pragma unroll
    for (int j = 0; j < wide; j++)
        incl_dense_begin(DENSE_BIAS(o) from == 0, sum + j * count, count);
    incl_dense_slice(x, w + o, from, min(from + SLICE, IN), sum, count, wide);
#pragma unroll
    for (int j = 0; j < wide; j++)
#pragma unroll
        for (int t = 0; t < count; t++) {
            global float *at = y + (j * OUT + o + t) * NB;
            incl_lanes part = sum[j * count + t], total = from == 0 ? part : LOAD(at) + part;
            STORE(from + SLICE < IN ? total : incl_activate(ACTIVATION, total), at);
        }
}

/* The same for the tile that begins at output o of 1 .. WIDE_BLOCKS blocks; the last tile may be
 * smaller. */
INCL_OUTLINE void incl_dense_outputs(global const float *restrict x, global const float *restrict w,
#if HAS_BIAS
                                     global const float *restrict b,
#endif
                                     global float *restrict y, int from, int o, int blocks)
{
#if WIDE_BLOCKS > 1
    if (blocks == WIDE_BLOCKS && o + TILE_OUT <= OUT) {
        incl_dense_tile(x, w, DENSE_BIAS(0) y, from, o, TILE_OUT, WIDE_BLOCKS);
        return;
    }
#endif
    for (int block = 0; block < blocks; block++, x += IN * NB, y += OUT * NB)
#if OUT % TILE_OUT
        if (o + TILE_OUT > OUT)
            incl_dense_tile(x, w, DENSE_BIAS(0) y, from, o, OUT % TILE_OUT, 1);
        else
#endif
            incl_dense_tile(x, w, DENSE_BIAS(0) y, from, o, TILE_OUT, 1);
}

/* sum[t] = dx[t] of LANES images; dz starts at the images, w at the row of input 0. */
INCL_INLINE void incl_dense_data_sums(global const float *restrict dz, global const float *w,
                                      incl_lanes *sum, const int count)
{
#pragma unroll
    for (int t = 0; t < count; t++)
        sum[t] = (incl_lanes)(0.0f);
    for (int o = 0; o < OUT; o++) {
        incl_lanes value = LOAD(dz + o * NB);
#pragma unroll
        for (int t = 0; t < count; t++)
            sum[t] = fma(value, (incl_lanes)(w[t * OUT + o]), sum[t]);
    }
}

INCL_INLINE void incl_dense_data_tile(global const float *restrict dz, global const float *w,
                                      global float *restrict dx, const int count)
{
    incl_lanes sum[TILE_IN];
    incl_dense_data_sums(dz, w, sum, count);
#pragma unroll
    for (int t = 0; t < count; t++)
        STORE(sum[t], dx + t * NB);
}

/* dx of the TILE_IN inputs from i on. */
INCL_OUTLINE void incl_dense_inputs(global const float *restrict dz, global const float *w,
                                    global float *restrict dx, int i)
{
#if IN % TILE_IN
    if (i + TILE_IN > IN) {
        incl_dense_data_tile(dz, w + i * OUT, dx + i * NB, IN % TILE_IN);
        return;
    }
#endif
    incl_dense_data_tile(dz, w + i * OUT, dx + i * NB, TILE_IN);
}

/* Rows i .. i + count - 1 and columns o .. o + LANES TILE_V - 1 of dw, finished into target. */
INCL_INLINE void incl_dense_weights_tile(global const float *restrict x,
                                         global const float *restrict dz_t, global float *target,
                                         STATE_ARGS(target) int i, int o, int blocks,
                                         incl_rates rates, const int count)
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
        for (int v = 0; v < TILE_V; v++) {
            int k = o + v * LANES;
            incl_finish_gradients(target, STATES_OF(target)(i + t) * OUT + k, k, OUT, sum[t][v],
                                  rates);
        }
}

#endif
