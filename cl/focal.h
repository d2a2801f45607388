/* Focal loss of the softmax p of the logits x, mean over the batch (Lin et al. 2017, equation 5).
 *   loss[n] = -w (1 - q)^g ln q,   q = p[label], w = w[label] (alpha), g = number (gamma)
 *   dx[n][c] = w (1 - q)^g (1 - g q ln q / (1 - q)) (p[c] - (c == label)) / images
 * 1 - q is summed from the other classes, so it keeps its digits where q is nearly 1. */
#ifndef INCL_FOCAL_H
#define INCL_FOCAL_H
#include "loss.h"

/* -q ln q / (1 - q), which goes to 1 with q: own / others is q / (1 - q), surprise is -ln q. */
INCL_INLINE incl_lanes incl_focal_ratio(incl_lanes own, incl_lanes others, incl_lanes surprise)
{
    incl_lanes ratio = incl_divide(own * surprise * 0x1p64f, others * 0x1p64f);
    return others < 0x1p-64f ? (incl_lanes)(1.0f) : ratio;
}

INCL_OUTLINE void incl_loss(global const float *x, int lane, const int *label, int n, int images,
                            LOSS_PARAMETERS global float *dx, global float *image_loss)
{
    incl_ints truth = LOAD(label);
    incl_lanes largest = LOAD(x + lane), others = (incl_lanes)(0.0f), zero = others;
    incl_lanes own = zero, far = zero, weight;
    LOAD_WEIGHTS(weight);
    for (int c = 1; c < CLASSES; c++) {
        incl_lanes value = LOAD(x + c * NB + lane);
        largest = value <= largest ? largest : value;
    }
    for (int c = 0; c < CLASSES; c++) {
        incl_lanes below = LOAD(x + c * NB + lane) - largest;
        incl_lanes power = incl_exp(below);
        others += IS_TARGET(c) ? zero : power;
        own = IS_TARGET(c) ? power : own;
        far = IS_TARGET(c) ? -below : far;
    }
    incl_lanes sum = others + own;
    /* others <= own happens only where the label's logit is the largest, so that own is 1 */
    incl_lanes surprise = others <= own ? incl_log_plus_1(others) : incl_log(sum) + far;
    incl_lanes missed = incl_divide(others, sum);
    incl_lanes least = missed < 0x1p-120f ? (incl_lanes)(0x1p-120f) : missed;
    incl_lanes factor = weight * incl_exp(incl_log(least) * number);
    incl_store_losses(factor * surprise, n, images, image_loss);
#if GRADIENT
    incl_lanes ratio = incl_focal_ratio(own, others, surprise);
    incl_lanes slope = factor * fma(ratio, (incl_lanes)(number), (incl_lanes)(1.0f)) * MEAN_SHARE;
    for (int c = 0; c < CLASSES; c++) {
        incl_lanes p = incl_divide(incl_exp(LOAD(x + c * NB + lane) - largest), sum);
        incl_lanes gradient = (IS_TARGET(c) ? -missed : p) * slope;
        STORE(truth < 0 ? zero : gradient, dx + c * NB + lane);
    }
#endif
}

#endif
