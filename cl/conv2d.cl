/* Two-dimensional convolution (cross-correlation, as in every framework), optionally with a max
 * pooling of its output computed on the way.
 *   z[oh][ow][k] = b[k] + sum over kh, kw, c of w[kh][kw][c][k] x[oh SH + kh - PT][ow SW + kw - PL][c]
 *   y = f(z), and with a pool y[ph][pw][k] = max of f(z) over its window, code = which cell it was
 *   dx = the same sum read backwards,  dw = sum over images and positions of x dz,  db = sum of dz
 * Cells outside x count as 0. Every sum runs in the order of its indices as written above (dw: image
 * block, oh, ow, image), with or without the pool, so tiles and fusion change speed and never bits.
 *
 * IN_H IN_W IN_C  OUT_H OUT_W OUT_C   shapes of x and z
 * KERNEL_H KERNEL_W STRIDE_H STRIDE_W PAD_TOP PAD_LEFT
 * HAS_BIAS   0 or 1
 * POOL_H POOL_W POOLED_H POOLED_W   window (its stride too) and shape of y; 1 1 OUT_H OUT_W: no pool
 * COLUMNS    OUT_C rounded up to a multiple of 16
 * TILE_OUT   output channels that a forward item sums at once (8 .. 16)
 * TILE_IN    input channels that a backward item sums at once (16)
 * TILE_KH TILE_RUN TILE_V   kernel rows (1 or KERNEL_H), cells of such a row, and vectors along k,
 *            that an item of the weight gradient sums at once (3 x 3 x 2, 1 x 8 x 2, 1 x 16 x 1)
 * PARTS      partial sums of the weight gradient: image blocks are dealt to them in runs */
#include "activation.h"

#define POOLED (POOL_H * POOL_W > 1)
#define X_AT(h, w, c) (((h) * IN_W + (w)) * IN_C + (c))
#define Y_AT(h, w, k) (((h) * POOLED_W + (w)) * OUT_C + (k))
#define W_AT(kh, kw, c, k) ((((kh) * KERNEL_W + (kw)) * IN_C + (c)) * OUT_C + (k))
#define RUN (KERNEL_W * IN_C)
#define ROWS (KERNEL_H * RUN)

/* f(z) before the maximum is needed where f is not relu: only relu commutes with it bit by bit. */
#if POOLED && ACTIVATION != 1
#define BEFORE_POOL(z) incl_activate(z)
#define AFTER_POOL(z) (z)
#else
#define BEFORE_POOL(z) (z)
#define AFTER_POOL(z) incl_activate(z)
#endif

/* true when a window can reach over the edge of x */
#define PADDED                                                                                     \
    (PAD_TOP > 0 || PAD_LEFT > 0 || (OUT_H - 1) * STRIDE_H + KERNEL_H > IN_H ||                    \
     (OUT_W - 1) * STRIDE_W + KERNEL_W > IN_W)

/* sum[t] = z[oh][ow][k + t]; x and w start at the item's images and at channel k. */
static inline void incl_conv2d_position(global const float *restrict x,
                                        global const float *restrict w,
#if HAS_BIAS
                                        global const float *restrict b,
#endif
                                        int oh, int ow, incl_lanes *sum, const int count)
{
    int h = oh * STRIDE_H - PAD_TOP, left = ow * STRIDE_W - PAD_LEFT;
#if PADDED
    int kh_first = max(0, -h), kh_end = min(KERNEL_H, IN_H - h);
    int kw_first = max(0, -left), kw_end = min(KERNEL_W, IN_W - left);
#else
    const int kh_first = 0, kh_end = KERNEL_H, kw_first = 0, kw_end = KERNEL_W;
#endif
#pragma unroll
    for (int t = 0; t < count; t++)
#if HAS_BIAS
        sum[t] = (incl_lanes)(b[t]);
#else
        sum[t] = (incl_lanes)(0.0f);
#endif
    for (int kh = kh_first; kh < kh_end; kh++)
        for (int kw = kw_first; kw < kw_end; kw++)
            for (int c = 0; c < IN_C; c++) {
                incl_lanes value = LOAD(x + X_AT(h + kh, left + kw, c) * NB);
#pragma unroll
                for (int t = 0; t < count; t++)
                    sum[t] = fma(value, (incl_lanes)(w[W_AT(kh, kw, c, t)]), sum[t]);
            }
}

#if HAS_BIAS
#define BIAS b,
#else
#define BIAS
#endif

static inline void incl_conv2d_row(global const float *restrict x, global const float *restrict w,
#if HAS_BIAS
                                   global const float *restrict b,
#endif
                                   global float *restrict y,
#if POOLED
                                   global incl_code *restrict code,
#endif
                                   int row, const int count)
{
    for (int column = 0; column < POOLED_W; column++) {
        incl_lanes best[TILE_OUT];
        incl_conv2d_position(x, w, BIAS row * POOL_H, column * POOL_W, best, count);
#if POOLED
        incl_ints cell[TILE_OUT];
#pragma unroll
        for (int t = 0; t < count; t++) {
            best[t] = BEFORE_POOL(best[t]);
            cell[t] = (incl_ints)(0);
        }
#pragma unroll
        for (int p = 1; p < POOL_H * POOL_W; p++) {
            incl_lanes sum[TILE_OUT];
            incl_conv2d_position(x, w, BIAS row * POOL_H + p / POOL_W,
                                 column * POOL_W + p % POOL_W, sum, count);
#pragma unroll
            for (int t = 0; t < count; t++) {
                incl_lanes z = BEFORE_POOL(sum[t]);
                incl_ints larger = (z > best[t]) | (z != z);
                best[t] = larger ? z : best[t];
                cell[t] = larger ? (incl_ints)(p) : cell[t];
            }
        }
#pragma unroll
        for (int t = 0; t < count; t++)
            STORE_CODES(cell[t], code + Y_AT(row, column, t) * NB);
#endif
#pragma unroll
        for (int t = 0; t < count; t++)
            STORE(AFTER_POOL(best[t]), y + Y_AT(row, column, t) * NB);
    }
}

/* x [blocks][IN_H][IN_W][IN_C][NB], w [KH][KW][IN_C][OUT_C], b [OUT_C], read.
 * y [blocks][POOLED_H][POOLED_W][OUT_C][NB], written; with a pool, code of the same shape too.
 * Work-items {NB / LANES, POOLED_H ceil(OUT_C / TILE_OUT), blocks}: one owns TILE_OUT channels of a
 * row of y. */
kernel void conv2d_forward(global const float *restrict x, global const float *restrict w,
#if HAS_BIAS
                           global const float *restrict b,
#endif
                           global float *restrict y
#if POOLED
                           ,
                           global incl_code *restrict code
#endif
)
{
    const int tiles = (OUT_C + TILE_OUT - 1) / TILE_OUT;
    int lane = get_global_id(0) * LANES, block = get_global_id(2);
    int row = get_global_id(1) / tiles, k = get_global_id(1) % tiles * TILE_OUT;
    x += block * IN_H * IN_W * IN_C * NB + lane;
    w += k;
#if HAS_BIAS
    b += k;
#endif
    y += (block * POOLED_H * POOLED_W * OUT_C + k) * NB + lane;
#if POOLED
    code += (block * POOLED_H * POOLED_W * OUT_C + k) * NB + lane;
#define CODE code,
#else
#define CODE
#endif
#if OUT_C % TILE_OUT
    if (k + TILE_OUT > OUT_C) {
        incl_conv2d_row(x, w, BIAS y, CODE row, OUT_C % TILE_OUT);
        return;
    }
#endif
    incl_conv2d_row(x, w, BIAS y, CODE row, TILE_OUT);
}

/* The gradient at z[oh][ow] from that at y: the cell of the window that was the maximum gets it. */
#if POOLED
#define CELL_OF(oh, ow) ((oh) % POOL_H * POOL_W + (ow) % POOL_W)
#define CHOOSE(value, code, oh, ow)                                                                \
    (LOAD_CODES(code) == (incl_ints)(CELL_OF(oh, ow)) ? (value) : (incl_lanes)(0.0f))
#endif

static inline void incl_conv2d_data_cell(global const float *restrict dz,
#if POOLED
                                         global const incl_code *restrict code,
#endif
                                         global const float *restrict w, global float *restrict dx,
                                         int h, int column, const int count)
{
    incl_lanes sum[TILE_IN];
#pragma unroll
    for (int t = 0; t < count; t++)
        sum[t] = (incl_lanes)(0.0f);
    for (int kh = 0; kh < KERNEL_H; kh++) {
        int top = h + PAD_TOP - kh, oh = top / STRIDE_H;
        if (top < 0 || top % STRIDE_H || oh >= POOLED_H * POOL_H)
            continue;
        for (int kw = 0; kw < KERNEL_W; kw++) {
            int left = column + PAD_LEFT - kw, ow = left / STRIDE_W;
            if (left < 0 || left % STRIDE_W || ow >= POOLED_W * POOL_W)
                continue;
            int from = Y_AT(oh / POOL_H, ow / POOL_W, 0) * NB;
            for (int k = 0; k < OUT_C; k++) {
                incl_lanes value = LOAD(dz + from + k * NB);
#if POOLED
                value = CHOOSE(value, code + from + k * NB, oh, ow);
#endif
#pragma unroll
                for (int t = 0; t < count; t++)
                    sum[t] = fma(value, (incl_lanes)(w[W_AT(kh, kw, t, k)]), sum[t]);
            }
        }
    }
#pragma unroll
    for (int t = 0; t < count; t++)
        STORE(sum[t], dx + X_AT(h, column, t) * NB);
}

/* dz as y of the forward pass, w, with a pool code, read.  dx as x, written.
 * Work-items {NB / LANES, IN_H ceil(IN_C / TILE_IN), blocks}: one owns TILE_IN channels of a row. */
kernel void conv2d_backward_data(global const float *restrict dz,
#if POOLED
                                 global const incl_code *restrict code,
#endif
                                 global const float *restrict w, global float *restrict dx)
{
    const int tiles = (IN_C + TILE_IN - 1) / TILE_IN;
    int lane = get_global_id(0) * LANES, block = get_global_id(2);
    int h = get_global_id(1) / tiles, c = get_global_id(1) % tiles * TILE_IN;
    dz += block * POOLED_H * POOLED_W * OUT_C * NB + lane;
    w += c * OUT_C;
    dx += (block * IN_H * IN_W * IN_C + c) * NB + lane;
#undef CODE
#if POOLED
    code += block * POOLED_H * POOLED_W * OUT_C * NB + lane;
#define CODE code,
#else
#define CODE
#endif
    for (int column = 0; column < IN_W; column++) {
#if IN_C % TILE_IN
        if (c + TILE_IN > IN_C) {
            incl_conv2d_data_cell(dz, CODE w, dx, h, column, IN_C % TILE_IN);
            continue;
        }
#endif
        incl_conv2d_data_cell(dz, CODE w, dx, h, column, TILE_IN);
    }
}

/* Weight gradient. The cells of x that one kernel row touches lie side by side, KERNEL_W IN_C of
 * them, so a tile is TILE_RUN neighbours in TILE_KH rows; the vector runs along k. `inside` tells
 * that every cell of the window lies in x. */
static inline void incl_conv2d_add_position(global const float *restrict x,
                                            global const float *restrict dz_t,
#if POOLED
                                            global const incl_code *restrict code_t,
#endif
                                            int oh, int ow, int first, int kh_first,
                                            incl_lanes (*sum)[TILE_RUN][TILE_V], const int count,
                                            const bool inside)
{
    int h = oh * STRIDE_H - PAD_TOP + kh_first, left = ow * STRIDE_W - PAD_LEFT;
    global const float *window = x + (X_AT(h, left, 0) + first) * NB;
    int from = (oh / POOL_H * POOLED_W + ow / POOL_W) * NB * COLUMNS;
    for (int n = 0; n < NB; n++) {
        incl_lanes value[TILE_V];
#pragma unroll
        for (int v = 0; v < TILE_V; v++) {
            value[v] = LOAD(dz_t + from + n * COLUMNS + v * LANES);
#if POOLED
            value[v] = CHOOSE(value[v], code_t + from + n * COLUMNS + v * LANES, oh, ow);
#endif
        }
#pragma unroll
        for (int r = 0; r < TILE_KH; r++)
#pragma unroll
            for (int t = 0; t < count; t++) {
                int cell = left * IN_C + first + t;
                float factor = inside || (h + r >= 0 && h + r < IN_H && cell >= 0 &&
                                          cell < IN_W * IN_C)
                                   ? window[(X_AT(r, 0, 0) + t) * NB + n]
                                   : 0.0f;
#pragma unroll
                for (int v = 0; v < TILE_V; v++)
                    sum[r][t][v] = fma((incl_lanes)(factor), value[v], sum[r][t][v]);
            }
    }
}

static inline void incl_conv2d_weights_tile(global const float *restrict x,
                                            global const float *restrict dz_t,
#if POOLED
                                            global const incl_code *restrict code_t,
#endif
                                            global float *restrict partial, int first,
                                            int kh_first, int block, int block_end,
                                            const int count)
{
    incl_lanes sum[TILE_KH][TILE_RUN][TILE_V];
#pragma unroll
    for (int r = 0; r < TILE_KH; r++)
#pragma unroll
        for (int t = 0; t < count; t++)
#pragma unroll
            for (int v = 0; v < TILE_V; v++)
                sum[r][t][v] = (incl_lanes)(0.0f);
    for (; block < block_end; block++) {
        global const float *x_of = x + block * IN_H * IN_W * IN_C * NB;
        global const float *dz_of = dz_t + block * POOLED_H * POOLED_W * NB * COLUMNS;
#undef CODE
#if POOLED
        global const incl_code *code_of = code_t + block * POOLED_H * POOLED_W * NB * COLUMNS;
#define CODE code_of,
#else
#define CODE
#endif
        for (int oh = 0; oh < POOLED_H * POOL_H; oh++)
            for (int ow = 0; ow < POOLED_W * POOL_W; ow++) {
                int h = oh * STRIDE_H - PAD_TOP, left = ow * STRIDE_W - PAD_LEFT;
                if (h >= 0 && h + KERNEL_H <= IN_H && left >= 0 && left + KERNEL_W <= IN_W)
                    incl_conv2d_add_position(x_of, dz_of, CODE oh, ow, first, kh_first, sum, count,
                                             true);
                else
                    incl_conv2d_add_position(x_of, dz_of, CODE oh, ow, first, kh_first, sum, count,
                                             false);
            }
    }
#pragma unroll
    for (int r = 0; r < TILE_KH; r++)
#pragma unroll
        for (int t = 0; t < count; t++)
#pragma unroll
            for (int v = 0; v < TILE_V; v++)
                STORE(sum[r][t][v],
                      partial + ((kh_first + r) * RUN + first + t) * COLUMNS + v * LANES);
}

/* x [blocks][IN_H][IN_W][IN_C][NB], dz_t [blocks][POOLED_H][POOLED_W][NB][COLUMNS], with a pool
 * code_t of that shape, read.  partial [PARTS][ROWS][COLUMNS], written.
 * Work-items {COLUMNS / LANES / TILE_V, KERNEL_H / TILE_KH ceil(RUN / TILE_RUN), PARTS}. */
kernel void conv2d_backward_weights(global const float *restrict x,
                                    global const float *restrict dz_t,
#if POOLED
                                    global const incl_code *restrict code_t,
#endif
                                    global float *restrict partial, int images)
{
    const int tiles = (RUN + TILE_RUN - 1) / TILE_RUN;
    int k = get_global_id(0) * LANES * TILE_V, part = get_global_id(2);
    int kh = get_global_id(1) / tiles * TILE_KH, first = get_global_id(1) % tiles * TILE_RUN;
    int blocks = (images + NB - 1) / NB, share = (blocks + PARTS - 1) / PARTS;
    int begin = part * share, end = min(blocks, begin + share);
    dz_t += k;
#undef CODE
#if POOLED
    code_t += k;
#define CODE code_t,
#else
#define CODE
#endif
    partial += part * ROWS * COLUMNS + k;
#if RUN % TILE_RUN
    if (first + TILE_RUN > RUN) {
        incl_conv2d_weights_tile(x, dz_t, CODE partial, first, kh, begin, end, RUN % TILE_RUN);
        return;
    }
#endif
    incl_conv2d_weights_tile(x, dz_t, CODE partial, first, kh, begin, end, TILE_RUN);
}

/* dz_t [blocks][positions][NB][COLUMNS], with a pool code_t, read.  partial [PARTS][COLUMNS], written:
 * the sum of the gradient over each part, for the bias.  Work-items {COLUMNS / LANES, PARTS}. */
kernel void conv2d_backward_bias(global const float *restrict dz_t,
#if POOLED
                                 global const incl_code *restrict code_t,
#endif
                                 global float *restrict partial, int images)
{
    int k = get_global_id(0) * LANES, part = get_global_id(1);
    int blocks = (images + NB - 1) / NB, share = (blocks + PARTS - 1) / PARTS;
    int end = min(blocks, (part + 1) * share);
    incl_lanes sum = (incl_lanes)(0.0f);
    for (int block = part * share; block < end; block++)
        for (int oh = 0; oh < POOLED_H * POOL_H; oh++)
            for (int ow = 0; ow < POOLED_W * POOL_W; ow++) {
                int place = (block * POOLED_H + oh / POOL_H) * POOLED_W + ow / POOL_W;
                for (int n = 0; n < NB; n++) {
                    int from = (place * NB + n) * COLUMNS + k;
#if POOLED
                    sum += CHOOSE(LOAD(dz_t + from), code_t + from, oh, ow);
#else
                    sum += LOAD(dz_t + from);
#endif
                }
            }
    STORE(sum, partial + part * COLUMNS + k);
}
