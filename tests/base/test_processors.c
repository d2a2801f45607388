/* sched_setaffinity() */
#define _GNU_SOURCE

/* What the process may use of the machine. */
#include "support/scratch.h"

#include "base/processors.h"

#include <math.h>
#include <sched.h>

static void a_quota_is_read(void **state)
{
    static const char *const none[] = {"max 100000\n", "",     "100000", "0 100000",
                                       "1 0",          "-1 5", "x"};
    (void)state;
    assert_true(incline_processors_of_quota("150000 100000\n") == 1.5);
    assert_true(incline_processors_of_quota("400000 100000") == 4);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_true(isinf(incline_processors_of_quota(none[i])));
}

static void a_bound_process_has_fewer(void **state)
{
    cpu_set_t all, one;
    int first = 0;
    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    double processors = incline_processors();
    assert_true(processors > 0 && processors <= CPU_COUNT(&all));
    while (!CPU_ISSET(first, &all))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_true(incline_processors() <= 1);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_true(incline_processors() == processors);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_quota_is_read),
    cmocka_unit_test(a_bound_process_has_fewer),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
