/* batch_norm against its reference: in training with what it does to its state, and in evaluation;
 * numbers far from 0; gaps in the last block. */
#include "check/reference.h"
#include "support/harness.h"

#include <math.h>

struct norm_case {
    struct incline_shape in;
    double eps, decay;
    bool affine;
    int batch;
    bool small; /* for simulators as well */
};

static const struct norm_case cases[] = {
    {{3, 3, 5}, 1e-5, 0.9, true, 32, true},    {{1, 1, 19}, 1e-3, 0.75, false, 32, true},
    {{1, 2, 1}, 0.1, 0.0, true, 7, true},      {{5, 9, 3}, 1e-5, 0.9, false, 17, true},
    {{1, 1, 129}, 1e-5, 1.0, true, 48, false}, {{28, 29, 17}, 1e-5, 0.9, true, 33, false},
    {{8, 8, 33}, 1e-5, 0.9, true, 160, false}, {{7, 7, 16}, 1e-5, 0.9, true, 1, false},
    {{66, 65, 1}, 1e-5, 0.9, false, 2, false}, {{1, 65, 8}, 1e-5, 0.9, true, 17, false},
};

static size_t positions(const struct norm_case *c)
{
    return (size_t)c->in.height * (size_t)c->in.width;
}

static struct incline_reference_batch_norm norm_of(const struct norm_case *c,
                                                   const struct incline_chain_values *v)
{
    return (struct incline_reference_batch_norm){
        .rows = (size_t)v->images * positions(c),
        .channels = (size_t)c->in.channels,
        .eps = c->eps,
        .w = c->affine ? v->parameter[0] : NULL,
        .b = c->affine ? v->parameter[1] : NULL,
    };
}

/* The state comes after w and b: running mean, running variance, batches. */
static int state_at(const struct norm_case *c)
{
    return c->affine ? 2 : 0;
}

static void reference(const void *cookie, struct incline_chain_values *v)
{
    const struct norm_case *c = cookie;
    const struct incline_reference_batch_norm norm = norm_of(c, v);
    int state = state_at(c);
    incline_reference_batch_norm(&norm, v->x, v->y);
    incline_reference_batch_norm_data(&norm, v->x, v->dy, v->dx);
    if (c->affine)
        incline_reference_bias((int)norm.rows, c->in.channels, v->dy, v->gradient[1]);
    for (size_t k = 0; k < norm.channels; k++) {
        if (c->affine)
            v->gradient[0][k] = incline_reference_batch_norm_weights_at(&norm, v->x, v->dy, k);
        v->gradient[state][k] =
            incline_reference_running_mean_at(&norm, v->x, c->decay, v->parameter[state][k], k);
        v->gradient[state + 1][k] =
            incline_reference_running_var_at(&norm, v->x, c->decay, v->parameter[state + 1][k], k);
    }
    v->gradient[state + 2][0] = v->parameter[state + 2][0] + 1;
}

static struct harness_setup setup_of(const struct norm_case *c)
{
    struct harness_setup setup = {.in = c->in, .batch = c->batch, .layers = {{"batch_norm", ""}}};
    snprintf(setup.layers[0].options, sizeof setup.layers[0].options, "eps=%g decay=%g affine=%s",
             c->eps, c->decay, c->affine ? "true" : "false");
    return setup;
}

/* Of two numbers a channel, the gradient is what rounding leaves of nothing. */
static void test_training(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct harness_case test = {
            .setup = setup_of(&cases[i]),
            .reference = reference,
            .cookie = &cases[i],
            .least_images = positions(&cases[i]) < 3 ? 7 : 1,
        };
        if (cases[i].small || !test_small())
            harness_run(&test);
    }
}

/* One number a channel: its variance is 0, y is b, and no gradient comes back. */
static void test_single_numbers(void **state)
{
    static const struct norm_case c = {{1, 1, 19}, 1e-3, 0.75, true, 1, true};
    struct harness_setup setup = setup_of(&c);
    struct harness_chain *chain = harness_chain_create(&setup);
    struct incline_chain_values got, expected;
    (void)state;
    harness_values_init(&got, chain, 1);
    harness_values_init(&expected, chain, 1);
    harness_values_fill(&got, HARNESS_REAL, 1);
    harness_values_fill(&expected, HARNESS_REAL, 1);
    harness_chain_run(chain, &got);
    reference(&c, &expected);
    harness_compare_exact("single numbers", "y", got.y, expected.parameter[1], 19);
    harness_compare_exact("single numbers", "dx", got.dx, expected.dx, 19);
    harness_compare("single numbers", "running_var", got.gradient[3], expected.gradient[3], 19);
    harness_values_finish(&got);
    harness_values_finish(&expected);
    harness_chain_destroy(&chain);
}

/* Mean 1000 and deviation 1, but for a first number that is far from both. */
static void test_far_from_zero(void **state)
{
    static const struct norm_case c = {{5, 9, 3}, 1e-5, 0.9, false, 33, true};
    struct harness_setup setup = setup_of(&c);
    struct harness_chain *chain = harness_chain_create(&setup);
    (void)state;
    for (int outlier = 0; outlier <= 1; outlier++) {
        struct incline_chain_values got, expected;
        harness_values_init(&got, chain, c.batch);
        harness_values_init(&expected, chain, c.batch);
        harness_values_fill(&got, HARNESS_REAL, 5);
        harness_values_fill(&expected, HARNESS_REAL, 5);
        for (size_t i = 0; i < (size_t)c.batch * got.in_elems; i++)
            got.x[i] = expected.x[i] = (double)(float)(1000 + 1.7 * got.x[i]);
        if (outlier)
            got.x[0] = expected.x[0] = 900;
        harness_chain_run(chain, &got);
        reference(&c, &expected);
        size_t count = (size_t)c.batch * got.in_elems;
        harness_compare("mean 1000", "y", got.y, expected.y, count);
        harness_compare("mean 1000", "dx", got.dx, expected.dx, count);
        harness_compare("mean 1000", "running_mean", got.gradient[0], expected.gradient[0], 3);
        harness_compare("mean 1000", "running_var", got.gradient[1], expected.gradient[1], 3);
        harness_values_finish(&got);
        harness_values_finish(&expected);
    }
    harness_chain_destroy(&chain);
}

static void evaluate(const struct norm_case *c)
{
    struct harness_setup setup = setup_of(c);
    struct incline_chain_values got, before;
    int state = state_at(c);
    setup.forward_only = true;
    struct harness_chain *chain = harness_chain_create(&setup);
    harness_values_init(&got, chain, c->batch);
    harness_values_init(&before, chain, c->batch);
    harness_values_fill(&got, HARNESS_REAL, 2);
    harness_values_fill(&before, HARNESS_REAL, 2);
    size_t channels = got.parameter_elems[state];
    for (size_t k = 0; k < channels; k++)
        got.parameter[state + 1][k] = before.parameter[state + 1][k] =
            (double)(float)(fabs(got.parameter[state + 1][k]) + 0.25);
    harness_chain_run(chain, &got);
    const struct incline_reference_batch_norm norm = norm_of(c, &before);
    for (size_t i = 0; i < norm.rows * channels; i++) {
        struct incline_reference_moments moments = {before.parameter[state][i % channels],
                                                    before.parameter[state + 1][i % channels]};
        before.y[i] = incline_reference_normalized(&norm, moments, before.x, i);
    }
    harness_compare("evaluation", "y", got.y, before.y, norm.rows * channels);
    for (int i = state; i < got.parameter_count; i++)
        harness_compare_exact("evaluation", "state", got.gradient[i], before.parameter[i],
                              got.parameter_elems[i]);
    harness_values_finish(&got);
    harness_values_finish(&before);
    harness_chain_destroy(&chain);
}

static void test_evaluation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (cases[i].small || !test_small())
            evaluate(&cases[i]);
}

/* w and b move against their gradients; the state does not. */
static void test_update(void **state)
{
    static const struct norm_case c = {{3, 3, 5}, 1e-5, 0.9, true, 32, true};
    struct harness_setup setup = setup_of(&c);
    struct incline_chain_values got, expected;
    (void)state;
    setup.rewrites = INCLINE_REWRITE_ALL;
    struct harness_chain *chain = harness_chain_create(&setup);
    harness_values_init(&got, chain, c.batch);
    harness_values_init(&expected, chain, c.batch);
    harness_values_fill(&got, HARNESS_REAL, 3);
    harness_values_fill(&expected, HARNESS_REAL, 3);
    harness_chain_run(chain, &got);
    reference(&c, &expected);
    harness_compare("update", "dx", got.dx, expected.dx, (size_t)c.batch * got.in_elems);
    for (int i = 0; i < got.parameter_count; i++) {
        for (size_t k = 0; k < got.parameter_elems[i] && !got.is_state[i]; k++)
            expected.gradient[i][k] =
                expected.parameter[i][k] - (double)got.learning_rate * expected.gradient[i][k];
        harness_compare("update", "parameter", got.gradient[i], expected.gradient[i],
                        got.parameter_elems[i]);
    }
    harness_values_finish(&got);
    harness_values_finish(&expected);
    harness_chain_destroy(&chain);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_training),      cmocka_unit_test(test_single_numbers),
    cmocka_unit_test(test_far_from_zero), cmocka_unit_test(test_evaluation),
    cmocka_unit_test(test_update),
};

HARNESS_MAIN(tests)
