/* Two-dimensional convolution (cross-correlation, as in every framework), optionally with a max
 * pooling of its output computed on the way.
 *   z[oh][ow][k] = b[k] + sum over kh, kw, c of
 *                  w[kh][kw][c][k] x[oh SH + kh DH - PT][ow SW + kw DW - PL][g IN_C / G + c]
 *   y = f(z), and with a pool y[ph][pw][k] = max of f(z) over its window, code = which cell it was
 *   dx = the same sum read backwards, over kh, kw, k
 *   dw = sum over images and positions of x dz,  db = sum of dz
 * c runs over the IN_C / G channels of k's group g = floor(k / (OUT_C / G)). Cells outside x count
 * as 0. Every sum runs in the order of its indices as written above; that of dw and db for each
 * part of SHARE windows over block of images, window, image and position in the window, and then
 * over the parts (with groups see conv2d_groups.cl). A window is that of the max pooling that
 * follows, computed here or not, or one position. So tiles and fusion change speed and never bits.
 *
 * IN_H IN_W IN_C  OUT_H OUT_W OUT_C   shapes of x and z
 * KERNEL_H KERNEL_W STRIDE_H STRIDE_W DILATION_H DILATION_W PAD_TOP PAD_LEFT
 * GROUPS     G, divides IN_C and OUT_C
 * HAS_BIAS   0 or 1
 * POOL_H POOL_W POOLED_H POOLED_W   window (its stride too) and shape of y; none: 1 1 OUT_H OUT_W
 * WINDOW_H WINDOW_W  positions of z in a window; with a pool its size
 * OUT_COLUMNS    OUT_C rounded up to a multiple of 16
 * TRAINS     0: there is no way back; see conv2d.h
 * INPUT      1: the forward pass picks the images of the batch from the data set; see input.h
 * TILE_OUT WIDE_OUT  output channels and neighbours in a row of z that a forward item sums at once
 * TILE_IN WIDE_IN    input channels and neighbours in a row of dx that a backward item sums at once
 *            both: 8 x 3, 16 x 1; channels of one group, or of whole groups; without walks, single
 *            cells where the taps of one reach over the edge
 * WALK_OUT WALK_IN WALK_TERMS   tiles that an item of either pass owns, which take turns at so many
 *            terms of their sums; above 1 only for long sums, several neighbours, and without
 *            groups, pool and INPUT
 * TILE_KH TILE_RUN TILE_K   kernel rows (1 or KERNEL_H), cells of such a row, and vectors along k,
 *            that an item of the weight gradient sums at once (3 x 3 x 2, 1 x 8 x 2, 1 x 16 x 1)
 * SHARE      windows whose part of dw is summed alone */
#include "phases.h"
#if INPUT
#define X_SPACE SCRATCH
#define INPUT_SPACE SCRATCH
#else
#define INPUT_SPACE global
#endif
#include "conv2d.h"
#include "input.h"

#define OUT_TILES TILES(TILE_OUT, GROUP_OUT, OUT_C)
#define OUT_TILE_AT(i) TILE_AT(i, TILE_OUT, GROUP_OUT, OUT_C)
#define OUT_WALKS ((OUT_TILES + WALK_OUT - 1) / WALK_OUT)
#define IN_TILES TILES(TILE_IN, GROUP_IN, IN_C)
#define IN_WALKS ((IN_TILES + WALK_IN - 1) / WALK_IN)
#define IN_TILE_AT(i) TILE_AT(i, TILE_IN, GROUP_IN, IN_C)

#ifndef WALK_OUT
#define WALK_OUT 1
#endif
#ifndef WALK_IN
#define WALK_IN 1
#endif

#if WALK_OUT > 1 || WALK_IN > 1
enum {
    OUT_SUMS = WIDE_OUT * TILE_OUT,
    IN_SUMS = WIDE_IN * TILE_IN,
    PREFETCH_TERMS = 8 /* of w ahead, where each has a line: more than prefetchers follow */
};

/* Adds `count` terms of one tap to `wide` neighbours of a tile of `channels`:
 *   sums[j][t] += from[i + j apart] w[i step + t across]   for i < count, in that order
 * from at the first term of the first neighbour, [LANES] an element; w at that of the tile's first
 * channel. */
INCL_INLINE void incl_conv2d_add(global const float *restrict from, global const float *restrict w,
                                 incl_lanes *sums, int count, const int wide, const int channels,
                                 const int apart, const int step, const int across)
{
    incl_lanes sum[OUT_SUMS > IN_SUMS ? OUT_SUMS : IN_SUMS];
#pragma unroll
    for (int j = 0; j < wide; j++)
#pragma unroll
        for (int t = 0; t < channels; t++)
            sum[j * channels + t] = sums[j * channels + t];
    for (int i = 0; i < count; i++, from += NB, w += step) {
        incl_lanes value[WIDE_OUT > WIDE_IN ? WIDE_OUT : WIDE_IN];
        if (step > 1)
            PREFETCH(w + PREFETCH_TERMS * step);
#pragma unroll
        for (int j = 0; j < wide; j++)
            value[j] = LOAD(from + j * apart * NB);
#pragma unroll
        for (int t = 0; t < channels; t++) {
            incl_lanes factor = (incl_lanes)(w[t * across]);
#pragma unroll
            for (int j = 0; j < wide; j++)
                sum[j * channels + t] = fma(value[j], factor, sum[j * channels + t]);
        }
    }
#pragma unroll
    for (int j = 0; j < wide; j++)
#pragma unroll
        for (int t = 0; t < channels; t++)
            sums[j * channels + t] = sum[j * channels + t];
}

/* incl_conv2d_add() for neighbours first .. end - 1 of `wide`, as many together as there are. */
INCL_INLINE void incl_conv2d_add_some(global const float *restrict from,
                                      global const float *restrict w, incl_lanes *sums, int first,
                                      int end, int count, const int wide, const int channels,
                                      const int apart, const int step, const int across)
{
    if (end - first == wide) {
        incl_conv2d_add(from, w, sums, count, wide, channels, apart, step, across);
        return;
    }
    if (wide > 2 && end - first == wide - 1) {
        incl_conv2d_add(from + first * apart * NB, w, sums + first * channels, count, wide - 1,
                        channels, apart, step, across);
        return;
    }
    for (int j = first; j < end; j++)
        incl_conv2d_add(from + j * apart * NB, w, sums + j * channels, count, 1, channels, apart,
                        step, across);
}
#endif

#if WALK_OUT > 1
/* Row `row` of y, `tiles` whole tiles from the one on that w, b and y start at. They take turns at
 * every WALK_TERMS terms of their sums, so that all but the first find their part of x in the
 * nearest cache. */
INCL_OUTLINE void incl_conv2d_walk(global const float *restrict x, global const float *restrict w,
#if HAS_BIAS
                                   global const float *restrict b,
#endif
                                   global float *restrict y, int row, int tiles)
{
    incl_lanes sums[WALK_OUT * WIDE_OUT * TILE_OUT];
    int h = row * STRIDE_H - PAD_TOP;
    for (int column = 0; column < OUT_W; column += WIDE_OUT) {
        int wide = min(WIDE_OUT, OUT_W - column);
        for (int i = 0; i < tiles * WIDE_OUT * TILE_OUT; i++)
#if HAS_BIAS
            sums[i] = (incl_lanes)(b[i / (WIDE_OUT * TILE_OUT) * TILE_OUT + i % TILE_OUT]);
#else
            sums[i] = (incl_lanes)(0.0f);
#endif
        for (int kh = 0; kh < KERNEL_H; kh++) {
            int from = h + kh * DILATION_H;
            if (from < 0 || from >= IN_H)
                continue;
            for (int kw = 0; kw < KERNEL_W; kw++) {
                int at = column * STRIDE_W - PAD_LEFT + kw * DILATION_W;
                int first = max(0, (STRIDE_W - 1 - at) / STRIDE_W);
                int end = min(wide, (STRIDE_W - 1 + IN_W - at) / STRIDE_W);
                for (int c = 0; c < IN_C; c += WALK_TERMS)
                    for (int tile = 0; tile < tiles; tile++)
                        incl_conv2d_add_some(x + X_AT(from, at, c) * NB,
                                             w + W_AT(kh, kw, c, tile * TILE_OUT),
                                             sums + tile * WIDE_OUT * TILE_OUT, first, end,
                                             min(WALK_TERMS, IN_C - c), WIDE_OUT, TILE_OUT,
                                             STRIDE_W * IN_C, OUT_C, 1);
            }
        }
        for (int tile = 0; tile < tiles; tile++)
            for (int i = 0; i < wide * TILE_OUT; i++)
                STORE(AFTER_POOL(sums[tile * WIDE_OUT * TILE_OUT + i]),
                      y + Y_AT(row, column + i / TILE_OUT, tile * TILE_OUT + i % TILE_OUT) * NB);
    }
}
#endif

#if INPUT
/* rows of x that one row of y reads, and how far apart those of neighbours begin */
#define PATCH_H ((POOL_H - 1) * STRIDE_H + REACH_H)
#define ADVANCE (POOL_H * STRIDE_H)

/* As conv2d_forward, with x made from the images order[first ..] of pixels; see gather.cl for
 * those, scaling, first and images. With TRAINS x is written as far as any window reads it. A group
 * owns a row of y of a block: dimension 1 has POOLED_H groups, dimension 2 the blocks. */
kernel void conv2d_forward(global const uchar *restrict pixels, global const int *restrict order,
                           global const float *restrict scaling,
#if TRAINS
                           global float *restrict x,
#endif
                           global const float *restrict w,
#if HAS_BIAS
                           global const float *restrict b,
#endif
                           global float *restrict y,
#if CODED
                           global incl_code *restrict code,
#endif
                           int first, int images)
{
    SCRATCH float patch[PATCH_H * ROW_BYTES * NB];
    int row = GROUP(1), block = GROUP(2);
    int top = row * ADVANCE - PAD_TOP;
#if TRAINS
    int own = row == POOLED_H - 1 ? PATCH_H : min(ADVANCE, PATCH_H);
#endif
    int y_of = block * POSITIONS * OUT_C * NB;
    FOR_LANES(lane)
    {
        int n = block * NB + lane;
        global const uchar *image[LANES];
        incl_input_images(pixels, order, first, n, images, IN_H * ROW_BYTES, image);
        FOR_SHARE(r, PATCH_H)
        {
            if (top + r < 0 || top + r >= IN_H)
                continue;
            SCRATCH float *from = patch + r * ROW_BYTES * NB + lane;
            incl_input_row(image, (top + r) * ROW_BYTES, scaling, n + LANE_NUMBERS < images, from);
#if TRAINS
            global float *to = x + (block * IN_H + top + r) * ROW_BYTES * NB + lane;
            for (int e = 0; e < ROW_BYTES && r < own; e++)
                STORE(LOAD(from + e * NB), to + e * NB);
#endif
        }
    }
    SYNC();
    FOR_LANES(lane)
    FOR_SHARE(tile, OUT_TILES)
    {
        int k = OUT_TILE_AT(tile), to = y_of + k * NB + lane;
        incl_conv2d_channels(patch + lane, top, w + k, BIAS(b + k) y + to, CODE(code + to) row, k);
    }
}
#else
/* x [blocks][IN_H][IN_W][IN_C][NB], w [KH][KW][IN_C / G][OUT_C], b [OUT_C], read.
 * y [blocks][POOLED_H][POOLED_W][OUT_C][NB], written; with a pool and TRAINS, code of that shape
 * too. Work-items {NB / LANES, POOLED_H OUT_WALKS or more, blocks}: one owns WALK_OUT tiles of
 * channels of a row of y. */
kernel void conv2d_forward(global const float *restrict x, global const float *restrict w,
#if HAS_BIAS
                           global const float *restrict b,
#endif
                           global float *restrict y
#if CODED
                           ,
                           global incl_code *restrict code
#endif
)
{
    int lane = get_global_id(0) * LANES, block = get_global_id(2);
    int row = get_global_id(1) % POOLED_H, tile = get_global_id(1) / POOLED_H * WALK_OUT;
    int k = OUT_TILE_AT(tile);
    int to = (block * POSITIONS * OUT_C + k) * NB + lane;
    if (tile >= OUT_TILES)
        return;
    x += block * IN_H * IN_W * IN_C * NB + lane;
#if WALK_OUT > 1
    int end = min(tile + WALK_OUT, OUT_TILES), whole = min(end, OUT_C / TILE_OUT) - tile;
    incl_conv2d_walk(x, w + k, BIAS(b + k) y + to, row, whole);
    if (tile + whole == end)
        return;
    k += whole * TILE_OUT;
    to += whole * TILE_OUT * NB;
#endif
    incl_conv2d_channels(x, 0, w + k, BIAS(b + k) y + to, CODE(code + to) row, k);
}
#endif

#if TRAINS
/* Cells h, column .. column + wide - 1 of dx; for more than one STRIDE_W is 1, and all of them must
 * lie inside a row of dx and all their taps inside one of z. */
INCL_INLINE void incl_conv2d_data_cells(global const float *restrict dz,
#if POOLED
                                        global const incl_code *restrict code,
#endif
                                        global const float *restrict w, global float *restrict dx,
                                        int h, int column, const int count, const int wide)
{
    incl_lanes sum[WIDE_IN * TILE_IN];
#pragma unroll
    for (int j = 0; j < wide; j++)
#pragma unroll
        for (int t = 0; t < count; t++)
            sum[j * count + t] = (incl_lanes)(0.0f);
    for (int kh = 0; kh < KERNEL_H; kh++) {
        int top = h + PAD_TOP - kh * DILATION_H, oh = top / STRIDE_H;
        if (top < 0 || top % STRIDE_H || oh >= POOLED_H * POOL_H)
            continue;
        for (int kw = 0; kw < KERNEL_W; kw++) {
            int left = column + PAD_LEFT - kw * DILATION_W, ow = left / STRIDE_W;
            if (wide == 1 && (left < 0 || left % STRIDE_W || ow >= POOLED_W * POOL_W))
                continue;
            int from = Y_AT(oh / POOL_H, ow / POOL_W, 0) * NB;
            for (int i = 0; i < GROUP_OUT; i++)
#pragma unroll
                for (int g = 0; g < GROUPS_OF(count, GROUP_IN); g++) {
                    int k = g * GROUP_OUT + i;
                    incl_lanes value[WIDE_IN];
#pragma unroll
                    for (int j = 0; j < wide; j++)
                        value[j] = LOAD(dz + from + (j * OUT_C + k) * NB);
#if POOLED
                    value[0] = CHOOSE(value[0], LOAD_CODES(code + from + k * NB, global),
                                      oh % POOL_H * POOL_W + ow % POOL_W);
#endif
#pragma unroll
                    for (int t = 0; t < OF_A_GROUP(count, GROUP_IN); t++) {
                        incl_lanes factor = (incl_lanes)(w[W_AT(kh, kw, t, k)]);
#pragma unroll
                        for (int j = 0; j < wide; j++) {
                            const int at = j * count + g * GROUP_IN + t;
                            sum[at] = fma(value[j], factor, sum[at]);
                        }
                    }
                }
        }
    }
#pragma unroll
    for (int j = 0; j < wide; j++)
#pragma unroll
        for (int t = 0; t < count; t++)
            STORE(sum[j * count + t], dx + X_AT(h, column + j, t) * NB);
}

/* Row h of dx, count channels; dz, code, w and dx as below. */
INCL_INLINE void incl_conv2d_data_row(global const float *restrict dz,
#if POOLED
                                      global const incl_code *restrict code,
#endif
                                      global const float *restrict w, global float *restrict dx,
                                      int h, const int count)
{
    for (int column = 0; column < IN_W; column++) {
#if WIDE_IN > 1
        int left = column + PAD_LEFT - (REACH_W - 1);
        if (count == TILE_IN && left >= 0 && column + WIDE_IN - 1 + PAD_LEFT < POOLED_W &&
            column + WIDE_IN <= IN_W) {
            incl_conv2d_data_cells(dz, w, dx, h, column, count, WIDE_IN);
            column += WIDE_IN - 1;
            continue;
        }
#endif
        incl_conv2d_data_cells(dz, CODE(code) w, dx, h, column, count, 1);
    }
}

/* Row h of dx, the channels of a tile; the last one may be smaller. dz and code start at the item's
 * images and the first channel of the first group, w at that and the tile's first channel c, dx at
 * the images and c. */
INCL_OUTLINE void incl_conv2d_data_channels(global const float *restrict dz,
#if POOLED
                                            global const incl_code *restrict code,
#endif
                                            global const float *restrict w,
                                            global float *restrict dx, int h, int c)
{
#if SPAN(TILE_IN, GROUP_IN, IN_C) % TILE_IN
    const int span = SPAN(TILE_IN, GROUP_IN, IN_C);
    if (IN_SPAN(c, TILE_IN, GROUP_IN, IN_C) + TILE_IN > span) {
        incl_conv2d_data_row(dz, CODE(code) w, dx, h, span % TILE_IN);
        return;
    }
#endif
    incl_conv2d_data_row(dz, CODE(code) w, dx, h, TILE_IN);
}

#if WALK_IN > 1
/* Row h of dx, `tiles` whole tiles from the one on that w and dx start at, as in
 * incl_conv2d_walk(). */
INCL_OUTLINE void incl_conv2d_data_walk(global const float *restrict dz,
                                        global const float *restrict w, global float *restrict dx,
                                        int h, int tiles)
{
    incl_lanes sums[WALK_IN * WIDE_IN * TILE_IN];
    for (int column = 0; column < IN_W; column += WIDE_IN) {
        int wide = min(WIDE_IN, IN_W - column);
        for (int i = 0; i < tiles * WIDE_IN * TILE_IN; i++)
            sums[i] = (incl_lanes)(0.0f);
        for (int kh = 0; kh < KERNEL_H; kh++) {
            int top = h + PAD_TOP - kh * DILATION_H, oh = top / STRIDE_H;
            if (top < 0 || top % STRIDE_H || oh >= POOLED_H)
                continue;
            for (int kw = 0; kw < KERNEL_W; kw++) {
                int at = column + PAD_LEFT - kw * DILATION_W;
                int first = max(0, -at), end = min(wide, POOLED_W - at);
                for (int k = 0; k < OUT_C; k += WALK_TERMS)
                    for (int tile = 0; tile < tiles; tile++)
                        incl_conv2d_add_some(dz + Y_AT(oh, at, k) * NB,
                                             w + W_AT(kh, kw, tile * TILE_IN, k),
                                             sums + tile * WIDE_IN * TILE_IN, first, end,
                                             min(WALK_TERMS, OUT_C - k), WIDE_IN, TILE_IN, OUT_C, 1,
                                             OUT_C);
            }
        }
        for (int tile = 0; tile < tiles; tile++)
            for (int i = 0; i < wide * TILE_IN; i++)
                STORE(sums[tile * WIDE_IN * TILE_IN + i],
                      dx + X_AT(h, column + i / TILE_IN, tile * TILE_IN + i % TILE_IN) * NB);
    }
}
#endif

/* dz as y of the forward pass, w, with a pool code, read.  dx as x, written.
 * Work-items {NB / LANES, IN_H IN_WALKS or more, blocks}: one owns WALK_IN tiles of channels of a
 * row. */
kernel void conv2d_backward_data(global const float *restrict dz,
#if POOLED
                                 global const incl_code *restrict code,
#endif
                                 global const float *restrict w, global float *restrict dx)
{
    int lane = get_global_id(0) * LANES, block = get_global_id(2);
    int h = get_global_id(1) % IN_H, tile = get_global_id(1) / IN_H * WALK_IN;
    int c = IN_TILE_AT(tile), k = GROUP_OF(c, GROUP_IN) * GROUP_OUT;
    if (tile >= IN_TILES)
        return;
    dz += (block * POSITIONS * OUT_C + k) * NB + lane;
#if POOLED
    code += (block * POSITIONS * OUT_C + k) * NB + lane;
#endif
    w += IN_GROUP(c, GROUP_IN) * OUT_C + k;
    dx += (block * IN_H * IN_W * IN_C + c) * NB + lane;
#if WALK_IN > 1
    int end = min(tile + WALK_IN, IN_TILES), whole = min(end, IN_C / TILE_IN) - tile;
    incl_conv2d_data_walk(dz, w, dx, h, whole);
    if (tile + whole == end)
        return;
    c += whole * TILE_IN;
    w += whole * TILE_IN * OUT_C;
    dx += whole * TILE_IN * NB;
#endif
    incl_conv2d_data_channels(dz, CODE(code) w, dx, h, c);
}

#if GROUPS == 1
/* What a tile sums at a time: windows begin .. end - 1 of blocks first .. last - 1. */
struct incl_stretch {
    int first, last, begin, end;
    bool from_zero; /* not: it goes on from what the piece holds */
};

/* Where dz_t of window (row, column) of a block begins. */
INCL_INLINE int incl_conv2d_window(int block, int row, int column)
{
    int place = POOLED ? row * POOLED_W + column : row * WINDOW_H * OUT_W + column * WINDOW_W;
    return (block * POSITIONS + place) * NB * OUT_COLUMNS;
}

INCL_INLINE void incl_conv2d_part(global const float *restrict x, global const float *restrict dz_t,
#if POOLED
                                  global const incl_code *restrict code_t,
#endif
                                  global float *restrict piece, struct incl_stretch of, int first,
                                  int kh_first, const int count)
{
    struct incl_conv2d_sums sum;
    incl_conv2d_sums_load(&sum, piece, of.from_zero, count);
    for (int block = of.first; block < of.last; block++)
        for (int window = of.begin; window < of.end; window++) {
            int row = window / WINDOWS_W, column = window % WINDOWS_W;
            int from = incl_conv2d_window(block, row, column);
            global const float *x_of = x + block * IN_H * IN_W * IN_C * NB;
            if (incl_conv2d_is_inside(row, column))
                incl_conv2d_sums_add(&sum, x_of, dz_t + from, CODE(code_t + from) row, column,
                                     first, kh_first, count, true);
            else
                incl_conv2d_sums_add(&sum, x_of, dz_t + from, CODE(code_t + from) row, column,
                                     first, kh_first, count, false);
        }
    incl_conv2d_sums_store(&sum, piece, count);
}

#if HAS_BIAS
INCL_INLINE void incl_conv2d_bias(global const float *restrict dz_t, global float *restrict piece,
                                  struct incl_stretch of)
{
    bool from_zero = of.from_zero;
    for (int block = of.first; block < of.last; block++)
        for (int window = of.begin; window < of.end; window++) {
            int row = window / WINDOWS_W, column = window % WINDOWS_W;
            incl_conv2d_bias_add(dz_t + incl_conv2d_window(block, row, column), piece, from_zero);
            from_zero = false;
        }
}
#endif

/* incl_conv2d_part() for the tile-th tile of the part that pieces starts at; the last one may be
 * smaller. The first tile's item sums the bias's gradient as well. */
INCL_OUTLINE void incl_conv2d_cells(global const float *restrict x,
                                    global const float *restrict dz_t,
#if POOLED
                                    global const incl_code *restrict code_t,
#endif
                                    global float *restrict pieces, struct incl_stretch of, int tile)
{
    int kh = tile / CELL_TILES * TILE_KH, first = CELL_TILE_AT(tile % CELL_TILES);
    global float *piece = pieces + (kh * RUN + first) * OUT_COLUMNS;
#if HAS_BIAS
    if (tile == 0)
        incl_conv2d_bias(dz_t, pieces + ROWS * OUT_COLUMNS, of);
#endif
#if CELL_SPAN % TILE_RUN
    if (IN_CELLS(first) + TILE_RUN > CELL_SPAN) {
        incl_conv2d_part(x, dz_t, CODE(code_t) piece, of, first, kh, CELL_SPAN % TILE_RUN);
        return;
    }
#endif
    incl_conv2d_part(x, dz_t, CODE(code_t) piece, of, first, kh, TILE_RUN);
}

/* x [blocks][IN_H][IN_W][IN_C][NB], dz_t [blocks][POOLED_H][POOLED_W][NB][OUT_COLUMNS], with a pool
 * code_t of that shape, read.  pieces [parts][ROWS + HAS_BIAS][OUT_COLUMNS], written: the last row
 * is that of the bias. An item owns `walk` tiles of a part. It goes through them all for `stretch`
 * windows of a block before it turns to the next, so that it finds x and dz_t in a cache; one tile
 * alone goes through all windows of all blocks. Work-items {OUT_COLUMNS / LANES / TILE_K,
 * KERNEL_H / TILE_KH CELL_TILES / walk or more, parts}. */
kernel void conv2d_backward_weights(global const float *restrict x,
                                    global const float *restrict dz_t,
#if POOLED
                                    global const incl_code *restrict code_t,
#endif
                                    global float *restrict pieces, int walk, int stretch,
                                    int images)
{
    const int tiles = KERNEL_H / TILE_KH * CELL_TILES;
    int k = get_global_id(0) * LANES * TILE_K, part = get_global_id(2);
    int first = get_global_id(1) * walk, last = min(first + walk, tiles);
    int blocks = (images + NB - 1) / NB, together = walk > 1 ? 1 : blocks;
    int begin = part * SHARE, end = min(begin + SHARE, WINDOWS);
    pieces += part * (ROWS + HAS_BIAS) * OUT_COLUMNS + k;
    for (int block = 0; block < blocks; block += together)
        for (int window = begin; window < end; window += stretch)
            for (int tile = first; tile < last; tile++) {
                struct incl_stretch of = {block, block + together, window,
                                          min(window + stretch, end),
                                          block == 0 && window == begin};
                incl_conv2d_cells(x, dz_t + k, CODE(code_t + k) pieces, of, tile);
            }
}
#endif
#endif
