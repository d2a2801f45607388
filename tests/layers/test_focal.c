/* The loss focal against its reference, with and without its gradient. */
#include "support/loss_cases.h"

static void test_against_reference(void **state)
{
    static const struct loss_variant variants[] = {
        {2, false}, {0, false}, {0.5, false}, {5, false}, {2, true}};
    (void)state;
    loss_run("focal", variants, sizeof variants / sizeof *variants);
}

static void test_sure_answers(void **state)
{
    (void)state;
    loss_check_sure("focal", 2);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference),
                                          cmocka_unit_test(test_sure_answers)};

HARNESS_MAIN(tests)
