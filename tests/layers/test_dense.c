/* dense against its reference: sizes that fill no tile, with and without bias and activation. */
#include "support/dense_cases.h"

enum {
    NONE = INCLINE_ACTIVATION_NONE,
    RELU = INCLINE_ACTIVATION_RELU,
    SIGMOID = INCLINE_ACTIVATION_SIGMOID,
    TANH = INCLINE_ACTIVATION_TANH,
    ELU = INCLINE_ACTIVATION_ELU,
    SELU = INCLINE_ACTIVATION_SELU
};

static const struct dense_case cases[] = {
    {{1, 1, 1}, 1, true, NONE, 32, true},      {{1, 1, 3}, 5, true, RELU, 32, true},
    {{1, 1, 17}, 33, false, NONE, 32, true},   {{1, 1, 33}, 16, true, SIGMOID, 32, true},
    {{1, 1, 5}, 20, true, TANH, 32, true},     {{1, 1, 16}, 16, true, NONE, 1, false},
    {{1, 1, 16}, 64, true, RELU, 32, false},   {{1, 1, 33}, 64, false, RELU, 160, false},
    {{1, 1, 576}, 10, true, NONE, 32, false},  {{1, 1, 100}, 1, true, NONE, 32, false},
    {{1, 1, 1}, 100, true, SELU, 17, false},   {{1, 1, 64}, 33, false, ELU, 32, false},
    {{1, 1, 5}, 3, true, NONE, 160, false},    {{1, 1, 128}, 10, true, RELU, 33, false},
    {{1, 1, 1000}, 48, true, NONE, 17, false},
};

static void test_against_reference(void **state)
{
    (void)state;
    dense_run(cases, sizeof cases / sizeof *cases, false);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference)};

HARNESS_MAIN(tests)
