/* Sums the figures of a batch into the slot of its step:
 *   metrics[number] = {sum of losses, hits, images whose class is among the five best, images}
 * The losses are added in order with a running correction (Kahan), so large batches lose no digits.
 * image_loss f32, image_rank int [batch], read.  metrics [steps][4] f32, written.
 * One work-item. */
#include "lanes.h"

kernel void metrics_sum(global const float *restrict image_loss,
                        global const int *restrict image_rank, global float *restrict metrics,
                        int images, int number)
{
    float sum = 0.0f, rest = 0.0f;
    int hits = 0, near = 0;
    for (int n = 0; n < images; n++) {
        float part = image_loss[n] - rest, next = sum + part;
        rest = (next - sum) - part;
        sum = next;
        hits += image_rank[n] == 0;
        near += image_rank[n] < 5;
    }
    global float *slot = metrics + number * 4;
    slot[0] = sum;
    slot[1] = hits;
    slot[2] = near;
    slot[3] = images;
}
