/* The end of a step: finishes the gradients that the backward pass has left in pieces, and sums the
 * figures of the batch. There are ENTRIES gradients, each of a shape {parts, stride, offset, rows,
 * columns, channels, has_x, decays}, and with parts > 0
 *   g[r][k] = sum over p < parts of piece[p][r][k]
 * and with parts 0, piece being dz of a dense layer with its outputs innermost,
 *   g[r][k] = sum over the images i of x[i][r] piece[i][k],   x = 1 with has_x 0
 * in the order of p or i; update.h says what becomes of g. Shapes are arguments, so that one
 * program serves all layers.
 *
 * piece  at offset, [parts] stride apart, of [rows][columns] f32, read; or
 *        [blocks NB][columns] f32, read, with x [blocks][rows][NB] f32, read
 * target parameter with its state, or gradient [rows][channels]. decays 0 or 1: weight decay
 *        applies to the parameter
 * METRICS 1: metrics[number] = {sum of losses, hits, images whose class is among the top_k best,
 *        images, weight} from image_loss f32 and image_rank int [batch], read.  metrics [steps][5]
 *        f32. The losses are added in order with a running correction (Kahan), so large batches
 *        lose no digits. weight, which the mean loss divides by, is weight_sum[0] [1] f32, read,
 *        with WEIGHTED, else images. With DECISIONS above 0 each image has so many yes or no to be
 *        right about: {sum of losses, right decisions, decisions of images that are right in all,
 *        decisions, weight}.
 * Work-items {as many vectors of gradients as there are, or more}; the one after the last gradient
 * sums the figures.
 *
 * ROW_TILE  rows of g that an item sums at once where it sums over images */
#include "update.h"

#define PARTS(shape) (shape).s0
#define STRIDE(shape) (shape).s1
#define OFFSET(shape) (shape).s2
#define ROWS(shape) (shape).s3
#define COLUMNS(shape) (shape).s4
#define CHANNELS(shape) (shape).s5
#define HAS_X(shape) (shape).s6
#define DECAYS(shape) (shape).s7

#if ENTRIES > 0
INCL_INLINE void incl_finish_parts(global const float *restrict piece, global float *target,
                                   STATE_ARGS(target) int8 shape, int row, int k, incl_rates rates)
{
    incl_lanes sum = (incl_lanes)(0.0f);
    piece += OFFSET(shape) + row * COLUMNS(shape) + k;
    for (int part = 0; part < PARTS(shape); part++)
        sum += LOAD(piece + part * STRIDE(shape));
    incl_finish_gradients(target, STATES_OF(target) row * CHANNELS(shape) + k, k, CHANNELS(shape),
                          sum, rates);
}

INCL_INLINE void incl_finish_bias(global const float *restrict piece, global float *target,
                                  STATE_ARGS(target) int8 shape, int k, int count, incl_rates rates)
{
    incl_lanes sum = (incl_lanes)(0.0f);
    for (int n = 0; n < count; n++)
        sum += LOAD(piece + n * COLUMNS(shape) + k);
    incl_finish_gradients(target, STATES_OF(target) k, k, CHANNELS(shape), sum, rates);
}

INCL_INLINE void incl_finish_rows(global const float *restrict piece,
                                  global const float *restrict x, global float *target,
                                  STATE_ARGS(target) int8 shape, int row, int k, int count,
                                  incl_rates rates)
{
    const int rows = ROWS(shape);
    incl_lanes sum[ROW_TILE];
#pragma unroll
    for (int t = 0; t < ROW_TILE; t++)
        sum[t] = (incl_lanes)(0.0f);
    for (int n = 0; n < count; n++) {
        incl_lanes value = LOAD(piece + n * COLUMNS(shape) + k);
        global const float *x_of = x + n / NB * rows * NB + n % NB;
#pragma unroll
        for (int t = 0; t < ROW_TILE; t++)
            sum[t] = fma((incl_lanes)(x_of[min(row + t, rows - 1) * NB]), value, sum[t]);
    }
#pragma unroll
    for (int t = 0; t < ROW_TILE; t++)
        if (row + t < rows)
            incl_finish_gradients(target, STATES_OF(target)(row + t) * CHANNELS(shape) + k, k,
                                  CHANNELS(shape), sum[t], rates);
}

/* Vectors of one gradient, each an item's. */
INCL_INLINE int incl_finish_items(int8 shape)
{
    int rows = PARTS(shape) > 0 ? ROWS(shape) : (ROWS(shape) + ROW_TILE - 1) / ROW_TILE;
    return rows * (COLUMNS(shape) / LANES);
}

/* The item's share of one gradient, from `count` images where it sums over them. */
INCL_OUTLINE void incl_finish(global const float *restrict piece, global const float *restrict x,
                              global float *target, STATE_ARGS(target) int8 shape, int item,
                              int count, incl_rates rates)
{
    int vectors = COLUMNS(shape) / LANES, row = item / vectors, k = item % vectors * LANES;
    if (k >= CHANNELS(shape))
        return;
    if (!DECAYS(shape))
        rates = WITHOUT_DECAY(rates);
    if (PARTS(shape) > 0)
        incl_finish_parts(piece, target, STATES_OF(target) shape, row, k, rates);
    else if (HAS_X(shape))
        incl_finish_rows(piece, x, target, STATES_OF(target) shape, row * ROW_TILE, k, count,
                         rates);
    else
        incl_finish_bias(piece, target, STATES_OF(target) shape, k, count, rates);
}
#endif

/* images of the batch with those that fill its last block, whose gradients are 0 */
#define PADDED ((images + NB - 1) / NB * NB)

/* Returns from the kernel when the item is one of gradient n. */
#define FINISH(n)                                                                                  \
    do {                                                                                           \
        int items = incl_finish_items(shape##n);                                                   \
        if (item < items) {                                                                        \
            incl_finish(piece##n, x##n, target##n, STATES_OF(target##n) shape##n, item, PADDED,    \
                        rates);                                                                    \
            return;                                                                                \
        }                                                                                          \
        item -= items;                                                                             \
    } while (0)

#define GRADIENT_ARGS(n)                                                                           \
    global const float *restrict piece##n, global const float *restrict x##n,                      \
        global float *target##n, STATE_ARGS(target##n) int8 shape##n,

kernel void finish(
#if ENTRIES > 0
    GRADIENT_ARGS(0)
#endif
#if ENTRIES > 1
    GRADIENT_ARGS(1)
#endif
#if ENTRIES > 2
    GRADIENT_ARGS(2)
#endif
#if ENTRIES > 3
    GRADIENT_ARGS(3)
#endif
#if ENTRIES > 4
    GRADIENT_ARGS(4)
#endif
#if ENTRIES > 5
    GRADIENT_ARGS(5)
#endif
#if METRICS
    global const float *restrict image_loss, global const int *restrict image_rank,
#if WEIGHTED
    global const float *restrict weight_sum,
#endif
    global float *restrict metrics, int top_k, int number,
#endif
    incl_rates rates, int images)
{
    int item = get_global_id(0);
#if ENTRIES > 0
    FINISH(0);
#endif
#if ENTRIES > 1
    FINISH(1);
#endif
#if ENTRIES > 2
    FINISH(2);
#endif
#if ENTRIES > 3
    FINISH(3);
#endif
#if ENTRIES > 4
    FINISH(4);
#endif
#if ENTRIES > 5
    FINISH(5);
#endif
#if METRICS
    if (item > 0)
        return;
    float sum = 0.0f, rest = 0.0f;
    int hits = 0, near = 0;
    for (int n = 0; n < images; n++) {
        float part = image_loss[n] - rest, next = sum + part;
        rest = (next - sum) - part;
        sum = next;
#if DECISIONS
        hits += DECISIONS - image_rank[n];
        near += image_rank[n] == 0 ? DECISIONS : 0;
#else
        hits += image_rank[n] == 0;
        near += image_rank[n] < top_k;
#endif
    }
    global float *slot = metrics + number * 5;
    slot[0] = sum;
    slot[1] = hits;
    slot[2] = near;
#if DECISIONS
    slot[3] = (float)DECISIONS * images;
#else
    slot[3] = images;
#endif
#if WEIGHTED
    slot[4] = weight_sum[0];
#else
    slot[4] = images;
#endif
#endif
}
