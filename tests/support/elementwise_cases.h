/* A layer that applies one function to every element, against the reference. */
#ifndef TESTS_SUPPORT_ELEMENTWISE_CASES_H
#define TESTS_SUPPORT_ELEMENTWISE_CASES_H

#include "check/reference.h"
#include "support/harness.h"

static inline void elementwise_reference(const void *cookie, struct incline_chain_values *v)
{
    const enum incline_activation *activation = cookie;
    size_t count = (size_t)v->images * v->in_elems;
    incline_reference_activation(*activation, count, v->x, v->y);
    incline_reference_activation_backward(*activation, count, v->y, v->dy, v->dx);
}

/* The layer of that activation, over sizes below, at and above the chunk of 64 elements. */
static inline void elementwise_run(enum incline_activation activation, bool exact)
{
    static const struct {
        struct incline_shape in;
        int batch;
        bool small;
    } cases[] = {
        {{1, 1, 1}, 32, true},    {{3, 3, 5}, 32, true},    {{8, 8, 1}, 32, true},
        {{1, 5, 13}, 32, true},   {{5, 9, 3}, 7, true},     {{7, 7, 16}, 32, false},
        {{28, 28, 1}, 32, false}, {{3, 8, 33}, 160, false}, {{1, 1, 128}, 1, false},
        {{1, 28, 17}, 17, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct harness_case test = {
            .setup = {.in = cases[i].in,
                      .batch = cases[i].batch,
                      .layers = {{incline_activation_names[activation], ""}}},
            .reference = elementwise_reference,
            .cookie = &activation,
            .exact = exact,
        };
        if (cases[i].small || !test_small())
            harness_run(&test);
    }
}

#endif
