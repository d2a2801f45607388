/* The check of the optimizers: every one has a reference that the device agrees with, a wrong
 * kernel is found, and NaN comes through. */
#include "support/harness.h"
#include "support/wrong_kernels.h"

#include "check/checker.h"
#include "network/update.h"

#include <math.h>

/* Tensors of several rows, of less than a vector, and with a rest; what stands under `train:` is
 * open. */
#define MODEL                                                                                      \
    "incline: 1\nmodel: {name: odd, input: [1, 1, 13], layers: [flatten, {dense: 37}, {dense: "    \
    "3}, "                                                                                         \
    "{dense: {units: 120, bias: false}}]}\ndata: {root: none}\ntrain: "

static const char *const settings[] = {
    "{optimizer: {sgd: {weight_decay: 0.1}}, clip_value: 0.3}",
    "{optimizer: {sgd: {weight_decay: 1.0e+20}}}",
    "{optimizer: {sgd: {momentum: 0.9, nesterov: true}}, clip_norm: 2}",
    "{optimizer: rmsprop}",
    "{optimizer: {rmsprop: {momentum: 0.5, centered: true}}}",
    "{optimizer: {adagrad: {lr_decay: 0.1, initial_accumulator_value: 0.5}}}",
    "{optimizer: {adagrad: {initial_accumulator_value: 1.0e+20}}}",
    "{optimizer: adadelta}",
    "{optimizer: adam, clip_norm: 0.5, clip_value: 0.1}",
    "{optimizer: {adamw: {weight_decay: 2, decay_bias_norm: false}}}",
    "{optimizer: {lion: {weight_decay: 2}}}",
    "{optimizer: {lion: {beta1: 0.8, beta2: 0.9}}}",
    "{optimizer: {lamb: {weight_decay: 0.5, decay_bias_norm: false}}, clip_norm: 1}",
    "{optimizer: {lamb: {weight_decay: 0.5}}, accumulate: 3, clip_norm: 1}",
    "{optimizer: sgd, accumulate: 2}",
    "{optimizer: adam, clip_norm: 0.5, clip_value: 0.1, accumulate: 2, ema: {decay: 0.5}}",
    "{optimizer: sgd, ema: {decay: 0.9}}",
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static struct incline_config *parse(struct incline_context *ctx, const char *train)
{
    char text[600];
    struct incline_config *config = NULL;
    snprintf(text, sizeof text, MODEL "%s\n", train);
    assert_ok(ctx, incline_config_parse(ctx, "test", text, NULL, 0, &config));
    return config;
}

static void note_row(void *cookie, const struct incline_check_row *row)
{
    double *worst = cookie;
    *worst = row->l2 > *worst ? row->l2 : *worst;
}

static struct incline_check_result check(struct incline_context *ctx, struct incline_device *device,
                                         const char *train, double *worst)
{
    struct incline_config *config = parse(ctx, train);
    const struct incline_check_options options = {.full = true, .row = note_row, .cookie = worst};
    struct incline_check_result result = {0};
    struct incline_checker checker = {.ctx = ctx,
                                      .device = device,
                                      .config = config,
                                      .options = &options,
                                      .result = &result,
                                      .batch = 16,
                                      .images = 16};
    assert_ok(ctx, incline_check_update(&checker));
    incline_config_destroy(&config);
    return result;
}

static void every_optimizer_passes(void **state)
{
    bool seen[64] = {false};
    (void)state;
    for (size_t i = 0; i < SETTINGS; i++) {
        double worst = 0;
        struct incline_config *config = parse(harness_device.ctx, settings[i]);
        seen[incline_optimizer_number(config->train.optimizer.class)] = true;
        const struct incline_optimizer *optimizer = &config->train.optimizer;
        size_t rows = 1 + (size_t)incline_optimizer_states(optimizer) + config->train.ema.on;
        rows += incline_optimizer_accumulates(optimizer) && !optimizer->class->normalizes;
        incline_config_destroy(&config);
        struct incline_check_result result =
            check(harness_device.ctx, harness_device.device, settings[i], &worst);
        if (result.failed)
            fail_msg("%s: %s", settings[i], result.first_failure);
        assert_int_equal(result.passed, rows);
        assert_true(worst > 0); /* not by the same arithmetic */
    }
    for (size_t i = 0; i < incline_optimizer_count; i++)
        if (!seen[i])
            fail_msg("no case has %s", incline_optimizer_classes[i]->name);
}

static void a_wrong_kernel_is_found(void **state)
{
    static const struct {
        struct fault fault;
        const char *train;
        size_t failed;
        const char *op;
    } faults[] = {
        {{"lion.h", "(rates.s3), g", "(rates.s2), g"},
         "{optimizer: {lion: {weight_decay: 2}}}",
         2,
         "lion update"},
        {{"running.cl", "if (earlier_steps > 0)", "if (earlier_steps > 1)"},
         "{optimizer: sgd, accumulate: 2}",
         2,
         "sgd update"},
        {{"running.cl", "value - before, before", "value, before"},
         "{optimizer: sgd, ema: {decay: 0.9}}",
         1,
         "running_average"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct incline_device *device = NULL;
        double worst = 0;
        char folder[16];
        snprintf(folder, sizeof folder, "wrong-%zu", i);
        wrong_kernels(*state, folder, &faults[i].fault);
        assert_int_equal(setenv("INCLINE_KERNEL_DIR", scratch_path(*state, folder), 1), 0);
        harness_ok(incline_device_open(harness_device.ctx, getenv("INCLINE_DEVICE"), &device));
        struct incline_check_result result =
            check(harness_device.ctx, device, faults[i].train, &worst);
        assert_int_equal(result.failed, faults[i].failed);
        assert_non_null(strstr(result.first_failure, faults[i].op));
        incline_device_close(&device);
        unsetenv("INCLINE_KERNEL_DIR");
    }
}

/* One update of `update`'s parameters with a NaN in the gradient of the second one. */
static void run_poisoned(const struct incline_update *update, float *w)
{
    struct incline_buffer *rows = NULL;
    struct incline_step step = {.images = 1, .learning_rate = 0.1f};
    size_t count = update->parameters->total_elems;
    for (size_t i = 0; i < count; i++)
        w[i] = i == update->parameters->places[1].first_elem + 1 ? NAN : 0.25f;
    harness_ok(
        incline_buffer_write(harness_device.ctx, update->gradients->all, 0, w, count * sizeof *w));
    harness_ok(incline_update_plan(harness_device.ctx, update, &rows));
    harness_ok(incline_plan_finish(harness_device.ctx, update->plan));
    incline_optimizer_rates(update->optimizer, 0.1, 0, step.rates);
    harness_ok(incline_plan_enqueue(harness_device.ctx, update->plan, &step));
    harness_ok(
        incline_buffer_read(harness_device.ctx, update->parameters->all, 0, w, count * sizeof *w));
    incline_buffer_destroy(&rows);
}

/* NaN where the gradient has it, and everywhere where its norm is used; what lies between the
 * parameters stays 0. */
static void check_poisoned(const struct incline_update *update, const char *train)
{
    size_t count = update->parameters->total_elems;
    bool all = update->optimizer->clip_norm > 0;
    float *w = calloc(count, sizeof *w);
    assert_non_null(w);
    run_poisoned(update, w);
    for (size_t p = 0; p < update->parameters->count; p++) {
        const struct incline_parameter_place *place = &update->parameters->places[p];
        size_t end = p + 1 < update->parameters->count ? place[1].first_elem : count;
        bool tensor = all || (p == 1 && update->optimizer->class->normalizes);
        for (size_t i = 0; i < place->elems; i++)
            if (isnan(w[place->first_elem + i]) != (tensor || (p == 1 && i == 1)))
                fail_msg("%s: element %zu of parameter %zu is %g", train, i, p,
                         (double)w[place->first_elem + i]);
        for (size_t i = place->first_elem + place->elems; i < end; i++)
            assert_true(w[i] == 0);
    }
    free(w);
}

static void nan_comes_through(void **state)
{
    (void)state;
    for (size_t i = 0; i < SETTINGS; i++) {
        struct incline_context *ctx = harness_device.ctx;
        struct incline_config *config = parse(ctx, settings[i]);
        const struct incline_model *model = &config->model;
        const struct incline_optimizer *optimizer = &config->train.optimizer;
        struct incline_parameters *parameters = NULL, *gradients = NULL;
        struct incline_optimizer_state memory;
        struct incline_plan *plan = NULL;
        harness_ok(incline_parameters_create(ctx, harness_device.device, model->layers,
                                             model->layer_count, &parameters));
        harness_ok(incline_parameters_create(ctx, harness_device.device, model->layers,
                                             model->layer_count, &gradients));
        harness_ok(incline_optimizer_state_init(ctx, harness_device.device, model->layers,
                                                model->layer_count, optimizer, &memory));
        harness_ok(incline_plan_create(ctx, harness_device.device, 1, &plan));
        const struct incline_update update = {plan,      model->layers, parameters,
                                              gradients, optimizer,     &memory};
        check_poisoned(&update, settings[i]);
        incline_plan_destroy(&plan);
        incline_optimizer_state_finish(&memory);
        incline_parameters_destroy(&gradients);
        incline_parameters_destroy(&parameters);
        incline_config_destroy(&config);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_optimizer_passes),
    cmocka_unit_test_setup_teardown(a_wrong_kernel_is_found, scratch_setup, scratch_teardown),
    cmocka_unit_test(nan_comes_through),
};

HARNESS_MAIN(tests)
