/* What adam, adamw and lamb share: two running means and their correction; see cl/adam.h. */
#ifndef INCLINE_OPTIMIZERS_MOMENTS_H
#define INCLINE_OPTIMIZERS_MOMENTS_H

#include "optimizers/optimizer.h"

#include <float.h>
#include <math.h>

static inline int incline_moments_states(const struct incline_optimizer_options *options)
{
    (void)options;
    return 2;
}

/* Sets all rates; weight decay is part of the gradient, or of the direction. */
static inline void incline_moments_rates(const struct incline_optimizer_options *options,
                                         double learning_rate, double steps,
                                         double out[INCLINE_RATES])
{
    out[0] = learning_rate;
    out[1] = options->weight_decay;
    out[2] = 1 - options->beta1;
    out[3] = 1 - options->beta2;
    out[4] = 1 / (1 - pow(options->beta1, steps + 1));
    out[5] = 1 / sqrt(1 - pow(options->beta2, steps + 1));
    out[6] = options->eps;
}

#define INCLINE_OPTIONS_MOMENTS(eps)                                                               \
    INCLINE_OPTION_SHARE(beta1, "0.9", "share of the mean gradient that a step keeps"),            \
        INCLINE_OPTION_SHARE(beta2, "0.999", "share of the mean square that a step keeps"),        \
        INCLINE_OPTION_EPS(eps)

#endif
