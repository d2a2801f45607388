/* incline_check(): passes on a right device whatever the layer, and finds and names wrong kernels.
 */
#include "support/harness.h"
#include "support/wrong_kernels.h"

#include "check/checker.h"
#include "device/opencl.h"
#include "device/tuning.h"
#include "incline/check.h"
#include "layers/loss.h"

/* What a check reported. */
struct seen {
    size_t rows, failures, sampled;
    double worst;
    bool step_seen, two_blocks;
    double step_error;
    char op[120], kernels[120], tensor[40], problem[200]; /* of the first failure */
    const char *wanted;                                   /* an op to count */
    size_t wanted_count;
};

static void on_row(void *cookie, const struct incline_check_row *row)
{
    struct seen *seen = cookie;
    seen->rows++;
    seen->sampled += row->compared < row->elements;
    assert_true(row->compared > 0 && row->compared <= row->elements);
    seen->two_blocks = seen->two_blocks || strstr(row->shape, "17 images");
    if (row->verdict == INCLINE_CHECK_SKIPPED)
        return;
    seen->worst = row->l2 > seen->worst ? row->l2 : seen->worst;
    seen->wanted_count += seen->wanted && strcmp(seen->wanted, row->op) == 0;
    if (strcmp(row->op, "whole step, fused") == 0) {
        seen->step_seen = true;
        seen->step_error = row->l2 > row->largest ? row->l2 : row->largest;
    }
    if (row->verdict != INCLINE_CHECK_FAILED || seen->failures++ > 0)
        return;
    snprintf(seen->op, sizeof seen->op, "%s", row->op);
    snprintf(seen->kernels, sizeof seen->kernels, "%s", row->kernels);
    snprintf(seen->tensor, sizeof seen->tensor, "%s", row->tensor);
    snprintf(seen->problem, sizeof seen->problem, "%s", row->problem);
}

static struct incline_config *parse(struct incline_context *ctx, const char *text)
{
    struct incline_config *config = NULL;
    assert_ok(ctx, incline_config_parse(ctx, "test", text, NULL, 0, &config));
    return config;
}

static struct seen check(struct incline_context *ctx, struct incline_device *device,
                         const char *text, bool full, struct incline_check_result *result)
{
    struct seen seen = {0};
    struct incline_check_options options = {.full = full, .row = on_row, .cookie = &seen};
    struct incline_config *config = parse(ctx, text);
    assert_ok(ctx, incline_check(ctx, device, config, &options, result));
    assert_int_equal(result->passed + result->failed + result->skipped, seen.rows);
    assert_int_equal(result->failed, seen.failures);
    incline_config_destroy(&config);
    return seen;
}

/* ---- The built-in networks ---- */

static void every_layer_has_a_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < incline_layer_class_count; i++)
        if (!incline_check_knows(incline_layer_classes[i]))
            fail_msg("%s has no reference in src/check", incline_layer_classes[i]->name);
}

static void note_layers(const struct incline_model *model, bool *classes, bool *activations)
{
    for (size_t i = 0; i < model->layer_count; i++) {
        for (size_t c = 0; c < incline_layer_class_count; c++)
            classes[c] |= incline_layer_classes[c] == model->layers[i].class;
        activations[model->layers[i].activation] = true;
    }
}

static void networks_have_everything(void **state)
{
    bool classes[64] = {false}, activations[16] = {false}, losses[16] = {false}, several = false;
    (void)state;
    for (const char *const *text = incline_check_networks(); *text; text++) {
        struct incline_config *config = parse(harness_device.ctx, *text);
        note_layers(&config->model, classes, activations);
        losses[incline_loss_number(&config->train.loss)] = true;
        several |= config->train.loss.multi_label;
        incline_config_destroy(&config);
    }
    for (size_t i = 0; i < incline_layer_class_count; i++)
        if (!classes[i])
            fail_msg("no built-in network has a %s", incline_layer_classes[i]->name);
    for (size_t i = 0; incline_activation_names[i]; i++)
        if (!activations[i])
            fail_msg("no built-in network has the activation %s", incline_activation_names[i]);
    for (size_t i = 0; incline_loss_names[i]; i++)
        if (!losses[i])
            fail_msg("no built-in network has the loss %s", incline_loss_names[i]);
    assert_true(several);
}

static void networks_pass(void **state)
{
    (void)state;
    for (const char *const *text = incline_check_networks(); *text; text++) {
        struct incline_check_result result;
        if (test_small() && strstr(*text, "wide"))
            continue;
        struct seen seen = check(harness_device.ctx, harness_device.device, *text, true, &result);
        if (result.failed)
            fail_msg("%s", result.first_failure);
        assert_int_equal(seen.sampled, 0);
        assert_true(seen.worst > 0); /* something was computed, and not by the same arithmetic */
        assert_true(seen.step_seen);
        assert_true(seen.step_error == 0); /* fusions keep the bits */
    }
}

/* The only image is of one of two classes; where that weighs nothing, there is no gradient, which
 * is nothing wrong. */
static void weightless_images_pass(void **state)
{
    static const char *const weights[] = {"0, 1", "1, 0"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char text[300];
        struct incline_check_result result;
        snprintf(text, sizeof text,
                 "incline: 1\n"
                 "model: {name: weightless, input: [2, 2, 1], layers: [flatten, {dense: 2}]}\n"
                 "data: {root: none}\n"
                 "train: {batch_size: 1, loss: {cross_entropy: {class_weights: [%s]}}}\n",
                 weights[i]);
        check(harness_device.ctx, harness_device.device, text, true, &result);
        if (result.failed)
            fail_msg("[%s]: %s", weights[i], result.first_failure);
    }
}

/* Whatever the number of classes, images show more than one. */
static void labels_differ(void **state)
{
    (void)state;
    for (int classes = 2; classes <= 16; classes++) {
        char text[200];
        snprintf(text, sizeof text,
                 "incline: 1\nmodel: {name: m, input: [1, 1, 2], layers: [flatten, {dense: %d}]}\n"
                 "data: {root: none}\n",
                 classes);
        struct incline_config *config = parse(harness_device.ctx, text);
        struct incline_checker checker = {.ctx = harness_device.ctx,
                                          .device = harness_device.device,
                                          .config = config,
                                          .batch = 17,
                                          .images = 17};
        struct incline_check_data data;
        bool differ = false;
        harness_ok(incline_check_data_init(&checker, &data));
        for (size_t n = 0; n < data.images.count; n++) {
            assert_in_range(data.images.labels[n], 0, classes - 1);
            differ = differ || data.images.labels[n] != data.images.labels[0];
        }
        assert_true(differ);
        incline_check_data_finish(&data);
        incline_config_destroy(&config);
    }
}

/* ---- The cost ---- */

static const char large[] = "incline: 1\n"
                            "model: {name: large, input: [40, 40, 2], layers: [{conv2d: {filters: "
                            "9, kernel: 5}}, flatten, {dense: 50}]}\n"
                            "data: {root: none}\n";

static void large_tensors_are_sampled(void **state)
{
    struct incline_check_result result;
    (void)state;
    if (test_small())
        skip();
    struct seen quick = check(harness_device.ctx, harness_device.device, large, false, &result);
    assert_true(quick.sampled > 0);
    assert_int_equal(result.failed, 0);
    struct seen full = check(harness_device.ctx, harness_device.device, large, true, &result);
    assert_int_equal(full.sampled, 0);
    assert_int_equal(full.rows, quick.rows);
    assert_int_equal(result.failed, 0);
}

/* ---- Wrong kernels ---- */

static const char small[] =
    "incline: 1\n"
    "model: {name: small, input: [6, 6, 1], layers: [{conv2d: {filters: 4, kernel: 3, activation: "
    "relu}}, {max_pool2d: {size: 3, stride: 1}}, flatten, {dense: 3}, softmax]}\n"
    "data: {root: none}\n"
    "train: {batch_size: 20, loss: mse}\n";

/* Whose probabilities need a softmax that no layer is, and whose pool stays alone. */
static const char scores[] =
    "incline: 1\n"
    "model: {name: scores, input: [4, 4, 1], layers: [{max_pool2d: 2}, flatten, {dense: 4}]}\n"
    "data: {root: none}\n"
    "train: {batch_size: 20, loss: cross_entropy}\n";

static const char several[] =
    "incline: 1\n"
    "model: {name: several, input: [4, 4, 1], layers: [flatten, {dense: 4}]}\n"
    "data: {root: none, multi_label: true}\n"
    "train: {batch_size: 20, loss: binary_cross_entropy}\n";

static const struct wrong {
    struct fault fault;
    const char *op, *kernels, *tensor, *problem;
    const char *network; /* NULL: small */
} wrongs[] = {
    {{"max_pool2d.cl", "value > best", "value < best"},
     "max_pool2d_1 forward",
     "max_pool2d_forward",
     "y",
     ""},
    {{"max_pool2d.cl", "sum += chosen", "sum -= chosen"},
     "max_pool2d_1 data gradient",
     "max_pool2d_backward",
     "dx",
     ""},
    {{"max_pool2d.cl", "STORE(best, y", "if (c > 0) STORE(best, y"},
     "max_pool2d_1 forward",
     "max_pool2d_forward",
     "y",
     "elements are not written or not finite"},
    {{"max_pool2d.cl", "STORE(best, y", "STORE(best, y - NB); STORE(best, y"},
     "max_pool2d_1 forward",
     "max_pool2d_forward",
     "y",
     "memory beside y was overwritten"},
    {{"softmax.cl", ", sum), y", ", sum * 1.0001f), y"},
     "softmax_1 forward",
     "softmax_forward",
     "y",
     ""},
    {{"update.h", "-learning_rate", "learning_rate"}, "conv2d_1 weight update", "", "w", ""},
    {{"mse.h", "2.0f", "3.0f"}, "mse gradient", "loss", "dx", ""},
    {{"input.h", "(of[1])", "(of[0])"}, "input", "gather", "x", ""},
    /* Only steps without the fusion use this kernel. */
    {{"update.cl", "GRADIENT(i, end), RATES", "1.5f * GRADIENT(i, end), RATES"},
     "whole step, fused",
     "",
     "w, b, loss",
     "the fusion 'update' makes the difference"},
    /* Only what trains nothing uses these. */
    {{"softmax.cl", ", sum), y", ", 2.0f * sum), y"},
     "whole step, inference",
     "",
     "probabilities",
     "",
     scores},
    {{"max_pool2d.cl", "STORE(best, y", "STORE(TRAINS ? best : 1.001f * best, y"},
     "max_pool2d_1 forward, inference",
     "max_pool2d_forward",
     "y",
     "",
     scores},
    {{"head.cl", "z += block", "b = GRADIENT ? b : w;\n    z += block"},
     "whole step, evaluation",
     "",
     "loss",
     "",
     scores},
    {{"loss.h", "yes != incl_shows", "yes == incl_shows"},
     "binary_cross_entropy hits",
     "loss",
     "hits",
     "",
     several},
    {{"loss.h", "found[c] = yes", "found[c] = !yes"},
     "whole step, evaluation",
     "",
     "classes",
     "",
     several},
};

static void check_wrong(struct scratch *s, const struct wrong *wrong)
{
    struct incline_check_result result;
    struct incline_device *device = NULL;
    static int number;
    char folder[32];
    snprintf(folder, sizeof folder, "cl-%d", number++);
    wrong_kernels(s, folder, &wrong->fault);
    setenv("INCLINE_KERNEL_DIR", scratch_path(s, folder), 1);
    assert_ok(s->ctx, incline_device_open(s->ctx, getenv("INCLINE_DEVICE"), &device));
    struct seen seen =
        check(s->ctx, device, wrong->network ? wrong->network : small, true, &result);
    const char *name = incline_device_get_info(device)->name, *text = result.first_failure;
    if (result.failed == 0)
        fail_msg("%s: '%s' was not found", wrong->fault.file, wrong->fault.to);
    assert_string_equal(seen.op, wrong->op);
    assert_string_equal(seen.tensor, wrong->tensor);
    assert_non_null(strstr(seen.kernels, wrong->kernels));
    assert_non_null(strstr(seen.problem, wrong->problem));
    assert_non_null(strstr(text, wrong->op));
    assert_non_null(strstr(text, wrong->kernels));
    assert_non_null(strstr(text, wrong->tensor));
    assert_non_null(strstr(text, wrong->problem));
    assert_non_null(strstr(text, name));
    assert_non_null(strstr(text, "20 images") ? text : strstr(text, "17 images"));
    incline_device_close(&device);
    unsetenv("INCLINE_KERNEL_DIR");
}

static void wrong_kernels_are_named(void **state)
{
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++)
        check_wrong(*state, &wrongs[i]);
}

/* A step of 17 images would need 620 KiB in one buffer. */
static const char roomy[] = "incline: 1\n"
                            "model:\n"
                            "  name: roomy\n"
                            "  input: [16, 16, 1]\n"
                            "  layers: [{conv2d: {filters: 8, kernel: 3}}, flatten, {dense: 3}]\n"
                            "data: {root: none}\n"
                            "train: {batch_size: 128}\n";

static void a_small_device_is_checked_with_fewer_images(void **state)
{
    struct incline_device *device = harness_device.device;
    const struct incline_device_info info = device->info;
    struct incline_check_result result;
    (void)state;
    device->info.max_alloc_bytes = 512 << 10;
    device->info.memory_bytes = device->buffer_bytes + (2 << 20);
    struct seen seen = check(harness_device.ctx, device, roomy, false, &result);
    device->info = info;
    assert_int_equal(result.failed, 0);
    assert_true(seen.step_seen);
    assert_false(seen.two_blocks);
}

/* Training's kernels do not matter to what classifies, the probabilities do. */
static void inference_is_checked_alone(void **state)
{
    static const struct {
        struct fault fault;
        size_t failed;
    } cases[] = {{{"update.h", "-learning_rate", "learning_rate"}, 0},
                 {{"softmax.cl", ", sum), y", ", 2.0f * sum), y"}, 1}};
    const struct incline_check_options options = {.inference = true};
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *folder = i == 0 ? "update" : "softmax";
        struct incline_check_result result;
        struct incline_config *config = parse(s->ctx, scores);
        struct incline_device *device = NULL;
        wrong_kernels(s, folder, &cases[i].fault);
        setenv("INCLINE_KERNEL_DIR", scratch_path(s, folder), 1);
        assert_ok(s->ctx, incline_device_open(s->ctx, getenv("INCLINE_DEVICE"), &device));
        assert_ok(s->ctx, incline_check(s->ctx, device, config, &options, &result));
        assert_int_equal(result.failed, cases[i].failed);
        assert_true(result.passed > 0);
        incline_device_close(&device);
        incline_config_destroy(&config);
        unsetenv("INCLINE_KERNEL_DIR");
    }
}

static bool was_asked(const struct incline_device *device, const char *part)
{
    for (size_t i = 0; i < incline_tuning_count(device); i++) {
        const struct incline_tuning_question *question = incline_tuning_get(device, i);
        if (question->asked && strstr(question->shape, part))
            return true;
    }
    return false;
}

/* Also of one that has no room on the device. */
static void the_kernels_are_those_of_the_batch(void **state)
{
    struct incline_device *device = harness_device.device;
    struct incline_check_result result;
    struct incline_config *config = parse(harness_device.ctx, roomy);
    const struct incline_check_options options = {.batch = 1000000};
    (void)state;
    incline_tuning_forget_asked(device);
    assert_ok(harness_device.ctx,
              incline_check(harness_device.ctx, device, config, &options, &result));
    assert_int_equal(result.failed, 0);
    assert_true(was_asked(device, " images=1000000 "));
    incline_tuning_forget_asked(device);
    check(harness_device.ctx, device, roomy, false, &result);
    assert_true(was_asked(device, " images=128 "));
    assert_false(was_asked(device, " images=1000000 "));
    incline_config_destroy(&config);
}

/* With one lane an item shares local memory with others, unless there is too little. */
static void little_local_memory_is_enough(void **state)
{
    struct incline_device *device = harness_device.device;
    const struct incline_device_info info = device->info;
    struct incline_check_result result;
    int lanes = device->lanes;
    (void)state;
    device->lanes = 1;
    device->info.local_bytes = 1024;
    struct seen seen = check(harness_device.ctx, device, roomy, false, &result);
    device->info = info;
    device->lanes = lanes;
    assert_int_equal(result.failed, 0);
    assert_true(seen.step_seen);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_layer_has_a_reference),
    cmocka_unit_test(networks_have_everything),
    cmocka_unit_test(networks_pass),
    cmocka_unit_test(weightless_images_pass),
    cmocka_unit_test(labels_differ),
    cmocka_unit_test(large_tensors_are_sampled),
    cmocka_unit_test(a_small_device_is_checked_with_fewer_images),
    cmocka_unit_test(the_kernels_are_those_of_the_batch),
    cmocka_unit_test(little_local_memory_is_enough),
    scratch_test(wrong_kernels_are_named),
    scratch_test(inference_is_checked_alone),
};

HARNESS_MAIN(tests)
