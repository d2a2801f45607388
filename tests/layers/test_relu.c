/* relu as a layer of its own, against its reference. */
#include "support/elementwise_cases.h"

static void test_against_reference(void **state)
{
    (void)state;
    elementwise_run(INCLINE_ACTIVATION_RELU, true);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference)};

HARNESS_MAIN(tests)
