/* The loss of a batch and its gradient; see losses.h.
 *
 * x [blocks][CLASSES][NB] f32, read.  dx as x, written (GRADIENT).
 * order [set] int, read.  The rest: see loss.h.
 * Work-items {NB / LANES, blocks}: one owns LANES images. */
#include "losses.h"

kernel void loss(global const float *restrict x,
#if GRADIENT
                 global float *restrict dx,
#endif
                 global const incl_label *restrict labels, global const int *restrict order,
                 LOSS_PARAMETERS global float *restrict image_loss, global int *restrict image_rank,
                 global incl_label *restrict image_class, int first, int images)
{
    int lane = get_global_id(0) * LANES, block = get_global_id(1), n = block * NB + lane;
    int label[LANES];
    x += block * CLASSES * NB;
#if GRADIENT
    dx += block * CLASSES * NB;
#else
    global float *dx = 0;
#endif
    incl_labels(labels, order, first, n, images, label);
    incl_loss(x, lane, label, n, images, TARGETS_ARGUMENT LOSS_ARGUMENTS dx, image_loss);
    incl_judge(x, lane, label, JUDGE_ARGUMENTS first, n, images, image_rank, image_class);
}
