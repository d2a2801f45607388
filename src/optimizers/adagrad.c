/* adagrad: the gradient divided by the root of the sum of all its squares. */
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
    out[0] = learning_rate / (1 + steps * options->lr_decay);
    out[1] = options->weight_decay;
    out[2] = steps > 0 ? 0 : options->initial_accumulator_value;
    out[3] = options->eps;
}

static const struct incline_option options[] = {
    INCLINE_OPTION_LR("0.01"),
    {"lr_decay", INCLINE_OPTION_DOUBLE, INCLINE_OPTIMIZER_PLACE(lr_decay), "0", 0, 1e30, NULL,
     "step number n has the rate lr / (1 + (n - 1) lr_decay)"},
    {"initial_accumulator_value", INCLINE_OPTION_DOUBLE,
     INCLINE_OPTIMIZER_PLACE(initial_accumulator_value), "0", 0, 1e30, NULL,
     "start of the sum of squares"},
    INCLINE_OPTION_EPS("1e-10"),
    INCLINE_OPTION_DECAY("0", "added to the gradient, times the weight (L2)"),
};

const struct incline_optimizer_class incline_adagrad_class = {
    .name = "adagrad",
    .help = "the gradient divided by the root of the sum of its squares",
    .about =
        {
            .equation = "g = g + weight_decay w\n"
                        "s = s + g^2\n"
                        "w = w - lr / (1 + (n - 1) lr_decay) g / (sqrt(s) + eps)",
            .pytorch = "torch.optim.Adagrad",
            .keras = "Adagrad",
            .source = "Duchi et al. 2011, Adaptive subgradient methods",
        },
    .options = INCLINE_OPTIMIZER_TABLE(options),
    .states = states,
    .rates = rates,
};
