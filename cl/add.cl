/* Sums of tensors:  y = x,  y = y + x.
 * x, y [blocks][ELEMS][NB] f32; CHUNK and the work-items are those of elementwise.cl.
 *
 * ELEMS  elements of an image */
#include "lanes.h"

kernel void add_copy(global const float *restrict x, global float *restrict y)
{
    int e = get_global_id(1) * CHUNK, end = min(e + CHUNK, ELEMS);
    int base = get_global_id(2) * ELEMS * NB + (int)get_global_id(0) * LANES;
    for (; e < end; e++)
        STORE(LOAD(x + base + e * NB), y + base + e * NB);
}

kernel void add_to(global const float *restrict x, global float *restrict y)
{
    int e = get_global_id(1) * CHUNK, end = min(e + CHUNK, ELEMS);
    int base = get_global_id(2) * ELEMS * NB + (int)get_global_id(0) * LANES;
    for (; e < end; e++)
        STORE(LOAD(y + base + e * NB) + LOAD(x + base + e * NB), y + base + e * NB);
}
