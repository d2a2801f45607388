/* The loss cross_entropy against its reference, with and without its gradient. */
#include "support/loss_cases.h"

static void test_against_reference(void **state)
{
    (void)state;
    loss_run("cross_entropy", incline_reference_cross_entropy);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference)};

HARNESS_MAIN(tests)
