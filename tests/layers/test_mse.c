/* The loss mse against its reference, with and without its gradient. */
#include "support/loss_cases.h"

static void test_against_reference(void **state)
{
    static const struct loss_variant variants[] = {{.number = 0}, {.multi_label = true}};
    (void)state;
    loss_run("mse", variants, sizeof variants / sizeof *variants);
}

/* Nothing is rounded, as there are 16 classes. */
static void test_whole_scores(void **state)
{
    static const struct loss_variant variant = {.multi_label = true};
    struct loss_plan plan;
    (void)state;
    loss_plan_create(&plan, "mse", &variant, 16, 32, true);
    loss_check_step(&plan, 32, HARNESS_INTEGER, 1, true);
    loss_check_step(&plan, 16, HARNESS_INTEGER, 1, true);
    loss_check_step(&plan, 1, HARNESS_INTEGER, 1, true);
    loss_plan_destroy(&plan);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference),
                                          cmocka_unit_test(test_whole_scores)};

HARNESS_MAIN(tests)
