/* Start weights and shuffles: functions of the seed, with the promised distributions. */
#include "support/scratch.h"

#include "network/feed.h"
#include "network/initialize.h"

#include <math.h>
#include <stdbool.h>

enum { ELEMS = 40000 };

static struct incline_parameter parameter_with(const char *initializer)
{
    int number = 0;
    while (strcmp(incline_initializer_names[number], initializer) != 0)
        number++;
    return (struct incline_parameter){
        .elems = ELEMS, .fan_in = 50, .fan_out = 150, .initializer = number};
}

struct moments {
    double mean, deviation, largest;
};

static struct moments moments_of(const float *values)
{
    struct moments m = {0};
    for (int i = 0; i < ELEMS; i++)
        m.mean += (double)values[i] / ELEMS;
    for (int i = 0; i < ELEMS; i++) {
        double d = (double)values[i] - m.mean;
        m.deviation += d * d / ELEMS;
        m.largest = fmax(m.largest, fabs((double)values[i]));
    }
    m.deviation = sqrt(m.deviation);
    return m;
}

static void test_distributions(void **state)
{
    (void)state;
    const struct {
        const char *name;
        double deviation, largest;
    } cases[] = {
        {"glorot_uniform", sqrt(6.0 / 200) / sqrt(3), sqrt(6.0 / 200)},
        {"glorot_normal", sqrt(2.0 / 200), 2 * sqrt(2.0 / 200) / 0.87962566103423978},
        {"he_uniform", sqrt(6.0 / 50) / sqrt(3), sqrt(6.0 / 50)},
        {"he_normal", sqrt(2.0 / 50), 2 * sqrt(2.0 / 50) / 0.87962566103423978},
        {"torch", sqrt(1.0 / 50) / sqrt(3), sqrt(1.0 / 50)},
    };
    static float values[ELEMS];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct incline_parameter parameter = parameter_with(cases[i].name);
        incline_initialize_values(&parameter, 1, 0, values);
        struct moments m = moments_of(values);
        /* five standard errors of each estimate */
        assert_true(fabs(m.mean) < 5 * cases[i].deviation / sqrt(ELEMS));
        assert_true(fabs(m.deviation / cases[i].deviation - 1) < 5 / sqrt(2.0 * ELEMS));
        assert_true(m.largest <= cases[i].largest * (1 + 1e-6));
        assert_true(m.largest > 0.98 * cases[i].largest);
    }
}

static void test_zeros(void **state)
{
    (void)state;
    static float values[ELEMS];
    struct incline_parameter parameter = parameter_with("zeros");
    values[7] = 1;
    incline_initialize_values(&parameter, 1, 0, values);
    for (int i = 0; i < ELEMS; i++)
        assert_true(values[i] == 0);
}

static void test_constant(void **state)
{
    (void)state;
    static float values[ELEMS];
    struct incline_parameter parameter = parameter_with("zeros");
    parameter.initializer = INCLINE_INITIALIZER_CONSTANT;
    parameter.start = 0.25;
    incline_initialize_values(&parameter, 1, 0, values);
    for (int i = 0; i < ELEMS; i++)
        assert_true(values[i] == 0.25f);
}

static void test_seed_and_number_decide(void **state)
{
    (void)state;
    static float a[ELEMS], b[ELEMS];
    struct incline_parameter parameter = parameter_with("he_normal");
    incline_initialize_values(&parameter, 1, 0, a);
    incline_initialize_values(&parameter, 1, 0, b);
    assert_memory_equal(a, b, sizeof a);
    incline_initialize_values(&parameter, 2, 0, b);
    assert_memory_not_equal(a, b, sizeof a);
    incline_initialize_values(&parameter, 1, 1, b);
    assert_memory_not_equal(a, b, sizeof a);
}

static void test_permutation(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    int order[COUNT], again[COUNT];
    bool seen[COUNT] = {false};
    incline_permutation(1, 1, order, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_in_range(order[i], 0, COUNT - 1);
        assert_false(seen[order[i]]);
        seen[order[i]] = true;
    }
    incline_permutation(1, 1, again, COUNT);
    assert_memory_equal(order, again, sizeof order);
    incline_permutation(1, 2, again, COUNT);
    assert_memory_not_equal(order, again, sizeof order);
    incline_permutation(2, 1, again, COUNT);
    assert_memory_not_equal(order, again, sizeof order);
}

/* Over many epochs every image comes to every place about equally often. */
static void test_permutation_is_uniform(void **state)
{
    (void)state;
    enum { COUNT = 8, EPOCHS = 8000 };
    int times[COUNT][COUNT] = {{0}}, order[COUNT];
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        incline_permutation(3, epoch, order, COUNT);
        for (int place = 0; place < COUNT; place++)
            times[place][order[place]]++;
    }
    double expected = (double)EPOCHS / COUNT, chi_square = 0;
    for (int i = 0; i < COUNT * COUNT; i++) {
        double d = times[i / COUNT][i % COUNT] - expected;
        chi_square += d * d / expected;
    }
    /* 49 degrees of freedom: mean 49, deviation 9.9 */
    assert_true(chi_square > 15 && chi_square < 110);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distributions), cmocka_unit_test(test_zeros),
        cmocka_unit_test(test_constant),      cmocka_unit_test(test_seed_and_number_decide),
        cmocka_unit_test(test_permutation),   cmocka_unit_test(test_permutation_is_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
