/* Mean squared error of the scores x against t, 1 for a class that the image shows, else 0; mean
 * over classes and batch.
 *   loss[n] = (1 / CLASSES) sum over c of (x[c] - t[c])^2
 *   dx[n][c] = 2 (x[c] - t[c]) / (CLASSES images) */
#ifndef INCL_MSE_H
#define INCL_MSE_H
#include "loss.h"

#define THRESHOLD 0.5f

INCL_OUTLINE void incl_loss(global const float *x, int lane, const int *label, int n, int images,
                            TARGETS_PARAMETER LOSS_PARAMETERS global float *dx,
                            global float *image_loss)
{
    incl_ints truth = LOAD(label);
    incl_lanes sum = (incl_lanes)(0.0f), zero = sum, one = (incl_lanes)(1.0f);
#if GRADIENT
    incl_lanes share = incl_divide((incl_lanes)(2.0f), (incl_lanes)((float)CLASSES * images));
#endif
    for (int c = 0; c < CLASSES; c++) {
        incl_lanes difference = LOAD(x + c * NB + lane) - (IS_TARGET(c) ? one : zero);
        sum = fma(difference, difference, sum);
#if GRADIENT
        STORE(truth < 0 ? zero : difference * share, dx + c * NB + lane);
#endif
    }
    incl_store_losses(incl_divide(sum, (incl_lanes)(CLASSES)), n, images, image_loss);
}

#endif
