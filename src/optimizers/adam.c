/* adam: the mean gradient divided by the root of the mean square. */
#include "optimizers/moments.h"

static const struct incline_option options[] = {
    INCLINE_OPTION_LR("0.001"),
    INCLINE_OPTIONS_MOMENTS("1e-08"),
    INCLINE_OPTION_DECAY("0", "added to the gradient, times the weight (L2)"),
};

const struct incline_optimizer_class incline_adam_class = {
    .name = "adam",
    .help = "the mean gradient divided by the root of its mean square",
    .about =
        {
            .equation = "g = g + weight_decay w\n"
                        "m = beta1 m + (1 - beta1) g\n"
                        "v = beta2 v + (1 - beta2) g^2\n"
                        "w = w - lr m / (1 - beta1^n) / (sqrt(v / (1 - beta2^n)) + eps)",
            .pytorch = "torch.optim.Adam",
            .keras = "Adam",
            .source = "Kingma and Ba 2015, arXiv:1412.6980, algorithm 1",
        },
    .options = INCLINE_OPTIMIZER_TABLE(options),
    .states = incline_moments_states,
    .rates = incline_moments_rates,
};
