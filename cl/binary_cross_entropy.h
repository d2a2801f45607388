/* Cross-entropy of the sigmoid of each logit, as PyTorch's BCEWithLogitsLoss: each class is a
 * question of its own with the answer t[c] = (c == label); mean over classes and batch.
 *   z = t[c] ? -x[c] : x[c]
 *   loss[n] = (1 / CLASSES) sum over c of ln(1 + e^z),   ln(1 + e^z) = max(0, z) + ln(1 + e^-|z|)
 *   dx[n][c] = (sigmoid(x[c]) - t[c]) / (CLASSES images),   sigmoid(x) - 1 = -sigmoid(-x) */
#ifndef INCL_BINARY_CROSS_ENTROPY_H
#define INCL_BINARY_CROSS_ENTROPY_H
#include "loss.h"

INCL_OUTLINE void incl_loss(global const float *x, int lane, const int *label, int n, int images,
                            LOSS_PARAMETERS global float *dx, global float *image_loss)
{
    incl_ints truth = LOAD(label);
    incl_lanes zero = (incl_lanes)(0.0f), sum = zero;
#if GRADIENT
    incl_lanes share = incl_divide((incl_lanes)(1.0f), (incl_lanes)((float)CLASSES * images));
#endif
    for (int c = 0; c < CLASSES; c++) {
        incl_lanes value = LOAD(x + c * NB + lane);
        incl_lanes z = IS_TARGET(c) ? -value : value;
        sum += incl_softplus(z);
#if GRADIENT
        incl_lanes gradient = incl_sigmoid(z) * share;
        gradient = IS_TARGET(c) ? -gradient : gradient;
        STORE(truth < 0 ? zero : gradient, dx + c * NB + lane);
#endif
    }
    incl_store_losses(incl_divide(sum, (incl_lanes)(CLASSES)), n, images, image_loss);
}

#endif
