/* What goes on over several steps (cl/running.cl), each in one launch over all parameters. */
#ifndef INCLINE_NETWORK_RUNNING_H
#define INCLINE_NETWORK_RUNNING_H

#include "network/parameters.h"

/* Appends the launch that adds the gradients of a step, by its share, to those of the steps before
 * it; of the trained parameters only. */
enum incline_status
incline_running_total(struct incline_context *ctx, struct incline_plan *plan,
                      const struct incline_parameters *gradients,
                      const struct incline_parameters *total) INCLINE_MUST_CHECK;

/* Appends the launch that takes the updated parameters into their moving average, with the step's
 * average_share; state is copied. */
enum incline_status
incline_running_average(struct incline_context *ctx, struct incline_plan *plan,
                        const struct incline_parameters *parameters,
                        const struct incline_parameters *average) INCLINE_MUST_CHECK;

#endif
