/* identity: a name for a place. Between a layer and the two that read it, it changes nothing and
 * costs no launch; and a network may begin and end with one. */
#include "check/reference.h"
#include "support/harness.h"

/* y = relu(x) + tanh(relu(x)) */
static void reference(const void *cookie, struct incline_chain_values *v)
{
    size_t count = (size_t)v->images * v->in_elems;
    (void)cookie;
    for (size_t i = 0; i < count; i++) {
        double positive = incline_reference_activation_at(INCLINE_ACTIVATION_RELU, 0, v->x[i]);
        double curved = incline_reference_activation_at(INCLINE_ACTIVATION_TANH, 0, positive);
        v->y[i] = positive + curved;
        v->dx[i] = incline_reference_slope_at(
            INCLINE_ACTIVATION_RELU, 0, positive,
            v->dy[i] + incline_reference_slope_at(INCLINE_ACTIVATION_TANH, 0, curved, v->dy[i]));
    }
}

static void test_between(void **state)
{
    struct harness_case test = {
        .setup = {.in = {3, 5, 4},
                  .batch = 17,
                  .layers = {{"relu", "", {0}, 0},
                             {"identity", "", {0}, 0},
                             {"tanh", "", {0}, 0},
                             {"add", "", {1, 2}, 2}}},
        .reference = reference,
    };
    (void)state;
    harness_run(&test);
}

static size_t launches_of(const struct harness_setup *setup)
{
    struct harness_chain *chain = harness_chain_create(setup);
    size_t launches = harness_chain_launches(chain);
    harness_chain_destroy(&chain);
    return launches;
}

static void test_costs_nothing(void **state)
{
    struct harness_setup with = {
        .in = {2, 2, 3}, .batch = 5, .layers = {{"identity", ""}, {"relu", ""}, {"identity", ""}}};
    struct harness_setup without = {.in = {2, 2, 3}, .batch = 5, .layers = {{"relu", ""}}};
    (void)state;
    assert_int_equal(launches_of(&with), launches_of(&without));
}

static void relu_reference(const void *cookie, struct incline_chain_values *v)
{
    size_t count = (size_t)v->images * v->in_elems;
    (void)cookie;
    incline_reference_activation(INCLINE_ACTIVATION_RELU, count, v->x, v->y);
    incline_reference_activation_backward(INCLINE_ACTIVATION_RELU, count, v->y, v->dy, v->dx);
}

static void test_ends(void **state)
{
    struct harness_case test = {
        .setup = {.in = {2, 3, 3},
                  .batch = 17,
                  .layers = {{"identity", ""}, {"relu", ""}, {"identity", ""}}},
        .reference = relu_reference,
        .exact = true,
    };
    (void)state;
    harness_run(&test);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_between),
                                          cmocka_unit_test(test_costs_nothing),
                                          cmocka_unit_test(test_ends)};

HARNESS_MAIN(tests)
