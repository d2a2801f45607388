/* Whole steps of small networks of many kinds: none and all of the rewrites, for some all but each,
 * and launches that are cut to pieces, give the same weights and figures to the bit, for whole and
 * short batches. */
#include "support/device.h"
#include "support/scratch.h"

#include "network/initialize.h"
#include "network/rewrite.h"
#include "network/step.h"
#include "train/config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 50, FIGURES = 5, STEPS_MAX = 3 };

static struct test_device env;

struct net {
    const char *model; /* what stands under `model:` */
    const char *loss;
    int batch;
    bool small;          /* for simulators as well */
    unsigned one_by_one; /* rewrites that it is run without, each in turn */
    bool has_norms;      /* evaluation is not what training is */
};

static const struct net nets[] = {
    {"{input: [5, 9, 2], layers: [{conv2d: {filters: 5, kernel: 3, activation: relu}}, "
     "{max_pool2d: 2}, flatten, {dense: {units: 7, activation: tanh}}, {dense: 3}]}",
     "cross_entropy", 20, true, INCLINE_REWRITE_ALL & ~INCLINE_REWRITE_RESIDUAL, false},
    {"{input: [8, 8, 1], layers: [{conv2d: {filters: 18, kernel: 3, padding: same}}, sigmoid, "
     "{max_pool2d: [2, 3]}, flatten, {dense: 20}, relu, {dense: {units: 10, bias: false}}, "
     "softmax]}",
     "cross_entropy", 33, false},
    {"{input: [9, 7, 3], layers: [{conv2d: {filters: 6, kernel: [2, 3], stride: [2, 1], dilation: "
     "[2, 1], groups: 3, bias: false}}, "
     "{conv2d: {filters: 6, kernel: 3}}, tanh, flatten, {dense: 5}]}",
     "mse", 17, false},
    {"{input: [4, 4, 2], layers: [flatten, {dense: {units: 33, activation: sigmoid}}, {dense: 4}, "
     "softmax]}",
     "mse", 16, true},
    {"{input: [3, 3, 1], layers: [flatten, {dense: 6}]}", "cross_entropy", 7, true},
    {"{input: [6, 6, 2], layers: [{max_pool2d: 2}, {conv2d: {filters: 17, kernel: 2}}, relu, "
     "flatten, "
     "{dense: 3}]}",
     "cross_entropy", 50, false},
    {"{input: [20, 20, 1], layers: [flatten, {dense: 40}, {leaky_relu: 0.3}, {dense: 11}]}", "mse",
     19, false},
    {"{input: [5, 4, 1], layers: [{conv2d: {filters: 3, kernel: 3, padding: same, activation: "
     "relu}}, "
     "{residual: {main: [{conv2d: {filters: 3, kernel: 3, padding: same}}, relu, "
     "{conv2d: {filters: 3, kernel: 1}}]}}, relu, {residual: {main: [{max_pool2d: 2}, {conv2d: "
     "{filters: 4, kernel: 1}}], shortcut: [{conv2d: {filters: 4, kernel: 2, stride: 2}}]}}, "
     "flatten, {dense: {units: 6, activation: tanh, name: d}}, {dense: {units: 6, name: e}}, "
     "{add: {from: [d, e]}}, {dense: 3}]}",
     "cross_entropy", 18, true},
    {"{input: [7, 7, 1], layers: [{conv2d: {filters: 3, kernel: 3, padding: 2, stride: 3}}, "
     "{conv2d: {filters: 20, kernel: 2, activation: relu}}, {max_pool2d: 2}, flatten, {dense: 9}]}",
     "cross_entropy", 1, true},
    {"{input: [3, 3, 4], "
     "defaults: {conv2d: {filters: 4, kernel: 3, padding: same, bias: false}}, "
     "layers: [conv2d, batch_norm, relu, "
     "{residual: {main: [conv2d, batch_norm, relu, conv2d, batch_norm, identity]}}, relu, "
     "{residual: {main: [conv2d, batch_norm], shortcut: [conv2d, batch_norm]}}, relu, "
     "flatten, {dense: 3}]}",
     "cross_entropy", 18, true, INCLINE_REWRITE_ACTIVATION | INCLINE_REWRITE_RESIDUAL, true},
};

/* One network with its data on the device. */
struct setup {
    struct incline_config *config;
    struct incline_feed *feed;
    struct incline_buffer *metrics, *image_class;
};

static void make_feed(struct setup *s)
{
    const struct incline_model *model = &s->config->model;
    struct incline_shape shape = model->layers[0].in;
    int classes = model->layers[model->layer_count - 1].out.channels;
    size_t bytes = IMAGES * incline_shape_elems(shape);
    unsigned char *pixels = malloc(bytes);
    int labels[IMAGES];
    assert_non_null(pixels);
    for (size_t i = 0; i < bytes; i++)
        pixels[i] = (unsigned char)((i + 1) * 2654435761u >> 11);
    for (int i = 0; i < IMAGES; i++)
        labels[i] = i * 7 % classes;
    struct incline_feed_spec spec = {
        .shape = shape, .count = IMAGES, .pixels = pixels, .labels = labels, .scale = 255};
    assert_ok(env.ctx, incline_feed_create(env.ctx, env.device, &spec, &s->feed));
    assert_ok(env.ctx, incline_feed_shuffle(env.ctx, s->feed, 3, 1));
    assert_ok(env.ctx, incline_device_wait(env.ctx, env.device));
    free(pixels);
}

static void setup_create(const struct net *net, struct setup *s)
{
    char text[1024];
    snprintf(text, sizeof text,
             "incline: 1\nmodel: %s\ndata: {root: none}\ntrain: {loss: %s, batch_size: %d}\n",
             net->model, net->loss, net->batch);
    assert_ok(env.ctx, incline_config_parse(env.ctx, "test", text, NULL, 0, &s->config));
    make_feed(s);
    assert_ok(env.ctx, incline_buffer_create(env.ctx, env.device, "metrics",
                                             STEPS_MAX * FIGURES * sizeof(float), &s->metrics));
    assert_ok(env.ctx, incline_buffer_create(env.ctx, env.device, "image_class",
                                             IMAGES * sizeof(int), &s->image_class));
}

static void setup_destroy(struct setup *s)
{
    incline_buffer_destroy(&s->metrics);
    incline_buffer_destroy(&s->image_class);
    incline_feed_destroy(&s->feed);
    incline_config_destroy(&s->config);
}

/* What a few steps leave. */
struct outcome {
    float *weights;
    size_t bytes;
    float metrics[STEPS_MAX][FIGURES];
    int image_class[IMAGES];
};

static struct incline_step_spec spec_of(const struct setup *s, unsigned rewrites,
                                        const struct incline_parameters *parameters)
{
    return (struct incline_step_spec){
        .device = env.device,
        .layers = s->config->model.layers,
        .layer_count = s->config->model.layer_count,
        .loss = &s->config->train.loss,
        .mode = INCLINE_STEP_TRAIN,
        .rewrites = rewrites,
        .batch = s->config->train.batch_size,
        .parameters = parameters,
        .feed = s->feed,
        .metrics = s->metrics,
        .image_class = s->image_class,
        .top_k = 5,
    };
}

static void run_steps(const struct setup *s, struct incline_step_plan *plan)
{
    int batch = s->config->train.batch_size;
    for (int i = 0; i < STEPS_MAX && i * batch < IMAGES; i++) {
        int rest = IMAGES - i * batch;
        struct incline_step step = {.images = rest < batch ? rest : batch,
                                    .first = i * batch,
                                    .number = i,
                                    .learning_rate = 0.125f};
        assert_ok(env.ctx, incline_step_run(env.ctx, plan, &step));
    }
}

static void run(const struct setup *s, unsigned rewrites, struct outcome *out)
{
    const struct incline_model *model = &s->config->model;
    struct incline_parameters *parameters = NULL, *gradients = NULL;
    struct incline_step_plan *plan = NULL;
    assert_ok(env.ctx, incline_parameters_create(env.ctx, env.device, model->layers,
                                                 model->layer_count, &parameters));
    assert_ok(env.ctx, incline_initialize(env.ctx, parameters, model->layers, 5));
    struct incline_step_spec spec = spec_of(s, rewrites, parameters);
    if (!(rewrites & INCLINE_REWRITE_UPDATE)) {
        assert_ok(env.ctx, incline_parameters_create(env.ctx, env.device, model->layers,
                                                     model->layer_count, &gradients));
        spec.gradients = gradients;
    }
    assert_ok(env.ctx, incline_buffer_fill(env.ctx, s->metrics, 0));
    assert_ok(env.ctx, incline_buffer_fill(env.ctx, s->image_class, 0));
    assert_ok(env.ctx, incline_step_plan_create(env.ctx, &spec, &plan));
    run_steps(s, plan);
    out->bytes = incline_buffer_bytes(parameters->all);
    out->weights = malloc(out->bytes);
    assert_non_null(out->weights);
    assert_ok(env.ctx, incline_buffer_read(env.ctx, parameters->all, 0, out->weights, out->bytes));
    assert_ok(env.ctx,
              incline_buffer_read(env.ctx, s->metrics, 0, out->metrics, sizeof out->metrics));
    assert_ok(env.ctx, incline_buffer_read(env.ctx, s->image_class, 0, out->image_class,
                                           sizeof out->image_class));
    incline_step_plan_destroy(&plan);
    incline_parameters_destroy(&gradients);
    incline_parameters_destroy(&parameters);
}

static size_t launches(void)
{
    return incline_device_get_counters(env.device).launches;
}

static void check_set(const struct net *net, const struct setup *s, unsigned rewrites,
                      const struct outcome *plain)
{
    struct outcome fused;
    run(s, rewrites, &fused);
    if (memcmp(fused.weights, plain->weights, plain->bytes) != 0)
        fail_msg("%s: the set of rewrites %#x changes weights", net->model, rewrites);
    if (memcmp(fused.metrics, plain->metrics, sizeof plain->metrics) != 0)
        fail_msg("%s: the set of rewrites %#x changes figures", net->model, rewrites);
    if (memcmp(fused.image_class, plain->image_class, sizeof plain->image_class) != 0)
        fail_msg("%s: the set of rewrites %#x changes classes", net->model, rewrites);
    free(fused.weights);
}

/* On simulators, and in the shape that GPUs get. */
static bool few(void)
{
    return test_small() || incline_device_lanes(env.device) == 1;
}

static void test_rewrites_keep_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        struct setup s = {0};
        struct outcome plain;
        if (few() && !nets[i].small)
            continue;
        setup_create(&nets[i], &s);
        run(&s, 0, &plain);
        assert_true(plain.metrics[0][3] > 0); /* images were counted */
        for (unsigned rewrite = 1; rewrite < INCLINE_REWRITE_ALL && !few(); rewrite *= 2)
            if (nets[i].one_by_one & rewrite)
                check_set(&nets[i], &s, INCLINE_REWRITE_ALL & ~rewrite, &plain);
        check_set(&nets[i], &s, INCLINE_REWRITE_ALL, &plain);
        free(plain.weights);
        setup_destroy(&s);
    }
}

/* Steps whose launches are enqueued one work-group at a time. */
static void test_pieces_keep_bits(void **state)
{
    static const unsigned sets[] = {0, INCLINE_REWRITE_ALL};
    (void)state;
    for (size_t i = 0; i < 2 * (sizeof nets / sizeof *nets); i++) {
        const struct net *net = &nets[i / 2];
        struct setup s = {0};
        struct outcome whole;
        if (!net->small || (i > 0 && sets[i % 2] == 0)) /* unfused kernels: once */
            continue;
        setup_create(net, &s);
        size_t before = launches();
        run(&s, sets[i % 2], &whole);
        size_t at_once = launches() - before;
        incline_device_limit_launches(env.device, 1e-9);
        check_set(net, &s, sets[i % 2], &whole);
        incline_device_limit_launches(env.device, 0);
        if (launches() - before <= 2 * at_once)
            fail_msg("%s: no launch was cut", net->model);
        free(whole.weights);
        setup_destroy(&s);
    }
}

/* Figures of the first batch by a step that does not train, with a NaN among the first layer's
 * weights or without. */
static void evaluate(const struct setup *s, unsigned rewrites, bool poisoned, float *figures)
{
    const struct incline_model *model = &s->config->model;
    struct incline_parameters *parameters = NULL;
    struct incline_step_plan *plan = NULL;
    float nan = NAN;
    assert_ok(env.ctx, incline_parameters_create(env.ctx, env.device, model->layers,
                                                 model->layer_count, &parameters));
    assert_ok(env.ctx, incline_initialize(env.ctx, parameters, model->layers, 5));
    if (poisoned)
        assert_ok(env.ctx, incline_buffer_write(env.ctx, parameters->all, 0, &nan, sizeof nan));
    struct incline_step_spec spec = spec_of(s, rewrites, parameters);
    spec.mode = INCLINE_STEP_EVALUATE;
    assert_ok(env.ctx, incline_step_plan_create(env.ctx, &spec, &plan));
    struct incline_step step = {.images = s->config->train.batch_size};
    assert_ok(env.ctx, incline_step_run(env.ctx, plan, &step));
    assert_ok(env.ctx,
              incline_buffer_read(env.ctx, s->metrics, 0, figures, FIGURES * sizeof *figures));
    incline_step_plan_destroy(&plan);
    incline_parameters_destroy(&parameters);
}

/* A step that does not train leaves out what only training needs, and sees the same. */
static void test_evaluation_is_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        struct setup s = {0};
        struct outcome trained;
        float plain[FIGURES], fused[FIGURES];
        if (!nets[i].small)
            continue;
        setup_create(&nets[i], &s);
        run(&s, INCLINE_REWRITE_ALL, &trained);
        evaluate(&s, INCLINE_REWRITE_ALL, false, fused);
        if (!nets[i].has_norms)
            assert_memory_equal(fused, trained.metrics[0], sizeof fused);
        evaluate(&s, 0, false, plain);
        assert_memory_equal(fused, plain, sizeof fused);
        evaluate(&s, INCLINE_REWRITE_ALL, true, fused);
        assert_true(isnan(fused[0]));
        free(trained.weights);
        setup_destroy(&s);
    }
}

static void test_names(void **state)
{
    (void)state;
    for (unsigned rewrite = 1; rewrite < INCLINE_REWRITE_ALL; rewrite *= 2)
        assert_int_equal(incline_rewrite_find(incline_rewrite_name(rewrite)), rewrite);
    unsigned set;
    assert_ok(env.ctx, incline_rewrites_without(env.ctx, NULL, &set));
    assert_int_equal(set, INCLINE_REWRITE_ALL);
    assert_ok(env.ctx, incline_rewrites_without(env.ctx, "head,finish", &set));
    assert_int_equal(set, INCLINE_REWRITE_ALL & ~INCLINE_REWRITE_HEAD & ~INCLINE_REWRITE_FINISH);
    assert_ok(env.ctx, incline_rewrites_without(env.ctx, "all", &set));
    assert_int_equal(set, 0);
    assert_int_equal(incline_rewrites_without(env.ctx, "head,heads", &set), INCLINE_ERROR_ARGUMENT);
    assert_non_null(strstr(incline_error_text(env.ctx), "'heads'"));
    incline_error_clear(env.ctx);
    assert_int_equal(incline_rewrite_find("nonsense"), 0);
    assert_null(incline_rewrite_name(INCLINE_REWRITE_ALL + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rewrites_keep_bits),
        cmocka_unit_test(test_pieces_keep_bits),
        cmocka_unit_test(test_evaluation_is_the_same),
        cmocka_unit_test(test_names),
    };
    int status = test_device_open(&env);
    if (status)
        return status;
    status = cmocka_run_group_tests(tests, NULL, NULL);
    test_device_close(&env);
    return status;
}
