/* Mean squared error of the scores x against the one-hot label, mean over classes and batch.
 *   loss[n] = (1 / CLASSES) sum over c of (x[c] - t[c])^2,  t[c] = (c == label)
 *   dx[n][c] = 2 (x[c] - t[c]) / (CLASSES images)
 * Images past the end of the batch get gradient 0. */
#ifndef INCL_MSE_H
#define INCL_MSE_H
#include "loss.h"

#if LOSS == 1
/* As in cross_entropy.h. */
INCL_OUTLINE void incl_loss(global const float *x, int lane, const int *label, int n, int images,
                             global float *dx, global float *image_loss)
{
#if GRADIENT
    float share[LANES];
    STORE(incl_divide((incl_lanes)(2.0f), (incl_lanes)((float)CLASSES * images)), share);
#endif
    float squares[LANES], mean[LANES];
    for (int l = 0; l < LANES; l++) {
        float sum = 0.0f;
        for (int c = 0; c < CLASSES; c++) {
            float difference = x[c * NB + lane + l] - (c == label[l] ? 1.0f : 0.0f);
            sum = fma(difference, difference, sum);
#if GRADIENT
            dx[c * NB + lane + l] = label[l] < 0 ? 0.0f : difference * share[l];
#endif
        }
        squares[l] = sum;
    }
    STORE(incl_divide(LOAD(squares), (incl_lanes)(CLASSES)), mean);
    for (int l = 0; l < LANES && n + l < images; l++)
        image_loss[n + l] = mean[l];
}
#endif

#endif
