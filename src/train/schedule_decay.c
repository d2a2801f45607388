/* Schedules that multiply the given rate by a factor of the epochs done. */
#include "train/schedule.h"

#include <float.h>
#include <math.h>

static long long epoch_of(const struct incline_schedule_moment *moment)
{
    return moment->step / moment->epoch_steps;
}

/* ---- constant ---- */

static double constant_rate(const void *options, double lr,
                            const struct incline_schedule_moment *moment)
{
    (void)options, (void)moment;
    return lr;
}

const struct incline_schedule_class incline_constant_schedule = {
    .name = "constant",
    .help = "the same rate all the time",
    .about = {.equation = "rate = lr", .pytorch = "ConstantLR(factor=1)"},
    .rate = constant_rate,
};

/* ---- step ---- */

struct step_options {
    int every;
    double factor;
};

static const struct incline_option step_table[] = {
    {"every", INCLINE_OPTION_INT, offsetof(struct step_options, every), NULL, 1, 1000000, NULL,
     "epochs from one drop to the next"},
    {"factor", INCLINE_OPTION_DOUBLE, offsetof(struct step_options, factor), "0.1", DBL_MIN, 1,
     NULL, "what a drop multiplies the rate by"},
};

static double step_rate(const void *options, double lr,
                        const struct incline_schedule_moment *moment)
{
    const struct step_options *step = options;
    return lr * pow(step->factor, (double)(epoch_of(moment) / step->every));
}

const struct incline_schedule_class incline_step_schedule = {
    .name = "step",
    .help = "drops at equal distances",
    .about = {.equation = "rate = lr x factor^floor(epoch / every)", .pytorch = "StepLR"},
    .options = INCLINE_SCHEDULE_TABLE(step_table, "every", struct step_options),
    .rate = step_rate,
};

/* ---- steps ---- */

struct steps_options {
    struct incline_doubles at;
    double factor;
};

static const struct incline_option steps_table[] = {
    {"at", INCLINE_OPTION_DOUBLES, offsetof(struct steps_options, at), NULL, 1, 1000000, NULL,
     "epochs after which the rate drops, in ascending order: [30, 60]"},
    {"factor", INCLINE_OPTION_DOUBLE, offsetof(struct steps_options, factor), "0.1", DBL_MIN, 1,
     NULL, "what a drop multiplies the rate by"},
};

static enum incline_status check_steps(const void *options, struct incline_text *problem)
{
    const struct incline_doubles *at = &((const struct steps_options *)options)->at;
    bool good = at->count > 0;
    for (size_t i = 0; i < at->count; i++)
        good = good && at->values[i] == floor(at->values[i]) &&
               (i == 0 || at->values[i] > at->values[i - 1]);
    if (good)
        return INCLINE_OK;
    incline_text_add(problem, "must be whole numbers of epochs in ascending order: [30, 60]");
    return INCLINE_ERROR_CONFIG;
}

static double steps_rate(const void *options, double lr,
                         const struct incline_schedule_moment *moment)
{
    const struct steps_options *steps = options;
    size_t drops = 0;
    while (drops < steps->at.count && steps->at.values[drops] <= (double)epoch_of(moment))
        drops++;
    return lr * pow(steps->factor, (double)drops);
}

const struct incline_schedule_class incline_steps_schedule = {
    .name = "steps",
    .help = "drops after given epochs",
    .about = {.equation = "rate = lr x factor^(how many numbers of `at` are at most epoch)",
              .pytorch = "MultiStepLR",
              .keras = "PiecewiseConstantDecay"},
    .options = INCLINE_SCHEDULE_TABLE(steps_table, "at", struct steps_options),
    .check = check_steps,
    .rate = steps_rate,
};

/* ---- exponential ---- */

struct exponential_options {
    double factor;
};

static const struct incline_option exponential_table[] = {
    {"factor", INCLINE_OPTION_DOUBLE, offsetof(struct exponential_options, factor), "0.95", DBL_MIN,
     1, NULL, "what each epoch multiplies the rate by"},
};

static double exponential_rate(const void *options, double lr,
                               const struct incline_schedule_moment *moment)
{
    const struct exponential_options *exponential = options;
    return lr * pow(exponential->factor, (double)epoch_of(moment));
}

const struct incline_schedule_class incline_exponential_schedule = {
    .name = "exponential",
    .help = "a drop after each epoch",
    .about = {.equation = "rate = lr x factor^epoch",
              .pytorch = "ExponentialLR",
              .keras = "ExponentialDecay(staircase=True)"},
    .options = INCLINE_SCHEDULE_TABLE(exponential_table, "factor", struct exponential_options),
    .rate = exponential_rate,
};

/* ---- inverse_time ---- */

struct inverse_time_options {
    double decay;
};

static const struct incline_option inverse_time_table[] = {
    {"decay", INCLINE_OPTION_DOUBLE, offsetof(struct inverse_time_options, decay), NULL, 0, 1e6,
     NULL, "how much of lr each epoch adds to the divisor"},
};

static double inverse_time_rate(const void *options, double lr,
                                const struct incline_schedule_moment *moment)
{
    const struct inverse_time_options *inverse_time = options;
    return lr / (1 + inverse_time->decay * (double)epoch_of(moment));
}

const struct incline_schedule_class incline_inverse_time_schedule = {
    .name = "inverse_time",
    .help = "a slow fall that never ends",
    .about = {.equation = "rate = lr / (1 + decay x epoch)",
              .keras = "InverseTimeDecay(staircase=True)"},
    .options = INCLINE_SCHEDULE_TABLE(inverse_time_table, "decay", struct inverse_time_options),
    .rate = inverse_time_rate,
};

/* ---- sigmoid ---- */

struct sigmoid_options {
    double start;
};

static const struct incline_option sigmoid_table[] = {
    {"start", INCLINE_OPTION_DOUBLE, offsetof(struct sigmoid_options, start), "0", -1000, 1000,
     NULL, "k of the first epoch: -4 begins with 1.8 % of lr, 0 with half of it"},
};

static double sigmoid_rate(const void *options, double lr,
                           const struct incline_schedule_moment *moment)
{
    const struct sigmoid_options *sigmoid = options;
    return lr / (1 + exp(-(sigmoid->start + (double)epoch_of(moment))));
}

const struct incline_schedule_class incline_sigmoid_schedule = {
    .name = "sigmoid",
    .help = "a warm-up factor: a rise from epoch to epoch that ends at lr",
    .about = {.equation = "rate = lr / (1 + e^-k), k = start + epoch",
              .source = "Verhulst 1845, the logistic curve"},
    .options = INCLINE_SCHEDULE_TABLE(sigmoid_table, "start", struct sigmoid_options),
    .rate = sigmoid_rate,
};
