/* max_pool2d against its reference: windows that overlap, leave gaps or remainders, are padded, and
 * have more cells than one byte can number. Whole numbers make ties, of which the first one wins.
 */
#include "check/reference.h"
#include "support/harness.h"

struct pool_case {
    struct incline_shape in;
    int size[2], stride[2], padding;
    int batch;
    bool small; /* for simulators as well */
};

static const struct pool_case cases[] = {
    {{1, 1, 1}, {1, 1}, {1, 1}, 0, 32, true},
    {{7, 7, 3}, {2, 2}, {2, 2}, 0, 32, true},
    {{5, 9, 5}, {3, 2}, {1, 2}, INCLINE_REFERENCE_SAME, 32, true},
    {{3, 8, 16}, {2, 2}, {1, 1}, 1, 32, true},
    {{8, 3, 17}, {1, 3}, {2, 1}, 0, 32, true},
    {{7, 7, 3}, {3, 3}, {2, 2}, 1, 7, false},
    {{28, 28, 16}, {2, 2}, {2, 2}, 0, 17, false},
    {{28, 28, 1}, {5, 5}, {3, 3}, 2, 32, false},
    {{8, 8, 33}, {3, 3}, {3, 3}, 0, 32, false},
    {{7, 8, 20}, {2, 3}, {3, 4}, 0, 32, false},
    {{3, 3, 33}, {3, 3}, {1, 1}, INCLINE_REFERENCE_SAME, 32, false},
    {{17, 18, 3}, {16, 17}, {1, 1}, 0, 17, false},
    {{20, 20, 2}, {16, 16}, {2, 2}, 8, 7, false},
    {{9, 7, 10}, {4, 4}, {2, 3}, INCLINE_REFERENCE_SAME, 32, false},
    {{256, 258, 1}, {256, 256}, {1, 2}, 0, 5, false}, /* the largest window */
};

static void reference(const void *cookie, struct incline_chain_values *v)
{
    const struct pool_case *c = cookie;
    struct incline_reference_window window =
        incline_reference_window(c->in, c->size, c->stride, c->padding);
    size_t inputs = (size_t)v->images * v->in_elems, outputs = (size_t)v->images * v->out_elems;
    size_t *from = calloc(outputs, sizeof *from);
    assert_non_null(from);
    incline_reference_max_pool2d(&window, c->in.channels, v->images, v->x, v->y, from);
    incline_reference_max_pool2d_backward(inputs, outputs, v->dy, from, v->dx);
    free(from);
}

static struct harness_setup setup_of(const struct pool_case *c)
{
    struct harness_setup setup = {.in = c->in, .batch = c->batch, .layers = {{"max_pool2d", ""}}};
    char padding[16] = "same";
    if (c->padding != INCLINE_REFERENCE_SAME)
        snprintf(padding, sizeof padding, "%d", c->padding);
    snprintf(setup.layers[0].options, sizeof setup.layers[0].options,
             "size=[%d,%d] stride=[%d,%d] padding=%s", c->size[0], c->size[1], c->stride[0],
             c->stride[1], padding);
    return setup;
}

static void test_against_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct pool_case *c = &cases[i];
        struct harness_case test = {
            .setup = setup_of(c), .reference = reference, .cookie = c, .exact = true};
        if (c->small || !test_small())
            harness_run(&test);
    }
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference)};

HARNESS_MAIN(tests)
