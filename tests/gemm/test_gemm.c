/* Matrix products through CLBlast: dense layers against their reference and against our own
 * kernels, a whole training, and what is refused. */
#include "support/dense_cases.h"

#include "build_config.h"
#include "device/tuning.h"
#include "gemm/gemm.h"
#include "incline/network.h"
#include "incline/train.h"

enum {
    NONE = INCLINE_ACTIVATION_NONE,
    RELU = INCLINE_ACTIVATION_RELU,
    SIGMOID = INCLINE_ACTIVATION_SIGMOID,
    TANH = INCLINE_ACTIVATION_TANH
};

static const struct dense_case cases[] = {
    {{1, 1, 1}, 1, true, NONE, 1, true},       {{1, 1, 3}, 5, true, RELU, 17, true},
    {{1, 1, 17}, 33, false, NONE, 32, true},   {{1, 1, 16}, 16, true, SIGMOID, 33, true},
    {{1, 1, 33}, 1, true, TANH, 17, true},     {{1, 1, 1}, 100, true, NONE, 145, false},
    {{1, 1, 16}, 64, false, RELU, 32, false},  {{1, 1, 5}, 3, true, NONE, 160, false},
    {{1, 1, 64}, 31, true, SIGMOID, 7, false}, {{1, 1, 127}, 10, true, RELU, 33, false},
    {{1, 1, 576}, 10, true, NONE, 32, false},  {{1, 1, 100}, 129, false, RELU, 160, false},
    {{1, 1, 333}, 48, true, RELU, 145, false}, {{1, 1, 1000}, 17, true, NONE, 2, false},
};

static bool is_built_in(void)
{
    if (!INCLINE_HAVE_CLBLAST)
        print_message("skipped: this build is without CLBlast\n");
    return INCLINE_HAVE_CLBLAST;
}

static void choose(const char *way)
{
    assert_int_equal(setenv("INCLINE_GEMM", way, 1), 0);
}

static int forget_choice(void **state)
{
    (void)state;
    return unsetenv("INCLINE_GEMM");
}

static void test_choice(void **state)
{
    static const char *const own[] = {"", "auto", "own"}; /* nothing was measured */
    static const char shape[] = "in=1 out=2 images=3";
    enum incline_gemm choice = INCLINE_GEMM_CLBLAST;
    (void)state;
    harness_ok(incline_gemm_choice(harness_device.ctx, harness_device.device, shape, &choice));
    assert_int_equal(choice, INCLINE_GEMM_OWN);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        choice = INCLINE_GEMM_CLBLAST;
        choose(own[i]);
        harness_ok(incline_gemm_choice(harness_device.ctx, harness_device.device, shape, &choice));
        assert_int_equal(choice, INCLINE_GEMM_OWN);
    }
    choose("CLBlas");
    assert_fails(harness_device.ctx, INCLINE_ERROR_ARGUMENT,
                 incline_gemm_choice(harness_device.ctx, harness_device.device, shape, &choice),
                 "INCLINE_GEMM=CLBlas is none of auto, own, clblast");
    choose("clblast");
    if (INCLINE_HAVE_CLBLAST) {
        harness_ok(incline_gemm_choice(harness_device.ctx, harness_device.device, shape, &choice));
        assert_int_equal(choice, INCLINE_GEMM_CLBLAST);
    } else {
        assert_fails(harness_device.ctx, INCLINE_ERROR_UNSUPPORTED,
                     incline_gemm_choice(harness_device.ctx, harness_device.device, shape, &choice),
                     "built without CLBlast");
    }
}

/* What a tuning has found counts, unless the environment says otherwise. */
static void test_measured_choice(void **state)
{
    struct incline_device *device = harness_device.device;
    static const char shape[] = "in=4 out=5 images=6";
    enum incline_gemm choice;
    size_t question = incline_tuning_count(device);
    (void)state;
    harness_ok(incline_gemm_choice(harness_device.ctx, device, shape, &choice));
    if (incline_tuning_count(device) == question)
        skip(); /* no CLBlast, or groups too small for it */
    assert_true(incline_tuning_get(device, question)->near);
    incline_tuning_set(device, question, 1, INCLINE_TUNING_MEASURED);
    harness_ok(incline_gemm_choice(harness_device.ctx, device, shape, &choice));
    assert_int_equal(choice, INCLINE_GEMM_CLBLAST);
    choose("own");
    harness_ok(incline_gemm_choice(harness_device.ctx, device, shape, &choice));
    assert_int_equal(choice, INCLINE_GEMM_OWN);
}

static void test_against_reference(void **state)
{
    (void)state;
    if (!is_built_in())
        skip();
    choose("clblast");
    dense_run(cases, sizeof cases / sizeof *cases, false);
}

static struct harness_chain *make_chain(const char *way, const struct dense_case *c,
                                        unsigned rewrites)
{
    struct harness_setup setup = {
        .in = c->in,
        .layers = {{.class_name = "dense"}},
        .batch = c->batch,
        .rewrites = rewrites,
    };
    snprintf(setup.layers[0].options, sizeof setup.layers[0].options,
             "units=%d bias=%s activation=%s", c->units, c->bias ? "true" : "false",
             incline_activation_names[c->activation]);
    choose(way);
    return harness_chain_create(&setup);
}

/* One step of `images` images either way, from the same numbers. */
static void compare_ways(const struct dense_case *c, int images, unsigned rewrites)
{
    static const char *const ways[] = {"own", "clblast"};
    struct incline_chain_values values[2];
    size_t launches[2];
    char label[100];
    for (int i = 0; i < 2; i++) {
        struct harness_chain *chain = make_chain(ways[i], c, rewrites);
        launches[i] = harness_chain_launches(chain);
        harness_values_init(&values[i], chain, images);
        harness_values_fill(&values[i], HARNESS_REAL, (unsigned)images);
        harness_chain_run(chain, &values[i]);
        harness_chain_destroy(&chain);
    }
    snprintf(label, sizeof label, "%d to %d, %d of %d images, rewrites %u", c->in.channels,
             c->units, images, c->batch, rewrites);
    assert_true(launches[1] > launches[0]); /* the second way was another */
    harness_compare(label, "y", values[1].y, values[0].y, (size_t)images * values[0].out_elems);
    harness_compare(label, "dx", values[1].dx, values[0].dx, (size_t)images * values[0].in_elems);
    for (int i = 0; i < values[0].parameter_count; i++)
        harness_compare(label, i ? "db" : "dw", values[1].gradient[i], values[0].gradient[i],
                        values[0].parameter_elems[i]);
    harness_values_finish(&values[0]);
    harness_values_finish(&values[1]);
}

/* Some of the cases: the reference sees them all. */
static void test_own_against_clblast(void **state)
{
    (void)state;
    if (!is_built_in())
        skip();
    for (size_t i = 1; i < sizeof cases / sizeof *cases; i += 3) {
        const struct dense_case *c = &cases[i];
        if (!c->small && test_small())
            continue;
        compare_ways(c, c->batch, 0);
        compare_ways(c, c->batch, INCLINE_REWRITE_UPDATE);
        if (c->batch > 1)
            compare_ways(c, c->batch / 2 + 1, 0);
    }
}

/* A plan with one product of 20 images of 3 features with a matrix [3][5]. */
struct product {
    struct incline_plan *plan;
    struct incline_product spec;
};

static void make_product(struct product *p, size_t c_bytes)
{
    struct incline_context *ctx = harness_device.ctx;
    *p = (struct product){
        .spec = {.label = "the layer",
                 .rows = INCLINE_GEMM_IMAGES,
                 .columns = 5,
                 .inner = 3,
                 .a_pitch = 16,
                 .b_pitch = 5,
                 .c_pitch = 16},
    };
    harness_ok(incline_plan_create(ctx, harness_device.device, 20, &p->plan));
    harness_ok(incline_plan_tensor(ctx, p->plan, "a", sizeof(float[32][16]), &p->spec.a));
    harness_ok(incline_plan_tensor(ctx, p->plan, "b", sizeof(float[3][5]), &p->spec.b));
    harness_ok(incline_plan_tensor(ctx, p->plan, "c", c_bytes, &p->spec.c));
}

static void test_not_built_in(void **state)
{
    struct product p;
    (void)state;
    if (INCLINE_HAVE_CLBLAST)
        skip();
    make_product(&p, sizeof(float[32][16]));
    assert_fails(harness_device.ctx, INCLINE_ERROR_UNSUPPORTED,
                 incline_product_plan(harness_device.ctx, p.plan, &p.spec),
                 "built without CLBlast");
    incline_plan_destroy(&p.plan);
}

static void test_counts_as_launch(void **state)
{
    struct incline_step step = {.images = 20};
    struct product p;
    (void)state;
    if (!is_built_in())
        skip();
    make_product(&p, sizeof(float[32][16]));
    harness_ok(incline_product_plan(harness_device.ctx, p.plan, &p.spec));
    harness_ok(incline_plan_finish(harness_device.ctx, p.plan));
    struct incline_device_counters before = incline_device_get_counters(harness_device.device);
    harness_ok(incline_plan_enqueue(harness_device.ctx, p.plan, &step));
    struct incline_device_counters after = incline_device_get_counters(harness_device.device);
    assert_int_equal(after.launches, before.launches + 1);
    assert_int_equal(after.blocking_calls, before.blocking_calls);
    assert_int_equal(after.allocations, before.allocations);
    harness_ok(incline_device_wait(harness_device.ctx, harness_device.device));
    incline_plan_destroy(&p.plan);
}

/* What CLBlast refuses is told with its own word, the layer and the device. */
static void test_refused_product(void **state)
{
    const char *device = incline_device_get_info(harness_device.device)->name;
    struct incline_step step = {.images = 20};
    struct product p;
    (void)state;
    if (!is_built_in())
        skip();
    make_product(&p, sizeof(float[16][16]));
    harness_ok(incline_product_plan(harness_device.ctx, p.plan, &p.spec));
    harness_ok(incline_plan_finish(harness_device.ctx, p.plan));
    assert_fails(harness_device.ctx, INCLINE_ERROR_DEVICE,
                 incline_plan_enqueue(harness_device.ctx, p.plan, &step),
                 "CLBlastInsufficientMemoryC (-1009)");
    assert_fails(harness_device.ctx, INCLINE_ERROR_DEVICE,
                 incline_plan_enqueue(harness_device.ctx, p.plan, &step), "the layer");
    assert_fails(harness_device.ctx, INCLINE_ERROR_DEVICE,
                 incline_plan_enqueue(harness_device.ctx, p.plan, &step), device);
    step.images = 16; /* fits */
    harness_ok(incline_plan_enqueue(harness_device.ctx, p.plan, &step));
    harness_ok(incline_device_wait(harness_device.ctx, harness_device.device));
    incline_plan_destroy(&p.plan);
}

static void test_small_groups(void **state)
{
    /* The device's own record, changed for a moment. */
    struct incline_device_info *info =
        (struct incline_device_info *)incline_device_get_info(harness_device.device);
    size_t allowed = info->max_work_group;
    struct product p;
    (void)state;
    if (!is_built_in())
        skip();
    make_product(&p, sizeof(float[32][16]));
    info->max_work_group = 32;
    enum incline_status status = incline_product_plan(harness_device.ctx, p.plan, &p.spec);
    info->max_work_group = allowed;
    assert_fails(harness_device.ctx, INCLINE_ERROR_UNSUPPORTED, status,
                 "the layer: CLBlast needs work-groups of 64, device ");
    incline_plan_destroy(&p.plan);
}

/* Images of 4x3 in three classes, told by the brightest column. */
static void make_images(struct incline_images *out, size_t count)
{
    *out = (struct incline_images){
        4, 3, 1, count, calloc(count, 12), calloc(count, sizeof(int)),
    };
    assert_true(out->pixels && out->labels);
    for (size_t i = 0; i < count; i++) {
        out->labels[i] = (int)(i % 3);
        for (size_t e = 0; e < 12; e++)
            out->pixels[i * 12 + e] =
                (unsigned char)((i * 37 + e * 101) % 97 + (e % 3 == i % 3 ? 120 : 0));
    }
}

static double train(struct scratch *s, const char *way)
{
    static const char text[] = "incline: 1\n"
                               "model:\n"
                               "  input: [4, 3, 1]\n"
                               "  layers:\n"
                               "    - flatten\n"
                               "    - dense: {units: 19, activation: relu}\n"
                               "    - dense: 3\n"
                               "    - softmax\n"
                               "data: {root: none, val: test}\n"
                               "train: {epochs: 12, batch_size: 20, optimizer: {sgd: {lr: 0.2}}}\n";
    static char *names[] = {(char *)"left", (char *)"middle", (char *)"right"};
    struct incline_dataset dataset = {
        .name = (char *)"columns",
        .folder = (char *)"memory",
        .classes = 3,
        .class_names = names,
        .val_is_test = true,
    };
    char folder[2 * SCRATCH_PATH_BYTES];
    struct incline_train_options options = {.folder = folder};
    struct incline_train_result result = {0};
    struct incline_config *config = NULL;
    snprintf(folder, sizeof folder, "%s/%s", s->folder, way);
    make_images(&dataset.train, 130);
    make_images(&dataset.test, 30);
    choose(way);
    harness_ok(incline_config_parse(harness_device.ctx, "columns.yaml", text, NULL, 0, &config));
    harness_ok(incline_train(harness_device.ctx, harness_device.device, config, &dataset, &options,
                             &result));
    incline_config_destroy(&config);
    free(dataset.train.pixels);
    free(dataset.train.labels);
    free(dataset.test.pixels);
    free(dataset.test.labels);
    print_message("%s: loss %g, best accuracy %g\n", way, result.loss, result.best_val_accuracy);
    assert_true(result.best_val_accuracy > 0.95);
    return result.loss;
}

static void test_training(void **state)
{
    if (!is_built_in())
        skip();
    double own = train(*state, "own"), clblast = train(*state, "clblast");
    assert_true(clblast > own * 0.99 && clblast < own * 1.01);
}

#define TEST(function) cmocka_unit_test_teardown(function, forget_choice)

static int finish_training(void **state)
{
    forget_choice(state);
    return scratch_teardown(state);
}

static const struct CMUnitTest tests[] = {
    TEST(test_choice),
    TEST(test_measured_choice),
    TEST(test_against_reference),
    TEST(test_own_against_clblast),
    TEST(test_not_built_in),
    TEST(test_counts_as_launch),
    TEST(test_refused_product),
    TEST(test_small_groups),
    cmocka_unit_test_setup_teardown(test_training, scratch_setup, finish_training),
};

HARNESS_MAIN(tests)
