/* Ten steps of small networks that between them use every layer, loss and optimizer, against
 * PyTorch: same weights, same batches, same losses and gradients (fixtures/make_network_parity.py);
 * and with every rewrite off the same bits as with all on. */
#include "support/scratch.h"

#include "support/device.h"

#include "formats/safetensors.h"
#include "network/rewrite.h"
#include "train/config.h"
#include "train/evaluator.h"
#include "train/weights_file.h"
#include "train/workbench.h"

#include <math.h>

enum { STEPS = 10, TENSORS_MAX = 64, PATH_BYTES = 1024 };

static struct test_device env;

struct network {
    const char *name;
    char folder[SCRATCH_PATH_BYTES];
    struct incline_safetensors *file;
    struct incline_config *config;
    struct incline_images images;
    int batch;
};

static void fixture_path(char path[PATH_BYTES], const char *name, const char *ending)
{
    const char *folder = getenv("INCLINE_TEST_FIXTURES");
    snprintf(path, PATH_BYTES, "%s/networks/%s%s", folder ? folder : "tests/fixtures", name,
             ending);
}

static int *copy_labels(const struct incline_safetensor *labels)
{
    int *values = malloc(labels->bytes);
    assert_non_null(values);
    memcpy(values, labels->data, labels->bytes);
    return values;
}

static void take_images(struct network *n)
{
    const struct incline_safetensor *images = incline_safetensors_find(n->file, "images");
    const struct incline_safetensor *labels = incline_safetensors_find(n->file, "labels");
    const struct incline_safetensor *targets = incline_safetensors_find(n->file, "targets");
    assert_true(images && (labels || targets));
    n->batch = (int)(images->dims[0] / STEPS);
    assert_int_equal(n->batch, n->config->train.batch_size);
    n->images = (struct incline_images){.height = (int)images->dims[1],
                                        .width = (int)images->dims[2],
                                        .channels = (int)images->dims[3],
                                        .count = images->dims[0],
                                        .pixels = (unsigned char *)images->data};
    if (targets)
        n->images.targets = (unsigned char *)targets->data;
    else
        n->images.labels = copy_labels(labels);
}

static void network_path(const struct network *n, char path[PATH_BYTES], const char *name)
{
    snprintf(path, PATH_BYTES, "%s/%s.safetensors", n->folder, name);
}

/* The tensors whose names begin with `prefix` become a weights file like a user's. */
static void write_weights(const struct network *n, const char *prefix, const char *path)
{
    struct incline_safetensor_source tensors[TENSORS_MAX];
    size_t count = 0, length = strlen(prefix);
    for (size_t i = 0; i < incline_safetensors_count(n->file); i++) {
        const struct incline_safetensor *from = incline_safetensors_item(n->file, i);
        if (strncmp(from->name, prefix, length) != 0)
            continue;
        float *values = malloc(from->bytes);
        assert_true(values && count < TENSORS_MAX);
        assert_ok(env.ctx, incline_safetensors_get_f32(env.ctx, n->file, from, values));
        tensors[count] = (struct incline_safetensor_source){
            .name = from->name + length, .rank = from->rank, .values = values};
        memcpy(tensors[count++].dims, from->dims, sizeof from->dims);
    }
    assert_true(count > 0);
    assert_ok(env.ctx, incline_safetensors_write(env.ctx, path, tensors, count, NULL, 0));
    for (size_t i = 0; i < count; i++)
        free((float *)tensors[i].values);
}

static void open_network(struct scratch *s, const char *name, struct network *n)
{
    char path[PATH_BYTES];
    *n = (struct network){.name = name};
    snprintf(n->folder, sizeof n->folder, "%s", s->folder);
    fixture_path(path, name, ".safetensors");
    assert_ok(env.ctx, incline_safetensors_read(env.ctx, path, &n->file));
    fixture_path(path, name, ".yaml");
    assert_ok(env.ctx, incline_config_load(env.ctx, path, NULL, 0, &n->config));
    take_images(n);
    network_path(n, path, "start");
    write_weights(n, "start.", path);
}

static void close_network(struct network *n)
{
    free(n->images.labels);
    incline_config_destroy(&n->config);
    incline_safetensors_destroy(&n->file);
}

static void start_run(const struct network *n, unsigned rewrites, struct incline_workbench *run)
{
    char path[PATH_BYTES];
    network_path(n, path, "start");
    const struct incline_workbench_spec spec = {
        .device = env.device,
        .config = n->config,
        .images = &n->images,
        .batch = n->batch,
        .slots = STEPS,
        .rewrites = rewrites,
        .weights = path,
    };
    *run = (struct incline_workbench){0};
    assert_ok(env.ctx, incline_workbench_create(env.ctx, &spec, run));
}

static void run_steps(const struct network *n, struct incline_workbench *run, int from, int to)
{
    for (int i = from; i < to; i++) {
        struct incline_step step = {.images = n->batch,
                                    .first = i * n->batch,
                                    .number = i,
                                    .seed = n->config->train.seed,
                                    .learning_rate = (float)n->config->train.optimizer.options.lr,
                                    .earlier = i};
        assert_ok(env.ctx, incline_step_run(env.ctx, run->plan, &step));
    }
}

static float *floats_of(const struct incline_safetensors *file, const char *name, size_t *count)
{
    const struct incline_safetensor *tensor = incline_safetensors_find(file, name);
    assert_non_null(tensor);
    float *values = malloc(tensor->bytes);
    assert_non_null(values);
    assert_ok(env.ctx, incline_safetensors_get_f32(env.ctx, file, tensor, values));
    *count = tensor->elems;
    return values;
}

static double relative_l2(const float *got, const float *want, size_t count)
{
    double difference = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        double d = (double)got[i] - (double)want[i];
        difference += d * d;
        size += (double)want[i] * (double)want[i];
    }
    return size > 0 ? sqrt(difference / size) : sqrt(difference);
}

/* Compares what `values` hold with the fixture's tensors `prefix`..., in PyTorch's shapes. */
static void check_tensors(const struct network *n, const struct incline_parameters *values,
                          const char *prefix, double limit)
{
    struct incline_safetensors *file = NULL;
    char path[PATH_BYTES];
    size_t checked = 0, length = strlen(prefix);
    network_path(n, path, "got");
    assert_ok(env.ctx, incline_weights_save(env.ctx, n->config, values, NULL, 0, path));
    assert_ok(env.ctx, incline_safetensors_read(env.ctx, path, &file));
    for (size_t i = 0; i < incline_safetensors_count(n->file); i++) {
        const char *name = incline_safetensors_item(n->file, i)->name;
        if (strncmp(name, prefix, length) != 0)
            continue;
        size_t count, same;
        float *want = floats_of(n->file, name, &count);
        float *got = floats_of(file, name + length, &same);
        assert_int_equal(count, same);
        double error = relative_l2(got, want, count);
        print_message("%s: %-28s L2 %.2g\n", n->name, name, error);
        assert_true(error <= limit);
        free(got);
        free(want);
        checked++;
    }
    assert_true(checked > 0);
    incline_safetensors_destroy(&file);
}

static void check_losses(const struct network *n, const struct incline_workbench *run)
{
    struct incline_metrics_slot slots[STEPS];
    double losses[STEPS];
    assert_ok(env.ctx, incline_buffer_read(env.ctx, run->metrics, 0, slots, sizeof slots));
    memcpy(losses, incline_safetensors_find(n->file, "losses")->data, sizeof losses);
    for (int i = 0; i < STEPS; i++) {
        double got = incline_metrics_scores(&slots[i], 1).loss;
        print_message("%s: step %2d loss %.7f, PyTorch %.7f\n", n->name, i + 1, got, losses[i]);
        assert_true(fabs(got - losses[i]) <= 1e-4 * fabs(losses[i]));
    }
}

static float *all_parameters(const struct incline_workbench *run, size_t *bytes)
{
    *bytes = incline_buffer_bytes(run->parameters->all);
    float *values = malloc(*bytes);
    assert_non_null(values);
    assert_ok(env.ctx, incline_buffer_read(env.ctx, run->parameters->all, 0, values, *bytes));
    return values;
}

/* Of a step that waits with its update, in which lamb would overwrite them. */
static void check_gradients(const struct network *n)
{
    struct incline_workbench run;
    struct incline_step step = {
        .images = n->batch, .seed = n->config->train.seed, .accumulation = {.waits = true}};
    start_run(n, 0, &run);
    assert_ok(env.ctx, incline_step_run(env.ctx, run.plan, &step));
    check_tensors(n, run.gradients, "grad.", 1e-5);
    incline_workbench_destroy(&run);
}

static void check_network(struct scratch *s, const char *name)
{
    struct network n;
    struct incline_workbench run;
    size_t bytes, same;
    open_network(s, name, &n);
    check_gradients(&n);
    start_run(&n, 0, &run);
    run_steps(&n, &run, 0, STEPS);
    check_losses(&n, &run);
    check_tensors(&n, run.parameters, "end.", 1e-4);
    float *plain = all_parameters(&run, &bytes);
    incline_workbench_destroy(&run);
    start_run(&n, INCLINE_REWRITE_ALL, &run);
    run_steps(&n, &run, 0, STEPS);
    float *fused = all_parameters(&run, &same);
    assert_int_equal(bytes, same);
    assert_memory_equal(plain, fused, bytes);
    incline_workbench_destroy(&run);
    free(fused);
    free(plain);
    close_network(&n);
}

#define NETWORK(name)                                                                              \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        check_network(*state, #name);                                                              \
    }

NETWORK(branches)
NETWORK(activations)
NETWORK(norms)
NETWORK(image_norms)
NETWORK(averages)
NETWORK(excite)
NETWORK(groups)
NETWORK(dense)
NETWORK(shares)
NETWORK(several)
NETWORK(drops)

static bool has(const struct incline_layer *layer, const struct incline_layer_class *class)
{
    return layer->class == class ||
           (layer->activation != INCLINE_ACTIVATION_NONE && layer->activation == class->activation);
}

/* Marks what one network uses; a function also where it is another layer's activation. */
static void note(const struct incline_config *config, bool *layers, bool *losses, bool *optimizers)
{
    for (size_t i = 0; i < config->model.layer_count; i++)
        for (size_t c = 0; c < incline_layer_class_count; c++)
            layers[c] |= has(&config->model.layers[i], incline_layer_classes[c]);
    losses[incline_loss_number(&config->train.loss)] = true;
    optimizers[incline_optimizer_number(config->train.optimizer.class)] = true;
}

static void test_networks_have_everything(void **state)
{
    static const char *const names[] = {"branches", "activations", "norms",  "image_norms",
                                        "averages", "excite",      "groups", "dense",
                                        "shares",   "several",     "drops"};
    bool layers[64] = {false}, losses[16] = {false}, optimizers[16] = {false};
    (void)state;
    assert_true(incline_layer_class_count <= sizeof layers);
    assert_true(incline_optimizer_count <= sizeof optimizers);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[PATH_BYTES];
        struct incline_config *config = NULL;
        fixture_path(path, names[i], ".yaml");
        assert_ok(env.ctx, incline_config_load(env.ctx, path, NULL, 0, &config));
        note(config, layers, losses, optimizers);
        incline_config_destroy(&config);
    }
    for (size_t i = 0; i < incline_layer_class_count; i++)
        if (!layers[i])
            fail_msg("no network has a %s", incline_layer_classes[i]->name);
    for (size_t i = 0; incline_loss_names[i]; i++)
        if (!losses[i])
            fail_msg("no network has the loss %s", incline_loss_names[i]);
    for (size_t i = 0; i < incline_optimizer_count; i++)
        if (!optimizers[i])
            fail_msg("no network is trained with %s", incline_optimizer_classes[i]->name);
}

#define RUN(name) cmocka_unit_test_setup_teardown(test_##name, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(branches),    RUN(activations), RUN(norms),
        RUN(image_norms), RUN(averages),    RUN(excite),
        RUN(groups),      RUN(dense),       RUN(shares),
        RUN(several),     RUN(drops),       cmocka_unit_test(test_networks_have_everything),
    };
    int status = test_device_open(&env);
    if (status)
        return status;
    status = cmocka_run_group_tests(tests, NULL, NULL);
    test_device_close(&env);
    return status;
}
