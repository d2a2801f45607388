/* The losses in double precision. */
#include "check/reference.h"

#include <math.h>

/* One image. */
struct example {
    const struct incline_loss *loss;
    int classes, label;
    const double *x;
    const unsigned char *targets; /* NULL: label tells */
};

static bool is_target(const struct example *e, int c)
{
    return e->targets ? e->targets[c] == 1 : c == e->label;
}

/* Sum over c of e^(x[c] - m), m being the largest of x, but for class `without` (-1: all). */
static double sum_powers(const struct example *e, double m, int without)
{
    double sum = 0;
    for (int c = 0; c < e->classes; c++)
        sum += c == without ? 0 : exp(e->x[c] - m);
    return sum;
}

static double largest(const struct example *e)
{
    double m = e->x[0];
    for (int c = 1; c < e->classes; c++)
        m = fmax(m, e->x[c]);
    return m;
}

static double cross_entropy(const struct example *e, double *dx)
{
    double smoothing = e->loss->options.number, loss = 0, total = 0;
    double m = largest(e), sum = sum_powers(e, m, -1);
    for (int c = 0; c < e->classes; c++) {
        double target = (c == e->label ? 1 - smoothing : 0) + smoothing / e->classes;
        target *= incline_loss_class_weight(e->loss, c);
        loss += target * (log(sum) - (e->x[c] - m));
        total += target;
        dx[c] = -target;
    }
    for (int c = 0; c < e->classes; c++)
        dx[c] += total * exp(e->x[c] - m) / sum;
    return loss;
}

static double mse(const struct example *e, double *dx)
{
    double loss = 0;
    for (int c = 0; c < e->classes; c++) {
        double difference = e->x[c] - is_target(e, c);
        loss += difference * difference / e->classes;
        dx[c] = 2 * difference / e->classes;
    }
    return loss;
}

static double focal(const struct example *e, double *dx)
{
    double gamma = e->loss->options.number, m = largest(e), sum = sum_powers(e, m, -1);
    double missed = sum_powers(e, m, e->label) / sum; /* 1 - p[label] */
    double p = exp(e->x[e->label] - m) / sum, surprise = log(sum) - (e->x[e->label] - m);
    double factor = incline_loss_class_weight(e->loss, e->label) * pow(missed, gamma);
    double ratio = missed > 0 ? p * surprise / missed : 1;
    for (int c = 0; c < e->classes; c++)
        dx[c] = factor * (1 + gamma * ratio) * (c == e->label ? -missed : exp(e->x[c] - m) / sum);
    return factor * surprise;
}

/* At a margin that is just met the gradient is 0. */
static double hinge(const struct example *e, double *dx)
{
    double own = e->x[e->label], loss = isnan(own) ? own : 0;
    dx[e->label] = loss;
    for (int c = 0; c < e->classes; c++) {
        double z = e->loss->options.number - own + e->x[c];
        if (c == e->label)
            continue;
        loss += z <= 0 ? 0 : z / e->classes;
        dx[c] = (isnan(z) ? z : z > 0) / e->classes;
        dx[e->label] -= dx[c];
    }
    return loss;
}

static double binary_cross_entropy(const struct example *e, double *dx)
{
    double loss = 0;
    for (int c = 0; c < e->classes; c++) {
        double z = is_target(e, c) ? -e->x[c] : e->x[c];
        double w = is_target(e, c) ? incline_loss_class_weight(e->loss, c) : 1;
        loss += w * ((z < 0 ? 0 : z) + log1p(exp(-fabs(z)))) / e->classes;
        dx[c] = (is_target(e, c) ? -w : w) / (1 + exp(-z)) / e->classes;
    }
    return loss;
}

void incline_reference_loss(const struct incline_loss *loss, int images, int classes,
                            const double *x, const struct incline_reference_truth *truth,
                            double *losses, double *dx)
{
    static double (*const references[])(const struct example *e, double *dx) = {
        [INCLINE_LOSS_CROSS_ENTROPY] = cross_entropy,
        [INCLINE_LOSS_MSE] = mse,
        [INCLINE_LOSS_FOCAL] = focal,
        [INCLINE_LOSS_HINGE] = hinge,
        [INCLINE_LOSS_BINARY_CROSS_ENTROPY] = binary_cross_entropy,
    };
    for (int n = 0; n < images; n++) {
        struct example e = {.loss = loss, .classes = classes, .x = x + n * classes};
        if (truth->targets)
            e.targets = truth->targets + n * classes;
        else
            e.label = truth->label[n];
        losses[n] = references[incline_loss_number(loss)](&e, dx + n * classes);
    }
}

int incline_reference_wrong(const struct incline_loss *loss, int classes, const double *score,
                            const unsigned char *targets)
{
    int wrong = 0;
    for (int c = 0; c < classes; c++)
        wrong += isnan(score[c]) || (score[c] >= loss->class->threshold) != (targets[c] == 1);
    return wrong;
}

double incline_reference_loss_weight(const struct incline_loss *loss, int images, const int *label)
{
    double sum = 0;
    for (int n = 0; n < images; n++)
        sum += loss->class->weighted_mean ? incline_loss_class_weight(loss, label[n]) : 1;
    return sum;
}
