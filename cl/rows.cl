/* Between an activation and a matrix with a row for each image, as matrix products want it.
 *   rows[n][k] = x[n][k],   and back   y[n][k] = f(rows[n][k] + b[k])
 *
 * CHANNELS    features of an image
 * COLUMNS     CHANNELS rounded up to a multiple of 16
 * HAS_BIAS    0 or 1; of rows_finish
 * ACTIVATION  see activation.h; of rows_finish */
#include "activation.h"

#ifndef HAS_BIAS
#define HAS_BIAS 0
#endif

/* x [blocks][CHANNELS][NB], read.  rows [blocks][NB][COLUMNS], written, 0 past CHANNELS.  All f32.
 * Work-items {NB / LANES, COLUMNS / LANES, blocks}: one owns LANES features of LANES images. */
kernel void rows_pack(global const float *restrict x, global float *restrict rows)
{
    int lane = get_global_id(0) * LANES, k = get_global_id(1) * LANES, block = get_global_id(2);
    incl_lanes tile[LANES];
    x += (block * CHANNELS + k) * NB + lane;
    rows += (block * NB + lane) * COLUMNS + k;
#pragma unroll
    for (int q = 0; q < LANES; q++)
        tile[q] = k + q < CHANNELS ? LOAD(x + q * NB) : (incl_lanes)(0.0f);
    TRANSPOSE(incl_lanes, tile);
#pragma unroll
    for (int l = 0; l < LANES; l++)
        STORE(tile[l], rows + l * COLUMNS);
}

/* rows [blocks][NB][COLUMNS], read; columns past CHANNELS may hold anything.  b [CHANNELS], read
 * (HAS_BIAS).  y [blocks][CHANNELS][NB], written.  All f32.
 * Work-items {NB / LANES, COLUMNS / LANES, blocks}: one owns LANES features of LANES images. */
kernel void rows_finish(global const float *restrict rows,
#if HAS_BIAS
                        global const float *restrict b,
#endif
                        global float *restrict y)
{
    int lane = get_global_id(0) * LANES, k = get_global_id(1) * LANES, block = get_global_id(2);
    incl_lanes tile[LANES];
    rows += (block * NB + lane) * COLUMNS + k;
    y += (block * CHANNELS + k) * NB + lane;
#pragma unroll
    for (int l = 0; l < LANES; l++)
        tile[l] = LOAD(rows + l * COLUMNS);
    TRANSPOSE(incl_lanes, tile);
#pragma unroll
    for (int q = 0; q < LANES; q++)
        if (k + q < CHANNELS) {
#if HAS_BIAS
            tile[q] += (incl_lanes)(b[k + q]);
#endif
            STORE(incl_activate(ACTIVATION, tile[q]), y + q * NB);
        }
}
