#include "train/schedule.h"

#include <float.h>
#include <math.h>

struct plateau_options {
    struct incline_patience_options patience;
    double factor, min_lr;
};

static const struct incline_option plateau_table[] = {
    INCLINE_PATIENCE_OPTIONS(offsetof(struct plateau_options, patience), "10", "0.0001"),
    {"factor", INCLINE_OPTION_DOUBLE, offsetof(struct plateau_options, factor), "0.1", DBL_MIN, 1,
     NULL, "what the rate is multiplied by when the patience ends"},
    {"min_lr", INCLINE_OPTION_DOUBLE, offsetof(struct plateau_options, min_lr), "0", 0,
     INCLINE_LARGE, NULL, "it does not fall below this"},
};

static double plateau_rate(const void *options, double lr,
                           const struct incline_schedule_moment *moment)
{
    const struct plateau_options *plateau = options;
    double least = fmin(lr, plateau->min_lr);
    return fmax(lr * pow(plateau->factor, moment->plateaus), least);
}

const struct incline_schedule_class incline_plateau_schedule = {
    .name = "plateau",
    .help = "a drop when the validation has not got better for a while",
    .about = {.equation = "rate = max(lr x factor^(how often the patience has ended), min_lr)",
              .pytorch = "ReduceLROnPlateau(threshold_mode='abs'), whose patience is smaller by 1",
              .keras = "ReduceLROnPlateau"},
    .options = INCLINE_SCHEDULE_TABLE(plateau_table, "patience", struct plateau_options),
    .rate = plateau_rate,
};

const struct incline_patience_options *
incline_schedule_patience(const struct incline_schedule *schedule)
{
    if (schedule->class != &incline_plateau_schedule)
        return NULL;
    return &((const struct plateau_options *)schedule->options)->patience;
}
