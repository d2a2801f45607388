/* A layer that applies f to every element: y = f(x), dx = f'(x) dy; see activation.h for f by
 * number.
 * x, y, dx, dy [blocks][elems][NB] f32; `from` is y or x, whichever f' wants.
 * Work-items {NB / LANES, ceil(elems / CHUNK), blocks}: one owns CHUNK elements of LANES images.
 *
 * elems  elements of an image: an argument, so that all layers of one f are one program
 * CHUNK  elements a work-item handles (64) */
#include "activation.h"

kernel void activation_forward(global const float *restrict x, global float *restrict y, int elems)
{
    int e = get_global_id(1) * CHUNK, end = min(e + CHUNK, elems);
    int base = get_global_id(2) * elems * NB + (int)get_global_id(0) * LANES;
    for (; e < end; e++)
        STORE(incl_activate(ACTIVATION, LOAD(x + base + e * NB)), y + base + e * NB);
}

kernel void activation_backward(global const float *restrict from, global const float *restrict dy,
                                global float *restrict dx, int elems)
{
    int e = get_global_id(1) * CHUNK, end = min(e + CHUNK, elems);
    int base = get_global_id(2) * elems * NB + (int)get_global_id(0) * LANES;
    for (; e < end; e++)
        STORE(incl_activate_backward(ACTIVATION, LOAD(from + base + e * NB),
                                     LOAD(dy + base + e * NB)),
              dx + base + e * NB);
}
