/* The head of a network in one launch: its last dense layer, the loss, and the way back through both.
 *   z = b + w x,  loss and dz of z as in losses.h,  dx = w dz
 * and when the layer below is a dense one too, its delta (see delta.cl): dx becomes f'(x) dx, by x =
 * f(its sum), and is written a second time with the features innermost.
 * The sums are those of dense.cl; the gradients of w and b are left to finish.cl.
 *
 * Macros of dense.cl, whose ACTIVATION is 0 here, and of loss.h; CLASSES = OUT.
 * WANTS_DX          1: dx is wanted
 * BELOW             1: the layer below is dense; BELOW_ACTIVATION, BELOW_COLUMNS: its f and COLUMNS
 * TILE_IN           a multiple of LANES that divides 16 */
#include "phases.h"
#include "dense.h"
#include "losses.h"

#if GRADIENT
/* Rows k .. k + LANES - 1 of a [rows][NB] at LANES images, to the images' rows of `columns` in t. */
INCL_OUTLINE void incl_head_transpose(global const float *rows, int k, const int count, int lane,
                                       global float *t, const int columns)
{
    incl_lanes tile[LANES];
#pragma unroll
    for (int q = 0; q < LANES; q++)
        tile[q] = k + q < count ? LOAD(rows + (k + q) * NB + lane) : (incl_lanes)(0.0f);
    TRANSPOSE(incl_lanes, tile);
#pragma unroll
    for (int l = 0; l < LANES; l++)
        STORE(tile[l], t + (lane + l) * columns + k);
}

#if WANTS_DX
/* dx of the TILE_IN inputs from i on. */
INCL_INLINE void incl_head_inputs(global const float *restrict x, global const float *restrict dz,
                                    global const float *w, global float *restrict dx, int i, int lane)
{
    incl_dense_inputs(dz + lane, w, dx + lane, i);
#if BELOW
    for (int t = i; t < min(i + TILE_IN, IN); t++) {
        global float *at = dx + t * NB + lane;
        STORE(incl_activate_backward(BELOW_ACTIVATION, LOAD(x + t * NB + lane), LOAD(at)), at);
    }
#endif
}
#endif
#endif

/* x [blocks][IN][NB], w [IN][OUT], b [OUT], labels, order, read.  z [blocks][OUT][NB], written.
 * With GRADIENT dz as z and dz_t [blocks][NB][COLUMNS], written; with WANTS_DX dx as x, written, and
 * with BELOW below_t [blocks][NB][BELOW_COLUMNS] too.  The rest: loss.h.
 * A group owns a block: dimension 1 has one group, dimension 2 the blocks. */
kernel void head(global const float *restrict x, global const float *restrict w,
#if HAS_BIAS
                 global const float *restrict b,
#endif
                 global float *z,
#if GRADIENT
                 global float *dz, global float *restrict dz_t,
#if WANTS_DX
                 global float *dx,
#if BELOW
                 global float *restrict below_t,
#endif
#endif
#endif
                 global const incl_label *restrict labels, global const int *restrict order,
                 LOSS_PARAMETERS global float *restrict image_loss, global int *restrict image_rank,
                 global incl_label *restrict image_class, int first, int images)
{
    int block = GROUP(2);
    x += block * IN * NB;
    z += block * OUT * NB;
#if GRADIENT
    dz += block * OUT * NB;
    dz_t += block * NB * COLUMNS;
#else
    global float *dz = 0;
#endif
    FOR_LANES(lane)
        FOR_SHARE(tile, (OUT + TILE_OUT - 1) / TILE_OUT)
            for (int from = 0; from < IN; from += SLICE)
                incl_dense_outputs(x + lane, w, DENSE_BIAS(0) z + lane, from, tile * TILE_OUT, 1);
    SYNC();
    FOR_LANES(lane)
        FOR_SHARE(only, 1) {
            int label[LANES], n = block * NB + lane;
            incl_labels(labels, order, first, n, images, label);
            incl_loss(z, lane, label, n, images, TARGETS_ARGUMENT LOSS_ARGUMENTS dz, image_loss);
            incl_judge(z, lane, label, JUDGE_ARGUMENTS first, n, images, image_rank, image_class);
        }
#if GRADIENT
    SYNC();
    FOR_LANES(lane)
        FOR_SHARE(k, COLUMNS / LANES)
            incl_head_transpose(dz, k * LANES, OUT, lane, dz_t, COLUMNS);
#if WANTS_DX
    dx += block * IN * NB;
    FOR_LANES(lane)
        FOR_SHARE(tile, (IN + TILE_IN - 1) / TILE_IN)
            incl_head_inputs(x, dz, w, dx, tile * TILE_IN, lane);
#if BELOW
    SYNC();
    below_t += block * NB * BELOW_COLUMNS;
    FOR_LANES(lane)
        FOR_SHARE(k, BELOW_COLUMNS / LANES)
            incl_head_transpose(dx, k * LANES, IN, lane, below_t, BELOW_COLUMNS);
#endif
#endif
#endif
}
