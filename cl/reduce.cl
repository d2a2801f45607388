/* Adds up partial sums of a gradient in the order of the parts, and uses the result (see update.h).
 *   g[r][k] = sum over p of partial[p][r][k]
 * partial [PARTS][ROWS][COLUMNS] f32, read.  target: parameter or gradient [ROWS][CHANNELS].
 * Work-items {COLUMNS, ROWS}; those past CHANNELS do nothing. */
#include "lanes.h"
#include "update.h"

kernel void reduce_parts(global const float *restrict partial, global float *restrict target,
                         float learning_rate)
{
    int k = get_global_id(0), row = get_global_id(1);
    if (k >= CHANNELS)
        return;
    float sum = 0.0f;
    for (int part = 0; part < PARTS; part++)
        sum += partial[(part * ROWS + row) * COLUMNS + k];
    incl_finish_gradient(target, row * CHANNELS + k, sum, learning_rate);
}
