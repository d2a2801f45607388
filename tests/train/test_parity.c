/* Ten steps of the seed's network against PyTorch: same weights, same batches, same losses and
 * gradients (fixtures/make_mnist_cnn_parity.py); and every set of rewrites gives the same bits. */
#include "support/scratch.h"

#include "support/device.h"

#include "formats/safetensors.h"
#include "formats/weights.h"
#include "network/rewrite.h"
#include "train/config.h"
#include "train/evaluator.h"
#include "train/workbench.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS = 10, BATCH = 128, IMAGES = STEPS * BATCH, PARAMETERS = 6 };

static struct test_device env;

static const char config_text[] = "incline: 1\n"
                                  "model:\n"
                                  "  input: [28, 28, 1]\n"
                                  "  layers:\n"
                                  "    - conv2d: {filters: 32, kernel: 3, activation: relu}\n"
                                  "    - max_pool2d: 2\n"
                                  "    - flatten\n"
                                  "    - dense: {units: 128, activation: relu}\n"
                                  "    - dense: 10\n"
                                  "    - softmax\n"
                                  "data: {root: none}\n";

struct fixture {
    struct incline_safetensors *file;
    struct incline_config *config;
    struct incline_images images;
    char weights_path[SCRATCH_PATH_BYTES + 32];
};

/* murmur3's finaliser; the fixture's script uses the same. */
static uint32_t mix(uint32_t h)
{
    h ^= h >> 16;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    h *= 0xc2b2ae35u;
    return h ^ (h >> 16);
}

static float *start_values(uint32_t number, size_t elems, double limit)
{
    float *values = calloc(elems, sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < elems && limit > 0; i++)
        values[i] =
            (float)((2 * (mix((uint32_t)i + 1000003u * number) / 4294967296.0) - 1) * limit);
    return values;
}

/* Start weights go the way of a user's: a file in PyTorch's names and orders. */
static void write_start_weights(struct incline_context *ctx, const char *path)
{
    struct incline_safetensor_source tensors[PARAMETERS] = {
        {"conv2d_1.weight", 4, {32, 1, 3, 3}, NULL}, {"conv2d_1.bias", 1, {32}, NULL},
        {"dense_1.weight", 2, {128, 5408}, NULL},    {"dense_1.bias", 1, {128}, NULL},
        {"dense_2.weight", 2, {10, 128}, NULL},      {"dense_2.bias", 1, {10}, NULL},
    };
    const double fan_sum[PARAMETERS] = {9 + 288, 0, 5408 + 128, 0, 128 + 10, 0};
    for (uint32_t i = 0; i < PARAMETERS; i++) {
        size_t elems = 1;
        for (int axis = 0; axis < tensors[i].rank; axis++)
            elems *= tensors[i].dims[axis];
        tensors[i].values = start_values(i, elems, fan_sum[i] > 0 ? sqrt(6 / fan_sum[i]) : 0);
    }
    assert_ok(ctx, incline_safetensors_write(ctx, path, tensors, PARAMETERS, NULL, 0));
    for (size_t i = 0; i < PARAMETERS; i++)
        free((float *)tensors[i].values);
}

static void open_fixture(struct scratch *s, struct fixture *f)
{
    const char *folder = getenv("INCLINE_TEST_FIXTURES");
    char path[1024];
    snprintf(path, sizeof path, "%s/mnist_cnn_parity.safetensors",
             folder ? folder : "tests/fixtures");
    *f = (struct fixture){0};
    assert_ok(env.ctx, incline_safetensors_read(env.ctx, path, &f->file));
    assert_ok(env.ctx,
              incline_config_parse(env.ctx, "parity.yaml", config_text, NULL, 0, &f->config));
    const struct incline_safetensor *images = incline_safetensors_find(f->file, "images");
    const struct incline_safetensor *labels = incline_safetensors_find(f->file, "labels");
    int *label_values = calloc(IMAGES, sizeof(int));
    assert_true(images && labels && label_values);
    assert_int_equal(images->bytes, IMAGES * 28 * 28);
    memcpy(label_values, labels->data, labels->bytes);
    f->images =
        (struct incline_images){28, 28, 1, IMAGES, (unsigned char *)images->data, label_values};
    snprintf(f->weights_path, sizeof f->weights_path, "%s/start.safetensors", s->folder);
    write_start_weights(env.ctx, f->weights_path);
}

static void close_fixture(struct fixture *f)
{
    free(f->images.labels);
    incline_config_destroy(&f->config);
    incline_safetensors_destroy(&f->file);
}

/* One training of ten steps. */
struct run {
    struct incline_workbench bench;
    struct incline_metrics_slot slots[STEPS];
};

static void start_run(const struct fixture *f, unsigned rewrites, struct run *run)
{
    const struct incline_workbench_spec spec = {
        .device = env.device,
        .config = f->config,
        .images = &f->images,
        .batch = BATCH,
        .slots = STEPS,
        .rewrites = rewrites,
        .weights = f->weights_path,
    };
    *run = (struct run){0};
    assert_ok(env.ctx, incline_workbench_create(env.ctx, &spec, &run->bench));
}

static void run_steps(struct run *run, int from, int to)
{
    for (int i = from; i < to; i++) {
        struct incline_step step = {BATCH, i * BATCH, i, 0.01f};
        assert_ok(env.ctx, incline_step_run(env.ctx, run->bench.plan, &step));
    }
}

static double relative_l2(const float *got, const float *want, size_t count)
{
    double difference = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        double d = (double)got[i] - (double)want[i];
        difference += d * d;
        size += (double)want[i] * (double)want[i];
    }
    return sqrt(difference / size);
}

static void check_gradient(const struct fixture *f, const struct run *run, size_t place,
                           const char *name)
{
    const struct incline_parameter_place *p = &run->bench.gradients->places[place];
    const struct incline_parameter *parameter =
        &f->config->model.layers[p->layer].parameters[p->role];
    const struct incline_safetensor *want = incline_safetensors_find(f->file, name);
    struct incline_shape flattened = {1, 1, parameter->dims[0]};
    float *memory = calloc(p->elems, sizeof *memory), *got = calloc(p->elems, sizeof *got);
    float *expected = calloc(p->elems, sizeof *expected);
    assert_true(want && memory && got && expected);
    assert_int_equal(want->elems, p->elems);
    if (parameter->dims[0] == 5408)
        flattened = (struct incline_shape){13, 13, 32};
    assert_ok(env.ctx, incline_parameters_read(env.ctx, run->bench.gradients, place, memory));
    incline_weights_to_file_order(parameter, flattened, memory, got);
    assert_ok(env.ctx, incline_safetensors_get_f32(env.ctx, f->file, want, expected));
    double error = relative_l2(got, expected, p->elems);
    print_message("%-24s L2 %.2g\n", name, error);
    assert_true(error <= 1e-5);
    free(expected);
    free(got);
    free(memory);
}

static void test_pytorch(void **state)
{
    static const char *const names[PARAMETERS] = {"grad.conv2d_1.weight", "grad.conv2d_1.bias",
                                                  "grad.dense_1.weight",  "grad.dense_1.bias",
                                                  "grad.dense_2.weight",  "grad.dense_2.bias"};
    struct fixture f;
    struct run run;
    double losses[STEPS];
    open_fixture(*state, &f);
    start_run(&f, INCLINE_REWRITE_ALL & ~(unsigned)INCLINE_REWRITE_UPDATE, &run);
    run_steps(&run, 0, 1);
    for (size_t i = 0; i < PARAMETERS; i++)
        check_gradient(&f, &run, i, names[i]);
    run_steps(&run, 1, STEPS);
    assert_ok(env.ctx,
              incline_buffer_read(env.ctx, run.bench.metrics, 0, run.slots, sizeof run.slots));
    memcpy(losses, incline_safetensors_find(f.file, "losses_f64")->data, sizeof losses);
    for (int i = 0; i < STEPS; i++) {
        double got = (double)run.slots[i].loss_sum / BATCH;
        print_message("step %2d loss %.7f, PyTorch %.7f\n", i + 1, got, losses[i]);
        assert_true(fabs(got - losses[i]) <= 1e-4 * losses[i]);
    }
    incline_workbench_destroy(&run.bench);
    close_fixture(&f);
}

static float *weights_after_ten_steps(const struct fixture *f, unsigned rewrites, size_t *bytes)
{
    struct run run;
    start_run(f, rewrites, &run);
    run_steps(&run, 0, STEPS);
    *bytes = incline_buffer_bytes(run.bench.parameters->all);
    float *values = malloc(*bytes);
    assert_non_null(values);
    assert_ok(env.ctx, incline_buffer_read(env.ctx, run.bench.parameters->all, 0, values, *bytes));
    incline_workbench_destroy(&run.bench);
    return values;
}

static void check_same_weights(const struct fixture *f, unsigned rewrites, const float *expected,
                               size_t expected_bytes)
{
    size_t bytes;
    float *weights = weights_after_ten_steps(f, rewrites, &bytes);
    assert_int_equal(bytes, expected_bytes);
    if (memcmp(weights, expected, bytes) != 0)
        fail_msg("the set of rewrites %#x changes bits", rewrites);
    free(weights);
}

/* None, each alone, all but each, and all. */
static void test_rewrites_keep_bits(void **state)
{
    struct fixture f;
    size_t bytes;
    open_fixture(*state, &f);
    float *plain = weights_after_ten_steps(&f, 0, &bytes);
    for (unsigned rewrite = 1; rewrite < INCLINE_REWRITE_ALL; rewrite *= 2) {
        assert_non_null(incline_rewrite_name(rewrite));
        check_same_weights(&f, rewrite, plain, bytes);
        check_same_weights(&f, INCLINE_REWRITE_ALL & ~rewrite, plain, bytes);
    }
    check_same_weights(&f, INCLINE_REWRITE_ALL, plain, bytes);
    free(plain);
    close_fixture(&f);
}

/* 5 launches on a CPU, 7 at most on a GPU: the plan of a fused step. */
static void test_few_launches(void **state)
{
    struct fixture f;
    struct run run;
    open_fixture(*state, &f);
    start_run(&f, INCLINE_REWRITE_ALL, &run);
    size_t launches = incline_plan_launches(incline_step_plan_launches(run.bench.plan));
    assert_int_equal(launches, incline_device_lanes(env.device) > 1 ? 5 : 6);
    incline_workbench_destroy(&run.bench);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pytorch, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_rewrites_keep_bits, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_few_launches, scratch_setup, scratch_teardown),
    };
    int status = test_device_open(&env);
    if (status)
        return status;
    status = cmocka_run_group_tests(tests, NULL, NULL);
    test_device_close(&env);
    return status;
}
