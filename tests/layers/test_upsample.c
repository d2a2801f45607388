/* upsample against its reference, and sizes. */
#include "check/reference.h"
#include "support/harness.h"

static const struct upsample_case {
    struct incline_shape in;
    int factor[2];
    int batch;
    bool small; /* for simulators as well */
} cases[] = {
    {{1, 1, 1}, {1, 1}, 32, true},   {{2, 3, 5}, {2, 2}, 17, true},
    {{3, 2, 3}, {1, 3}, 7, true},    {{1, 2, 17}, {5, 1}, 16, true},
    {{7, 7, 16}, {2, 3}, 33, false}, {{5, 9, 1}, {4, 4}, 145, false},
    {{1, 1, 40}, {7, 8}, 1, false},
};

static void reference(const void *cookie, struct incline_chain_values *v)
{
    const struct upsample_case *c = cookie;
    for (size_t i = 0; i < (size_t)v->images * v->out_elems; i++)
        v->y[i] = incline_reference_upsample_at(c->in, c->factor, v->x, i);
    for (size_t i = 0; i < (size_t)v->images * v->in_elems; i++)
        v->dx[i] = incline_reference_upsample_data_at(c->in, c->factor, v->dy, i);
}

static void test_against_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct upsample_case *c = &cases[i];
        struct harness_case test = {
            .setup = {.in = c->in, .batch = c->batch, .layers = {{"upsample", ""}}},
            .reference = reference,
            .cookie = c,
            .exact = true,
        };
        snprintf(test.setup.layers[0].options, sizeof test.setup.layers[0].options,
                 "factor=[%d,%d]", c->factor[0], c->factor[1]);
        if (c->small || !test_small())
            harness_run(&test);
    }
}

static void test_shapes(void **state)
{
    int factor[2] = {2, 3};
    struct incline_layer layer = {
        .class = incline_layer_class_find("upsample"), .options = factor, .in = {5, 6, 7}};
    struct incline_text problem;
    (void)state;
    incline_text_init(&problem, harness_device.ctx);
    assert_int_equal(layer.class->infer(&layer, &problem), INCLINE_OK);
    assert_int_equal(layer.out.height, 10);
    assert_int_equal(layer.out.width, 18);
    assert_int_equal(layer.out.channels, 7);
    factor[0] = factor[1] = 4096;
    assert_int_equal(layer.class->infer(&layer, &problem), INCLINE_ERROR_CONFIG);
    assert_string_equal(incline_text_get(&problem),
                        "is too large: 3.52e+09 numbers in one tensor, at most 2^31 - 1");
    incline_text_finish(&problem);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference),
                                          cmocka_unit_test(test_shapes)};

HARNESS_MAIN(tests)
