/* The running total of gradients and the moving average of weights (cl/running.cl) against double
 * precision; and launches that only some steps of a plan have. */
#include "support/harness.h"

#include "check/reference_update.h"
#include "device/plan_inner.h"
#include "network/running.h"

#include <math.h>
#include <stdlib.h>

enum { LIST_MAX = 5000 };

/* Less than a work-item's part, one, a rest, several groups; and how many of them are trained. */
static const struct {
    size_t elems, trained;
} sizes[] = {{32, 32}, {96, 64}, {1024, 992}, {1056, 1024}, {3168, 1056}, {1024 * 4 + 32, 3104}};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* Two tensors of the parameters' layout and a plan of both launches over them. */
struct bench {
    struct harness_buffer from, to;
    struct incline_parameters x, y;
    struct incline_plan *plan;
};

static void bench_init(struct bench *bench, size_t number, bool totals, bool averages)
{
    *bench = (struct bench){0};
    size_t bytes = sizes[number].elems * sizeof(float);
    harness_buffer_create(&bench->from, "x", bytes);
    harness_buffer_create(&bench->to, "y", bytes);
    harness_buffer_reset(&bench->from, NULL, 0);
    harness_buffer_reset(&bench->to, NULL, 0);
    bench->x = bench->y = (struct incline_parameters){.device = harness_device.device,
                                                      .total_elems = sizes[number].elems,
                                                      .trained_elems = sizes[number].trained};
    bench->x.all = bench->from.guarded.part;
    bench->y.all = bench->to.guarded.part;
    harness_ok(incline_plan_create(harness_device.ctx, harness_device.device, 17, &bench->plan));
    if (totals)
        harness_ok(incline_running_total(harness_device.ctx, bench->plan, &bench->x, &bench->y));
    if (averages)
        harness_ok(incline_running_average(harness_device.ctx, bench->plan, &bench->x, &bench->y));
    harness_ok(incline_plan_finish(harness_device.ctx, bench->plan));
}

static void bench_finish(struct bench *bench)
{
    incline_plan_destroy(&bench->plan);
    harness_buffer_destroy(&bench->from);
    harness_buffer_destroy(&bench->to);
}

static void run_step(struct bench *bench, const double *x, const struct incline_step *step)
{
    float numbers[LIST_MAX];
    size_t count = bench->x.total_elems;
    for (size_t i = 0; i < count; i++)
        numbers[i] = (float)x[i];
    harness_buffer_reset(&bench->from, numbers, count * sizeof *numbers);
    harness_ok(incline_plan_enqueue(harness_device.ctx, bench->plan, step));
    harness_buffer_check(&bench->from);
}

static void read_back(struct bench *bench, double *y)
{
    float numbers[LIST_MAX];
    size_t count = bench->y.total_elems;
    harness_buffer_read(&bench->to, numbers, count * sizeof *numbers);
    for (size_t i = 0; i < count; i++)
        y[i] = (double)numbers[i];
}

/* ---- total ---- */

/* Two updates of three batches each; what the second finds there is the first's. */
static void check_total(size_t number, enum harness_kind kind)
{
    static const float whole[] = {0.5f, 0.25f, 0.25f}, broken[] = {7 / 24.f, 16 / 24.f, 1 / 24.f};
    const float *shares = kind == HARNESS_INTEGER ? whole : broken;
    double g[LIST_MAX], total[LIST_MAX], got[LIST_MAX];
    size_t trained = sizes[number].trained;
    struct bench bench;
    bench_init(&bench, number, true, false);
    for (int i = 0; i < 6; i++) {
        struct incline_step step = {
            .images = 1, .share = shares[i % 3], .accumulation = {.earlier_steps = i % 3}};
        harness_fill(g, sizes[number].elems, kind, 10 * (unsigned)number + (unsigned)i);
        run_step(&bench, g, &step);
        incline_reference_total(g, (double)step.share, i % 3 > 0, total, trained);
        read_back(&bench, got);
        if (kind == HARNESS_INTEGER)
            harness_compare_exact("running total", "total", got, total, trained);
        else
            harness_compare("running total", "total", got, total, trained);
        for (size_t e = trained; e < sizes[number].elems; e++)
            assert_true(isnan(got[e])); /* the pattern: not written */
    }
    bench_finish(&bench);
}

static void test_total(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        check_total(i, HARNESS_INTEGER);
        check_total(i, HARNESS_REAL);
    }
}

/* NaN stays where it came in, and until the next update begins. */
static void test_total_nan(void **state)
{
    double g[LIST_MAX], total[LIST_MAX], got[LIST_MAX];
    struct bench bench;
    (void)state;
    bench_init(&bench, 3, true, false);
    for (int i = 0; i < 5; i++) {
        struct incline_step step = {
            .images = 1, .share = 0.25f, .accumulation = {.earlier_steps = i % 4}};
        harness_fill(g, sizes[3].elems, HARNESS_DISTINCT, (unsigned)i);
        if (i == 1)
            g[1021] = (double)NAN;
        run_step(&bench, g, &step);
        incline_reference_total(g, 0.25, i % 4 > 0, total, sizes[3].trained);
        read_back(&bench, got);
        if (i % 4 > 0)
            harness_compare_nan("running total", "total", got, total, sizes[3].trained, true);
        else
            harness_compare("running total", "total", got, total, sizes[3].trained);
    }
    bench_finish(&bench);
}

/* ---- average ---- */

/* The first update finds NaN, and is taken whole. */
static void check_average(size_t number, double decay)
{
    double w[LIST_MAX], average[LIST_MAX], got[LIST_MAX];
    size_t elems = sizes[number].elems, trained = sizes[number].trained;
    struct bench bench;
    bench_init(&bench, number, false, true);
    for (int i = 0; i < 6; i++) {
        double share = i == 0 ? 1 : 1 - decay;
        struct incline_step step = {.images = 1, .average_share = (float)share};
        harness_fill(w, elems, HARNESS_REAL, 20 * (unsigned)number + (unsigned)i);
        run_step(&bench, w, &step);
        incline_reference_average(w, share, average, trained);
        read_back(&bench, got);
        harness_compare("running average", "average", got, average, trained);
        if (elems > trained)
            harness_compare_exact("running average", "state", got + trained, w + trained,
                                  elems - trained);
        if (i == 0 || decay == 0)
            harness_compare_exact("running average", "average", got, w, trained);
    }
    bench_finish(&bench);
}

static void test_average(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZES; i++)
        check_average(i, 0.875);
    check_average(3, 0.999);
    check_average(1, 0);
}

static void test_average_nan(void **state)
{
    double w[LIST_MAX], average[LIST_MAX], got[LIST_MAX];
    struct bench bench;
    (void)state;
    bench_init(&bench, 2, false, true);
    for (int i = 0; i < 3; i++) {
        double share = i == 0 ? 1 : 0.5;
        struct incline_step step = {.images = 1, .average_share = (float)share};
        harness_fill(w, sizes[2].elems, HARNESS_DISTINCT, (unsigned)i);
        if (i == 1)
            w[17] = (double)NAN;
        run_step(&bench, w, &step);
        incline_reference_average(w, share, average, sizes[2].trained);
        read_back(&bench, got);
        if (i > 0)
            harness_compare_nan("running average", "average", got, average, sizes[2].trained, true);
    }
    bench_finish(&bench);
}

/* An average that does not move, does not move by a bit. */
static void test_average_rests(void **state)
{
    double w[LIST_MAX], got[LIST_MAX];
    struct bench bench;
    (void)state;
    bench_init(&bench, 4, false, true);
    harness_fill(w, sizes[4].elems, HARNESS_REAL, 5);
    for (int i = 0; i < 20; i++) {
        struct incline_step step = {.images = 1, .average_share = i == 0 ? 1 : 0.3f};
        run_step(&bench, w, &step);
    }
    read_back(&bench, got);
    harness_compare_exact("running average", "average", got, w, sizes[4].elems);
    bench_finish(&bench);
}

/* ---- launches of some steps ---- */

static uint64_t launches(void)
{
    return incline_device_get_counters(harness_device.device).launches;
}

/* The share that a step leaves out changes with it, and is the same in the step after. */
static void test_only_on_update(void **state)
{
    static const struct {
        bool waits;
        double share, w, expected;
    } steps[] = {{false, 1, 4, 4}, {true, 0.5, 100, 4}, {false, 0.5, 8, 6}, {true, 1, 9, 6}};
    double w[LIST_MAX], got[LIST_MAX];
    struct bench bench;
    (void)state;
    bench_init(&bench, 0, false, true);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct incline_step step = {.images = 1,
                                    .average_share = (float)steps[i].share,
                                    .accumulation = {.waits = steps[i].waits}};
        for (size_t e = 0; e < sizes[0].elems; e++)
            w[e] = steps[i].w;
        uint64_t before = launches();
        run_step(&bench, w, &step);
        assert_int_equal(launches() - before, !steps[i].waits);
        read_back(&bench, got);
        for (size_t e = 0; e < sizes[0].elems; e++)
            assert_true(got[e] == steps[i].expected);
    }
    bench_finish(&bench);
}

static void test_profile(void **state)
{
    double w[LIST_MAX] = {0}, seconds[2];
    struct incline_step step = {.images = 1, .share = 1, .accumulation = {.waits = true}};
    struct bench bench;
    (void)state;
    bench_init(&bench, 0, true, true);
    run_step(&bench, w, &step);
    uint64_t before = launches();
    harness_ok(incline_plan_profile(harness_device.ctx, bench.plan, &step, seconds));
    assert_int_equal(launches() - before, 1);
    assert_true(seconds[1] == 0);
    bench_finish(&bench);
}

/* Where launches must be short, one that the first steps leave out is looked at when it comes. */
static void test_pace(void **state)
{
    double w[LIST_MAX] = {0};
    struct incline_step wait = {.images = 17, .share = 1, .accumulation = {.waits = true}};
    struct incline_step update = {.images = 17, .share = 1, .average_share = 1};
    struct bench bench;
    (void)state;
    double before = harness_device.device->launch_seconds;
    incline_device_limit_launches(harness_device.device, 0.1);
    bench_init(&bench, 4, true, true);
    assert_true(incline_plan_will_pace(bench.plan, &wait));
    run_step(&bench, w, &wait);
    assert_false(incline_plan_will_pace(bench.plan, &wait));
    assert_true(incline_plan_will_pace(bench.plan, &update));
    run_step(&bench, w, &update);
    assert_false(incline_plan_will_pace(bench.plan, &update));
    bench_finish(&bench);
    incline_device_limit_launches(harness_device.device, before);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_total),         cmocka_unit_test(test_total_nan),
    cmocka_unit_test(test_average),       cmocka_unit_test(test_average_nan),
    cmocka_unit_test(test_average_rests), cmocka_unit_test(test_only_on_update),
    cmocka_unit_test(test_profile),       cmocka_unit_test(test_pace),
};

HARNESS_MAIN(tests)
