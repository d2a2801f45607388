/* Twenty steps with each optimizer, some with accumulated gradients or a moving average, against
 * PyTorch, or the equations of its paper (fixtures/make_optimizer_steps.py); and fused updates give
 * the bits of those that are not. */
#include "support/scratch.h"

#include "support/device.h"

#include "formats/safetensors.h"
#include "formats/weights.h"
#include "network/rewrite.h"
#include "train/config.h"
#include "train/evaluator.h"
#include "train/updates.h"
#include "train/workbench.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS = 20, BATCH = 8, IMAGES = 48, PARAMETERS = 6, PIXELS = 5 * 4, CASES_MAX = 32 };

static struct test_device env;

static const char model_text[] = "incline: 1\n"
                                 "model: {input: [5, 4, 1], layers: [{conv2d: {filters: 2, kernel: "
                                 "3, activation: tanh}}, flatten, {dense: {units: 18, activation: "
                                 "tanh}}, {dense: 3}]}\n"
                                 "data: {root: none}\n";

struct fixture {
    struct incline_safetensors *file;
    char *cases[CASES_MAX]; /* what stands under `train:` */
    size_t count;
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

static uint32_t noise(uint32_t number, size_t i)
{
    return mix((uint32_t)i + 1000003u * number);
}

/* Start weights go the way of a user's: a file in PyTorch's names and orders. */
static void write_start_weights(const char *path)
{
    struct incline_safetensor_source tensors[PARAMETERS] = {
        {"conv2d_1.weight", 4, {2, 1, 3, 3}, NULL}, {"conv2d_1.bias", 1, {2}, NULL},
        {"dense_1.weight", 2, {18, 12}, NULL},      {"dense_1.bias", 1, {18}, NULL},
        {"dense_2.weight", 2, {3, 18}, NULL},       {"dense_2.bias", 1, {3}, NULL},
    };
    for (uint32_t p = 0; p < PARAMETERS; p++) {
        size_t elems = 1;
        for (int axis = 0; axis < tensors[p].rank; axis++)
            elems *= tensors[p].dims[axis];
        float *values = calloc(elems, sizeof *values);
        assert_non_null(values);
        for (size_t i = 0; i < elems; i++)
            values[i] = ((float)(noise(p, i) / 4294967296.0) - 0.5f) / 2;
        tensors[p].values = values;
    }
    assert_ok(env.ctx, incline_safetensors_write(env.ctx, path, tensors, PARAMETERS, NULL, 0));
    for (size_t p = 0; p < PARAMETERS; p++)
        free((float *)tensors[p].values);
}

static void open_fixture(struct scratch *s, struct fixture *f)
{
    const char *folder = getenv("INCLINE_TEST_FIXTURES");
    char path[1024];
    snprintf(path, sizeof path, "%s/optimizer_steps.safetensors",
             folder ? folder : "tests/fixtures");
    *f = (struct fixture){0};
    assert_ok(env.ctx, incline_safetensors_read(env.ctx, path, &f->file));
    const char *cases = incline_safetensors_metadata(f->file, "cases");
    assert_non_null(cases);
    while (*cases) {
        size_t length = strcspn(cases, "\n");
        assert_true(f->count < CASES_MAX);
        f->cases[f->count] = calloc(length + 1, 1);
        assert_non_null(f->cases[f->count]);
        memcpy(f->cases[f->count++], cases, length);
        cases += length + (cases[length] == '\n');
    }
    snprintf(f->weights_path, sizeof f->weights_path, "%s/start.safetensors", s->folder);
    write_start_weights(f->weights_path);
}

static void close_fixture(struct fixture *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->cases[i]);
    incline_safetensors_destroy(&f->file);
}

/* One training. */
struct run {
    struct incline_config *config;
    struct incline_workbench bench;
};

static void make_run(const struct fixture *f, size_t number, unsigned rewrites, struct run *run)
{
    char text[1024];
    unsigned char pixels[IMAGES * PIXELS];
    int labels[IMAGES];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (unsigned char)(noise(90, i) >> 24);
    for (int i = 0; i < IMAGES; i++)
        labels[i] = i * 7 % 3;
    const struct incline_images images = {5, 4, 1, IMAGES, pixels, labels};
    snprintf(text, sizeof text, "%strain: %s\n", model_text, f->cases[number]);
    *run = (struct run){0};
    assert_ok(env.ctx, incline_config_parse(env.ctx, "case.yaml", text, NULL, 0, &run->config));
    const struct incline_workbench_spec spec = {
        .device = env.device,
        .config = run->config,
        .images = &images,
        .batch = BATCH,
        .slots = STEPS,
        .rewrites = rewrites,
        .averages = run->config->train.ema.on,
        .weights = f->weights_path,
    };
    assert_ok(env.ctx, incline_workbench_create(env.ctx, &spec, &run->bench));
    assert_ok(env.ctx, incline_device_wait(env.ctx, env.device));
}

static void run_steps(struct run *run)
{
    const struct incline_train_section *train = &run->config->train;
    const struct incline_epoch_updates epoch = {IMAGES, BATCH, train->optimizer.accumulate};
    const size_t steps = IMAGES / BATCH;
    for (int i = 0; i < STEPS; i++) {
        struct incline_step step = {
            .images = BATCH,
            .first = i * BATCH % IMAGES,
            .number = i,
            .learning_rate = (float)train->optimizer.options.lr,
            .earlier = i,
            .accumulation = incline_epoch_updates_at(&epoch, (size_t)i % steps, 1 + i / (int)steps),
        };
        step.average_share = incline_ema_share(&train->ema, step.accumulation.updates,
                                               incline_epoch_updates_count(&epoch));
        assert_ok(env.ctx, incline_step_run(env.ctx, run->bench.plan, &step));
    }
}

static void finish_run(struct run *run)
{
    incline_workbench_destroy(&run->bench);
    incline_config_destroy(&run->config);
}

/* All parameters in PyTorch's order; to be freed. */
static float *read_in_file_order(const struct run *run, size_t *count)
{
    const struct incline_parameters *parameters = incline_workbench_outcome(&run->bench);
    const struct incline_shape flattened = {3, 2, 2};
    float *all = calloc(parameters->total_elems, sizeof *all);
    float *memory = calloc(parameters->total_elems, sizeof *memory);
    assert_true(all && memory);
    *count = 0;
    for (size_t i = 0; i < parameters->count; i++) {
        const struct incline_parameter_place *place = &parameters->places[i];
        const struct incline_parameter *parameter =
            &run->config->model.layers[place->layer].parameters[place->role];
        struct incline_shape in = {1, 1, parameter->dims[0]};
        assert_ok(env.ctx, incline_parameters_read(env.ctx, parameters, i, memory));
        incline_weights_to_file_order(parameter, parameter->dims[0] == 12 ? flattened : in, memory,
                                      all + *count);
        *count += place->elems;
    }
    free(memory);
    return all;
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

static const struct incline_safetensor *stored(const struct fixture *f, const char *what,
                                               size_t number)
{
    char name[32];
    snprintf(name, sizeof name, "%s%zu", what, number);
    const struct incline_safetensor *tensor = incline_safetensors_find(f->file, name);
    assert_non_null(tensor);
    return tensor;
}

static void check_parameters(const struct fixture *f, size_t number, const struct run *run)
{
    const struct incline_safetensor *want = stored(f, "case", number);
    size_t count;
    float *got = read_in_file_order(run, &count), *expected = calloc(count, sizeof *expected);
    assert_int_equal(want->elems, count);
    assert_non_null(expected);
    assert_ok(env.ctx, incline_safetensors_get_f32(env.ctx, f->file, want, expected));
    double error = relative_l2(got, expected, count);
    print_message("%.1e %s\n", error, f->cases[number]);
    assert_true(error <= 1e-5);
    free(expected);
    free(got);
}

static void check_losses(const struct fixture *f, size_t number, const struct run *run)
{
    struct incline_metrics_slot slots[STEPS];
    double losses[STEPS];
    const struct incline_safetensor *want = stored(f, "losses", number);
    assert_int_equal(want->bytes, sizeof losses);
    memcpy(losses, want->data, sizeof losses);
    assert_ok(env.ctx, incline_buffer_read(env.ctx, run->bench.metrics, 0, slots, sizeof slots));
    for (int i = 0; i < STEPS; i++)
        assert_true(fabs((double)slots[i].loss_sum / BATCH - losses[i]) <= 1e-5 * losses[i]);
}

/* Without fusions the cases share all kernels but those of the update. */
static void test_twenty_steps(void **state)
{
    struct fixture f;
    open_fixture(*state, &f);
    for (size_t i = 0; i < f.count; i++) {
        struct run run;
        make_run(&f, i, INCLINE_REWRITE_ALL & ~(unsigned)INCLINE_REWRITE_UPDATE, &run);
        run_steps(&run);
        check_losses(&f, i, &run);
        check_parameters(&f, i, &run);
        finish_run(&run);
    }
    close_fixture(&f);
}

static float *read_buffer(struct incline_buffer *buffer)
{
    float *values = malloc(incline_buffer_bytes(buffer));
    assert_non_null(values);
    assert_ok(env.ctx,
              incline_buffer_read(env.ctx, buffer, 0, values, incline_buffer_bytes(buffer)));
    return values;
}

static void check_same(struct incline_buffer *a, struct incline_buffer *b, const char *what)
{
    float *first = read_buffer(a), *second = read_buffer(b);
    if (memcmp(first, second, incline_buffer_bytes(a)) != 0)
        fail_msg("%s: other bits when the update is fused", what);
    free(first);
    free(second);
}

static void check_fused(const struct fixture *f, size_t number, unsigned rewrites)
{
    struct run plain, fused;
    make_run(f, number, INCLINE_REWRITE_ALL & ~(unsigned)INCLINE_REWRITE_UPDATE, &plain);
    make_run(f, number, rewrites, &fused);
    assert_true(!fused.bench.gradients == !fused.bench.total);
    run_steps(&plain);
    run_steps(&fused);
    check_same(plain.bench.parameters->all, fused.bench.parameters->all, f->cases[number]);
    if (plain.bench.average)
        check_same(plain.bench.average->all, fused.bench.average->all, f->cases[number]);
    for (int i = 0; i < INCLINE_STATES_MAX && plain.bench.state.tensors[i]; i++)
        check_same(plain.bench.state.tensors[i]->all, fused.bench.state.tensors[i]->all,
                   f->cases[number]);
    finish_run(&fused);
    finish_run(&plain);
}

/* With one, two and three tensors of state, in all kernels that finish gradients. */
static void test_fused_bits(void **state)
{
    const unsigned all = INCLINE_REWRITE_ALL;
    const unsigned dense_conv2d = INCLINE_REWRITE_DENSE_CONV2D;
    const unsigned dense_backward = INCLINE_REWRITE_DENSE_BACKWARD;
    struct fixture f;
    open_fixture(*state, &f);
    check_fused(&f, 4, all);
    check_fused(&f, 13, all & ~dense_conv2d);
    check_fused(&f, 8, all & ~(dense_conv2d | dense_backward));
    check_fused(&f, 17, all);
    check_fused(&f, 19, all);
    check_fused(&f, 19, 0);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_twenty_steps, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_fused_bits, scratch_setup, scratch_teardown),
    };
    int status = test_device_open(&env);
    if (status)
        return status;
    status = cmocka_run_group_tests(tests, NULL, NULL);
    test_device_close(&env);
    return status;
}
