/* Softmax over the channels of each position.
 *   y[c] = e^(x[c] - m) / sum over j of e^(x[j] - m),  m = max of x
 *   dx[c] = y[c] (dy[c] - sum over j of dy[j] y[j])
 * x, y, dx, dy [blocks][POSITIONS][CHANNELS][NB] f32.
 * Work-items {NB / LANES, POSITIONS, blocks}: one owns a position of LANES images. */
#include "functions.h"

kernel void softmax_forward(global const float *restrict x, global float *restrict y)
{
    int base = (get_global_id(2) * POSITIONS + get_global_id(1)) * CHANNELS * NB +
               get_global_id(0) * LANES;
    incl_lanes largest = LOAD(x + base), sum = (incl_lanes)(0.0f);
    for (int c = 1; c < CHANNELS; c++) {
        incl_lanes value = LOAD(x + base + c * NB);
        largest = value <= largest ? largest : value;
    }
    for (int c = 0; c < CHANNELS; c++) {
        incl_lanes power = incl_exp(LOAD(x + base + c * NB) - largest);
        sum += power;
        STORE(power, y + base + c * NB);
    }
    for (int c = 0; c < CHANNELS; c++)
        STORE(incl_divide(LOAD(y + base + c * NB), sum), y + base + c * NB);
}

kernel void softmax_backward(global const float *restrict y, global const float *restrict dy,
                             global float *restrict dx)
{
    int base = (get_global_id(2) * POSITIONS + get_global_id(1)) * CHANNELS * NB +
               get_global_id(0) * LANES;
    incl_lanes sum = (incl_lanes)(0.0f);
    for (int c = 0; c < CHANNELS; c++)
        sum = fma(LOAD(dy + base + c * NB), LOAD(y + base + c * NB), sum);
    for (int c = 0; c < CHANNELS; c++)
        STORE(LOAD(y + base + c * NB) * (LOAD(dy + base + c * NB) - sum), dx + base + c * NB);
}
