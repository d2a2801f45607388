/* Measurements on the device. Figures are only held against each other, never against the clock. */
#include "support/scratch.h"

#include "support/device.h"

#include "bench/bench_result.h"
#include "device/opencl.h"
#include "incline/bench.h"
#include "train/config.h"

#include <math.h>
#include <string.h>

static struct test_device env;

static const struct incline_bench_timing quick = {.repeats = 3, .warmups = 1, .min_seconds = 1e-4};

static const char small[] = "incline: 1\n"
                            "model:\n"
                            "  name: small\n"
                            "  input: [6, 6, 2]\n"
                            "  layers:\n"
                            "    - conv2d: {filters: 4, kernel: 3, name: first}\n"
                            "    - flatten\n"
                            "    - dense: {units: 5, activation: tanh, name: second}\n"
                            "    - dense: {units: 3, name: third}\n"
                            "data: {root: none}\n"
                            "train: {batch_size: 20}\n";

static struct incline_config *parse(void)
{
    struct incline_config *config = NULL;
    assert_ok(env.ctx, incline_config_parse(env.ctx, "small", small, NULL, 0, &config));
    return config;
}

static void assert_near(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-9 * fabs(wanted)))
        fail_msg("got %.15g, not %.15g", got, wanted);
}

static void check_figures(const struct incline_bench_result *result, double passes)
{
    double rates[8], mean, deviation;
    assert_int_equal(result->step.count, quick.repeats);
    assert_true(result->step.runs >= 1);
    for (size_t i = 0; i < result->step.count; i++) {
        assert_true(result->step.seconds[i] * (double)result->step.runs >= quick.min_seconds);
        rates[i] = result->batch / result->step.seconds[i];
    }
    incline_bench_statistics(rates, result->step.count, &mean, &deviation);
    assert_near(result->images_per_second, mean);
    assert_near(result->images_per_second_deviation, deviation);
    assert_near(result->flops_per_second, 2 * passes * result->multiply_adds * mean);
    assert_true(result->device_seconds > 0 && result->first_step_seconds > 0);
    assert_true(result->launches > 0);
}

static void test_training_and_inference_are_measured(void **state)
{
    (void)state;
    struct incline_config *config = parse();
    for (int mode = 0; mode < 2; mode++)
        for (int batch = 0; batch < 40; batch += 33) {
            struct incline_bench_options options = {
                .timing = quick, .mode = (enum incline_bench_mode)mode, .batch = batch};
            struct incline_bench_result result;
            assert_ok(env.ctx,
                      incline_bench_network(env.ctx, env.device, config, &options, &result));
            assert_int_equal(result.batch, batch > 0 ? batch : 20);
            assert_int_equal(result.state, INCLINE_BENCH_UNCHECKED);
            assert_int_equal(result.parameters, (9 * 2 + 1) * 4 + (64 + 1) * 5 + (5 + 1) * 3);
            assert_true(result.multiply_adds == 16 * 18 * 4 + 64 * 5 + 5 * 3);
            assert_null(result.layers);
            check_figures(&result, mode == INCLINE_BENCH_TRAIN ? 3 : 1);
            incline_bench_result_finish(&result);
        }
    incline_config_destroy(&config);
}

/* The set of images becomes smaller, until it has room beside a step. */
static void test_a_small_device_has_a_small_set(void **state)
{
    const struct incline_device_info info = env.device->info;
    struct incline_bench_options options = {.timing = quick, .mode = INCLINE_BENCH_TRAIN};
    struct incline_bench_result result;
    struct incline_config *config = parse();
    (void)state;
    env.device->info.max_alloc_bytes = 100 << 10;
    env.device->info.memory_bytes = env.device->buffer_bytes + (150 << 10);
    enum incline_status status =
        incline_bench_network(env.ctx, env.device, config, &options, &result);
    env.device->info = info;
    assert_ok(env.ctx, status);
    check_figures(&result, 3);
    incline_bench_result_finish(&result);
    incline_config_destroy(&config);
}

static const struct incline_bench_layer *find(const struct incline_bench_result *result,
                                              const char *cover)
{
    for (size_t i = 0; i < result->layer_count; i++)
        if (strstr(result->layers[i].covers, cover))
            return &result->layers[i];
    return NULL;
}

/* Which launches a step has is the business of others; that each is counted once is of this test.
 */
static void test_layers_hold_every_launch(void **state)
{
    (void)state;
    struct incline_config *config = parse();
    for (int mode = 0; mode < 2; mode++) {
        struct incline_bench_options options = {
            .timing = quick, .mode = (enum incline_bench_mode)mode, .per_layer = true};
        struct incline_bench_result result;
        size_t launches = 0;
        assert_ok(env.ctx, incline_bench_network(env.ctx, env.device, config, &options, &result));
        for (size_t i = 0; i < result.layer_count; i++) {
            const struct incline_bench_layer *layer = &result.layers[i];
            launches += layer->launches;
            for (size_t k = 0; k < i; k++)
                assert_string_not_equal(layer->name, result.layers[k].name);
            assert_true(layer->forward >= 0 && layer->loss >= 0 && layer->backward >= 0);
            if (mode == INCLINE_BENCH_INFER)
                assert_true(layer->backward == 0 && layer->loss == 0 && layer->update == 0);
        }
        assert_int_equal(launches, result.launches);
        /* The gradient of the images is never computed, so the first layer makes two passes, the
         * second of which may be in a row of its own. */
        const struct incline_bench_layer *conv = find(&result, "conv2d 3x3");
        assert_non_null(conv);
        if (strcmp(conv->covers, "conv2d 3x3") == 0)
            assert_near(conv->flops, (conv->backward > 0 ? 2 : 1) * 2.0 * 16 * 18 * 4 * 20);
        incline_bench_result_finish(&result);
    }
    incline_config_destroy(&config);
}

static const double pass_seconds[] = {1, 2, 4, 8, 16, 32};

/* Launches as a plan may have them: of one layer, of two at once, of no layer. */
static struct incline_plan *make_plan(void)
{
    static const struct {
        const char *label;
        enum incline_pass pass;
    } launches[] = {
        {"input", INCLINE_PASS_FORWARD},
        {"first + second", INCLINE_PASS_FORWARD},
        {"third", INCLINE_PASS_LOSS},
        {"third", INCLINE_PASS_BACKWARD},
        {"first + second", INCLINE_PASS_BACKWARD},
        {"first + second", INCLINE_PASS_UPDATE},
    };
    struct incline_plan *plan = NULL;
    assert_ok(env.ctx, incline_plan_create(env.ctx, env.device, 20, &plan));
    for (size_t i = 0; i < sizeof launches / sizeof *launches; i++) {
        struct incline_launch launch = {.label = launches[i].label, .kernel = "none"};
        incline_plan_set_pass(plan, launches[i].pass);
        assert_ok(env.ctx, incline_plan_launch(env.ctx, plan, &launch));
    }
    return plan;
}

static void check_row(const struct incline_bench_layer *row, const char *name, const char *covers,
                      const double *passes, double flops)
{
    assert_string_equal(row->name, name);
    assert_string_equal(row->covers, covers);
    assert_near(row->forward, passes[0]);
    assert_near(row->loss, passes[1]);
    assert_near(row->backward, passes[2]);
    assert_near(row->update, passes[3]);
    assert_near(row->flops, flops);
}

static void test_launches_are_put_together_by_label(void **state)
{
    (void)state;
    struct incline_config *config = parse();
    struct incline_plan *plan = make_plan();
    struct incline_bench_subject subject = {
        .config = config, .layers = config->model.layers, .layer_count = config->model.layer_count};
    struct incline_bench_result result = {.batch = 20};
    assert_ok(env.ctx, incline_bench_group(env.ctx, &subject, INCLINE_BENCH_TRAIN, plan,
                                           pass_seconds, &result));
    assert_int_equal(result.layer_count, 3);
    check_row(&result.layers[0], "input", "", (double[]){1, 0, 0, 0}, 0);
    check_row(&result.layers[1], "first + second", "conv2d 3x3, dense + tanh",
              (double[]){2, 0, 16, 32}, 20 * 2.0 * (2 * 16 * 18 * 4 + 3 * 64 * 5));
    check_row(&result.layers[2], "third", "dense", (double[]){0, 4, 8, 0}, 20 * 2.0 * 3 * 5 * 3);
    incline_bench_result_finish(&result);
    incline_plan_destroy(&plan);
    incline_config_destroy(&config);
}

/* Builds what the step needs, as a check does. */
static void build_step(struct incline_device *device, const struct incline_config *config,
                       enum incline_bench_mode mode, int batch)
{
    struct incline_bench_options options = {.timing = quick, .mode = mode, .batch = batch};
    struct incline_bench_result result;
    assert_ok(env.ctx, incline_bench_network(env.ctx, device, config, &options, &result));
    incline_bench_result_finish(&result);
}

struct verifier {
    bool right, builds;
    int calls, batch;
    enum incline_bench_mode mode;
    enum incline_status status;
};

static enum incline_status verify(struct incline_context *ctx, struct incline_device *device,
                                  const struct incline_config *config, int batch,
                                  enum incline_bench_mode mode, void *cookie, bool *right,
                                  char *text, size_t text_bytes)
{
    struct verifier *verifier = cookie;
    (void)ctx;
    assert_ptr_equal(device, env.device);
    assert_non_null(config);
    verifier->calls++;
    verifier->batch = batch;
    verifier->mode = mode;
    if (verifier->builds)
        build_step(device, config, mode, batch);
    *right = verifier->right;
    snprintf(text, text_bytes, "conv2d_forward is off by 0.5");
    return verifier->status;
}

static void test_what_fails_its_check_gets_no_figure(void **state)
{
    (void)state;
    struct incline_config *config = parse();
    struct verifier verifier = {.right = false};
    struct incline_bench_options options = {
        .timing = quick,
        .mode = INCLINE_BENCH_INFER,
        .batch = 7,
        .per_layer = true,
        .verify = verify,
        .verify_cookie = &verifier,
    };
    struct incline_bench_result result;
    assert_ok(env.ctx, incline_bench_network(env.ctx, env.device, config, &options, &result));
    assert_int_equal(result.state, INCLINE_BENCH_FAILED_CHECK);
    assert_string_equal(incline_bench_state_name(result.state), "failed its check");
    assert_string_equal(result.problem, "conv2d_forward is off by 0.5");
    assert_true(result.images_per_second == 0 && result.flops_per_second == 0);
    assert_true(result.device_seconds == 0 && result.step.count == 0);
    assert_null(result.layers);
    assert_int_equal(verifier.calls, 1);
    assert_int_equal(verifier.batch, 7);
    assert_int_equal(verifier.mode, INCLINE_BENCH_INFER);
    incline_bench_result_finish(&result);

    assert_ok(env.ctx,
              incline_bench_layer_op(env.ctx, env.device, incline_bench_ops(), &options, &result));
    assert_int_equal(result.state, INCLINE_BENCH_FAILED_CHECK);
    assert_true(result.images_per_second == 0);
    incline_bench_result_finish(&result);

    verifier.right = true;
    assert_ok(env.ctx, incline_bench_network(env.ctx, env.device, config, &options, &result));
    assert_int_equal(result.state, INCLINE_BENCH_CHECKED);
    assert_true(result.images_per_second > 0);
    incline_bench_result_finish(&result);

    verifier.status = INCLINE_ERROR_DEVICE;
    assert_int_equal(incline_bench_network(env.ctx, env.device, config, &options, &result),
                     INCLINE_ERROR_DEVICE);
    incline_error_clear(env.ctx);
    incline_bench_result_finish(&result);
    incline_config_destroy(&config);
}

/* The check builds the same programs on the same device. */
static void test_the_check_leaves_the_build_to_be_measured(void **state)
{
    (void)state;
    struct incline_config *config = parse();
    struct verifier verifier = {.right = true, .builds = true};
    struct incline_bench_options options = {
        .timing = quick, .verify = verify, .verify_cookie = &verifier};
    struct incline_bench_result result;
    assert_ok(env.ctx, incline_bench_network(env.ctx, env.device, config, &options, &result));
    assert_true(result.build_seconds > 0);
    incline_bench_result_finish(&result);
    assert_ok(env.ctx,
              incline_bench_network(env.ctx, env.device, config,
                                    &(struct incline_bench_options){.timing = quick}, &result));
    assert_true(result.build_seconds <= 0); /* it was built just now */
    incline_bench_result_finish(&result);
    incline_config_destroy(&config);
}

/* Numbers that overflow make a loss that is none, however fast. */
static void test_a_loss_that_is_no_number_gets_no_figure(void **state)
{
    (void)state;
    struct incline_bench_options options = {.timing = quick, .mode = INCLINE_BENCH_TRAIN};
    struct incline_bench_result result;
    struct incline_config *config = NULL;
    static const char linear[] = "incline: 1\nmodel:\n  input: [2, 2, 1]\n  layers: [flatten, "
                                 "{dense: {units: 64}}, {dense: 64}, {dense: 3}]\n"
                                 "data: {root: none, scale: 1e-38}\ntrain: {loss: mse}\n";
    assert_ok(env.ctx, incline_config_parse(env.ctx, "linear", linear, NULL, 0, &config));
    assert_ok(env.ctx, incline_bench_network(env.ctx, env.device, config, &options, &result));
    assert_int_equal(result.state, INCLINE_BENCH_FAILED_CHECK);
    assert_true(result.images_per_second == 0);
    assert_non_null(strstr(result.problem, "not finite"));
    incline_bench_result_finish(&result);
    incline_config_destroy(&config);
}

static void test_every_op_runs_both_ways(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct incline_bench_op *op = incline_bench_ops(); op->op; op++)
        for (int mode = 0; mode < 2; mode++) {
            struct incline_bench_options options = {
                .timing = quick, .mode = (enum incline_bench_mode)mode, .batch = 3};
            struct incline_bench_result result;
            assert_ok(env.ctx, incline_bench_layer_op(env.ctx, env.device, op, &options, &result));
            check_figures(&result, mode == INCLINE_BENCH_TRAIN ? 3 : 1);
            bool multiplies = strcmp(op->op, "conv") == 0 || strcmp(op->op, "gemm") == 0;
            assert_int_equal(result.multiply_adds > 0, multiplies);
            assert_int_equal(result.parameters > 0, multiplies);
            incline_bench_result_finish(&result);
            count++;
        }
    assert_true(count >= 8);
}

static void test_facts_are_checked(void **state)
{
    (void)state;
    for (int kind = 0; kind < INCLINE_BENCH_FACTS; kind++) {
        struct incline_bench_fact fact;
        assert_ok(env.ctx, incline_bench_device(env.ctx, env.device,
                                                (enum incline_bench_fact_kind)kind, &quick, &fact));
        assert_int_equal(fact.state, INCLINE_BENCH_CHECKED);
        assert_int_equal(fact.samples.count, quick.repeats);
        assert_true(fact.work >= 1 && fact.rate > 0 && fact.best_rate >= fact.rate);
        double rate = 0;
        for (size_t i = 0; i < fact.samples.count; i++)
            rate += fact.work / fact.samples.seconds[i] / (double)fact.samples.count;
        assert_near(fact.rate, rate);
        incline_bench_fact_finish(&fact);
    }
}

static void test_environment_is_told(void **state)
{
    (void)state;
    struct incline_bench_environment environment;
    incline_bench_environment_read(&environment);
    assert_true(environment.version[0] != '\0' && environment.os[0] != '\0');
    assert_int_equal(strlen(environment.time), strlen("2026-11-24T09:30:00Z"));
    assert_int_equal(environment.time[10], 'T');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training_and_inference_are_measured),
        cmocka_unit_test(test_a_small_device_has_a_small_set),
        cmocka_unit_test(test_layers_hold_every_launch),
        cmocka_unit_test(test_launches_are_put_together_by_label),
        cmocka_unit_test(test_what_fails_its_check_gets_no_figure),
        cmocka_unit_test(test_the_check_leaves_the_build_to_be_measured),
        cmocka_unit_test(test_a_loss_that_is_no_number_gets_no_figure),
        cmocka_unit_test(test_every_op_runs_both_ways),
        cmocka_unit_test(test_facts_are_checked),
        cmocka_unit_test(test_environment_is_told),
    };
    int code = test_device_open(&env);
    if (code)
        return code;
    code = cmocka_run_group_tests(tests, NULL, NULL);
    test_device_close(&env);
    return code;
}
