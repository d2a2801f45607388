/* Stochastic gradient descent over all parameters at once, for when gradients are stored:
 *   w <- w - learning_rate g
 * w, g [COUNT] f32. One work-item per element; global size COUNT rounded up. */
#include "lanes.h"

kernel void sgd_update(global float *w, global const float *g, float learning_rate)
{
    int i = get_global_id(0);
    if (i < COUNT)
        w[i] = fma(-learning_rate, g[i], w[i]);
}
