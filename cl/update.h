/* What a kernel does with a finished gradient g of parameter element i.
 *
 * APPLY 0: target is the gradient tensor; g is stored.
 * APPLY 1: target is the parameter; plain stochastic gradient descent, w <- w - learning_rate g. */
#ifndef APPLY
#define APPLY 1
#endif

static inline void incl_finish_gradient(global float *target, int i, float g, float learning_rate)
{
#if APPLY
    target[i] = fma(-learning_rate, g, target[i]);
#else
    target[i] = g;
#endif
}
