/* lion: the sign of a mean gradient. */
#include "optimizers/optimizer.h"

#include <float.h>

static int states(const struct incline_optimizer_options *options)
{
    (void)options;
    return 1;
}

static void rates(const struct incline_optimizer_options *options, double learning_rate,
                  double steps, double out[INCLINE_RATES])
{
    (void)steps;
    out[0] = learning_rate;
    out[1] = learning_rate * options->weight_decay;
    out[2] = 1 - options->beta1;
    out[3] = 1 - options->beta2;
}

static const struct incline_option options[] = {
    INCLINE_OPTION_LR("0.0001"),
    INCLINE_OPTION_SHARE(beta1, "0.9", "share of the earlier gradients in a step's direction"),
    INCLINE_OPTION_SHARE(beta2, "0.99", "share of the mean gradient that a step keeps"),
    INCLINE_OPTION_DECAY("0", "shrinks weights by lr times this in a step (decoupled)"),
};

const struct incline_optimizer_class incline_lion_class = {
    .name = "lion",
    .help = "steps of one length along the sign of a mean gradient",
    .about =
        {
            .equation = "d = sign(beta1 m + (1 - beta1) g)\n"
                        "m = beta2 m + (1 - beta2) g\n"
                        "w = w - lr (d + weight_decay w)",
            .pytorch = NULL,
            .keras = "Lion",
            .source = "Chen et al. 2023, arXiv:2302.06675, algorithm 2",
        },
    .options = INCLINE_OPTIMIZER_TABLE(options),
    .states = states,
    .rates = rates,
};
