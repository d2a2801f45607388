/* Fully connected layer.
 *   z[n][o] = b[o] + sum over i of w[i][o] x[n][i],   y = f(z)
 *   dx[n][i] = sum over o of w[i][o] dz[n][o]
 *   dw[i][o] = sum over n of x[n][i] dz[n][o]
 * Every sum runs in the order of its index; that of z in slices of SLICE terms, whose sums are
 * added in order. So tiles and launches change speed and never bits.
 *
 * IN OUT     features
 * COLUMNS    OUT rounded up to a multiple of 16
 * HAS_BIAS   0 or 1
 * SLICE      terms of a slice (256)
 * TILE_OUT WIDE_BLOCKS  outputs, and blocks, that a forward item sums at once (8 x 2, 16 x 1)
 * WALK_TILES WALK_BLOCKS  tiles of outputs, and blocks, that a forward item walks through
 * TILE_IN    inputs that a backward item sums at once (16)
 * TILE_ROWS TILE_V  rows of dw, and vectors along o, that an item sums at once (8 x 2, 16 x 1)
 * GROUP_ROWS        rows of w that a group of dense_backward owns, whole tiles of both kinds (32)
 */
#include "dense.h"
#include "phases.h"

#define OUT_TILES ((OUT + TILE_OUT - 1) / TILE_OUT)

/* x [blocks][IN][NB], w [IN][OUT], b [OUT], read.  y [blocks][OUT][NB], written.  All f32.
 * Work-items {NB / LANES, ceil(OUT_TILES / WALK_TILES) or more, ceil(blocks / WALK_BLOCKS) or
 * more}: one owns WALK_TILES tiles of WALK_BLOCKS blocks, slice by slice, so that what a slice
 * reads of x and w comes from afar once. */
kernel void dense_forward(global const float *restrict x, global const float *restrict w,
#if HAS_BIAS
                          global const float *restrict b,
#endif
                          global float *restrict y, int images)
{
    int lane = get_global_id(0) * LANES;
    int tile = get_global_id(1) * WALK_TILES, block = get_global_id(2) * WALK_BLOCKS;
    int tiles = min(tile + WALK_TILES, OUT_TILES);
    int blocks = min(block + WALK_BLOCKS, (images + NB - 1) / NB);
    for (int from = 0; from < IN; from += SLICE)
        for (int t = tile; t < tiles; t++)
            for (int n = block; n < blocks; n += WIDE_BLOCKS)
                incl_dense_outputs(x + n * IN * NB + lane, w, DENSE_BIAS(0) y + n * OUT * NB + lane,
                                   from, t * TILE_OUT, min(WIDE_BLOCKS, blocks - n));
}

INCL_INLINE void incl_dense_part(global const float *restrict x, global const float *restrict w,
#if HAS_BIAS
                                 global const float *restrict b,
#endif
                                 global float *restrict part, int slice, const int count)
{
    incl_lanes sum[TILE_OUT];
    incl_dense_begin(DENSE_BIAS(0) slice == 0, sum, count);
    incl_dense_slice(x, w, slice * SLICE, min((slice + 1) * SLICE, IN), sum, count, 1);
#pragma unroll
    for (int t = 0; t < count; t++)
        STORE(sum[t], part + t * NB);
}

/* The sum of each slice for devices with more work-items than outputs:
 * part [slices][blocks][OUT][NB] f32, written; dense_forward_add adds them up.
 * Work-items {NB / LANES, slices OUT_TILES or more, blocks}. */
kernel void dense_forward_slices(global const float *restrict x, global const float *restrict w,
#if HAS_BIAS
                                 global const float *restrict b,
#endif
                                 global float *restrict part, int images)
{
    const int slices = (IN + SLICE - 1) / SLICE;
    int lane = get_global_id(0) * LANES, block = get_global_id(2);
    int blocks = (images + NB - 1) / NB;
    int slice = get_global_id(1) / OUT_TILES, o = get_global_id(1) % OUT_TILES * TILE_OUT;
    if (slice >= slices)
        return;
    x += block * IN * NB + lane;
    part += ((slice * blocks + block) * OUT + o) * NB + lane;
#if OUT % TILE_OUT
    if (o + TILE_OUT > OUT) {
        incl_dense_part(x, w + o, DENSE_BIAS(o) part, slice, OUT % TILE_OUT);
        return;
    }
#endif
    incl_dense_part(x, w + o, DENSE_BIAS(o) part, slice, TILE_OUT);
}

/* part [slices][blocks][OUT][NB], read.  y [blocks][OUT][NB], written.
 * Work-items {NB / LANES, OUT or more, blocks}. */
kernel void dense_forward_add(global const float *restrict part, global float *restrict y,
                              int images)
{
    const int slices = (IN + SLICE - 1) / SLICE;
    int o = get_global_id(1), blocks = (images + NB - 1) / NB;
    int place = (get_global_id(2) * OUT + o) * NB + get_global_id(0) * LANES;
    if (o >= OUT)
        return;
    incl_lanes total = LOAD(part + place);
    for (int slice = 1; slice < slices; slice++)
        total += LOAD(part + slice * blocks * OUT * NB + place);
    STORE(incl_activate(ACTIVATION, total), y + place);
}

/* dz [blocks][OUT][NB], w [IN][OUT], read.  dx [blocks][IN][NB], written.  All f32.
 * Work-items {NB / LANES, ceil(IN / TILE_IN) or more, blocks}: one owns TILE_IN inputs of a block;
 * with SOLO dimension 2 is 1 and it walks through all blocks, so that its rows of w stay in the
 * first cache. */
kernel void dense_backward_data(global const float *restrict dz, global const float *restrict w,
                                global float *restrict dx, int images)
{
    int lane = get_global_id(0) * LANES, i = get_global_id(1) * TILE_IN;
    int blocks = (images + NB - 1) / NB;
    if (i >= IN)
        return;
    for (int block = get_global_id(2); block < blocks; block += SOLO ? 1 : blocks)
        incl_dense_inputs(dz + block * OUT * NB + lane, w, dx + block * IN * NB + lane, i);
}

/* Rows of dw from i on, all columns from o on in steps of `step`. */
INCL_OUTLINE void incl_dense_rows(global const float *restrict x, global const float *restrict dz_t,
                                  global float *target, STATE_ARGS(target) int i, int o, int step,
                                  int blocks, incl_rates rates)
{
    for (; o < COLUMNS; o += step) {
#if IN % TILE_ROWS
        if (i + TILE_ROWS > IN) {
            incl_dense_weights_tile(x, dz_t, target, STATES_OF(target) i, o, blocks, rates,
                                    IN % TILE_ROWS);
            continue;
        }
#endif
        incl_dense_weights_tile(x, dz_t, target, STATES_OF(target) i, o, blocks, rates, TILE_ROWS);
    }
}

/* x [blocks][IN][NB], dz_t [blocks][NB][COLUMNS], read.  target: w or dw [IN][OUT], with its state;
 * see update.h. Work-items {COLUMNS / LANES / TILE_V, ceil(IN / TILE_ROWS) or more}: one owns
 * TILE_ROWS rows of TILE_V vectors; with SOLO dimension 0 is 1 and it walks through all columns. */
kernel void dense_backward_weights(global const float *restrict x,
                                   global const float *restrict dz_t, global float *restrict target,
                                   STATE_ARGS(target) incl_rates rates, int images)
{
    const int width = LANES * TILE_V;
    int i = get_global_id(1) * TILE_ROWS;
    if (i < IN)
        incl_dense_rows(x, dz_t, target, STATES_OF(target) i, get_global_id(0) * width,
                        SOLO ? width : COLUMNS, (images + NB - 1) / NB, rates);
}

#ifdef GROUP_ROWS
/* Both gradients at once; w is read before it is updated. Arguments as above; without APPLY the
 * gradient goes to dw.
 * A group owns GROUP_ROWS rows of w: dimension 1 has ceil(IN / GROUP_ROWS) groups. */
kernel void dense_backward(global const float *restrict x, global const float *restrict dz,
                           global const float *restrict dz_t, global float *w,
#if !APPLY
                           global float *restrict dw,
#endif
                           STATE_ARGS(w) global float *restrict dx, incl_rates rates, int images)
{
    const int tiles = GROUP_ROWS / TILE_IN, width = LANES * TILE_V, columns = COLUMNS / width;
    int from = GROUP(1) * GROUP_ROWS, blocks = (images + NB - 1) / NB;
#if APPLY
    global float *dw = w;
#endif
    FOR_LANES(lane)
    FOR_SHARE(tile, tiles * blocks)
    {
        int block = tile / tiles, i = from + tile % tiles * TILE_IN;
        if (i < IN)
            incl_dense_inputs(dz + block * OUT * NB + lane, w, dx + block * IN * NB + lane, i);
    }
    SYNC();
    FOR_ITEMS(tile, GROUP_ROWS / TILE_ROWS * columns)
    {
        int i = from + tile / columns * TILE_ROWS;
        if (i < IN)
            incl_dense_rows(x, dz_t, dw, STATES_OF(w) i, tile % columns * width, COLUMNS, blocks,
                            rates);
    }
}
#endif
