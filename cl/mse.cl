/* Mean squared error of the scores x against the one-hot label, mean over classes and batch.
 *   loss[n] = (1 / CLASSES) sum over c of (x[c] - t[c])^2,  t[c] = (c == label)
 *   dx[n][c] = 2 (x[c] - t[c]) / (CLASSES images)
 * Images past the end of the batch get gradient 0.
 *
 * Shapes, access and work-items as in cross_entropy.cl. */
#include "loss.h"

kernel void mse(global const float *restrict x, global const int *restrict labels,
                global const int *restrict order,
#if GRADIENT
                global float *restrict dx,
#endif
                global float *restrict image_loss, global int *restrict image_rank,
                global int *restrict image_class, int first, int images)
{
    int lane = get_global_id(0) * LANES, block = get_global_id(1), n = block * NB + lane;
    int label[LANES];
    global const float *scores = x + block * CLASSES * NB;
    incl_labels(labels, order, first, n, images, label);

#if GRADIENT
    float share = 2.0f / ((float)CLASSES * images);
#endif
    for (int l = 0; l < LANES; l++) {
        float sum = 0.0f;
        for (int c = 0; c < CLASSES; c++) {
            float difference = scores[c * NB + lane + l] - (c == label[l] ? 1.0f : 0.0f);
            sum = fma(difference, difference, sum);
#if GRADIENT
            dx[(block * CLASSES + c) * NB + lane + l] = label[l] < 0 ? 0.0f : difference * share;
#endif
        }
        if (n + l < images)
            image_loss[n + l] = sum / CLASSES;
    }
    incl_judge(scores, lane, label, first, n, images, image_rank, image_class);
}
