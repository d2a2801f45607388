/* The sums of a convolution, tile by tile; see conv2d.cl for equations and macros.
 *
 * TRAINS    0: nothing goes back, and what only that needs is left out
 * X_SPACE   where the forward pass reads x: global, or SCRATCH of phases.h with INPUT
 * DZ_SPACE  where the weight gradient reads dz_t and code_t: global or SCRATCH */
#ifndef INCL_CONV2D_H
#define INCL_CONV2D_H
#include "activation.h"

#ifndef TRAINS
#define TRAINS 1
#endif
#ifndef X_SPACE
#define X_SPACE global
#endif
#ifndef DZ_SPACE
#define DZ_SPACE global
#define PREFETCH_DZ(p) PREFETCH(p)
#else
#define PREFETCH_DZ(p) (void)0
#endif
#ifndef WIDE_OUT
#define WIDE_OUT 1
#endif
#ifndef WIDE_IN
#define WIDE_IN 1
#endif

#define POOLED (POOL_H * POOL_W > 1)
#define GROUP_IN (IN_C / GROUPS)
#define GROUP_OUT (OUT_C / GROUPS)
#define REACH_H ((KERNEL_H - 1) * DILATION_H + 1)
#define REACH_W ((KERNEL_W - 1) * DILATION_W + 1)
#define X_AT(h, w, c) (((h) * IN_W + (w)) * IN_C + (c))
#define Y_AT(h, w, k) (((h) * POOLED_W + (w)) * OUT_C + (k))
#define W_AT(kh, kw, c, k) ((((kh) * KERNEL_W + (kw)) * GROUP_IN + (c)) * OUT_C + (k))
#define RUN (KERNEL_W * GROUP_IN)
/* Tiles of a kernel row's RUN cells: parts of one tap's channels, or of the whole row where those
 * are fewer than TILE_RUN. */
#define CELL_TILES TILES(TILE_RUN, GROUP_IN, RUN)
#define CELL_TILE_AT(i) TILE_AT(i, TILE_RUN, GROUP_IN, RUN)
#define IN_CELLS(first) IN_SPAN(first, TILE_RUN, GROUP_IN, RUN)
#define CELL_SPAN SPAN(TILE_RUN, GROUP_IN, RUN)
#define ONE_TAP (TILE_RUN <= GROUP_IN && TILE_KH == 1)
#define ROWS (KERNEL_H * RUN)
#define POSITIONS (POOLED_H * POOLED_W)
#define WINDOW_CELLS (WINDOW_H * WINDOW_W)
#define WINDOWS_W (OUT_W / WINDOW_W)
#define WINDOWS (OUT_H / WINDOW_H * WINDOWS_W)

/* A tile of channels lies in one group of `each`, or is so many whole groups: tiles divide a span,
 * the group or all channels, of which the last tile may be smaller. */
#define SPAN(tile, each, all) ((tile) < (each) ? (each) : (all))
#define SPAN_TILES(tile, each, all) ((SPAN(tile, each, all) + (tile) - 1) / (tile))
#define TILES(tile, each, all) (SPAN_TILES(tile, each, all) * ((all) / SPAN(tile, each, all)))
/* The first channel of the i-th tile; the group of a channel, its number in it and in the span. */
#define TILE_AT(i, tile, each, all)                                                                \
    (SPAN(tile, each, all) == (all)                                                                \
         ? (i) * (tile)                                                                            \
         : (i) / SPAN_TILES(tile, each, all) * (each) + (i) % SPAN_TILES(tile, each, all) * (tile))
#define GROUP_OF(channel, each) (GROUPS == 1 ? 0 : (channel) / (each))
#define IN_GROUP(channel, each) ((channel) - GROUP_OF(channel, each) * (each))
#define IN_SPAN(channel, tile, each, all)                                                          \
    (SPAN(tile, each, all) == (all) ? (channel) : (channel) % (each))
/* Groups that `count` channels of a tile belong to, and channels of each. */
#define GROUPS_OF(count, each) (((count) + (each) - 1) / (each))
#define OF_A_GROUP(count, each) ((count) < (each) ? (count) : (each))

/* Are there codes? Only the way back needs them. */
#define CODED (POOLED && TRAINS)
#if CODED
#define CODE(code) code,
#else
#define CODE(code)
#endif
#if HAS_BIAS
#define BIAS(b) b,
#else
#define BIAS(b)
#endif

/* f(z) before the maximum is needed where f is not relu: only relu commutes with it bit by bit. */
#if POOLED && ACTIVATION != 1
#define BEFORE_POOL(z) incl_activate(ACTIVATION, z)
#define AFTER_POOL(z) (z)
#else
#define BEFORE_POOL(z) (z)
#define AFTER_POOL(z) incl_activate(ACTIVATION, z)
#endif

/* true when a window can reach over the edge of x */
#define PADDED                                                                                     \
    (PAD_TOP > 0 || PAD_LEFT > 0 || (OUT_H - 1) * STRIDE_H + REACH_H > IN_H ||                     \
     (OUT_W - 1) * STRIDE_W + REACH_W > IN_W)

/* sum[j * count + t] = z[oh][ow + j][t] for j < wide; x starts at the item's images, at row `top`
 * of x and at the first channel of the first group, w and b at the item's first channel. Of several
 * positions, all taps must lie inside a row of x. */
INCL_INLINE void incl_conv2d_positions(X_SPACE const float *restrict x, int top,
                                       global const float *restrict w,
#if HAS_BIAS
                                       global const float *restrict b,
#endif
                                       int oh, int ow, incl_lanes *sum, const int count,
                                       const int wide)
{
    int h = oh * STRIDE_H - PAD_TOP, left = ow * STRIDE_W - PAD_LEFT;
    int kh_first = 0, kh_end = KERNEL_H, kw_first = 0, kw_end = KERNEL_W;
#if PADDED
    kh_first = max(0, (DILATION_H - 1 - h) / DILATION_H);
    kh_end = min(KERNEL_H, (DILATION_H - 1 + IN_H - h) / DILATION_H);
    if (wide == 1) {
        kw_first = max(0, (DILATION_W - 1 - left) / DILATION_W);
        kw_end = min(KERNEL_W, (DILATION_W - 1 + IN_W - left) / DILATION_W);
    }
#endif
#pragma unroll
    for (int j = 0; j < wide; j++)
#pragma unroll
        for (int t = 0; t < count; t++)
#if HAS_BIAS
            sum[j * count + t] = (incl_lanes)(b[t]);
#else
            sum[j * count + t] = (incl_lanes)(0.0f);
#endif
    for (int kh = kh_first; kh < kh_end; kh++)
        for (int kw = kw_first; kw < kw_end; kw++)
            for (int c = 0; c < GROUP_IN; c++)
#pragma unroll
                for (int g = 0; g < GROUPS_OF(count, GROUP_OUT); g++) {
                    int row = h - top + kh * DILATION_H, column = left + kw * DILATION_W;
                    incl_lanes value[WIDE_OUT];
#pragma unroll
                    for (int j = 0; j < wide; j++)
                        value[j] =
                            LOAD(x + X_AT(row, column + j * STRIDE_W, g * GROUP_IN + c) * NB);
#pragma unroll
                    for (int i = 0; i < OF_A_GROUP(count, GROUP_OUT); i++) {
                        const int t = g * GROUP_OUT + i;
                        incl_lanes factor = (incl_lanes)(w[W_AT(kh, kw, c, t)]);
#pragma unroll
                        for (int j = 0; j < wide; j++)
                            sum[j * count + t] = fma(value[j], factor, sum[j * count + t]);
                    }
                }
}

/* Row `row` of y, count channels. x, w, b as above; y and code start at the item's images and
 * channel. */
INCL_INLINE void incl_conv2d_row(X_SPACE const float *restrict x, int top,
                                   global const float *restrict w,
#if HAS_BIAS
                                   global const float *restrict b,
#endif
                                   global float *restrict y,
#if CODED
                                   global incl_code *restrict code,
#endif
                                   int row, const int count)
{
    for (int column = 0; column < POOLED_W; column++) {
#if WIDE_OUT > 1 && !POOLED
        int left = column * STRIDE_W - PAD_LEFT;
        if (count == TILE_OUT && left >= 0 &&
            left + (WIDE_OUT - 1) * STRIDE_W + REACH_W <= IN_W) {
            incl_lanes sum[WIDE_OUT * TILE_OUT];
            incl_conv2d_positions(x, top, w, BIAS(b) row, column, sum, count, WIDE_OUT);
#pragma unroll
            for (int j = 0; j < WIDE_OUT; j++)
#pragma unroll
                for (int t = 0; t < count; t++)
                    STORE(AFTER_POOL(sum[j * count + t]), y + Y_AT(row, column + j, t) * NB);
            column += WIDE_OUT - 1;
            continue;
        }
#endif
        incl_lanes best[TILE_OUT];
        incl_conv2d_positions(x, top, w, BIAS(b) row * POOL_H, column * POOL_W, best, count, 1);
#if POOLED
#if CODED
        incl_ints cell[TILE_OUT];
#else
        incl_lanes size[TILE_OUT]; /* the sum of |z|: NaN as soon as one z is */
#endif
#pragma unroll
        for (int t = 0; t < count; t++) {
            best[t] = BEFORE_POOL(best[t]);
#if CODED
            cell[t] = (incl_ints)(0);
#else
            size[t] = fabs(best[t]);
#endif
        }
#pragma unroll
        for (int p = 1; p < POOL_H * POOL_W; p++) {
            incl_lanes sum[TILE_OUT];
            incl_conv2d_positions(x, top, w, BIAS(b) row * POOL_H + p / POOL_W,
                                  column * POOL_W + p % POOL_W, sum, count, 1);
#pragma unroll
            for (int t = 0; t < count; t++) {
                incl_lanes z = BEFORE_POOL(sum[t]);
#if CODED
                incl_ints larger = (z > best[t]) | (z != z);
                best[t] = larger ? z : best[t];
                cell[t] = larger ? (incl_ints)(p) : cell[t];
#else
                best[t] = z > best[t] ? z : best[t];
                size[t] += fabs(z);
#endif
            }
        }
#pragma unroll
        for (int t = 0; t < count; t++)
#if CODED
            STORE_CODES(cell[t], code + Y_AT(row, column, t) * NB);
#else
            best[t] = size[t] == size[t] ? best[t] : size[t];
#endif
#endif
#pragma unroll
        for (int t = 0; t < count; t++)
            STORE(AFTER_POOL(best[t]), y + Y_AT(row, column, t) * NB);
    }
}

/* The same for the channels of a tile; the last one may be smaller. x starts at the item's images;
 * w, b, y and code at those and at the tile's first channel k. */
INCL_OUTLINE void incl_conv2d_channels(X_SPACE const float *restrict x, int top,
                                        global const float *restrict w,
#if HAS_BIAS
                                        global const float *restrict b,
#endif
                                        global float *restrict y,
#if CODED
                                        global incl_code *restrict code,
#endif
                                        int row, int k)
{
    x += GROUP_OF(k, GROUP_OUT) * GROUP_IN * NB;
#if SPAN(TILE_OUT, GROUP_OUT, OUT_C) % TILE_OUT
    const int span = SPAN(TILE_OUT, GROUP_OUT, OUT_C);
    if (IN_SPAN(k, TILE_OUT, GROUP_OUT, OUT_C) + TILE_OUT > span) {
        incl_conv2d_row(x, top, w, BIAS(b) y, CODE(code) row, span % TILE_OUT);
        return;
    }
#endif
    incl_conv2d_row(x, top, w, BIAS(b) y, CODE(code) row, TILE_OUT);
}

/* The gradient at the p-th cell of a window from that at its maximum. */
#define CHOOSE(value, codes, p) ((codes) == (incl_ints)(p) ? (value) : (incl_lanes)(0.0f))

/* Cells of x that dilation and other groups put between the first of a kernel row's RUN and the
 * r-th. */
#define GAP(r) ((r) / GROUP_IN * (DILATION_W * IN_C - GROUP_IN))

/* The sums of a tile of the weight gradient without groups; its vectors run along k. The cells of x
 * that one kernel row touches lie side by side but for gaps, RUN of them, so a tile is TILE_RUN
 * neighbours in TILE_KH rows. */
struct incl_conv2d_sums {
    incl_lanes w[TILE_KH][TILE_RUN][TILE_K];
};

/* Goes on from what `piece` holds, which starts at the tile, or from 0. */
INCL_INLINE void incl_conv2d_sums_load(struct incl_conv2d_sums *sum, global const float *piece,
                                       bool from_zero, const int count)
{
#pragma unroll
    for (int v = 0; v < TILE_K; v++)
#pragma unroll
        for (int r = 0; r < TILE_KH; r++)
#pragma unroll
            for (int t = 0; t < count; t++)
                sum->w[r][t][v] = from_zero
                                      ? (incl_lanes)(0.0f)
                                      : LOAD(piece + (r * RUN + t) * OUT_COLUMNS + v * LANES);
}

INCL_INLINE void incl_conv2d_sums_store(const struct incl_conv2d_sums *sum, global float *piece,
                                        const int count)
{
#pragma unroll
    for (int v = 0; v < TILE_K; v++)
#pragma unroll
        for (int r = 0; r < TILE_KH; r++)
#pragma unroll
            for (int t = 0; t < count; t++)
                STORE(sum->w[r][t][v], piece + (r * RUN + t) * OUT_COLUMNS + v * LANES);
}

/* Is there a cell `along` in row `down` of x? */
INCL_INLINE bool incl_conv2d_lies_in(int down, int along)
{
    return down >= 0 && down < IN_H && along >= 0 && along < IN_W * IN_C;
}

/* Where position p of a window has its images in dz_t, which starts at the window's first one or,
 * with a pool, has one for the window. */
#define PLACE(p) (POOLED ? 0 : ((p) / WINDOW_W * OUT_W + (p) % WINDOW_W) * NB)
/* How far the next window of a row lies behind it there. */
#define NEXT_WINDOW (POOLED ? NB : WINDOW_W * NB)

/* Adds what one window of a block of images contributes, and asks for what the next one reads,
 * of x in the first row. x: the block; dz_t, code_t: at the tile's channels, [NB][OUT_COLUMNS] for the window or, without a
 * pool, for its first position. `inside` tells that every cell the window reads lies in x. */
INCL_INLINE void incl_conv2d_sums_add(struct incl_conv2d_sums *sum,
                                      global const float *restrict x,
                                      DZ_SPACE const float *restrict dz_t,
#if POOLED
                                      DZ_SPACE const incl_code *restrict code_t,
#endif
                                      int row, int column, int first, int kh_first,
                                      const int count, const bool inside)
{
    int h = row * WINDOW_H * STRIDE_H - PAD_TOP + kh_first * DILATION_H;
    int cell = (column * WINDOW_W * STRIDE_W - PAD_LEFT) * IN_C + first;
    for (int n = 0; n < NB; n++) {
#pragma unroll
        for (int p = 0; p < WINDOW_CELLS; p++) {
            int top = h + p / WINDOW_W * STRIDE_H;
            int start = cell + p % WINDOW_W * STRIDE_W * IN_C + GAP(first);
            if (ONE_TAP && !inside && !incl_conv2d_lies_in(top, start))
                continue;
            incl_lanes part[TILE_K];
#pragma unroll
            for (int v = 0; v < TILE_K; v++) {
                if (!POOLED || p == 0)
                    PREFETCH_DZ(dz_t + (PLACE(p) + n + NEXT_WINDOW) * OUT_COLUMNS + v * LANES);
                part[v] = LOAD(dz_t + (PLACE(p) + n) * OUT_COLUMNS + v * LANES);
#if POOLED
                part[v] = CHOOSE(part[v],
                                 LOAD_CODES(code_t + n * OUT_COLUMNS + v * LANES, DZ_SPACE), p);
#endif
            }
            global const float *from = x + (top * IN_W * IN_C + start) * NB + n;
            PREFETCH(x + (top * IN_W * IN_C + start + WINDOW_W * STRIDE_W * IN_C + n) * NB);
#pragma unroll
            for (int r = 0; r < TILE_KH; r++)
#pragma unroll
                for (int t = 0; t < count; t++) {
                    /* channels of one tap are neighbours */
                    int along = t + (ONE_TAP ? 0 : GAP(first + t) - GAP(first));
                    bool there = inside || ONE_TAP ||
                                 incl_conv2d_lies_in(top + r * DILATION_H, start + along);
                    float factor = there ? from[(r * DILATION_H * IN_W * IN_C + along) * NB] : 0.0f;
#pragma unroll
                    for (int v = 0; v < TILE_K; v++)
                        sum->w[r][t][v] = fma((incl_lanes)(factor), part[v], sum->w[r][t][v]);
                }
        }
    }
}

/* Adds the same window's part of the bias's gradient to what piece holds, or to 0. */
INCL_INLINE void incl_conv2d_bias_add(DZ_SPACE const float *restrict dz_t, global float *piece,
                                      bool from_zero)
{
#pragma unroll
    for (int v = 0; v < TILE_K; v++) {
        incl_lanes sum = from_zero ? (incl_lanes)(0.0f) : LOAD(piece + v * LANES);
        for (int n = 0; n < NB; n++)
            for (int p = 0; p < (POOLED ? 1 : WINDOW_CELLS); p++)
                sum += LOAD(dz_t + (PLACE(p) + n) * OUT_COLUMNS + v * LANES);
        STORE(sum, piece + v * LANES);
    }
}

/* Does all that window (row, column) reads lie in x? A constant where no window is padded. */
INCL_INLINE bool incl_conv2d_is_inside(int row, int column)
{
    if (!PADDED)
        return true;
    int h = row * WINDOW_H * STRIDE_H - PAD_TOP, left = column * WINDOW_W * STRIDE_W - PAD_LEFT;
    return h >= 0 && h + (WINDOW_H - 1) * STRIDE_H + REACH_H <= IN_H && left >= 0 &&
           left + (WINDOW_W - 1) * STRIDE_W + REACH_W <= IN_W;
}

#endif
