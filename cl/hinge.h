/* Hinge loss of several classes, as PyTorch's MultiMarginLoss with p = 1, mean over the batch.
 *   z[c] = m - x[label] + x[c],   m = number, margin
 *   loss[n] = (1 / CLASSES) sum over c other than label of max(0, z[c])
 *   dx[n][c] = (z[c] > 0) / (CLASSES images),   dx[n][label] = -sum of the others
 * At z[c] = 0 the gradient is 0. */
#ifndef INCL_HINGE_H
#define INCL_HINGE_H
#include "loss.h"

/* The slope of max(0, z): 0 at 0, NaN of NaN. */
INCL_INLINE incl_lanes incl_hinge_slope(incl_lanes z)
{
    incl_lanes above = z > 0.0f ? (incl_lanes)(1.0f) : z;
    return z <= 0.0f ? (incl_lanes)(0.0f) : above;
}

INCL_OUTLINE void incl_loss(global const float *x, int lane, const int *label, int n, int images,
                            LOSS_PARAMETERS global float *dx, global float *image_loss)
{
    incl_ints truth = LOAD(label);
    incl_lanes zero = (incl_lanes)(0.0f), own = zero;
    for (int c = 0; c < CLASSES; c++)
        own = IS_TARGET(c) ? LOAD(x + c * NB + lane) : own;
    /* NaN where the label's score is NaN, which may be the only one */
    incl_lanes sum = own != own ? own : zero;
#if GRADIENT
    incl_lanes count = sum;
#endif
    for (int c = 0; c < CLASSES; c++) {
        incl_lanes z = number - own + LOAD(x + c * NB + lane);
        incl_lanes missing = z <= 0.0f ? zero : z;
        sum += IS_TARGET(c) ? zero : missing;
#if GRADIENT
        count += IS_TARGET(c) ? zero : incl_hinge_slope(z);
#endif
    }
    incl_store_losses(incl_divide(sum, (incl_lanes)(CLASSES)), n, images, image_loss);
#if GRADIENT
    incl_lanes share = incl_divide((incl_lanes)(1.0f), (incl_lanes)((float)CLASSES * images));
    for (int c = 0; c < CLASSES; c++) {
        incl_lanes z = number - own + LOAD(x + c * NB + lane);
        incl_lanes slope = IS_TARGET(c) ? -count : incl_hinge_slope(z);
        STORE(truth < 0 ? zero : slope * share, dx + c * NB + lane);
    }
#endif
}

#endif
