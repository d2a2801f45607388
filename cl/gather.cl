/* Picks the images of a batch from the data set and turns their bytes into numbers:
 *   x[n][e] = table[channel of e][pixels[order[first + n]][e]]
 * The table holds (byte / scale - mean) / std for each channel and byte, made on the host, so that
 * every device sees the same numbers. Images past the end of the batch are 0.
 *
 * pixels [count][H][W][C] u8, read.  order [count] int, read.  table [C][256] f32, read.
 * x [blocks][H][W][C][NB] f32, written.
 * first: position of the batch in order; images: size of the batch.
 * Work-items {NB / LANES, H, blocks}: one owns a row of LANES images.
 *
 * IN_H IN_W IN_C  size of an image */
#include "lanes.h"

kernel void gather(global const uchar *restrict pixels, global const int *restrict order,
                   global const float *restrict table, global float *restrict x, int first,
                   int images)
{
    int lane = get_global_id(0) * LANES, h = get_global_id(1), block = get_global_id(2);
    int row = h * IN_W * IN_C;
    global const uchar *source[LANES];
    bool inside[LANES];

    for (int l = 0; l < LANES; l++) {
        int n = block * NB + lane + l;
        inside[l] = n < images;
        int sample = inside[l] ? order[first + n] : 0;
        source[l] = pixels + (ulong)sample * (IN_H * IN_W * IN_C) + row;
    }
    global float *target = x + (block * IN_H * IN_W * IN_C + row) * NB + lane;
    for (int e = 0; e < IN_W * IN_C; e++) {
        global const float *values = table + e % IN_C * 256;
        for (int l = 0; l < LANES; l++)
            target[e * NB + l] = inside[l] ? values[source[l][e]] : 0.0f;
    }
}
