/* What a watched step shows: norms as double precision finds them from the weights before and after
 * and the stored gradients, and the dead units of a network in which it is known which are dead.
 * All fusions give the same bits, and the weights become those of a step that is not watched. */
#include "support/device.h"
#include "support/scratch.h"

#include "network/rewrite.h"
#include "train/config.h"
#include "train/workbench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 20,
    IMAGES = 30,
    STEPS = 2,
    SIDE = 9,
    PIXELS = SIDE * SIDE,
    LAYERS = 3,
    PARAMETERS = 8
};
enum { NORMS = INCLINE_WATCH_NORMS, WIDTH = NORMS * PARAMETERS + LAYERS };
/* Lights, with one pixel in the middle, units that all others leave dark. */
enum { ODD_IMAGE = 18, ODD_PIXEL = 4 * SIDE };

static struct test_device env;

/* The pool leaves out the last row and column, which no fusion may show. */
#define MODEL                                                                                      \
    "incline: 1\nmodel: {input: [9, 9, 1], layers: [{conv2d: {filters: 5, kernel: 1}}, relu, "     \
    "{max_pool2d: 2}, flatten, {dense: {units: 19, activation: relu6}}, {dense: 20}, hard_swish, " \
    "{dense: 3}]}\ndata: {root: none}\ntrain: "

/* Channels: lit; dark but in the last cell, in the odd image and where there is none; at 0; lit;
 * dark but in the odd image. */
static const float conv_weights[] = {1, -1, 0, 0, -1}, conv_biases[] = {0, 0.5f, 0, 1, 0.25f};
/* In each step, of relu, relu6 (every third unit) and hard_swish (every fourth). */
static const float dead_units[STEPS][LAYERS] = {{1, 7, 5}, {3, 7, 5}};

struct run {
    struct incline_config *config;
    struct incline_workbench bench;
};

static float small_number(size_t i)
{
    return (float)((double)((uint32_t)(i + 1) * 2654435761u >> 16) / 65536 - 0.5) / 50;
}

static float bias_of(const struct incline_parameter_place *place, size_t i)
{
    switch (place->layer) {
    case 0:
        return conv_biases[i];
    case 4:
        return i % 3 == 0 ? -1.0f : 2.0f;
    case 5:
        return i % 4 == 0 ? -3.5f : -1.0f;
    default:
        return 0;
    }
}

static void write_parameters(const struct incline_parameters *parameters)
{
    float values[2048];
    for (size_t p = 0; p < parameters->count; p++) {
        const struct incline_parameter_place *place = &parameters->places[p];
        assert_true(place->elems <= sizeof values / sizeof *values);
        for (size_t i = 0; i < place->elems; i++)
            values[i] = place->role == 1    ? bias_of(place, i)
                        : place->layer == 0 ? conv_weights[i]
                                            : small_number(i);
        assert_ok(env.ctx, incline_parameters_write(env.ctx, parameters, p, values));
    }
}

static void make_run(const char *train, unsigned rewrites, struct run *run)
{
    char text[600];
    unsigned char pixels[IMAGES * PIXELS];
    int labels[IMAGES];
    for (int i = 0; i < IMAGES; i++) {
        labels[i] = i % 3;
        memset(pixels + i * PIXELS, 255, PIXELS);
        pixels[i * PIXELS + PIXELS - 1] = 0;
    }
    pixels[ODD_IMAGE * PIXELS + ODD_PIXEL] = 0;
    snprintf(text, sizeof text, MODEL "%s\n", train);
    const struct incline_images images = {SIDE, SIDE, 1, IMAGES, pixels, labels};
    *run = (struct run){0};
    assert_ok(env.ctx, incline_config_parse(env.ctx, "test", text, NULL, 0, &run->config));
    const struct incline_workbench_spec spec = {
        .device = env.device,
        .config = run->config,
        .images = &images,
        .batch = BATCH,
        .slots = STEPS,
        .watches = STEPS + 1,
        .rewrites = rewrites,
    };
    assert_ok(env.ctx, incline_workbench_create(env.ctx, &spec, &run->bench));
    assert_int_equal(incline_step_watch_width(run->bench.watch), WIDTH);
    write_parameters(run->bench.parameters);
    assert_ok(env.ctx, incline_buffer_fill(env.ctx, run->bench.watch->figures, 0x41));
}

static void finish_run(struct run *run)
{
    incline_workbench_destroy(&run->bench);
    incline_config_destroy(&run->config);
}

static void run_step(struct incline_step_plan *plan, int number)
{
    const struct incline_step step = {
        .images = number == 0 ? BATCH : IMAGES - BATCH,
        .first = number * BATCH,
        .number = number,
        .learning_rate = 0.001f,
        .earlier = number,
        .watch = number,
    };
    assert_ok(env.ctx, incline_step_run(env.ctx, plan, &step));
}

static float *read_all(const struct incline_buffer *buffer)
{
    size_t bytes = incline_buffer_bytes(buffer);
    float *values = malloc(bytes);
    assert_non_null(values);
    assert_ok(env.ctx,
              incline_buffer_read(env.ctx, (struct incline_buffer *)buffer, 0, values, bytes));
    return values;
}

static double norm(const float *values, const float *less, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double value = (double)values[i] - (less ? (double)less[i] : 0);
        sum += value * value;
    }
    return sqrt(sum);
}

static void check_norm(double got, double expected, size_t parameter, const char *what)
{
    if (!(fabs(got - expected) <= 1e-6 * expected))
        fail_msg("%s of parameter %zu: %.9g, not %.9g", what, parameter, got, expected);
}

/* Updates are differences of floats, which have few digits of their own: taken as they are. */
static void check_norms(const struct run *run, const float *figures, const float *before,
                        const float *gradients, const float *after)
{
    for (size_t p = 0; p < PARAMETERS; p++) {
        const struct incline_parameter_place *place = &run->bench.parameters->places[p];
        size_t at = place->first_elem;
        check_norm((double)figures[NORMS * p], norm(before + at, NULL, place->elems), p, "norm");
        if (gradients)
            check_norm((double)figures[NORMS * p + 1], norm(gradients + at, NULL, place->elems), p,
                       "gradient");
        check_norm((double)figures[NORMS * p + 2], norm(after + at, before + at, place->elems), p,
                   "update");
    }
}

/* The figures of all slots; to be freed. keeps: the gradients stay as they were. */
static float *run_watched(struct run *run, bool keeps)
{
    for (int i = 0; i < STEPS; i++) {
        float *before = read_all(run->bench.parameters->all);
        run_step(run->bench.watch_plan, i);
        float *after = read_all(run->bench.parameters->all);
        float *gradients = read_all(run->bench.gradients->all);
        float *figures = read_all(run->bench.watch->figures);
        check_norms(run, figures + i * WIDTH, before, keeps ? gradients : NULL, after);
        assert_true(norm(figures + i * WIDTH + 1, NULL, 1) > 0);
        free(figures);
        free(gradients);
        free(after);
        free(before);
    }
    return read_all(run->bench.watch->figures);
}

static void check_dead(const float *figures)
{
    for (int i = 0; i < STEPS; i++)
        for (int layer = 0; layer < LAYERS; layer++)
            if (figures[i * WIDTH + NORMS * PARAMETERS + layer] != dead_units[i][layer])
                fail_msg("step %d: %g dead units of layer %d, not %g", i,
                         (double)figures[i * WIDTH + NORMS * PARAMETERS + layer], layer,
                         (double)dead_units[i][layer]);
}

static void check_untouched(const float *figures)
{
    const unsigned char *bytes = (const unsigned char *)(figures + STEPS * WIDTH);
    for (size_t i = 0; i < WIDTH * sizeof *figures; i++)
        assert_int_equal(bytes[i], 0x41);
}

static void figures_are_those_of_the_step(void **state)
{
    static const unsigned sets[] = {INCLINE_REWRITE_ALL, 0,
                                    INCLINE_REWRITE_ALL & ~(unsigned)INCLINE_REWRITE_POOL,
                                    INCLINE_REWRITE_ALL & ~(unsigned)INCLINE_REWRITE_ACTIVATION};
    float *first = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        struct run run;
        make_run("{loss: cross_entropy}", sets[i], &run);
        float *figures = run_watched(&run, true);
        check_dead(figures);
        check_untouched(figures);
        if (first)
            assert_memory_equal(figures, first, STEPS * WIDTH * sizeof *figures);
        else
            first = figures;
        if (figures != first)
            free(figures);
        finish_run(&run);
    }
    free(first);
}

/* Their gradients are those before anything is clipped. */
static void optimizers_are_watched(void **state)
{
    static const char *const settings[] = {
        "{optimizer: sgd}", "{optimizer: adam, clip_value: 0.001}",
        "{optimizer: {lamb: {weight_decay: 0.1}}, clip_norm: 0.01}"};
    float *plain = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        struct run run;
        make_run(settings[i], INCLINE_REWRITE_ALL, &run);
        float *figures = run_watched(&run, i < 2);
        for (size_t p = 0; plain && p < PARAMETERS; p++) {
            assert_true(figures[NORMS * p + 1] == plain[NORMS * p + 1]);
            if (plain[NORMS * p + 1] > 0)
                assert_true(figures[NORMS * p + 2] != plain[NORMS * p + 2]);
        }
        if (!plain)
            plain = figures;
        if (figures != plain)
            free(figures);
        finish_run(&run);
    }
    free(plain);
}

static float *weights_after(const char *train, bool watched)
{
    struct run run;
    make_run(train, INCLINE_REWRITE_ALL, &run);
    for (int i = 0; i < STEPS; i++)
        run_step(watched && i == 0 ? run.bench.watch_plan : run.bench.plan, i);
    float *weights = read_all(run.bench.parameters->all);
    finish_run(&run);
    return weights;
}

static void weights_do_not_depend_on_it(void **state)
{
    static const char *const settings[] = {"{optimizer: adam}",
                                           "{optimizer: {sgd: {momentum: 0.9}}, clip_norm: 0.01}"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct run run;
        make_run(settings[i], INCLINE_REWRITE_ALL, &run);
        size_t bytes = run.bench.parameters->total_elems * sizeof(float);
        finish_run(&run);
        float *with = weights_after(settings[i], true),
              *without = weights_after(settings[i], false);
        assert_memory_equal(with, without, bytes);
        free(without);
        free(with);
    }
}

/* ---- made-up gradients ---- */

/* An update of all parameters, which are 1, by the gradients; its figures. */
static void run_update(struct run *run, const float *gradients, float *figures)
{
    const struct incline_parameters *parameters = run->bench.parameters;
    size_t count = parameters->total_elems;
    struct incline_plan *plan = NULL;
    struct incline_buffer *rows = NULL;
    struct incline_watch_pass pass = {.watch = run->bench.watch};
    const struct incline_step step = {.images = 1, .learning_rate = 1, .watch = 1};
    float *ones = calloc(count, sizeof *ones);
    assert_non_null(ones);
    for (size_t i = 0; i < count; i++)
        ones[i] = 1;
    assert_ok(env.ctx,
              incline_buffer_write(env.ctx, parameters->all, 0, ones, count * sizeof *ones));
    assert_ok(env.ctx, incline_buffer_write(env.ctx, run->bench.gradients->all, 0, gradients,
                                            count * sizeof *gradients));
    assert_ok(env.ctx, incline_plan_create(env.ctx, env.device, 1, &plan));
    pass.plan = plan;
    const struct incline_update update = {
        .plan = plan,
        .layers = run->config->model.layers,
        .parameters = parameters,
        .gradients = run->bench.gradients,
        .watch = &pass,
    };
    assert_ok(env.ctx, incline_watch_begin(env.ctx, &pass));
    assert_ok(env.ctx, incline_update_plan(env.ctx, &update, &rows));
    assert_ok(env.ctx, incline_plan_finish(env.ctx, plan));
    assert_ok(env.ctx, incline_plan_enqueue(env.ctx, plan, &step));
    assert_ok(env.ctx,
              incline_buffer_read(env.ctx, run->bench.watch->figures, WIDTH * sizeof *figures,
                                  figures, WIDTH * sizeof *figures));
    incline_plan_destroy(&plan);
    incline_buffer_destroy(&rows);
    free(ones);
}

/* As many numbers v as k * k have the norm v k; they are spread over the tensor. */
static size_t put_square(float *gradients, const struct incline_parameter_place *place, float v)
{
    size_t k = (size_t)sqrt((double)place->elems);
    for (size_t i = 0; i < k * k; i++)
        gradients[place->first_elem + place->elems - 1 - i] = i % 2 == 0 ? v : -v;
    return k;
}

static void whole_numbers_are_exact(void **state)
{
    struct run run;
    float figures[WIDTH];
    (void)state;
    make_run("{optimizer: sgd}", 0, &run);
    const struct incline_parameters *parameters = run.bench.parameters;
    float *gradients = calloc(parameters->total_elems, sizeof *gradients);
    size_t side[PARAMETERS];
    assert_non_null(gradients);
    for (size_t p = 0; p < PARAMETERS; p++)
        side[p] = put_square(gradients, &parameters->places[p], (float)(p + 1));
    run_update(&run, gradients, figures);
    for (size_t p = 0; p < PARAMETERS; p++) {
        float expected = (float)(side[p] * (p + 1));
        check_norm((double)figures[NORMS * p], sqrt((double)parameters->places[p].elems), p,
                   "norm");
        assert_true(figures[NORMS * p + 1] == expected);
        assert_true(figures[NORMS * p + 2] == expected);
    }
    free(gradients);
    finish_run(&run);
}

static void nan_comes_through(void **state)
{
    struct run run;
    float figures[WIDTH];
    (void)state;
    make_run("{optimizer: sgd}", 0, &run);
    const struct incline_parameters *parameters = run.bench.parameters;
    float *gradients = calloc(parameters->total_elems, sizeof *gradients);
    assert_non_null(gradients);
    gradients[parameters->places[2].first_elem + parameters->places[2].elems - 1] = NAN;
    gradients[parameters->places[5].first_elem] = INFINITY;
    run_update(&run, gradients, figures);
    for (size_t p = 0; p < PARAMETERS; p++) {
        assert_true(isfinite(figures[NORMS * p]));
        for (size_t norm = 1; norm < NORMS; norm++) {
            float figure = figures[NORMS * p + norm];
            assert_true(p == 2 ? isnan(figure) : p == 5 ? isinf(figure) : figure == 0);
        }
    }
    free(gradients);
    finish_run(&run);
}

/* A unit that puts out NaN is not dead. */
static void nan_is_not_dead(void **state)
{
    struct run run;
    float biases[5];
    (void)state;
    make_run("{optimizer: sgd}", INCLINE_REWRITE_ALL, &run);
    memcpy(biases, conv_biases, sizeof biases);
    biases[2] = NAN;
    assert_ok(env.ctx, incline_parameters_write(env.ctx, run.bench.parameters, 1, biases));
    run_step(run.bench.watch_plan, 0);
    float *figures = read_all(run.bench.watch->figures);
    assert_true(figures[NORMS * PARAMETERS] == dead_units[0][0] - 1);
    assert_true(figures[NORMS * PARAMETERS + 1] == 0); /* all read it */
    assert_true(isnan(figures[NORMS + 0]));
    free(figures);
    finish_run(&run);
}

static void nothing_to_watch_is_refused(void **state)
{
    static const char text[] = "incline: 1\nmodel: {input: [2, 2, 3], layers: [global_avg_pool]}\n"
                               "data: {root: none}\n";
    struct incline_config *config = NULL;
    struct incline_parameters *parameters = NULL;
    struct incline_step_watch *watch = NULL;
    (void)state;
    assert_ok(env.ctx, incline_config_parse(env.ctx, "test", text, NULL, 0, &config));
    const struct incline_model *model = &config->model;
    assert_ok(env.ctx, incline_parameters_create(env.ctx, env.device, model->layers,
                                                 model->layer_count, &parameters));
    assert_fails(env.ctx, INCLINE_ERROR_CONFIG,
                 incline_step_watch_create(env.ctx, parameters, model->layers, model->layer_count,
                                           1, &watch),
                 "there is nothing to watch");
    assert_null(watch);
    incline_parameters_destroy(&parameters);
    incline_config_destroy(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_the_step),
        cmocka_unit_test(optimizers_are_watched),
        cmocka_unit_test(weights_do_not_depend_on_it),
        cmocka_unit_test(whole_numbers_are_exact),
        cmocka_unit_test(nan_comes_through),
        cmocka_unit_test(nan_is_not_dead),
        cmocka_unit_test(nothing_to_watch_is_refused),
    };
    int code = test_device_open(&env);
    if (code)
        return code;
    code = cmocka_run_group_tests(tests, NULL, NULL);
    test_device_close(&env);
    return code;
}
