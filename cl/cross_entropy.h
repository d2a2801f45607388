/* Categorical cross-entropy of the softmax p of the logits x, as PyTorch's CrossEntropyLoss.
 *   loss[n] = sum over c of -t[c] ln p[c]
 *   dx[n][c] = (p[c] sum over j of t[j] - t[c]) / sum over the batch of w[label]
 *   t[c] = w[c] ((1 - s) (c == label) + s / CLASSES),   s = number (label_smoothing)
 *   -ln p[c] = ln(sum over j of e^(x[j] - m)) - (x[c] - m),   m = max of x */
#ifndef INCL_CROSS_ENTROPY_H
#define INCL_CROSS_ENTROPY_H
#include "loss.h"

INCL_OUTLINE void incl_loss(global const float *x, int lane, const int *label, int n, int images,
                            LOSS_PARAMETERS global float *dx, global float *image_loss)
{
    incl_ints truth = LOAD(label);
    incl_lanes largest = LOAD(x + lane), sum = (incl_lanes)(0.0f), zero = sum;
    incl_lanes far = zero, total = zero, own;
    incl_lanes even = incl_divide((incl_lanes)(number), (incl_lanes)(CLASSES));
    LOAD_WEIGHTS(own);
    own *= 1.0f - number;
    for (int c = 1; c < CLASSES; c++) {
        incl_lanes value = LOAD(x + c * NB + lane);
        largest = value <= largest ? largest : value;
    }
    for (int c = 0; c < CLASSES; c++) {
        incl_lanes below = LOAD(x + c * NB + lane) - largest;
        incl_lanes target = even * CLASS_WEIGHT(c) + (IS_TARGET(c) ? own : zero);
        incl_lanes farther = fma(target, -below, far);
        /* without smoothing, a logit of minus infinity is none of the loss's terms */
        far = number > 0.0f ? farther : (IS_TARGET(c) ? farther : far);
        total += target;
        sum += incl_exp(below);
    }
    incl_store_losses(fma(total, incl_log(sum), far), n, images, image_loss);
#if GRADIENT
    incl_lanes share = MEAN_SHARE;
    for (int c = 0; c < CLASSES; c++) {
        incl_lanes p = incl_divide(incl_exp(LOAD(x + c * NB + lane) - largest), sum);
        incl_lanes target = even * CLASS_WEIGHT(c) + (IS_TARGET(c) ? own : zero);
        incl_lanes gradient = fma(p, total, -target) * share;
        STORE(truth < 0 ? zero : gradient, dx + c * NB + lane);
    }
#endif
}

#endif
