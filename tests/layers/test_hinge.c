/* The loss hinge against its reference, with and without its gradient. */
#include "support/loss_cases.h"

static const struct loss_variant variants[] = {{1, false}, {0.3, false}};

static void test_against_reference(void **state)
{
    (void)state;
    loss_run("hinge", variants, sizeof variants / sizeof *variants);
}

/* Of whole scores many just meet the margin of 1. Nothing is rounded, as there are 16 classes. */
static void test_met_margins(void **state)
{
    struct loss_plan plan;
    (void)state;
    loss_plan_create(&plan, "hinge", &variants[0], 16, 32, true);
    loss_check_step(&plan, 32, HARNESS_INTEGER, 1, true);
    loss_check_step(&plan, 16, HARNESS_INTEGER, 1, true);
    loss_check_step(&plan, 1, HARNESS_INTEGER, 1, true);
    loss_plan_destroy(&plan);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference),
                                          cmocka_unit_test(test_met_margins)};

HARNESS_MAIN(tests)
