/* From the gradient at a layer's output to the gradient at its sum before the activation:
 *   dz = f'(z) dy, by y = f(z)
 * and its transpose, with the output channel innermost, as the weight gradients want it.
 *
 * dy [blocks][POSITIONS][CHANNELS][NB] f32, read; with IN_PLACE overwritten by dz.
 * y  the same shape, read (ACTIVATION other than 0).
 * dz_t [blocks][POSITIONS][NB][COLUMNS] f32, written; columns past CHANNELS are 0.
 * POOLED: code [blocks][POSITIONS][CHANNELS][NB], read, and its transpose code_t, written.
 * Work-items {NB / LANES, HEIGHT, blocks}: one owns a row of LANES images.
 *
 * HEIGHT WIDTH CHANNELS  shape of an image's output; POSITIONS is HEIGHT WIDTH
 * COLUMNS                CHANNELS rounded up to a multiple of 16
 * IN_PLACE               1: dz is wanted in dy's place as well
 * POOLED                 1: arg-max codes go with the gradient */
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
    int first = (get_global_id(2) * HEIGHT + get_global_id(1)) * WIDTH;

    for (int place = first; place < first + WIDTH; place++)
        for (int k = 0; k < COLUMNS; k += LANES) {
            int to = (place * NB + lane) * COLUMNS + k;
            incl_lanes dz[LANES];
#if POOLED
            incl_codes cell[LANES];
#endif
#pragma unroll
            for (int q = 0; q < LANES; q++) {
                int from = (place * CHANNELS + k + q) * NB + lane;
                bool inside = k + q < CHANNELS;
                dz[q] = inside ? LOAD(dy + from) : (incl_lanes)(0.0f);
#if ACTIVATION
                dz[q] = inside ? incl_activate_backward(ACTIVATION, LOAD(y + from), dz[q]) : dz[q];
#if IN_PLACE
                if (inside)
                    STORE(dz[q], dy + from);
#endif
#endif
#if POOLED
                cell[q] = inside ? *(global const incl_codes *)(code + from) : (incl_codes)(0);
#endif
            }
            TRANSPOSE(incl_lanes, dz);
#pragma unroll
            for (int l = 0; l < LANES; l++)
                STORE(dz[l], dz_t + to + l * COLUMNS);
#if POOLED
            TRANSPOSE(incl_codes, cell);
#pragma unroll
            for (int l = 0; l < LANES; l++)
                *(global incl_codes *)(code_t + to + l * COLUMNS) = cell[l];
#endif
        }
}
