/* sgd: gradient descent, with momentum in PyTorch's form, which keeps the learning rate out of
 * it. */
#include "optimizers/optimizer.h"

#include <float.h>

enum { MOMENTUM = 1, NESTEROV = 2 }; /* VARIANT of cl/sgd.h */

static enum incline_status check(const struct incline_optimizer_options *options,
                                 struct incline_text *problem)
{
    if (!options->nesterov || (options->momentum > 0 && options->dampening == 0))
        return INCLINE_OK;
    incline_text_add(problem, "nesterov needs a momentum above 0 and a dampening of 0");
    return INCLINE_ERROR_CONFIG;
}

static int states(const struct incline_optimizer_options *options)
{
    return options->momentum > 0;
}

static int variant(const struct incline_optimizer_options *options)
{
    return (options->momentum > 0 ? MOMENTUM : 0) | (options->nesterov ? NESTEROV : 0);
}

static void rates(const struct incline_optimizer_options *options, double learning_rate,
                  double steps, double out[INCLINE_RATES])
{
    out[0] = learning_rate;
    out[1] = options->weight_decay;
    out[2] = options->momentum;
    out[3] = steps > 0 ? 1 - options->dampening : 1;
}

static const struct incline_option options[] = {
    INCLINE_OPTION_LR("0.01"),
    {"momentum", INCLINE_OPTION_DOUBLE, INCLINE_OPTIMIZER_PLACE(momentum), "0", 0, 1, NULL,
     "share of its last direction that a step keeps"},
    {"dampening", INCLINE_OPTION_DOUBLE, INCLINE_OPTIMIZER_PLACE(dampening), "0", 0, 1, NULL,
     "share of the gradient that momentum leaves out"},
    {"nesterov", INCLINE_OPTION_BOOL, INCLINE_OPTIMIZER_PLACE(nesterov), "false", 0, 0, NULL,
     "Nesterov's momentum, which looks a step ahead"},
    INCLINE_OPTION_DECAY("0", "added to the gradient, times the weight (L2)"),
};

const struct incline_optimizer_class incline_sgd_class = {
    .name = "sgd",
    .help = "gradient descent, with or without momentum",
    .about =
        {
            .equation = "g = g + weight_decay w\n"
                        "v = momentum v + (1 - dampening) g, in the first step v = g\n"
                        "w = w - lr v; with nesterov w - lr (g + momentum v)",
            .pytorch = "torch.optim.SGD",
            .keras = "SGD, whose momentum takes in the learning rate",
            .source = "Sutskever et al. 2013, On the importance of initialization and momentum in "
                      "deep learning",
        },
    .options = INCLINE_OPTIMIZER_TABLE(options),
    .check = check,
    .states = states,
    .variant = variant,
    .rates = rates,
};
