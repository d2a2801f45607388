#include "check/reference_update.h"

#include <math.h>
#include <string.h>

/* What is the same for all elements of a parameter. */
struct step {
    const struct incline_optimizer_options *options;
    double lr, decay, number; /* number: 1, 2, ... */
};

/* What becomes of w with the gradient g; of lamb, the direction. state: of this element. */
typedef double element_step(const struct step *s, double w, double g, double *state);

static double sgd(const struct step *s, double w, double g, double *state)
{
    const struct incline_optimizer_options *o = s->options;
    g += s->decay * w;
    if (o->momentum == 0)
        return w - s->lr * g;
    state[0] = s->number > 1 ? o->momentum * state[0] + (1 - o->dampening) * g : g;
    return w - s->lr * (o->nesterov ? g + o->momentum * state[0] : state[0]);
}

static double rmsprop(const struct step *s, double w, double g, double *state)
{
    const struct incline_optimizer_options *o = s->options;
    double *mean = &state[o->momentum > 0 ? 2 : 1], variance;
    g += s->decay * w;
    state[0] = o->alpha * state[0] + (1 - o->alpha) * g * g;
    variance = state[0];
    if (o->centered) {
        *mean = o->alpha * *mean + (1 - o->alpha) * g;
        variance -= *mean * *mean;
    }
    g /= sqrt(variance) + o->eps;
    if (o->momentum == 0)
        return w - s->lr * g;
    state[1] = o->momentum * state[1] + g;
    return w - s->lr * state[1];
}

static double adagrad(const struct step *s, double w, double g, double *state)
{
    const struct incline_optimizer_options *o = s->options;
    g += s->decay * w;
    state[0] = (s->number > 1 ? state[0] : o->initial_accumulator_value) + g * g;
    return w - s->lr / (1 + (s->number - 1) * o->lr_decay) * g / (sqrt(state[0]) + o->eps);
}

static double adadelta(const struct step *s, double w, double g, double *state)
{
    const struct incline_optimizer_options *o = s->options;
    g += s->decay * w;
    state[0] = o->rho * state[0] + (1 - o->rho) * g * g;
    g *= sqrt(state[1] + o->eps) / sqrt(state[0] + o->eps);
    state[1] = o->rho * state[1] + (1 - o->rho) * g * g;
    return w - s->lr * g;
}

static double moments(const struct step *s, double g, double *state)
{
    const struct incline_optimizer_options *o = s->options;
    state[0] = o->beta1 * state[0] + (1 - o->beta1) * g;
    state[1] = o->beta2 * state[1] + (1 - o->beta2) * g * g;
    return state[0] / (1 - pow(o->beta1, s->number)) /
           (sqrt(state[1] / (1 - pow(o->beta2, s->number))) + o->eps);
}

static double adam(const struct step *s, double w, double g, double *state)
{
    return w - s->lr * moments(s, g + s->decay * w, state);
}

static double adamw(const struct step *s, double w, double g, double *state)
{
    return w * (1 - s->lr * s->decay) - s->lr * moments(s, g, state);
}

static double lion(const struct step *s, double w, double g, double *state)
{
    const struct incline_optimizer_options *o = s->options;
    double sum = o->beta1 * state[0] + (1 - o->beta1) * g;
    state[0] = o->beta2 * state[0] + (1 - o->beta2) * g;
    return w - s->lr * ((sum > 0 ? 1 : sum < 0 ? -1 : sum) + s->decay * w);
}

static double lamb(const struct step *s, double w, double g, double *state)
{
    return moments(s, g, state) + s->decay * w;
}

static element_step *find(const char *name)
{
    static const struct {
        const char *name;
        element_step *function;
    } all[] = {{"sgd", sgd},   {"rmsprop", rmsprop}, {"adagrad", adagrad}, {"adadelta", adadelta},
               {"adam", adam}, {"adamw", adamw},     {"lion", lion},       {"lamb", lamb}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].name, name) == 0)
            return all[i].function;
    return NULL;
}

static double clip(double g, double limit)
{
    if (limit == 0)
        return g;
    return g > limit ? limit : g < -limit ? -limit : g;
}

/* The factor that brings the norm of all gradients down to the limit. */
static double norm_scale(const struct incline_optimizer *optimizer,
                         const struct incline_reference_parameter *all, size_t count)
{
    double sum = 0;
    if (optimizer->clip_norm == 0)
        return 1;
    for (size_t p = 0; p < count; p++)
        for (size_t i = 0; i < all[p].elems; i++)
            sum += pow(clip(all[p].g[i], optimizer->clip_value), 2);
    double scale = optimizer->clip_norm / (sqrt(sum) + 1e-6);
    return scale > 1 ? 1 : scale;
}

static double step_element(const struct incline_reference_parameter *p, size_t i, double g,
                           element_step *function, const struct step *step)
{
    double state[INCLINE_STATES_MAX] = {0};
    for (int s = 0; s < INCLINE_STATES_MAX && p->state[s]; s++)
        state[s] = p->state[s][i];
    double result = function(step, p->w[i], g, state);
    for (int s = 0; s < INCLINE_STATES_MAX && p->state[s]; s++)
        p->state[s][i] = state[s];
    return result;
}

/* lamb: |w| / |d|; squares: |d|^2 */
static double trust(const struct incline_reference_parameter *p, double squares)
{
    double size = 0;
    for (size_t i = 0; i < p->elems; i++)
        size += p->w[i] * p->w[i];
    return size > 0 && squares > 0 ? sqrt(size) / sqrt(squares) : 1;
}

static void update_parameter(const struct incline_optimizer *optimizer, const struct step *step,
                             double scale, const struct incline_reference_parameter *p)
{
    element_step *function = find(optimizer->class->name);
    double squares = 0, *d = p->direction;
    for (size_t i = 0; i < p->elems; i++) {
        double g = clip(p->g[i], optimizer->clip_value) * scale;
        d[i] = step_element(p, i, g, function, step);
        squares += d[i] * d[i];
    }
    double rate = optimizer->class->normalizes ? step->lr * trust(p, squares) : 0;
    for (size_t i = 0; i < p->elems; i++)
        p->w[i] = optimizer->class->normalizes ? p->w[i] - rate * d[i] : d[i];
}

void incline_reference_total(const double *g, double share, bool adds, double *total, size_t elems)
{
    for (size_t i = 0; i < elems; i++)
        total[i] = (adds ? total[i] : 0) + share * g[i];
}

void incline_reference_average(const double *w, double share, double *average, size_t elems)
{
    for (size_t i = 0; i < elems; i++)
        average[i] = (share < 1 ? (1 - share) * average[i] : 0) + share * w[i];
}

void incline_reference_update(const struct incline_optimizer *optimizer, double learning_rate,
                              long long earlier, const struct incline_reference_parameter *all,
                              size_t count)
{
    double scale = norm_scale(optimizer, all, count);
    for (size_t p = 0; p < count; p++) {
        struct step step = {
            .options = &optimizer->options,
            .lr = learning_rate,
            .decay = all[p].decays ? optimizer->options.weight_decay : 0,
            .number = (double)earlier + 1,
        };
        update_parameter(optimizer, &step, scale, &all[p]);
    }
}
