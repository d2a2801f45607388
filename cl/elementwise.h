/* A layer that applies f to every element: y = f(x), dx = f'(x) dy by y.
 * x, y, dx, dy [blocks][ELEMS][NB] f32.  dx may be dy.
 * Work-items {NB / LANES, ceil(ELEMS / CHUNK), blocks}: one owns CHUNK elements of LANES images.
 *
 * ELEMS  elements of an image
 * CHUNK  elements a work-item handles (64) */
#include "activation.h"

kernel void activation_forward(global const float *restrict x, global float *restrict y)
{
    int e = get_global_id(1) * CHUNK, end = min(e + CHUNK, ELEMS);
    int base = get_global_id(2) * ELEMS * NB + (int)get_global_id(0) * LANES;
    for (; e < end; e++)
        STORE(incl_activate(ACTIVATION, LOAD(x + base + e * NB)), y + base + e * NB);
}

kernel void activation_backward(global const float *restrict y, global const float *dy,
                                global float *dx)
{
    int e = get_global_id(1) * CHUNK, end = min(e + CHUNK, ELEMS);
    int base = get_global_id(2) * ELEMS * NB + (int)get_global_id(0) * LANES;
    for (; e < end; e++)
        STORE(incl_activate_backward(ACTIVATION, LOAD(y + base + e * NB),
                                     LOAD(dy + base + e * NB)),
              dx + base + e * NB);
}
