/* Categorical cross-entropy of the softmax of the logits x, mean over the batch.
 *   loss[n] = ln(sum over c of e^(x[c] - m)) - (x[label] - m),  m = max of x
 *   dx[n][c] = (softmax(x)[c] - (c == label)) / images
 * Images past the end of the batch get gradient 0. */
#ifndef INCL_CROSS_ENTROPY_H
#define INCL_CROSS_ENTROPY_H
#include "loss.h"

#if LOSS == 0
/* Of LANES images from n on, which are `lane` and on of a block with scores x [CLASSES][NB], read, and
 * dx, written. */
INCL_OUTLINE void incl_loss(global const float *x, int lane, const int *label, int n, int images,
                             global float *dx, global float *image_loss)
{
    float loss_of[LANES];
    incl_lanes largest = LOAD(x + lane), sum = (incl_lanes)(0.0f);
    for (int c = 1; c < CLASSES; c++) {
        incl_lanes value = LOAD(x + c * NB + lane);
        largest = value <= largest ? largest : value;
    }
    for (int c = 0; c < CLASSES; c++)
        sum += incl_exp(LOAD(x + c * NB + lane) - largest);
    incl_lanes base = incl_log(sum) + largest;
    STORE(base, loss_of);
    for (int l = 0; l < LANES && n + l < images; l++)
        image_loss[n + l] = loss_of[l] - x[label[l] * NB + lane + l];
#if GRADIENT
    float share[LANES], gradient[LANES];
    STORE(incl_divide((incl_lanes)(1.0f), (incl_lanes)((float)images)), share);
    for (int c = 0; c < CLASSES; c++) {
        STORE(incl_divide(incl_exp(LOAD(x + c * NB + lane) - largest), sum), gradient);
        for (int l = 0; l < LANES; l++) {
            float difference = gradient[l] - (c == label[l] ? 1.0f : 0.0f);
            dx[c * NB + lane + l] = label[l] < 0 ? 0.0f : difference * share[l];
        }
    }
#endif
}
#endif

#endif
