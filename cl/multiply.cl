/* Products of two tensors, where the second has SCALES numbers for each channel: POSITIONS or 1.
 *   y[p][c] = a[p][c] s[p mod SCALES][c]
 *   da = the same of dy and s,   ds[q][c] = sum over p = q mod SCALES of dy[p][c] a[p][c], in order
 * a, y, dy [blocks][POSITIONS][CHANNELS][NB], s, ds [blocks][SCALES][CHANNELS][NB] f32.
 * Work-items {NB / LANES, CHANNELS or more, blocks}: one owns a channel of LANES images. */
#include "lanes.h"

#define AT(p) (((p) * CHANNELS + c) * NB + lane)

kernel void multiply_forward(global const float *restrict a, global const float *restrict s,
                             global float *restrict y)
{
    int c = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    if (c >= CHANNELS)
        return;
    a += block * POSITIONS * CHANNELS * NB;
    s += block * SCALES * CHANNELS * NB;
    y += block * POSITIONS * CHANNELS * NB;
    for (int p = 0; p < POSITIONS; p++)
        STORE(LOAD(a + AT(p)) * LOAD(s + AT(p % SCALES)), y + AT(p));
}

kernel void multiply_backward(global const float *restrict dy, global const float *restrict a,
                              global float *restrict ds)
{
    int c = get_global_id(1), lane = get_global_id(0) * LANES, block = get_global_id(2);
    if (c >= CHANNELS)
        return;
    dy += block * POSITIONS * CHANNELS * NB;
    a += block * POSITIONS * CHANNELS * NB;
    ds += block * SCALES * CHANNELS * NB;
    for (int q = 0; q < SCALES; q++) {
        incl_lanes sum = (incl_lanes)(0.0f);
        for (int p = q; p < POSITIONS; p += SCALES)
            sum = fma(LOAD(dy + AT(p)), LOAD(a + AT(p)), sum);
        STORE(sum, ds + AT(q));
    }
}
