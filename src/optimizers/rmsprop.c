/* rmsprop: the gradient divided by the root of its mean square, or of its variance. */
#include "optimizers/optimizer.h"

#include <float.h>

enum { MOMENTUM = 1, CENTERED = 2 }; /* VARIANT of cl/rmsprop.h */

static int variant(const struct incline_optimizer_options *options)
{
    return (options->momentum > 0 ? MOMENTUM : 0) | (options->centered ? CENTERED : 0);
}

static int states(const struct incline_optimizer_options *options)
{
    return 1 + (options->momentum > 0) + options->centered;
}

static void rates(const struct incline_optimizer_options *options, double learning_rate,
                  double steps, double out[INCLINE_RATES])
{
    (void)steps;
    out[0] = learning_rate;
    out[1] = options->weight_decay;
    out[2] = 1 - options->alpha;
    out[3] = options->momentum;
    out[4] = options->eps;
}

static const struct incline_option options[] = {
    INCLINE_OPTION_LR("0.01"),
    INCLINE_OPTION_SHARE(alpha, "0.99", "share of the mean square that a step keeps"),
    INCLINE_OPTION_EPS("1e-08"),
    {"momentum", INCLINE_OPTION_DOUBLE, INCLINE_OPTIMIZER_PLACE(momentum), "0", 0, 1, NULL,
     "share of its last direction that a step keeps"},
    {"centered", INCLINE_OPTION_BOOL, INCLINE_OPTIMIZER_PLACE(centered), "false", 0, 0, NULL,
     "divide by the root of the variance"},
    INCLINE_OPTION_DECAY("0", "added to the gradient, times the weight (L2)"),
};

const struct incline_optimizer_class incline_rmsprop_class = {
    .name = "rmsprop",
    .help = "the gradient divided by the root of its mean square",
    .about =
        {
            .equation =
                "g = g + weight_decay w\n"
                "s = alpha s + (1 - alpha) g^2;  centered: m = alpha m + (1 - alpha) g\n"
                "d = g / (sqrt(s) + eps);        centered: g / (sqrt(s - m^2) + eps)\n"
                "w = w - lr d;                   momentum: v = momentum v + d, w = w - lr v",
            .pytorch = "torch.optim.RMSprop",
            .keras = "RMSprop, whose rho is alpha",
            .source = "Tieleman and Hinton 2012; Graves 2013, arXiv:1308.0850 (centered)",
        },
    .options = INCLINE_OPTIMIZER_TABLE(options),
    .states = states,
    .variant = variant,
    .rates = rates,
};
