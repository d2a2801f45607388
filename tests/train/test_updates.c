/* Updates from the gradients of several batches: which steps they fall on; that they are those of
 * one large batch; and when a moving average begins. */
#include "support/scratch.h"

#include "support/device.h"

#include "base/philox.h"
#include "network/rewrite.h"
#include "train/updates.h"
#include "train/workbench.h"

#include <math.h>
#include <stdlib.h>

enum { IMAGES_MAX = 40, PIXELS = 4 * 3, EPOCHS = 3, SLOTS = EPOCHS * IMAGES_MAX };

static struct test_device env;

/* ---- where a step stands ---- */

static void check_epochs(const struct incline_epoch_updates *epoch)
{
    size_t steps = (epoch->images + epoch->batch - 1) / epoch->batch;
    long long updates = 0;
    for (int number = 1; number <= 2; number++) {
        size_t seen = 0, expected = 0;
        int before = 0;
        for (size_t i = 0; i < steps; i++) {
            struct incline_accumulation at = incline_epoch_updates_at(epoch, i, number);
            size_t rest = epoch->images - i * epoch->batch;
            assert_int_equal(at.earlier_steps, before);
            assert_int_equal(at.updates, updates);
            assert_true(before == 0 || (size_t)at.images == expected);
            expected = (size_t)at.images;
            seen += rest < epoch->batch ? rest : epoch->batch;
            assert_int_equal(at.waits, seen < expected);
            before = at.waits ? before + 1 : 0;
            assert_true(before < epoch->accumulate || before == 0);
            if (at.waits)
                continue;
            assert_int_equal(seen, expected);
            assert_true(before == 0 &&
                        (at.earlier_steps + 1 == epoch->accumulate || i + 1 == steps));
            seen = 0;
            updates++;
        }
        assert_int_equal(seen, 0);
        assert_int_equal(updates, number * incline_epoch_updates_count(epoch));
    }
}

static void test_steps_of_updates(void **state)
{
    (void)state;
    for (size_t images = 1; images <= 30; images++)
        for (size_t batch = 1; batch <= images; batch++)
            for (int accumulate = 1; accumulate <= 12; accumulate++)
                check_epochs(&(struct incline_epoch_updates){images, batch, accumulate});
    const struct incline_epoch_updates large = {60000, 60000, 10000};
    assert_int_equal(incline_epoch_updates_count(&large), 1);
    assert_int_equal(incline_epoch_updates_at(&large, 0, 1).images, 60000);
}

static void test_average_shares(void **state)
{
    static const struct incline_ema first = {true, 0.75, 1}, third = {true, 0.75, 3};
    (void)state;
    assert_true(incline_ema_share(&first, 0, 5) == 1);
    assert_true(incline_ema_share(&first, 1, 5) == 0.25f);
    assert_true(incline_ema_share(&third, 9, 5) == 1);
    assert_true(incline_ema_share(&third, 10, 5) == 1); /* the first of the third epoch */
    assert_true(incline_ema_share(&third, 11, 5) == 0.25f);
}

/* ---- training ---- */

struct run {
    struct incline_config *config;
    struct incline_workbench bench;
    struct incline_epoch_updates epoch;
    long long steps; /* done */
};

static void make_run(size_t images, int batch, const char *train, struct run *run)
{
    char text[512];
    unsigned char pixels[IMAGES_MAX * PIXELS];
    int labels[IMAGES_MAX];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (unsigned char)incline_philox(3, 0, (uint32_t)i, 0, 0, 0).word[0];
    for (int i = 0; i < IMAGES_MAX; i++)
        labels[i] = i * 5 % 3;
    const struct incline_images part = {4, 3, 1, images, pixels, labels};
    snprintf(text, sizeof text,
             "incline: 1\nmodel: {input: [4, 3, 1], layers: [flatten, {dense: {units: 19, "
             "activation: tanh}}, {dense: 3}]}\ndata: {root: none}\ntrain: {batch_size: %d, %s}\n",
             batch, train);
    *run = (struct run){0};
    assert_ok(env.ctx, incline_config_parse(env.ctx, "run.yaml", text, NULL, 0, &run->config));
    const struct incline_workbench_spec spec = {
        .device = env.device,
        .config = run->config,
        .images = &part,
        .batch = batch,
        .slots = SLOTS,
        .rewrites = INCLINE_REWRITE_ALL,
        .averages = run->config->train.ema.on,
    };
    assert_ok(env.ctx, incline_workbench_create(env.ctx, &spec, &run->bench));
    assert_ok(env.ctx, incline_device_wait(env.ctx, env.device));
    run->epoch = (struct incline_epoch_updates){images, (size_t)batch,
                                                run->config->train.optimizer.accumulate};
}

static void finish_run(struct run *run)
{
    incline_workbench_destroy(&run->bench);
    incline_config_destroy(&run->config);
}

/* *waits: the step made no update. */
static void run_step(struct run *run, size_t i, int epoch, bool *waits)
{
    const struct incline_train_section *train = &run->config->train;
    size_t batch = run->epoch.batch, first = i * batch, rest = run->epoch.images - first;
    struct incline_step step = {
        .images = (int)(rest < batch ? rest : batch),
        .first = (int)first,
        .number = (int)i,
        .earlier = run->steps++,
        .learning_rate = (float)train->optimizer.options.lr,
        .accumulation = incline_epoch_updates_at(&run->epoch, i, epoch),
    };
    step.average_share = incline_ema_share(&train->ema, step.accumulation.updates,
                                           incline_epoch_updates_count(&run->epoch));
    *waits = step.accumulation.waits;
    assert_ok(env.ctx, incline_step_run(env.ctx, run->bench.plan, &step));
}

static void run_epochs(struct run *run)
{
    bool waits = true;
    for (int epoch = 1; epoch <= EPOCHS; epoch++)
        for (size_t i = 0; i * run->epoch.batch < run->epoch.images; i++)
            run_step(run, i, epoch, &waits);
    assert_false(waits);
}

static float *read_all(const struct incline_parameters *parameters)
{
    size_t bytes = parameters->total_elems * sizeof(float);
    float *values = malloc(bytes);
    assert_non_null(values);
    assert_ok(env.ctx, incline_buffer_read(env.ctx, parameters->all, 0, values, bytes));
    return values;
}

/* How far b is from a, by how far a is from the start. */
static double distance(const float *start, const float *a, const float *b, size_t count)
{
    double apart = 0, way = 0;
    for (size_t i = 0; i < count; i++) {
        apart += pow((double)b[i] - (double)a[i], 2);
        way += pow((double)a[i] - (double)start[i], 2);
    }
    assert_true(way > 0);
    return sqrt(apart / way);
}

static void compare_with_large(size_t images, int batch, int accumulate, const char *train)
{
    char more[256];
    struct run large, small;
    snprintf(more, sizeof more, "accumulate: %d, %s", accumulate, train);
    make_run(images, batch * accumulate, train, &large);
    make_run(images, batch, more, &small);
    size_t count = large.bench.parameters->total_elems;
    float *start = read_all(small.bench.parameters);
    run_epochs(&large);
    run_epochs(&small);
    float *a = read_all(large.bench.parameters), *b = read_all(small.bench.parameters);
    double error = distance(start, a, b, count);
    print_message("%.1e %zu images in %d x %d: %s\n", error, images, accumulate, batch, train);
    assert_true(error <= 1e-6);
    if (large.bench.average) {
        float *c = read_all(large.bench.average), *d = read_all(small.bench.average);
        assert_true(distance(start, c, d, count) <= 1e-6);
        assert_true(distance(start, a, c, count) > 0.01);
        free(c);
        free(d);
    }
    free(start);
    free(a);
    free(b);
    finish_run(&small);
    finish_run(&large);
}

/* With whole batches; a last update of fewer, one of them short; one of a single image. The count
 * of adam's updates shows in its steps. */
static void test_as_one_large_batch(void **state)
{
    static const char *const trains[] = {"optimizer: {sgd: {lr: 0.3}}",
                                         "optimizer: {adam: {lr: 0.01, eps: 1e-3}}, clip_norm: 0.5",
                                         "optimizer: {sgd: {lr: 0.3, momentum: 0.9}}, "
                                         "ema: {decay: 0.8}"};
    (void)state;
    for (size_t i = 0; i < sizeof trains / sizeof *trains; i++) {
        compare_with_large(32, 8, 2, trains[i]);
        compare_with_large(40, 7, 3, trains[i]);
        compare_with_large(37, 4, 3, trains[i]);
        compare_with_large(33, 1, 16, trains[i]);
    }
}

/* An update of one batch is that of the batch, to the bit. */
static void test_one_batch_is_exact(void **state)
{
    struct run alone, only;
    (void)state;
    make_run(32, 32, "optimizer: {sgd: {lr: 0.3}}", &alone);
    make_run(32, 32, "accumulate: 4, optimizer: {sgd: {lr: 0.3}}", &only);
    run_epochs(&alone);
    run_epochs(&only);
    float *a = read_all(alone.bench.parameters), *b = read_all(only.bench.parameters);
    assert_memory_equal(a, b, alone.bench.parameters->total_elems * sizeof *a);
    free(a);
    free(b);
    finish_run(&only);
    finish_run(&alone);
}

/* Ten batches, updates after 3, 6, 9 and 10. */
static void test_between_updates_nothing_moves(void **state)
{
    struct run run;
    int updates = 0;
    (void)state;
    make_run(39, 4, "accumulate: 3, optimizer: adam, ema: {decay: 0.5}", &run);
    const struct incline_parameters *tensors[] = {run.bench.parameters, run.bench.average,
                                                  run.bench.state.tensors[0]};
    for (size_t i = 0; i * 4 < 39; i++) {
        float *before[3], *after[3];
        bool waits;
        for (size_t t = 0; t < 3; t++)
            before[t] = read_all(tensors[t]);
        run_step(&run, i, 1, &waits);
        for (size_t t = 0; t < 3; t++) {
            after[t] = read_all(tensors[t]);
            size_t bytes = tensors[t]->total_elems * sizeof(float);
            assert_int_equal(memcmp(before[t], after[t], bytes) == 0, waits);
            free(before[t]);
            free(after[t]);
        }
        updates += !waits;
        assert_int_equal(waits, i % 3 != 2 && i != 9);
    }
    assert_int_equal(updates, 4);
    finish_run(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_of_updates),
        cmocka_unit_test(test_average_shares),
        cmocka_unit_test(test_as_one_large_batch),
        cmocka_unit_test(test_one_batch_is_exact),
        cmocka_unit_test(test_between_updates_nothing_moves),
    };
    int status = test_device_open(&env);
    if (status)
        return status;
    status = cmocka_run_group_tests(tests, NULL, NULL);
    test_device_close(&env);
    return status;
}
