/* The loss mse against its reference, with and without its gradient. */
#include "support/loss_cases.h"

static void test_against_reference(void **state)
{
    static const struct loss_variant variant = {0, false};
    (void)state;
    loss_run("mse", &variant, 1);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference)};

HARNESS_MAIN(tests)
