/* Backward pass of a dense layer that reads the flattened output of a conv2d, with the activation and
 * the pool of that, together with the weight gradient of the conv2d, which needs no gradient at its
 * own input. The gradient between the two never reaches memory.
 *   dy = dx of the dense layer,  dz = f'(y) dy of the conv2d;  dw and db of both as in dense.cl and
 *   conv2d.cl, in the same order of every sum
 *
 * Macros of conv2d.cl; HAS_BIAS and ACTIVATION are the conv2d's. IN = POOLED_H POOLED_W OUT_C, OUT,
 * COLUMNS, TILE_ROWS, TILE_V of dense.cl; TILE_IN, rows of the dense layer's w that an item multiplies
 * at once, is a multiple of LANES that divides 16. */
#include "phases.h"
#define DZ_SPACE SCRATCH
#include "conv2d.h"
#include "dense.h"

/* dz of the conv2d at `count` channels of one position of LANES images, and the codes, transposed.
 * dz is the dense layer's; w starts at the row of the first channel; y and code at it and the images;
 * dz_t and code_t at them. Channels past count are 0. */
INCL_INLINE void incl_dense_conv2d_tile(global const float *restrict dz, global const float *w,
                                          global const float *restrict y,
#if POOLED
                                          global const incl_code *restrict code,
                                          SCRATCH incl_code *code_t,
#endif
                                          SCRATCH float *dz_t, const int count)
{
    incl_lanes sum[TILE_IN];
    incl_dense_data_sums(dz, w, sum, count);
#pragma unroll
    for (int t = 0; t < TILE_IN; t++)
        sum[t] = t < count ? incl_activate_backward(ACTIVATION, LOAD(y + t * NB), sum[t])
                           : (incl_lanes)(0.0f);
#pragma unroll
    for (int k = 0; k < TILE_IN; k += LANES) {
        TRANSPOSE(incl_lanes, (sum + k));
#pragma unroll
        for (int l = 0; l < LANES; l++)
            STORE(sum[k + l], dz_t + l * OUT_COLUMNS + k);
#if POOLED
        incl_codes cell[LANES];
#pragma unroll
        for (int q = 0; q < LANES; q++)
            cell[q] = k + q < count ? *(global const incl_codes *)(code + (k + q) * NB)
                                    : (incl_codes)(0);
        TRANSPOSE(incl_codes, cell);
#pragma unroll
        for (int l = 0; l < LANES; l++)
            *(SCRATCH incl_codes *)(code_t + l * OUT_COLUMNS + k) = cell[l];
#endif
    }
}

/* The same for the channels k .. k + TILE_IN - 1, of which some or all may be past OUT_C. */
INCL_OUTLINE void incl_dense_conv2d_channels(global const float *restrict dz,
                                              global const float *w, global const float *restrict y,
#if POOLED
                                              global const incl_code *restrict code,
                                              SCRATCH incl_code *code_t,
#endif
                                              SCRATCH float *dz_t, int k)
{
    if (k + TILE_IN <= OUT_C)
        incl_dense_conv2d_tile(dz, w, y, CODE(code) CODE(code_t) dz_t, TILE_IN);
    else if (k < OUT_C)
        incl_dense_conv2d_tile(dz, w, y, CODE(code) CODE(code_t) dz_t, OUT_C % TILE_IN);
    else
        incl_dense_conv2d_tile(dz, w, y, CODE(code) CODE(code_t) dz_t, 0);
}

/* Adds what window (row, column) of a block contributes to a tile of the conv2d's weight gradient. */
INCL_INLINE void incl_dense_conv2d_add(global const float *restrict x,
                                         SCRATCH const float *dz_t,
#if POOLED
                                         SCRATCH const incl_code *code_t,
#endif
                                         global float *piece, bool from_zero, int row, int column,
                                         int first, int kh, const int count)
{
    struct incl_conv2d_sums sum;
    incl_conv2d_sums_load(&sum, piece, from_zero, count);
    if (incl_conv2d_is_inside(row, column))
        incl_conv2d_sums_add(&sum, x, dz_t, CODE(code_t) row, column, first, kh, count, true);
    else
        incl_conv2d_sums_add(&sum, x, dz_t, CODE(code_t) row, column, first, kh, count, false);
    incl_conv2d_sums_store(&sum, piece, count);
}

/* x [blocks][IN_H][IN_W][IN_C][NB], y [blocks][POOLED_H][POOLED_W][OUT_C][NB] of the conv2d, with a
 * pool code of y's shape, dz [blocks][OUT][NB] and dz_t [blocks][NB][COLUMNS] of the dense layer,
 * read.  w [IN][OUT] of the dense layer, read and with APPLY updated,
 * with its state; otherwise dw, written.
 * pieces [parts][ROWS + HAS_BIAS][OUT_COLUMNS] of the conv2d, written.
 * A group owns a part, the rows of w that belong to its SHARE positions: dimension 1 has `parts`
 * groups. */
kernel void dense_conv2d_backward(global const float *restrict x, global const float *restrict y,
#if POOLED
                                  global const incl_code *restrict code,
#endif
                                  global const float *restrict dz,
                                  global const float *restrict dz_t, global float *w,
#if !APPLY
                                  global float *restrict dw,
#endif
                                  STATE_ARGS(w) global float *restrict pieces,
                                  incl_rates rates, int images)
{
    SCRATCH float here_t[NB * OUT_COLUMNS] __attribute__((aligned(64)));
#if POOLED
    SCRATCH incl_code code_t[NB * OUT_COLUMNS] __attribute__((aligned(64)));
#endif
    const int k_tiles = OUT_COLUMNS / LANES / TILE_K;
    int part = GROUP(1), blocks = (images + NB - 1) / NB;
    int begin = part * SHARE, end = min(begin + SHARE, POSITIONS);
    pieces += part * (ROWS + HAS_BIAS) * OUT_COLUMNS;

    for (int block = 0; block < blocks; block++)
        for (int position = begin; position < end; position++) {
            int row = position / POOLED_W, column = position % POOLED_W;
            global const float *x_of = x + block * IN_H * IN_W * IN_C * NB;
            FOR_LANES(lane)
                FOR_SHARE(tile, OUT_COLUMNS / TILE_IN) {
                    int k = tile * TILE_IN, from = position * OUT_C + k;
                    int at = (block * IN + from) * NB + lane, to = lane * OUT_COLUMNS + k;
                    incl_dense_conv2d_channels(dz + block * OUT * NB + lane, w + from * OUT, y + at,
                                               CODE(code + at) CODE(code_t + to) here_t + to, k);
                }
            SYNC();
            FOR_ITEMS(tile, k_tiles * CELL_TILES * (KERNEL_H / TILE_KH)) {
                int k = tile % k_tiles * LANES * TILE_K, which = tile / k_tiles;
                int kh = which / CELL_TILES * TILE_KH, first = CELL_TILE_AT(which % CELL_TILES);
                global float *piece = pieces + (kh * RUN + first) * OUT_COLUMNS + k;
                bool from_zero = block == 0 && position == begin;
                if (HAS_BIAS && which == 0)
                    incl_conv2d_bias_add(here_t + k, pieces + ROWS * OUT_COLUMNS + k, from_zero);
                if (IN_CELLS(first) + TILE_RUN <= CELL_SPAN)
                    incl_dense_conv2d_add(x_of, here_t + k, CODE(code_t + k) piece, from_zero,
                                          row, column, first, kh, TILE_RUN);
#if CELL_SPAN % TILE_RUN
                else
                    incl_dense_conv2d_add(x_of, here_t + k, CODE(code_t + k) piece, from_zero,
                                          row, column, first, kh, CELL_SPAN % TILE_RUN);
#endif
            }
            SYNC();
        }

    const int width = LANES * TILE_V, columns = COLUMNS / width;
    const int row_tiles = (OUT_C + TILE_ROWS - 1) / TILE_ROWS;
#if APPLY
    global float *dw = w;
#endif
    for (int position = begin; position < end; position++)
        FOR_ITEMS(tile, row_tiles * columns) {
            int k = tile / columns * TILE_ROWS, i = position * OUT_C + k, o = tile % columns * width;
            if (k + TILE_ROWS <= OUT_C)
                incl_dense_weights_tile(y, dz_t, dw, STATES_OF(w) i, o, blocks, rates, TILE_ROWS);
#if OUT_C % TILE_ROWS
            else
                incl_dense_weights_tile(y, dz_t, dw, STATES_OF(w) i, o, blocks, rates,
                                        OUT_C % TILE_ROWS);
#endif
        }
}
