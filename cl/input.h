/* The bytes of images as numbers in the lane layout:
 *   x[e] = gain[c] byte[e] + offset[c],   c = e mod IN_C,   rounded once
 * where gain = 1 / (scale std) and offset = -mean / std, so that x = (byte / scale - mean) / std.
 *
 * IN_W IN_C      size of a row of an image
 * INPUT_SPACE    where rows are written to: global, or SCRATCH of phases.h */
#ifndef INCL_INPUT_H
#define INCL_INPUT_H
#include "lanes.h"

#define ROW_BYTES (IN_W * IN_C)

typedef WIDEN(uchar) incl_bytes;

#if LANES > 1
#define VLOAD_N(n) vload##n
#define VLOAD(n) VLOAD_N(n)
#define LOAD_BYTES(p) VLOAD(LANES)(0, p)
#else
#define LOAD_BYTES(p) (*(p))
#endif

/* Where the images n .. n + LANES - 1 of the batch lie; those past its end: where its first does. */
INCL_INLINE void incl_input_images(global const uchar *pixels, global const int *order, int first,
                                     int n, int images, int image_bytes,
                                     global const uchar **image)
{
    for (int l = 0; l < LANES; l++) {
        int sample = order[first + (n + l < images ? n + l : 0)];
        image[l] = pixels + (ulong)sample * image_bytes;
    }
}

/* The numbers of cell e; 0 in lanes that are not `inside` the batch. */
INCL_INLINE incl_lanes incl_input_numbers(incl_bytes bytes, global const float *scaling, int e,
                                            incl_ints inside)
{
    global const float *of = scaling + e % IN_C * 2;
    incl_lanes x = fma(WIDEN(convert_float)(bytes), (incl_lanes)(of[0]), (incl_lanes)(of[1]));
    return inside ? x : (incl_lanes)(0.0f);
}

/* The row that begins at byte `from` of each image; cell e goes to target + e NB. LANES cells at a
 * time are transposed from images to lanes; the last ones overlap those before them. */
INCL_INLINE void incl_input_row(global const uchar *const *image, int from,
                                  global const float *restrict scaling, incl_ints inside,
                                  INPUT_SPACE float *restrict target)
{
#if ROW_BYTES >= LANES
    for (int start = 0; start < ROW_BYTES; start += LANES) {
        int e = min(start, ROW_BYTES - LANES);
        incl_bytes tile[LANES];
#pragma unroll
        for (int l = 0; l < LANES; l++)
            tile[l] = LOAD_BYTES(image[l] + from + e);
        TRANSPOSE(incl_bytes, tile);
#pragma unroll
        for (int j = 0; j < LANES; j++)
            STORE(incl_input_numbers(tile[j], scaling, e + j, inside), target + (e + j) * NB);
    }
#else
    for (int e = 0; e < ROW_BYTES; e++) {
        uchar bytes[LANES];
        for (int l = 0; l < LANES; l++)
            bytes[l] = image[l][from + e];
        STORE(incl_input_numbers(LOAD_BYTES(bytes), scaling, e, inside), target + e * NB);
    }
#endif
}

#endif
