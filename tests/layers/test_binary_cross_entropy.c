/* The loss binary_cross_entropy against its reference, with and without its gradient. */
#include "support/loss_cases.h"

static void test_against_reference(void **state)
{
    static const struct loss_variant variants[] = {
        {.number = 0},
        {.weighted = true},
        {.multi_label = true},
        {.weighted = true, .multi_label = true},
    };
    (void)state;
    loss_run("binary_cross_entropy", variants, sizeof variants / sizeof *variants);
}

static void test_sure_answers(void **state)
{
    (void)state;
    loss_check_sure("binary_cross_entropy", 0);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference),
                                          cmocka_unit_test(test_sure_answers)};

HARNESS_MAIN(tests)
