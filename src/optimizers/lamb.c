/* lamb: adam whose step is as long as the weights of a tensor are. */
#include "optimizers/moments.h"

static const struct incline_option options[] = {
    INCLINE_OPTION_LR("0.001"),
    INCLINE_OPTIONS_MOMENTS("1e-06"),
    INCLINE_OPTION_DECAY("0", "added to the direction, times the weight"),
};

const struct incline_optimizer_class incline_lamb_class = {
    .name = "lamb",
    .help = "adam whose step is as long as a tensor's weights, for large batches",
    .about =
        {
            .equation =
                "m = beta1 m + (1 - beta1) g\n"
                "v = beta2 v + (1 - beta2) g^2\n"
                "d = m / (1 - beta1^n) / (sqrt(v / (1 - beta2^n)) + eps) + weight_decay w\n"
                "w = w - lr |w| / |d| d, the norms those of the tensor; w - lr d where one is 0",
            .pytorch = NULL,
            .keras = "Lamb",
            .source = "You et al. 2020, arXiv:1904.00962, algorithm 2, phi(z) = z",
        },
    .options = INCLINE_OPTIMIZER_TABLE(options),
    .states = incline_moments_states,
    .rates = incline_moments_rates,
    .normalizes = true,
};
