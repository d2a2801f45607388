/* Steps of the optimizers in double precision, by the equations in src/optimizers: what the kernels
 * of cl/update.h and cl/update.cl are held against. */
#ifndef INCLINE_CHECK_REFERENCE_UPDATE_H
#define INCLINE_CHECK_REFERENCE_UPDATE_H

#include "optimizers/optimizer.h"

#include <stddef.h>

/* One parameter: weights and state [elems], updated; gradient, read. */
struct incline_reference_parameter {
    size_t elems;
    bool decays; /* weight decay applies */
    double *w, *state[INCLINE_STATES_MAX];
    const double *g;
    double *direction; /* room for [elems] numbers */
};

/* total = share g, or with `adds` total + share g. */
void incline_reference_total(const double *g, double share, bool adds, double *total, size_t elems);

/* average = (1 - share) average + share w. */
void incline_reference_average(const double *w, double share, double *average, size_t elems);

/* The step after `earlier` ones, over all parameters. */
void incline_reference_update(const struct incline_optimizer *optimizer, double learning_rate,
                              long long earlier, const struct incline_reference_parameter *all,
                              size_t count);

#endif
