/* From the gradient at a layer's output to the gradient at its sum before the activation:
 *   dz = f'(z) dy, by y = f(z)
 * and its transpose, with the output channel innermost, as the weight gradients want it.
 *
 * dy [blocks][POSITIONS][CHANNELS][NB] f32, read; with IN_PLACE overwritten by dz.
 * y  the same shape, read (ACTIVATION other than 0).
 * dz_t [blocks][POSITIONS][NB][COLUMNS] f32, written; columns past CHANNELS are 0.
 * POOLED: code [blocks][POSITIONS][CHANNELS][NB], read, and its transpose code_t, written.
 * Work-items {NB / LANES, POSITIONS, blocks}: one owns a position of LANES images.
 *
 * POSITIONS CHANNELS  shape of an image's output
 * COLUMNS             CHANNELS rounded up to a multiple of 16
 * IN_PLACE            1: dz is wanted in dy's place as well
 * POOLED              1: arg-max codes go with the gradient */
#include "activation.h"

kernel void delta(global float *restrict dy,
#if ACTIVATION
                  global const float *restrict y,
#endif
#if POOLED
                  global const incl_code *restrict code, global incl_code *restrict code_t,
#endif
                  global float *restrict dz_t)
{
    int lane = get_global_id(0) * LANES;
    int place = get_global_id(2) * POSITIONS + get_global_id(1);
    int from = place * CHANNELS * NB + lane, to = (place * NB + lane) * COLUMNS;
    float dz_of[LANES];

    for (int k = 0; k < CHANNELS; k++) {
        incl_lanes dz = LOAD(dy + from + k * NB);
#if ACTIVATION
        dz = incl_activate_backward(LOAD(y + from + k * NB), dz);
#endif
#if IN_PLACE && ACTIVATION
        STORE(dz, dy + from + k * NB);
#endif
        STORE(dz, dz_of);
        for (int l = 0; l < LANES; l++) {
            dz_t[to + l * COLUMNS + k] = dz_of[l];
#if POOLED
            code_t[to + l * COLUMNS + k] = code[from + k * NB + l];
#endif
        }
    }
    for (int k = CHANNELS; k < COLUMNS; k++)
        for (int l = 0; l < LANES; l++) {
            dz_t[to + l * COLUMNS + k] = 0.0f;
#if POOLED
            code_t[to + l * COLUMNS + k] = 0;
#endif
        }
}
