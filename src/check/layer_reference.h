/* What is expected of a layer, element by element, by its class. */
#ifndef INCLINE_CHECK_LAYER_REFERENCE_H
#define INCLINE_CHECK_LAYER_REFERENCE_H

#include "check/chain.h"
#include "check/reference.h"

/* What the functions of a reference need. Backward passes are expected from the device's own y,
 * which is what they work from: a wrong y is then reported once, and an element at a kink, where
 * one rounding decides, on both sides alike. */
struct incline_layer_check {
    const struct incline_layer *layer;
    const struct incline_layer_reference *reference;
    struct incline_reference_conv2d conv; /* conv2d, dense; its window also for pools */
    bool padding_counts;                  /* avg_pool2d */
    struct incline_chain_values values;
    double *dz;    /* gradient at the sum before the activation */
    int parameter; /* the one that is looked at */
    bool updates;  /* its value after the step is, not its gradient */
    bool trains;
};

struct incline_layer_reference {
    const char *class_name;
    void (*prepare)(struct incline_layer_check *check);
    double (*y)(const void *check, size_t index);
    double (*dx)(const void *check, size_t index);
    double (*y_cost)(const struct incline_layer_check *check);
    double (*dx_cost)(const struct incline_layer_check *check);
    /* Of each parameter, if there are any; of state its value after the step. */
    double (*gradient[INCLINE_PARAMETERS_MAX])(const void *check, size_t index);
    double (*gradient_cost)(
        const struct incline_layer_check *check); /* NULL: as of a sum over the images */
};

/* The reference of a class; NULL when there is none. */
const struct incline_layer_reference *
incline_layer_reference_find(const struct incline_layer_class *class);

/* An element of the parameter `check->parameter`: its gradient, or its value after the step. cookie
 * is a struct incline_layer_check. */
double incline_layer_reference_parameter(const void *cookie, size_t index);
/* Terms of such an element's gradient, at most. */
double incline_layer_reference_parameter_cost(const struct incline_layer_check *check,
                                              const struct incline_parameter *parameter);

#endif
