/* What an optimizer is: a descriptor with an option table, the state that it keeps and the numbers
 * that change from step to step. An optimizer lives in one .c file named after it and one word in
 * meson.build; its equation for a vector of numbers stands in cl/, see cl/update.h.
 *
 * All follow PyTorch's torch.optim where that has them: same options, defaults and equations. */
#ifndef INCLINE_OPTIMIZERS_OPTIMIZER_H
#define INCLINE_OPTIMIZERS_OPTIMIZER_H

#include "base/about.h"
#include "base/options.h"

enum {
    INCLINE_STATES_MAX = 3, /* tensors of state that an optimizer keeps beside a parameter */
    INCLINE_RATES = 8       /* numbers that a step hands to the kernels */
};

/* The options of all optimizers; each reads those of its table. */
struct incline_optimizer_options {
    double lr, weight_decay;
    double momentum, dampening;
    double alpha, rho, beta1, beta2, eps;
    double lr_decay, initial_accumulator_value;
    bool nesterov, centered;
    bool decay_bias_norm;
};

struct incline_optimizer_class {
    const char *name;
    const char *help;
    struct incline_about about;
    struct incline_option_table options; /* of struct incline_optimizer_options */
    /* Appends what is wrong with the options together and returns CONFIG; or NULL. */
    enum incline_status (*check)(const struct incline_optimizer_options *options,
                                 struct incline_text *problem);
    /* Tensors of state, and VARIANT of the optimizer's kernels; NULL: 0. */
    int (*states)(const struct incline_optimizer_options *options);
    int (*variant)(const struct incline_optimizer_options *options);
    /* Sets rates[0 .. INCLINE_RATES - 2] for the step after `steps` earlier ones: what each means,
     * the kernels' header says. Number 1 scales weight decay. */
    void (*rates)(const struct incline_optimizer_options *options, double learning_rate,
                  double steps, double rates[INCLINE_RATES]);
    bool normalizes; /* the step of a tensor depends on its norm: gradients must be complete */
};

/* An optimizer as it is configured. */
struct incline_optimizer {
    const struct incline_optimizer_class *class;
    struct incline_optimizer_options options;
    double clip_norm, clip_value; /* of gradients; 0: not clipped */
    int accumulate;               /* batches whose gradients make one update; 0 is as 1 */
};

/* All, the default first, in the order of OPTIMIZER in the kernels; and the one of that name, or
 * NULL. */
extern const struct incline_optimizer_class *const incline_optimizer_classes[];
extern const size_t incline_optimizer_count;
const struct incline_optimizer_class *incline_optimizer_find(const char *name);
int incline_optimizer_number(const struct incline_optimizer_class *class);

/* In what follows, optimizer NULL is plain gradient descent. */

/* w = w - learning_rate g and nothing else: kernels have a shorter form of it. */
bool incline_optimizer_is_plain(const struct incline_optimizer *optimizer);
int incline_optimizer_states(const struct incline_optimizer *optimizer);
int incline_optimizer_variant(const struct incline_optimizer *optimizer);
/* All gradients must be complete before the first parameter is updated, or outlast the step. */
bool incline_optimizer_needs_all(const struct incline_optimizer *optimizer);
/* Several batches make an update. */
bool incline_optimizer_accumulates(const struct incline_optimizer *optimizer);
/* Whether weight decay applies to a parameter. */
bool incline_optimizer_decays(const struct incline_optimizer *optimizer, bool is_bias_or_norm);
/* What the kernels are given for the step after `steps` earlier ones. */
void incline_optimizer_rates(const struct incline_optimizer *optimizer, double learning_rate,
                             long long steps, float rates[INCLINE_RATES]);

/* Rows of option tables that several share. */
#define INCLINE_OPTIMIZER_PLACE(member) offsetof(struct incline_optimizer_options, member)
#define INCLINE_OPTION_LR(fallback)                                                                \
    {                                                                                              \
        "lr", INCLINE_OPTION_DOUBLE, INCLINE_OPTIMIZER_PLACE(lr), fallback, DBL_MIN, 1e30, NULL,   \
            "learning rate"                                                                        \
    }
#define INCLINE_OPTION_DECAY(fallback, help)                                                       \
    {"weight_decay",                                                                               \
     INCLINE_OPTION_DOUBLE,                                                                        \
     INCLINE_OPTIMIZER_PLACE(weight_decay),                                                        \
     fallback,                                                                                     \
     0,                                                                                            \
     1e30,                                                                                         \
     NULL,                                                                                         \
     help},                                                                                        \
    {                                                                                              \
        "decay_bias_norm", INCLINE_OPTION_BOOL, INCLINE_OPTIMIZER_PLACE(decay_bias_norm), "true",  \
            0, 0, NULL, "weight decay also for biases and the parameters of norms"                 \
    }
#define INCLINE_OPTION_SHARE(name, fallback, help)                                                 \
    {                                                                                              \
#name, INCLINE_OPTION_DOUBLE, INCLINE_OPTIMIZER_PLACE(name), fallback, 0, 0.9999999, NULL, \
            help                                                                                   \
    }
#define INCLINE_OPTION_EPS(fallback)                                                               \
    {                                                                                              \
        "eps", INCLINE_OPTION_DOUBLE, INCLINE_OPTIMIZER_PLACE(eps), fallback, 1e-30, 1, NULL,      \
            "keeps the divisor above 0"                                                            \
    }
#define INCLINE_OPTIMIZER_TABLE(options)                                                           \
    {                                                                                              \
        options, sizeof options / sizeof *options, NULL, sizeof(struct incline_optimizer_options)  \
    }

#endif
