/* layer_norm and group_norm against their reference. */
#include "check/reference.h"
#include "support/harness.h"

struct norm_case {
    struct incline_shape in;
    int groups; /* 0: layer_norm */
    double eps;
    bool affine;
    int batch;
    bool small; /* for simulators as well */
};

static const struct norm_case cases[] = {
    {{3, 3, 6}, 2, 1e-5, true, 17, true},    {{3, 3, 5}, 0, 1e-5, true, 17, true},
    {{1, 1, 40}, 0, 1e-3, true, 32, true},   {{1, 2, 4}, 4, 0.1, false, 7, true},
    {{5, 9, 3}, 0, 1e-5, false, 7, true},    {{5, 9, 33}, 3, 1e-5, true, 33, false},
    {{28, 29, 2}, 0, 1e-5, true, 17, false}, {{17, 16, 2}, 1, 1e-5, false, 32, false},
    {{8, 8, 16}, 16, 1e-5, true, 48, false}, {{1, 1, 300}, 4, 1e-5, true, 160, false},
    {{9, 8, 5}, 5, 1e-5, true, 1, false},
};

static struct incline_reference_image_norm norm_of(const struct norm_case *c,
                                                   const struct incline_chain_values *v)
{
    return (struct incline_reference_image_norm){
        .positions = (size_t)c->in.height * (size_t)c->in.width,
        .channels = (size_t)c->in.channels,
        .groups = c->groups ? (size_t)c->groups : 1,
        .eps = c->eps,
        .w = c->affine ? v->parameter[0] : NULL,
        .b = c->affine ? v->parameter[1] : NULL,
        .each = c->groups == 0,
    };
}

static void reference(const void *cookie, struct incline_chain_values *v)
{
    const struct norm_case *c = cookie;
    const struct incline_reference_image_norm norm = norm_of(c, v);
    incline_reference_image_norm(&norm, v->images, v->x, v->y);
    incline_reference_image_norm_data(&norm, v->images, v->x, v->dy, v->dx);
    for (size_t i = 0; c->affine && i < v->parameter_elems[0]; i++) {
        v->gradient[0][i] =
            incline_reference_image_norm_weights_at(&norm, v->images, v->x, v->dy, i);
        v->gradient[1][i] = incline_reference_image_norm_bias_at(&norm, v->images, v->dy, i);
    }
}

static struct harness_setup setup_of(const struct norm_case *c)
{
    struct harness_setup setup = {
        .in = c->in, .batch = c->batch, .layers = {{c->groups ? "group_norm" : "layer_norm", ""}}};
    char groups[32] = "";
    if (c->groups)
        snprintf(groups, sizeof groups, "groups=%d ", c->groups);
    snprintf(setup.layers[0].options, sizeof setup.layers[0].options, "%seps=%g affine=%s", groups,
             c->eps, c->affine ? "true" : "false");
    return setup;
}

static void test_against_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct harness_case test = {
            .setup = setup_of(&cases[i]), .reference = reference, .cookie = &cases[i]};
        if (cases[i].small || !test_small())
            harness_run(&test);
    }
}

/* Mean 1000 and deviation 1. */
static void test_far_from_zero(void **state)
{
    static const struct norm_case c = {{9, 8, 6}, 2, 1e-5, true, 17, true};
    struct harness_setup setup = setup_of(&c);
    struct harness_chain *chain = harness_chain_create(&setup);
    struct incline_chain_values got, expected;
    (void)state;
    harness_values_init(&got, chain, c.batch);
    harness_values_init(&expected, chain, c.batch);
    harness_values_fill(&got, HARNESS_REAL, 5);
    harness_values_fill(&expected, HARNESS_REAL, 5);
    size_t count = (size_t)c.batch * got.in_elems;
    for (size_t i = 0; i < count; i++)
        got.x[i] = expected.x[i] = (double)(float)(1000 + 1.7 * got.x[i]);
    harness_chain_run(chain, &got);
    reference(&c, &expected);
    harness_compare("mean 1000", "y", got.y, expected.y, count);
    harness_compare("mean 1000", "dx", got.dx, expected.dx, count);
    harness_compare("mean 1000", "dw", got.gradient[0], expected.gradient[0], 6);
    harness_values_finish(&got);
    harness_values_finish(&expected);
    harness_chain_destroy(&chain);
}

static void test_groups_divide_channels(void **state)
{
    struct incline_layer layer = {.class = incline_layer_class_find("group_norm"),
                                  .in = {2, 3, 10}};
    struct incline_text problem;
    (void)state;
    layer.options = calloc(1, layer.class->options.size);
    assert_non_null(layer.options);
    incline_text_init(&problem, harness_device.ctx);
    harness_ok(incline_options_default(harness_device.ctx, &layer.class->options, layer.options));
    *(int *)layer.options = 4; /* groups come first */
    assert_int_equal(layer.class->infer(&layer, &problem), INCLINE_ERROR_CONFIG);
    assert_string_equal(incline_text_get(&problem),
                        "its 10 channels cannot be divided into 4 groups");
    *(int *)layer.options = 5;
    assert_int_equal(layer.class->infer(&layer, &problem), INCLINE_OK);
    incline_text_finish(&problem);
    free(layer.options);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_against_reference),
    cmocka_unit_test(test_far_from_zero),
    cmocka_unit_test(test_groups_divide_channels),
};

HARNESS_MAIN(tests)
