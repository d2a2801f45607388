/* Categorical cross-entropy of the softmax of the logits x, mean over the batch.
 *   loss[n] = ln(sum over c of e^(x[c] - m)) - (x[label] - m),  m = max of x
 *   dx[n][c] = (softmax(x)[c] - (c == label)) / images
 * Images past the end of the batch get gradient 0.
 *
 * x [blocks][CLASSES][NB] f32, read.  labels [count], order [count] int, read.
 * dx as x, written (GRADIENT).  image_loss, image_rank, image_class: see loss.h.
 * Work-items {NB / LANES, blocks}: one owns LANES images. */
#include "loss.h"

kernel void cross_entropy(global const float *restrict x, global const int *restrict labels,
                          global const int *restrict order,
#if GRADIENT
                          global float *restrict dx,
#endif
                          global float *restrict image_loss, global int *restrict image_rank,
                          global int *restrict image_class, int first, int images)
{
    int lane = get_global_id(0) * LANES, block = get_global_id(1), n = block * NB + lane;
    int label[LANES];
    float loss_of[LANES];
    global const float *scores = x + block * CLASSES * NB;
    incl_labels(labels, order, first, n, images, label);

    incl_lanes largest = LOAD(scores + lane), sum = (incl_lanes)(0.0f);
    for (int c = 1; c < CLASSES; c++) {
        incl_lanes value = LOAD(scores + c * NB + lane);
        largest = value <= largest ? largest : value;
    }
    for (int c = 0; c < CLASSES; c++)
        sum += incl_exp(LOAD(scores + c * NB + lane) - largest);
    incl_lanes base = incl_log(sum) + largest;
    STORE(base, loss_of);
    for (int l = 0; l < LANES && n + l < images; l++)
        image_loss[n + l] = loss_of[l] - scores[label[l] * NB + lane + l];
    incl_judge(scores, lane, label, first, n, images, image_rank, image_class);
#if GRADIENT
    float share = 1.0f / images, gradient[LANES];
    for (int c = 0; c < CLASSES; c++) {
        STORE(incl_exp(LOAD(scores + c * NB + lane) - largest) / sum, gradient);
        for (int l = 0; l < LANES; l++) {
            float difference = gradient[l] - (c == label[l] ? 1.0f : 0.0f);
            dx[(block * CLASSES + c) * NB + lane + l] = label[l] < 0 ? 0.0f : difference * share;
        }
    }
#endif
}
