/* What timings say. */
#include "tune/judge.h"

#include "support/scratch.h"

static struct incline_timings timings(size_t count, const double *best, const double *candidate)
{
    struct incline_timings made = {.count = count};
    memcpy(made.best, best, count * sizeof *best);
    memcpy(made.candidate, candidate, count * sizeof *candidate);
    return made;
}

#define TIMINGS(best, candidate) timings(sizeof(best) / sizeof *(best), best, candidate)

static void medians(void **state)
{
    const double odd[] = {3, 1, 2}, even[] = {4, 1, 2, 3};
    (void)state;
    assert_true(incline_timings_median(odd, 3) == 2);
    assert_true(incline_timings_median(even, 4) == 2.5);
    assert_true(incline_timings_least(even, 4) == 1);
}

static void the_least_timing_decides(void **state)
{
    const double steady[] = {1, 1, 1}, faster[] = {5, 0.9, 5}, as_fast[] = {0.98, 1, 1};
    const double slower[] = {1.2, 1.2, 1.2}, hopeless[] = {1.4, 1.4, 1.4};
    (void)state;
    struct incline_timings t = TIMINGS(steady, faster);
    assert_true(incline_timings_faster(&t));
    t = TIMINGS(steady, as_fast);
    assert_false(incline_timings_faster(&t));
    assert_false(incline_timings_hopeless(&t));
    t = TIMINGS(steady, slower);
    assert_false(incline_timings_faster(&t));
    assert_false(incline_timings_hopeless(&t));
    t = TIMINGS(steady, hopeless);
    assert_true(incline_timings_hopeless(&t));
}

static void disturbed_timings_are_not_hopeless(void **state)
{
    const double steady[] = {1, 1}, disturbed[] = {9, 0.8}, differ[] = {9, 1.4};
    (void)state;
    struct incline_timings t = timings(1, steady, disturbed);
    assert_false(incline_timings_hopeless(&t));
    t = TIMINGS(steady, disturbed);
    assert_false(incline_timings_hopeless(&t));
    t = TIMINGS(steady, differ);
    assert_false(incline_timings_hopeless(&t));
}

static void scatter_is_noticed(void **state)
{
    const double steady[] = {1, 1.1, 1, 1.2}, once[] = {1, 1, 9, 1}, often[] = {1, 1.5, 9, 2};
    (void)state;
    struct incline_timings t = TIMINGS(steady, once);
    assert_false(incline_timings_noisy(&t));
    t = TIMINGS(once, steady);
    assert_false(incline_timings_noisy(&t));
    t = TIMINGS(steady, often);
    assert_true(incline_timings_noisy(&t));
    t = TIMINGS(often, steady);
    assert_true(incline_timings_noisy(&t));
}

static void a_loaded_machine_is_noticed(void **state)
{
    (void)state;
    assert_false(incline_machine_loaded(2.0, 1.0, 2));
    assert_false(incline_machine_loaded(1.5, 1.0, 2));
    assert_true(incline_machine_loaded(1.0, 1.0, 2));
    assert_true(incline_machine_loaded(0.5, 1.0, 1));
    assert_false(incline_looks_loaded(0, 0));
    assert_false(incline_looks_loaded(4, 1));
    assert_true(incline_looks_loaded(4, 2));
    assert_true(incline_looks_loaded(1, 1));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(medians),
    cmocka_unit_test(the_least_timing_decides),
    cmocka_unit_test(disturbed_timings_are_not_hopeless),
    cmocka_unit_test(scatter_is_noticed),
    cmocka_unit_test(a_loaded_machine_is_noticed),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
