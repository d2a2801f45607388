/* Schedules that move with every step towards an end. */
#include "train/schedule.h"

#include <float.h>
#include <math.h>

static const double pi = 3.14159265358979323846;

enum { PERIOD_MAX = 1000000 };

static bool always(const void *options)
{
    (void)options;
    return true;
}

/* Half a wave of the cosine: from `from` at share 0 to `to` at share 1. */
static double along_cosine(double from, double to, double share)
{
    return to + (from - to) * (1 + cos(pi * share)) / 2;
}

/* ---- polynomial ---- */

struct polynomial_options {
    double power, end;
};

static const struct incline_option polynomial_table[] = {
    {"power", INCLINE_OPTION_DOUBLE, offsetof(struct polynomial_options, power), "1", DBL_MIN, 100,
     NULL, "1: a straight line; above 1 it falls fast first"},
    {"end", INCLINE_OPTION_DOUBLE, offsetof(struct polynomial_options, end), "0", 0, INCLINE_LARGE,
     NULL, "the rate behind the last step"},
};

static double polynomial_rate(const void *options, double lr,
                              const struct incline_schedule_moment *moment)
{
    const struct polynomial_options *polynomial = options;
    double left = 1 - (double)moment->step / (double)moment->steps;
    return polynomial->end + (lr - polynomial->end) * pow(fmax(left, 0), polynomial->power);
}

const struct incline_schedule_class incline_polynomial_schedule = {
    .name = "polynomial",
    .help = "a fall over the whole training",
    .about = {.equation = "rate = end + (lr - end) x (1 - step / steps)^power",
              .pytorch = "PolynomialLR, with end 0",
              .keras = "PolynomialDecay"},
    .per_step = true,
    .options = INCLINE_SCHEDULE_TABLE(polynomial_table, "power", struct polynomial_options),
    .needs_epochs = always,
    .rate = polynomial_rate,
};

/* ---- cosine ---- */

struct cosine_options {
    int period; /* epochs; 0: all of the training */
    int multiply;
    double end;
};

static const char *const all_of_them[] = {"all"};

static const struct incline_option cosine_table[] = {
    {"period", INCLINE_OPTION_INT, offsetof(struct cosine_options, period), "all", 1, PERIOD_MAX,
     all_of_them, "epochs from lr to end; then it begins again at lr"},
    {"multiply", INCLINE_OPTION_INT, offsetof(struct cosine_options, multiply), "1", 1, 100, NULL,
     "how many times as long as the one before each period is"},
    {"end", INCLINE_OPTION_DOUBLE, offsetof(struct cosine_options, end), "0", 0, INCLINE_LARGE,
     NULL, "the rate behind the last step of a period"},
};

static bool cosine_needs_epochs(const void *options)
{
    return ((const struct cosine_options *)options)->period == 0;
}

static double cosine_rate(const void *options, double lr,
                          const struct incline_schedule_moment *moment)
{
    const struct cosine_options *cosine = options;
    bool once = cosine->period == 0;
    long long step = moment->step;
    long long period = once ? moment->steps : cosine->period * moment->epoch_steps;
    if (!once && cosine->multiply == 1)
        step %= period;
    while (!once && step >= period) {
        step -= period;
        period *= cosine->multiply;
    }
    return along_cosine(lr, cosine->end, (double)step / (double)period);
}

const struct incline_schedule_class incline_cosine_schedule = {
    .name = "cosine",
    .help = "half a wave of the cosine, once or with warm restarts",
    .about = {.equation = "rate = end + (lr - end) x (1 + cos(pi x t / T)) / 2\nt: steps since the "
                          "period began; T: steps of the period",
              .pytorch = "CosineAnnealingLR; with a period CosineAnnealingWarmRestarts",
              .keras = "CosineDecay; with a period CosineDecayRestarts",
              .source = "Loshchilov and Hutter 2017, SGDR: stochastic gradient descent with warm "
                        "restarts, equation 5"},
    .per_step = true,
    .options = INCLINE_SCHEDULE_TABLE(cosine_table, "period", struct cosine_options),
    .needs_epochs = cosine_needs_epochs,
    .rate = cosine_rate,
};

/* ---- one_cycle ---- */

struct one_cycle_options {
    double max_lr; /* 0: the optimizer's */
    double pct_start, div, final_div;
};

static const char *const optimizers_lr[] = {"lr"};

static const struct incline_option one_cycle_table[] = {
    {"max_lr", INCLINE_OPTION_DOUBLE, offsetof(struct one_cycle_options, max_lr), "lr", DBL_MIN,
     INCLINE_LARGE, optimizers_lr, "the highest rate; lr: the optimizer's"},
    {"pct_start", INCLINE_OPTION_DOUBLE, offsetof(struct one_cycle_options, pct_start), "0.3", 0, 1,
     NULL, "share of the steps in which it rises"},
    {"div", INCLINE_OPTION_DOUBLE, offsetof(struct one_cycle_options, div), "25", 1, INCLINE_LARGE,
     NULL, "it begins at max_lr / div"},
    {"final_div", INCLINE_OPTION_DOUBLE, offsetof(struct one_cycle_options, final_div), "10000", 1,
     INCLINE_LARGE, NULL, "and ends at max_lr / div / final_div"},
};

static double one_cycle_rate(const void *options, double lr,
                             const struct incline_schedule_moment *moment)
{
    const struct one_cycle_options *cycle = options;
    double top = cycle->max_lr > 0 ? cycle->max_lr : lr;
    double begin = top / cycle->div, end = begin / cycle->final_div;
    double step = (double)moment->step, last = (double)moment->steps - 1;
    double peak = cycle->pct_start * (double)moment->steps - 1;
    if (step < peak)
        return along_cosine(begin, top, step / peak);
    return last > peak ? along_cosine(top, end, fmin((step - peak) / (last - peak), 1)) : top;
}

const struct incline_schedule_class incline_one_cycle_schedule = {
    .name = "one_cycle",
    .help = "up to a high rate and down to nearly nothing, over the whole training",
    .about =
        {.equation =
             "half a wave of the cosine from max_lr / div at step 0 to max_lr at step p, and one "
             "from\nthere to max_lr / div / final_div at the last step; p = pct_start x steps - 1",
         .pytorch = "OneCycleLR",
         .source = "Smith and Topin 2018, Super-convergence: very fast training of neural networks "
                   "using large learning rates"},
    .per_step = true,
    .options = INCLINE_SCHEDULE_TABLE(one_cycle_table, "max_lr", struct one_cycle_options),
    .needs_epochs = always,
    .rate = one_cycle_rate,
};
