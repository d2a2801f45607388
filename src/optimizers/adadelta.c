/* adadelta: steps in the unit of the weights, from the mean squares of gradients and steps. */
#include "optimizers/optimizer.h"

#include <float.h>

static int states(const struct incline_optimizer_options *options)
{
    (void)options;
    return 2;
}

static void rates(const struct incline_optimizer_options *options, double learning_rate,
                  double steps, double out[INCLINE_RATES])
{
    (void)steps;
    out[0] = learning_rate;
    out[1] = options->weight_decay;
    out[2] = 1 - options->rho;
    out[3] = options->eps;
}

static const struct incline_option options[] = {
    INCLINE_OPTION_LR("1"),
    INCLINE_OPTION_SHARE(rho, "0.9", "share of the mean squares that a step keeps"),
    INCLINE_OPTION_EPS("1e-06"),
    INCLINE_OPTION_DECAY("0", "added to the gradient, times the weight (L2)"),
};

const struct incline_optimizer_class incline_adadelta_class = {
    .name = "adadelta",
    .help = "steps in the unit of the weights, from mean squares",
    .about =
        {
            .equation = "g = g + weight_decay w\n"
                        "s = rho s + (1 - rho) g^2\n"
                        "d = sqrt(u + eps) / sqrt(s + eps) g\n"
                        "u = rho u + (1 - rho) d^2\n"
                        "w = w - lr d",
            .pytorch = "torch.optim.Adadelta",
            .keras = "Adadelta",
            .source = "Zeiler 2012, arXiv:1212.5701",
        },
    .options = INCLINE_OPTIMIZER_TABLE(options),
    .states = states,
    .rates = rates,
};
