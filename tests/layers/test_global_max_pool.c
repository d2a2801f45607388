/* global_max_pool against its reference. Whole numbers make ties, of which the first one wins. */
#include "check/reference.h"
#include "support/harness.h"

static const struct global_case {
    struct incline_shape in;
    int batch;
    bool small; /* for simulators as well */
} cases[] = {
    {{1, 1, 1}, 32, true},    {{3, 3, 5}, 17, true},     {{4, 2, 17}, 7, true},
    {{8, 8, 33}, 33, false},  {{7, 7, 64}, 1, false},    {{1, 28, 16}, 145, false},
    {{17, 16, 3}, 32, false}, {{300, 250, 1}, 2, false},
};

static void reference(const void *cookie, struct incline_chain_values *v)
{
    const struct global_case *c = cookie;
    const int size[2] = {c->in.height, c->in.width}, stride[2] = {1, 1};
    struct incline_reference_window window = incline_reference_window(c->in, size, stride, 0);
    size_t inputs = (size_t)v->images * v->in_elems, outputs = (size_t)v->images * v->out_elems;
    size_t *from = calloc(outputs, sizeof *from);
    assert_non_null(from);
    incline_reference_max_pool2d(&window, c->in.channels, v->images, v->x, v->y, from);
    incline_reference_max_pool2d_backward(inputs, outputs, v->dy, from, v->dx);
    free(from);
}

static void test_against_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct global_case *c = &cases[i];
        struct harness_case test = {
            .setup = {.in = c->in, .batch = c->batch, .layers = {{"global_max_pool", ""}}},
            .reference = reference,
            .cookie = c,
            .exact = true,
        };
        if (c->small || !test_small())
            harness_run(&test);
    }
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference)};

HARNESS_MAIN(tests)
