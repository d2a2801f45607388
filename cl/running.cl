/* What goes on over several steps, in buffers of the parameters' layout, f32: the sum of the
 * gradients of an update's batches, and the moving average of the parameters.
 *
 * elems and trained are multiples of NB: arguments, so that all networks share one program.
 * Work-items {NB / LANES, ceil(elems / (NB CHUNK))}: one owns LANES of each of CHUNK runs of NB. */
#include "lanes.h"

enum { CHUNK = 64 };

#define FIRST (get_global_id(1) * CHUNK * NB + get_global_id(0) * LANES)
#define END(first) min((first) + CHUNK * NB, (size_t)elems)

/* total = share g;  total = total + share g after earlier_steps > 0.   g, read. */
kernel void running_total(global const float *restrict g, global float *restrict total, float share,
                          int earlier_steps, int elems)
{
    size_t first = FIRST, end = END(first);
    for (size_t i = first; i < end; i += NB) {
        incl_lanes value = (incl_lanes)(share) * LOAD(g + i);
        if (earlier_steps > 0)
            value = fma((incl_lanes)(share), LOAD(g + i), LOAD(total + i));
        STORE(value, total + i);
    }
}

/* average = average + share (w - average) of the first `trained` elements;  average = w of the
 * others, and with a share of 1, when what the average holds does not matter.   w, read. */
kernel void running_average(global const float *restrict w, global float *restrict average,
                            float share, int trained, int elems)
{
    size_t first = FIRST, end = END(first);
    for (size_t i = first; i < end; i += NB) {
        incl_lanes value = LOAD(w + i);
        if (i < (size_t)trained && share != 1.0f) {
            incl_lanes before = LOAD(average + i);
            value = fma((incl_lanes)(share), value - before, before);
        }
        STORE(value, average + i);
    }
}
