/* How fast the device multiplies and adds vectors of LANES floats: the inner loop of dense_forward
 * without its memory. As many sums as fill the registers of a CPU at its own width and spill at the
 * next: what is too wide shows.
 *
 * SUMS  12 */
#include "lanes.h"

/* w [SUMS], read.  y [work-items][LANES], written.  All f32.  Work-items: any number. */
kernel void lane_probe(global const float *restrict w, global float *restrict y, int rounds)
{
    incl_lanes sum[SUMS], value = (incl_lanes)(w[0]);
#pragma unroll
    for (int t = 0; t < SUMS; t++)
        sum[t] = (incl_lanes)(0.0f);
    for (int i = 0; i < rounds; i++) {
#pragma unroll
        for (int t = 0; t < SUMS; t++)
            sum[t] = fma(value, (incl_lanes)(w[t]), sum[t]);
        value = -value;
    }
#pragma unroll
    for (int t = 1; t < SUMS; t++)
        sum[0] += sum[t];
    STORE(sum[0], y + get_global_id(0) * LANES);
}
