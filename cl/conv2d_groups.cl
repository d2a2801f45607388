/* What the way back of a convolution with groups needs besides conv2d_backward_data. Its weight
 * gradient has the images in its vectors, like the forward pass: few channels share a cell of x.
 *   dw[kh][kw][c][k] = sum of x dz, db[k] = sum of dz
 * in the order: for each part of SHARE windows and each of the NB places in a block alone, over
 * block of images, window and position in the window; then over the places, then over the parts.
 *
 * Macros of conv2d.cl, with TILE_K channels of one group in place of vectors.
 * GROUP_TILES  tiles that a work-group sums (8) */
#include "phases.h"
#include "conv2d.h"

/* y [blocks][POOLED_H][POOLED_W][OUT_C][NB], read.  dy of that shape: dz = f'(z) dy in its place,
 * by y = f(z). Work-items {NB / LANES, POOLED_H, blocks}. */
kernel void conv2d_groups_delta(global float *restrict dy, global const float *restrict y)
{
    int row = get_global_id(2) * POOLED_H + get_global_id(1);
    int at = row * POOLED_W * OUT_C * NB + get_global_id(0) * LANES;
    for (int end = at + POOLED_W * OUT_C * NB; at < end; at += NB)
        STORE(incl_activate_backward(ACTIVATION, LOAD(y + at), LOAD(dy + at)), dy + at);
}

#define RUN_TILES ((RUN + TILE_RUN - 1) / TILE_RUN)
#define K_TILES (OUT_C / TILE_K)
#define WEIGHT_TILES (K_TILES * RUN_TILES * (KERNEL_H / TILE_KH))
/* sums of a tile: TILE_KH TILE_RUN TILE_K of weights, then those of the bias */
#define TILE_WEIGHTS (TILE_KH * TILE_RUN * TILE_K)
#define TILE_SUMS (TILE_WEIGHTS + TILE_K)

struct incl_groups_sums {
    incl_lanes w[TILE_KH][TILE_RUN][TILE_K], b[TILE_K];
};

/* Which weights a tile has: those of kernel rows kh .., cells first .. of their runs and
 * channels k .. */
struct incl_groups_place {
    int kh, first, k;
};

INCL_INLINE struct incl_groups_place incl_groups_place(int tile)
{
    struct incl_groups_place place;
    place.k = tile % K_TILES * TILE_K;
    place.first = tile / K_TILES % RUN_TILES * TILE_RUN;
    place.kh = tile / K_TILES / RUN_TILES * TILE_KH;
    return place;
}

/* Adds what one window of a block contributes. x starts at the block and the group's first channel,
 * dz and code at the window or, without a pool, at its first position, and at the tile's first
 * channel; all at the item's images. */
INCL_INLINE void incl_groups_add(struct incl_groups_sums *sum, global const float *restrict x,
                                 global const float *restrict dz,
#if POOLED
                                 global const incl_code *restrict code,
#endif
                                 int row, int column, int kh, int first, const int count,
                                 const bool inside)
{
#if POOLED
    incl_lanes value[TILE_K];
    incl_ints codes[TILE_K];
#pragma unroll
    for (int v = 0; v < TILE_K; v++) {
        value[v] = LOAD(dz + v * NB);
        codes[v] = LOAD_CODES(code + v * NB, global);
        sum->b[v] += value[v];
    }
#endif
    for (int p = 0; p < WINDOW_CELLS; p++) {
        int top = (row * WINDOW_H + p / WINDOW_W) * STRIDE_H - PAD_TOP + kh * DILATION_H;
        int left = (column * WINDOW_W + p % WINDOW_W) * STRIDE_W - PAD_LEFT;
        incl_lanes part[TILE_K];
#pragma unroll
        for (int v = 0; v < TILE_K; v++) {
#if POOLED
            part[v] = CHOOSE(value[v], codes[v], p);
#else
            part[v] = LOAD(dz + ((p / WINDOW_W * OUT_W + p % WINDOW_W) * OUT_C + v) * NB);
            sum->b[v] += part[v];
#endif
        }
#pragma unroll
        for (int r = 0; r < TILE_KH; r++)
#pragma unroll
            for (int t = 0; t < count; t++) {
                int h = top + r * DILATION_H, w = left + (first + t) / GROUP_IN * DILATION_W;
                if (!inside && (h < 0 || h >= IN_H || w < 0 || w >= IN_W))
                    continue;
                incl_lanes factor = LOAD(x + X_AT(h, w, (first + t) % GROUP_IN) * NB);
#pragma unroll
                for (int v = 0; v < TILE_K; v++)
                    sum->w[r][t][v] = fma(factor, part[v], sum->w[r][t][v]);
            }
    }
}

/* Goes on from what `sums` holds, or from 0. */
INCL_INLINE void incl_groups_load(struct incl_groups_sums *sum, SCRATCH const float *sums,
                                  bool from_zero, const int count)
{
#pragma unroll
    for (int v = 0; v < TILE_K; v++) {
        SCRATCH const float *b = sums + (TILE_WEIGHTS + v) * NB;
        sum->b[v] = from_zero ? (incl_lanes)(0.0f) : LOAD(b);
#pragma unroll
        for (int r = 0; r < TILE_KH; r++)
#pragma unroll
            for (int t = 0; t < count; t++) {
                SCRATCH const float *w = sums + ((r * TILE_RUN + t) * TILE_K + v) * NB;
                sum->w[r][t][v] = from_zero ? (incl_lanes)(0.0f) : LOAD(w);
            }
    }
}

INCL_INLINE void incl_groups_store(const struct incl_groups_sums *sum, SCRATCH float *sums,
                                   const int count)
{
#pragma unroll
    for (int v = 0; v < TILE_K; v++) {
        STORE(sum->b[v], sums + (TILE_WEIGHTS + v) * NB);
#pragma unroll
        for (int r = 0; r < TILE_KH; r++)
#pragma unroll
            for (int t = 0; t < count; t++)
                STORE(sum->w[r][t][v], sums + ((r * TILE_RUN + t) * TILE_K + v) * NB);
    }
}

/* Adds what the windows of a part contribute in one block to `count` cells of a tile. x, dz and
 * code start at the block, the item's images and the tile's channels; sums at the tile and the
 * images. */
INCL_INLINE void incl_groups_part(global const float *restrict x, global const float *restrict dz,
#if POOLED
                                  global const incl_code *restrict code,
#endif
                                  SCRATCH float *sums, bool from_zero, int part, int kh, int first,
                                  const int count)
{
    struct incl_groups_sums sum;
    int end = min((part + 1) * SHARE, WINDOWS);
    incl_groups_load(&sum, sums, from_zero, count);
    for (int window = part * SHARE; window < end; window++) {
        int row = window / WINDOWS_W, column = window % WINDOWS_W;
        int place = POOLED ? window : row * WINDOW_H * OUT_W + column * WINDOW_W;
        int from = place * OUT_C * NB;
        if (incl_conv2d_is_inside(row, column))
            incl_groups_add(&sum, x, dz + from, CODE(code + from) row, column, kh, first, count,
                            true);
        else
            incl_groups_add(&sum, x, dz + from, CODE(code + from) row, column, kh, first, count,
                            false);
    }
    incl_groups_store(&sum, sums, count);
}

/* The same for a whole tile or the last one of a run, which may be smaller. */
INCL_OUTLINE void incl_groups_tile(global const float *restrict x, global const float *restrict dz,
#if POOLED
                                   global const incl_code *restrict code,
#endif
                                   SCRATCH float *sums, bool from_zero, int part, int kh, int first)
{
#if RUN % TILE_RUN
    if (first + TILE_RUN > RUN) {
        incl_groups_part(x, dz, CODE(code) sums, from_zero, part, kh, first, RUN % TILE_RUN);
        return;
    }
#endif
    incl_groups_part(x, dz, CODE(code) sums, from_zero, part, kh, first, TILE_RUN);
}

/* Adds up the NB places of the i-th sum of a tile, which starts at `sums`, into the part's
 * piece. */
INCL_INLINE void incl_groups_finish(SCRATCH const float *sums, global float *restrict piece,
                                    struct incl_groups_place place, int i)
{
    int v = i % TILE_K, t = i / TILE_K % TILE_RUN, r = i / TILE_K / TILE_RUN;
    bool of_bias = i >= TILE_WEIGHTS;
    int row = of_bias ? ROWS : (place.kh + r) * RUN + place.first + t;
    if (of_bias ? !HAS_BIAS || place.kh > 0 || place.first > 0 : place.first + t >= RUN)
        return;
    float sum = sums[i * NB];
    for (int n = 1; n < NB; n++)
        sum += sums[i * NB + n];
    piece[row * OUT_COLUMNS + place.k + v] = sum;
}

/* x [blocks][IN_H][IN_W][IN_C][NB], dz [blocks][POOLED_H][POOLED_W][OUT_C][NB], with a pool code of
 * that shape, read.  pieces [parts][ROWS + HAS_BIAS][OUT_COLUMNS], its OUT_C first columns written:
 * the last row is that of the bias. A group owns GROUP_TILES tiles of a part: dimension 1 has as
 * many groups as they need, dimension 2 the parts. */
kernel void conv2d_groups_backward_weights(global const float *restrict x,
                                           global const float *restrict dz,
#if POOLED
                                           global const incl_code *restrict code,
#endif
                                           global float *restrict pieces, int images)
{
    SCRATCH float sums[GROUP_TILES * TILE_SUMS * NB] __attribute__((aligned(64)));
    int part = GROUP(2), blocks = (images + NB - 1) / NB;
    int begin = GROUP(1) * GROUP_TILES, count = min(GROUP_TILES, WEIGHT_TILES - begin);
    /* Tiles of neighbouring channels take turns in a block, while its cells are in the cache. */
    FOR_LANES(lane)
    for (int block = 0; block < blocks; block++)
        FOR_SHARE(i, count)
        {
            struct incl_groups_place place = incl_groups_place(begin + i);
            int from = (block * POSITIONS * OUT_C + place.k) * NB + lane;
            int x_from = block * IN_H * IN_W * IN_C + place.k / GROUP_OUT * GROUP_IN;
            incl_groups_tile(x + x_from * NB + lane, dz + from, CODE(code + from)
                             sums + i * TILE_SUMS * NB + lane, block == 0, part, place.kh,
                             place.first);
        }
    SYNC();
    pieces += part * (ROWS + HAS_BIAS) * OUT_COLUMNS;
    FOR_ITEMS(e, count * TILE_SUMS)
    {
        int i = e / TILE_SUMS;
        incl_groups_finish(sums + i * TILE_SUMS * NB, pieces, incl_groups_place(begin + i),
                           e % TILE_SUMS);
    }
}
