/* The timer, against a clock that the test moves; statistics of known numbers. */
#include "support/scratch.h"

#include "bench/statistics.h"
#include "bench/timer.h"

#include <math.h>
#include <stdbool.h>

/* A device whose work costs `cost` seconds a run, from `faster_after` runs on only half of it. */
struct fake {
    double time, cost;
    size_t pending, total, faster_after;
    size_t windows;      /* that were timed */
    double window_start; /* -1: none is open */
    double shortest, longest;
    size_t fail_at; /* total runs at which it fails; 0: never */
};

static enum incline_status fake_run(struct incline_context *ctx, void *cookie, size_t runs)
{
    struct fake *fake = cookie;
    fake->pending += runs;
    fake->total += runs;
    if (fake->fail_at > 0 && fake->total >= fake->fail_at)
        return incline_fail(ctx, INCLINE_ERROR_DEVICE, "the device is gone");
    return INCLINE_OK;
}

static enum incline_status fake_drain(struct incline_context *ctx, void *cookie)
{
    struct fake *fake = cookie;
    (void)ctx;
    double cost = fake->total > fake->faster_after ? fake->cost / 2 : fake->cost;
    fake->time += (double)fake->pending * cost;
    fake->pending = 0;
    return INCLINE_OK;
}

static double fake_now(void *cookie)
{
    struct fake *fake = cookie;
    if (fake->pending > 0)
        fail_msg("the clock was read while %zu runs were queued", fake->pending);
    if (fake->window_start < 0) {
        fake->window_start = fake->time;
    } else {
        fake->windows++;
        fake->window_start = -1;
    }
    return fake->time;
}

static struct incline_timer_work work_of(struct fake *fake)
{
    return (struct incline_timer_work){fake_run, fake_drain, fake_now, fake};
}

static struct fake new_fake(double cost)
{
    return (struct fake){.time = 5, .cost = cost, .faster_after = SIZE_MAX, .window_start = -1};
}

static void assert_near(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-9 * fabs(wanted)))
        fail_msg("got %.15g, not %.15g", got, wanted);
}

static void test_grows_until_long_enough(void **state)
{
    static const double costs[] = {1e-9, 3e-6, 0.004, 0.099, 0.12, 7};
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
        struct fake fake = new_fake(costs[i]);
        struct incline_timer_work work = work_of(&fake);
        struct incline_bench_timing timing = {.repeats = 4, .warmups = 3, .min_seconds = 0.1};
        struct incline_bench_samples samples;
        assert_ok(s->ctx, incline_timer_measure(s->ctx, &work, &timing, &samples));
        assert_int_equal(samples.count, 4);
        assert_true((double)samples.runs * costs[i] >= 0.1);
        /* Never far more than was asked for. */
        assert_true(samples.runs == 1 || (double)samples.runs * costs[i] < 0.1 * 2);
        assert_near(samples.mean, costs[i]);
        assert_true(samples.deviation < 1e-6 * costs[i]);
        for (size_t k = 0; k < 4; k++)
            assert_near(samples.seconds[k], costs[i]);
        incline_bench_samples_finish(&samples);
        assert_null(samples.seconds);
    }
}

static void test_warmups_and_repeats_are_counted(void **state)
{
    struct scratch *s = *state;
    size_t windows[3];
    for (int i = 0; i < 3; i++) {
        struct fake fake = new_fake(1); /* one run is long enough, so nothing grows */
        struct incline_timer_work work = work_of(&fake);
        struct incline_bench_timing timing = {
            .repeats = i == 0 ? 1 : 5, .warmups = i == 2 ? 3 : 0, .min_seconds = 0.5};
        struct incline_bench_samples samples;
        assert_ok(s->ctx, incline_timer_measure(s->ctx, &work, &timing, &samples));
        windows[i] = fake.windows;
        incline_bench_samples_finish(&samples);
    }
    assert_int_equal(windows[0], 2); /* the one that found the number, and the repeat */
    assert_int_equal(windows[1], 6);
    assert_int_equal(windows[2], 9);
}

static void test_a_repeat_that_became_short_starts_over(void **state)
{
    struct scratch *s = *state;
    struct fake fake = new_fake(0.01);
    struct incline_timer_work work = work_of(&fake);
    struct incline_bench_timing timing = {.repeats = 5, .warmups = 1, .min_seconds = 0.1};
    struct incline_bench_samples samples;
    fake.faster_after = 45; /* in the middle of the repeats */
    assert_ok(s->ctx, incline_timer_measure(s->ctx, &work, &timing, &samples));
    for (size_t i = 0; i < samples.count; i++) {
        assert_near(samples.seconds[i], 0.005);
        assert_true(samples.seconds[i] * (double)samples.runs >= 0.1);
    }
    incline_bench_samples_finish(&samples);
}

static void test_failures_come_through(void **state)
{
    struct scratch *s = *state;
    struct incline_bench_timing timing = {.repeats = 2, .warmups = 1, .min_seconds = 0.1};
    struct incline_bench_samples samples;
    for (size_t at = 1; at < 40; at += 7) {
        struct fake fake = new_fake(0.01);
        struct incline_timer_work work = work_of(&fake);
        fake.fail_at = at;
        assert_fails(s->ctx, INCLINE_ERROR_DEVICE,
                     incline_timer_measure(s->ctx, &work, &timing, &samples), "device is gone");
    }
    struct fake fake = new_fake(1);
    struct incline_timer_work work = work_of(&fake);
    timing.repeats = 0;
    assert_fails(s->ctx, INCLINE_ERROR_ARGUMENT,
                 incline_timer_measure(s->ctx, &work, &timing, &samples), "repeats");
}

/* Sets its own stop flag after some runs. */
static volatile sig_atomic_t stop_flag;

static enum incline_status run_and_stop(struct incline_context *ctx, void *cookie, size_t runs)
{
    struct fake *fake = cookie;
    enum incline_status status = fake_run(ctx, cookie, runs);
    stop_flag = fake->total >= 30;
    return status;
}

static void test_a_stop_ends_it(void **state)
{
    struct scratch *s = *state;
    struct fake fake = new_fake(0.01);
    struct incline_timer_work work = work_of(&fake);
    struct incline_bench_timing timing = {
        .repeats = 5, .warmups = 1, .min_seconds = 0.1, .delay_seconds = 0, .stop = &stop_flag};
    struct incline_bench_samples samples;
    work.run = run_and_stop;
    assert_fails(s->ctx, INCLINE_ERROR_INTERRUPTED,
                 incline_timer_measure(s->ctx, &work, &timing, &samples), "stopped");
    assert_true(fake.total >= 30 && fake.total < 60);
}

static void test_statistics_of_known_numbers(void **state)
{
    (void)state;
    static const double eight[] = {2, 4, 4, 4, 5, 5, 7, 9}, one[] = {3.5}, two[] = {1, 2};
    double mean, deviation;
    incline_bench_statistics(eight, 8, &mean, &deviation);
    assert_near(mean, 5);
    assert_near(deviation, sqrt(32.0 / 7)); /* not sqrt(32 / 8) */
    incline_bench_statistics(one, 1, &mean, &deviation);
    assert_near(mean, 3.5);
    assert_true(deviation == 0);
    incline_bench_statistics(two, 2, &mean, &deviation);
    assert_near(mean, 1.5);
    assert_near(deviation, sqrt(0.5));
    /* Large numbers that differ little. */
    double far[] = {1e9 + 1, 1e9 + 2, 1e9 + 3};
    incline_bench_statistics(far, 3, &mean, &deviation);
    assert_near(mean, 1e9 + 2);
    assert_near(deviation, 1);
}

static void test_medians(void **state)
{
    (void)state;
    double odd[] = {9, 1, 5}, even[] = {4, 1, 3, 100}, one[] = {7};
    assert_near(incline_median(odd, 3), 5);
    assert_near(incline_median(even, 4), 3.5);
    assert_near(incline_median(one, 1), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_grows_until_long_enough),
        scratch_test(test_warmups_and_repeats_are_counted),
        scratch_test(test_a_repeat_that_became_short_starts_over),
        scratch_test(test_failures_come_through),
        scratch_test(test_a_stop_ends_it),
        cmocka_unit_test(test_statistics_of_known_numbers),
        cmocka_unit_test(test_medians),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
