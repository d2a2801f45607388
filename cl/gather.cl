/* Picks the images of a batch from the data set and turns their bytes into numbers; see input.h.
 * Images past the end of the batch are 0.
 *
 * pixels [count][H][W][C] u8, read.  order [count] int, read.  scaling [C][2] f32, read: gain and
 * offset.  x [blocks][H][W][C][NB] f32, written.
 * first: position of the batch in order; images: size of the batch.
 * Work-items {NB / LANES, H, blocks}: one owns a row of LANES images.
 *
 * IN_H IN_W IN_C  size of an image */
#define INPUT_SPACE global
#include "input.h"

kernel void gather(global const uchar *restrict pixels, global const int *restrict order,
                   global const float *restrict scaling, global float *restrict x, int first,
                   int images)
{
    int lane = get_global_id(0) * LANES, h = get_global_id(1), block = get_global_id(2);
    int n = block * NB + lane;
    global const uchar *image[LANES];
    incl_input_images(pixels, order, first, n, images, IN_H * ROW_BYTES, image);
    incl_input_row(image, h * ROW_BYTES, scaling, n + LANE_NUMBERS < images,
                   x + (block * IN_H + h) * ROW_BYTES * NB + lane);
}
