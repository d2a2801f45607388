/* The loss cross_entropy against its reference, with and without its gradient. */
#include "support/loss_cases.h"

static void test_against_reference(void **state)
{
    static const struct loss_variant variants[] = {
        {0, false}, {0.1, false}, {1, false}, {0, true}, {0.25, true}};
    (void)state;
    loss_run("cross_entropy", variants, sizeof variants / sizeof *variants);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference)};

HARNESS_MAIN(tests)
