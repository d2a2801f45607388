/* adamw: adam with weight decay apart from the gradient. */
#include "optimizers/moments.h"

enum { DECOUPLED = 1 }; /* VARIANT of cl/adam.h */

static int variant(const struct incline_optimizer_options *options)
{
    (void)options;
    return DECOUPLED;
}

static void rates(const struct incline_optimizer_options *options, double learning_rate,
                  double steps, double out[INCLINE_RATES])
{
    incline_moments_rates(options, learning_rate, steps, out);
    out[1] = learning_rate * options->weight_decay;
}

static const struct incline_option options[] = {
    INCLINE_OPTION_LR("0.001"),
    INCLINE_OPTIONS_MOMENTS("1e-08"),
    INCLINE_OPTION_DECAY("0.01", "shrinks weights by lr times this in a step (decoupled)"),
};

const struct incline_optimizer_class incline_adamw_class = {
    .name = "adamw",
    .help = "adam with weight decay apart from the gradient",
    .about =
        {
            .equation = "w = w - lr weight_decay w\n"
                        "m = beta1 m + (1 - beta1) g\n"
                        "v = beta2 v + (1 - beta2) g^2\n"
                        "w = w - lr m / (1 - beta1^n) / (sqrt(v / (1 - beta2^n)) + eps)",
            .pytorch = "torch.optim.AdamW",
            .keras = "AdamW",
            .source = "Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2",
        },
    .options = INCLINE_OPTIMIZER_TABLE(options),
    .states = incline_moments_states,
    .variant = variant,
    .rates = rates,
};
