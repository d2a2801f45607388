/* A dense layer behind its input, plain or flattened, against the reference. */
#ifndef TESTS_SUPPORT_DENSE_CASES_H
#define TESTS_SUPPORT_DENSE_CASES_H

#include "check/reference.h"
#include "support/harness.h"

struct dense_case {
    struct incline_shape in;
    int units;
    bool bias;
    int activation; /* enum incline_activation */
    int batch;
    bool small; /* for simulators as well */
};

static inline void dense_reference(const void *cookie, struct incline_chain_values *v)
{
    const struct dense_case *c = cookie;
    enum incline_activation activation = (enum incline_activation)c->activation;
    int in = (int)v->in_elems;
    size_t count = (size_t)v->images * v->out_elems;
    double *dz = calloc(count, sizeof *dz);
    assert_non_null(dz);
    incline_reference_dense(in, c->units, v->images, v->x, v->parameter[0],
                            c->bias ? v->parameter[1] : NULL, v->y);
    incline_reference_activation(activation, count, v->y, v->y);
    incline_reference_activation_backward(activation, count, v->y, v->dy, dz);
    incline_reference_dense_data(in, c->units, v->images, v->parameter[0], dz, v->dx);
    incline_reference_dense_weights(in, c->units, v->images, v->x, dz, v->gradient[0]);
    if (c->bias)
        incline_reference_bias(v->images, c->units, dz, v->gradient[1]);
    free(dz);
}

/* Runs the cases; with `flattens`, behind a flatten layer. */
static inline void dense_run(const struct dense_case *cases, size_t count, bool flattens)
{
    for (size_t i = 0; i < count; i++) {
        const struct dense_case *c = &cases[i];
        struct harness_case test = {
            .setup = {.in = c->in, .batch = c->batch},
            .reference = dense_reference,
            .cookie = c,
            .exact = c->activation <= INCLINE_ACTIVATION_RELU,
        };
        struct harness_layer *layer = test.setup.layers;
        if (flattens)
            layer++->class_name = "flatten";
        layer->class_name = "dense";
        snprintf(layer->options, sizeof layer->options, "units=%d bias=%s activation=%s", c->units,
                 c->bias ? "true" : "false", incline_activation_names[c->activation]);
        if (c->small || !test_small())
            harness_run(&test);
    }
}

#endif
