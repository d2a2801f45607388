/* Cross-entropy of the sigmoid of each logit, as PyTorch's BCEWithLogitsLoss: each class is a
 * question of its own with the answer t[c], whether the image shows it; mean over classes and
 * batch.
 *   z = t[c] ? -x[c] : x[c],   v = t[c] ? w[c] : 1,   w = pos_weight
 *   loss[n] = (1 / CLASSES) sum over c of v ln(1 + e^z),   ln(1 + e^z) = max(0, z) + ln(1 + e^-|z|)
 *   dx[n][c] = v (sigmoid(x[c]) - t[c]) / (CLASSES images),   sigmoid(x) - 1 = -sigmoid(-x) */
#ifndef INCL_BINARY_CROSS_ENTROPY_H
#define INCL_BINARY_CROSS_ENTROPY_H
#include "loss.h"

#define THRESHOLD 0.0f /* sigmoid 1/2 */

INCL_OUTLINE void incl_loss(global const float *x, int lane, const int *label, int n, int images,
                            TARGETS_PARAMETER LOSS_PARAMETERS global float *dx,
                            global float *image_loss)
{
    incl_ints truth = LOAD(label);
    incl_lanes zero = (incl_lanes)(0.0f), one = (incl_lanes)(1.0f), sum = zero;
#if GRADIENT
    incl_lanes share = incl_divide(one, (incl_lanes)((float)CLASSES * images));
#endif
    for (int c = 0; c < CLASSES; c++) {
        incl_ints is_target = IS_TARGET(c);
        incl_lanes value = LOAD(x + c * NB + lane);
        incl_lanes z = is_target ? -value : value;
        incl_lanes weight = is_target ? (incl_lanes)(CLASS_WEIGHT(c)) : one;
        sum += weight * incl_softplus(z);
#if GRADIENT
        incl_lanes gradient = weight * incl_sigmoid(z) * share;
        gradient = is_target ? -gradient : gradient;
        STORE(truth < 0 ? zero : gradient, dx + c * NB + lane);
#endif
    }
    incl_store_losses(incl_divide(sum, (incl_lanes)(CLASSES)), n, images, image_loss);
}

#endif
