/* From the gradient at a layer's output to the gradient at its sum before the activation:
 *   dz = f'(z) dy, by y = f(z)
 * and its transpose, with the output channel innermost, as the weight gradients want it.
 *
 * dy [blocks][height][width][channels][NB] f32, read; with IN_PLACE overwritten by dz.
 * y  the same shape, read (ACTIVATION other than 0).
 * dz_t [blocks][height][width][NB][columns] f32, written; columns past `channels` are 0.
 * POOLED: code, of dy's shape, read, and its transpose code_t, written.
 * columns: `channels` rounded up to a multiple of 16.
 * Work-items {NB / LANES, height, blocks}: one owns a row of LANES images.
 *
 * IN_PLACE  1: dz is wanted in dy's place as well
 * POOLED    1: arg-max codes go with the gradient */
#include "activation.h"

kernel void delta(global float *restrict dy,
#if ACTIVATION
                  global const float *restrict y,
#endif
#if POOLED
                  global const incl_code *restrict code, global incl_code *restrict code_t,
#endif
                  global float *restrict dz_t, int height, int width, int channels, int columns)
{
    int lane = get_global_id(0) * LANES;
    int first = (get_global_id(2) * height + get_global_id(1)) * width;

    for (int place = first; place < first + width; place++)
        for (int k = 0; k < columns; k += LANES) {
            int to = (place * NB + lane) * columns + k;
            incl_lanes dz[LANES];
#if POOLED
            incl_codes cell[LANES];
#endif
#pragma unroll
            for (int q = 0; q < LANES; q++) {
                int from = (place * channels + k + q) * NB + lane;
                bool inside = k + q < channels;
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
                STORE(dz[l], dz_t + to + l * columns);
#if POOLED
            TRANSPOSE(incl_codes, cell);
#pragma unroll
            for (int l = 0; l < LANES; l++)
                *(global incl_codes *)(code_t + to + l * columns) = cell[l];
#endif
        }
}
