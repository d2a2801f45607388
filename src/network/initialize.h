/* Start values of parameters, as functions of (seed, parameter number, element). */
#ifndef INCLINE_NETWORK_INITIALIZE_H
#define INCLINE_NETWORK_INITIALIZE_H

#include "network/parameters.h"

/* Values of one parameter, in memory order.
 *   glorot_uniform  U(-l, l), l = sqrt(6 / (fan_in + fan_out))         Glorot, Bengio 2010, eq. 16
 *   glorot_normal   N(0, s^2) cut at 2 sigma, s^2 = 2 / (fan_in + fan_out) after the cut, as Keras
 *   he_uniform      U(-l, l), l = sqrt(6 / fan_in)                     He et al. 2015, eq. 10
 *   he_normal       N cut at 2 sigma, s^2 = 2 / fan_in after the cut, as Keras
 *   torch           U(-l, l), l = 1 / sqrt(fan_in), weights and biases, as PyTorch's Linear, Conv2d
 *   zeros
 * fan_in is what one output sums: of a conv2d KH KW C_in / groups. fan_out is KH KW C_out whatever
 * the groups, as in PyTorch and in Keras's Conv2D, which go by the shape of the tensor. */
void incline_initialize_values(const struct incline_parameter *parameter, uint64_t seed,
                               uint32_t number, float *values);

/* Fills every parameter on the device. */
enum incline_status incline_initialize(struct incline_context *ctx,
                                       const struct incline_parameters *parameters,
                                       const struct incline_layer *layers,
                                       uint64_t seed) INCLINE_MUST_CHECK;

#endif
