/* Learning-rate schedules: the rate of each step, a pure function of where training stands.
 *
 *   schedule.c          the table, the rate behind a warm-up
 *   schedule_decay.c    a factor that depends on the epochs done: constant between them
 *   schedule_anneal.c   curves that move with every step
 *   schedule_plateau.c  a factor for each time that the validation stopped getting better */
#ifndef INCLINE_TRAIN_SCHEDULE_H
#define INCLINE_TRAIN_SCHEDULE_H

#include "base/about.h"
#include "base/options.h"
#include "train/patience.h"

struct incline_schedule_moment {
    long long step;        /* from 0 */
    long long epoch_steps; /* steps of an epoch, at least 1 */
    long long steps;       /* of the whole training; 0: there is no limit */
    int plateaus;          /* how often the patience of `plateau` has come to its end */
};

struct incline_schedule_class {
    const char *name, *help;
    /* In the equation lr is the optimizer's, epoch and step count those done before this one, after
     * the warm-up, and steps all of these. */
    struct incline_about about;
    bool per_step; /* otherwise it changes between epochs only */
    struct incline_option_table options;
    /* Whether a training without a limit of epochs has no such schedule; NULL: it has. */
    bool (*needs_epochs)(const void *options);
    /* What the table cannot say of the main option; NULL: nothing. As incline_option_parse. */
    enum incline_status (*check)(const void *options, struct incline_text *problem);
    double (*rate)(const void *options, double lr, const struct incline_schedule_moment *moment);
};

extern const struct incline_schedule_class incline_constant_schedule, incline_step_schedule,
    incline_steps_schedule, incline_exponential_schedule, incline_inverse_time_schedule,
    incline_sigmoid_schedule, incline_polynomial_schedule, incline_cosine_schedule,
    incline_one_cycle_schedule, incline_plateau_schedule;

/* All of them, NULL-terminated; the first is the default. */
extern const struct incline_schedule_class *const incline_schedule_classes[];

/* NULL when there is none of that name. */
const struct incline_schedule_class *incline_schedule_find(const char *name);

/* A linear rise in front of a schedule; at most one is above 0. */
struct incline_warmup {
    int epochs, steps;
};

struct incline_schedule {
    const struct incline_schedule_class *class;
    void *options; /* the class's options struct, or NULL */
    struct incline_warmup warmup;
};

void incline_schedule_finish(struct incline_schedule *schedule);

long long incline_warmup_steps(const struct incline_warmup *warmup, long long epoch_steps);

/* The rate of one step. The k-th of N steps of warm-up, from 1, has k/N of the rate with which the
 * schedule begins; the schedule counts its steps and epochs from there. */
double incline_schedule_rate(const struct incline_schedule *schedule, double lr,
                             const struct incline_schedule_moment *moment);

/* What `plateau` watches; NULL of other schedules. */
const struct incline_patience_options *
incline_schedule_patience(const struct incline_schedule *schedule);

/* An option table of a schedule; `type` is its options struct. */
#define INCLINE_SCHEDULE_TABLE(options, main, type)                                                \
    {                                                                                              \
        options, sizeof options / sizeof *options, main, sizeof(type)                              \
    }

#endif
