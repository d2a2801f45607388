/* prelu against its reference: one slope and one for each channel, slices of several lengths. */
#include "check/reference.h"
#include "support/harness.h"

#include <math.h>

struct prelu_case {
    struct incline_shape in;
    bool per_channel;
    int batch;
    bool small; /* for simulators as well */
};

static const struct prelu_case cases[] = {
    {{3, 5, 7}, true, 33, true},    {{2, 3, 5}, false, 32, true},  {{1, 1, 1}, false, 17, false},
    {{1, 1, 130}, true, 32, false}, {{9, 8, 17}, true, 17, false}, {{9, 8, 3}, false, 17, false},
};

/* More positions than slices take at their shortest. A sum of so many terms of both signs may come
 * out as small as it likes beside them, so these are for whole numbers alone. */
static const struct prelu_case long_sums[] = {
    {{28, 28, 6}, false, 33, false},
    {{70, 64, 2}, true, 17, false},
};

static size_t slopes_of(const struct prelu_case *c)
{
    return c->per_channel ? (size_t)c->in.channels : 1;
}

static void reference(const void *cookie, struct incline_chain_values *v)
{
    size_t slopes = slopes_of(cookie), count = (size_t)v->images * v->in_elems;
    for (size_t i = 0; i < count; i++) {
        v->y[i] = incline_reference_prelu_at(slopes, v->x, v->parameter[0], i);
        v->dx[i] = incline_reference_prelu_data_at(slopes, v->x, v->parameter[0], v->dy, i);
    }
    for (size_t k = 0; k < slopes; k++)
        v->gradient[0][k] = incline_reference_prelu_weights_at(slopes, count, v->x, v->dy, k);
}

static struct harness_setup setup_of(const struct prelu_case *c)
{
    struct harness_setup setup = {.in = c->in, .batch = c->batch};
    setup.layers[0].class_name = "prelu";
    snprintf(setup.layers[0].options, sizeof setup.layers[0].options, "per_channel=%s",
             c->per_channel ? "true" : "false");
    return setup;
}

static void test_against_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct harness_case test = {
            .setup = setup_of(&cases[i]),
            .reference = reference,
            .cookie = &cases[i],
            .exact = true,
        };
        if (cases[i].small || !test_small())
            harness_run(&test);
    }
}

static void test_long_sums(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof long_sums / sizeof *long_sums && !test_small(); i++) {
        const struct prelu_case *c = &long_sums[i];
        struct harness_setup setup = setup_of(c);
        struct harness_chain *chain = harness_chain_create(&setup);
        struct incline_chain_values got, expected;
        harness_values_init(&got, chain, c->batch);
        harness_values_init(&expected, chain, c->batch);
        harness_values_fill(&got, HARNESS_INTEGER, 1);
        harness_values_fill(&expected, HARNESS_INTEGER, 1);
        harness_chain_run(chain, &got);
        reference(c, &expected);
        size_t count = (size_t)c->batch * got.in_elems;
        harness_compare_exact("long sums", "dx", got.dx, expected.dx, count);
        harness_compare_exact("long sums", "dw", got.gradient[0], expected.gradient[0],
                              slopes_of(c));
        harness_values_finish(&got);
        harness_values_finish(&expected);
        harness_chain_destroy(&chain);
    }
}

static void run(const struct harness_setup *setup, struct incline_chain_values *values)
{
    struct harness_chain *chain = harness_chain_create(setup);
    harness_values_init(values, chain, setup->batch);
    harness_values_fill(values, HARNESS_REAL, 1);
    harness_chain_run(chain, values);
    harness_chain_destroy(&chain);
}

/* Without dx, and with the update at once, the gradient has the same bits. */
static void test_same_gradient(void **state)
{
    struct harness_setup setup = setup_of(&cases[0]);
    struct incline_chain_values plain, other;
    size_t slopes = slopes_of(&cases[0]);
    (void)state;
    run(&setup, &plain);
    setup.without_dx = true;
    run(&setup, &other);
    harness_compare_same("without dx", "dw", other.gradient[0], plain.gradient[0], slopes);
    harness_values_finish(&other);
    setup.rewrites = INCLINE_REWRITE_UPDATE;
    run(&setup, &other);
    for (size_t k = 0; k < slopes; k++) {
        float moved =
            fmaf(-plain.learning_rate, (float)plain.gradient[0][k], (float)plain.parameter[0][k]);
        assert_true((float)other.gradient[0][k] == moved);
    }
    harness_values_finish(&other);
    harness_values_finish(&plain);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_against_reference),
    cmocka_unit_test(test_long_sums),
    cmocka_unit_test(test_same_gradient),
};

HARNESS_MAIN(tests)
