#include "optimizers/optimizer.h"

#include <string.h>

#define INCLINE_OPTIMIZER(name) extern const struct incline_optimizer_class incline_##name##_class;
#include "optimizers/optimizer_list.h"
#undef INCLINE_OPTIMIZER

#define INCLINE_OPTIMIZER(name) &incline_##name##_class,
const struct incline_optimizer_class *const incline_optimizer_classes[] = {
#include "optimizers/optimizer_list.h"
};
#undef INCLINE_OPTIMIZER

const size_t incline_optimizer_count =
    sizeof incline_optimizer_classes / sizeof *incline_optimizer_classes;

const struct incline_optimizer_class *incline_optimizer_find(const char *name)
{
    for (size_t i = 0; i < incline_optimizer_count; i++)
        if (strcmp(incline_optimizer_classes[i]->name, name) == 0)
            return incline_optimizer_classes[i];
    return NULL;
}

int incline_optimizer_number(const struct incline_optimizer_class *class)
{
    int number = 0;
    while (incline_optimizer_classes[number] != class)
        number++;
    return number;
}

bool incline_optimizer_is_plain(const struct incline_optimizer *optimizer)
{
    return !optimizer ||
           (incline_optimizer_number(optimizer->class) == 0 &&
            incline_optimizer_variant(optimizer) == 0 && optimizer->options.weight_decay == 0 &&
            optimizer->clip_value == 0 && optimizer->clip_norm == 0);
}

int incline_optimizer_states(const struct incline_optimizer *optimizer)
{
    return optimizer && optimizer->class->states ? optimizer->class->states(&optimizer->options)
                                                 : 0;
}

int incline_optimizer_variant(const struct incline_optimizer *optimizer)
{
    return optimizer && optimizer->class->variant ? optimizer->class->variant(&optimizer->options)
                                                  : 0;
}

bool incline_optimizer_needs_all(const struct incline_optimizer *optimizer)
{
    return optimizer && (optimizer->class->normalizes || optimizer->clip_norm > 0 ||
                         incline_optimizer_accumulates(optimizer));
}

bool incline_optimizer_accumulates(const struct incline_optimizer *optimizer)
{
    return optimizer && optimizer->accumulate > 1;
}

bool incline_optimizer_decays(const struct incline_optimizer *optimizer, bool is_bias_or_norm)
{
    return optimizer && (optimizer->options.decay_bias_norm || !is_bias_or_norm);
}

void incline_optimizer_rates(const struct incline_optimizer *optimizer, double learning_rate,
                             long long steps, float rates[INCLINE_RATES])
{
    double exact[INCLINE_RATES] = {learning_rate};
    if (optimizer)
        optimizer->class->rates(&optimizer->options, learning_rate, (double)steps, exact);
    exact[INCLINE_RATES - 1] = optimizer ? optimizer->clip_value : 0;
    for (int i = 0; i < INCLINE_RATES; i++)
        rates[i] = (float)exact[i];
}
