#include "train/schedule.h"

#include "base/memory.h"

#include <string.h>

const struct incline_schedule_class *const incline_schedule_classes[] = {
    &incline_constant_schedule,
    &incline_step_schedule,
    &incline_steps_schedule,
    &incline_exponential_schedule,
    &incline_inverse_time_schedule,
    &incline_sigmoid_schedule,
    &incline_polynomial_schedule,
    &incline_cosine_schedule,
    &incline_one_cycle_schedule,
    &incline_plateau_schedule,
    NULL};

const struct incline_schedule_class *incline_schedule_find(const char *name)
{
    const struct incline_schedule_class *const *class = incline_schedule_classes;
    while (*class && strcmp((*class)->name, name) != 0)
        class ++;
    return *class;
}

void incline_schedule_finish(struct incline_schedule *schedule)
{
    if (schedule->options)
        incline_options_finish(&schedule->class->options, schedule->options);
    incline_free(&schedule->options);
}

long long incline_warmup_steps(const struct incline_warmup *warmup, long long epoch_steps)
{
    return warmup->epochs > 0 ? warmup->epochs * epoch_steps : warmup->steps;
}

double incline_schedule_rate(const struct incline_schedule *schedule, double lr,
                             const struct incline_schedule_moment *moment)
{
    long long warmup = incline_warmup_steps(&schedule->warmup, moment->epoch_steps);
    long long step = moment->step, steps = moment->steps;
    struct incline_schedule_moment own = *moment;
    own.step = step > warmup ? step - warmup : 0;
    if (steps > 0)
        own.steps = steps > warmup ? steps - warmup : 1;
    double rate = schedule->class->rate(schedule->options, lr, &own);
    return step < warmup ? rate * (double)(step + 1) / (double)warmup : rate;
}
