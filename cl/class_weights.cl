/* What a mean over images weighted by their classes divides by:
 *   weight_sum[0] = sum over the images of the batch of class_weight[label]
 * added in order with a running correction (Kahan).
 *
 * labels [count], order [count] int, class_weight [classes] f32, read.  weight_sum [1] f32,
 * written. One work-item. */
#include "lanes.h"

kernel void class_weights(global const int *restrict labels, global const int *restrict order,
                          global const float *restrict class_weight,
                          global float *restrict weight_sum, int first, int images)
{
    float sum = 0.0f, rest = 0.0f;
    for (int n = 0; n < images; n++) {
        float part = class_weight[labels[order[first + n]]] - rest, next = sum + part;
        rest = (next - sum) - part;
        sum = next;
    }
    weight_sum[0] = sum;
}
