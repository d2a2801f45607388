/* zero_pad2d against its reference, and sizes. */
#include "check/reference.h"
#include "support/harness.h"

static const struct pad_case {
    struct incline_shape in;
    int sides[4];
    int batch;
    bool small; /* for simulators as well */
} cases[] = {
    {{1, 1, 1}, {0, 0, 0, 0}, 32, true},   {{3, 4, 5}, {1, 1, 1, 1}, 17, true},
    {{2, 3, 3}, {0, 2, 0, 1}, 7, true},    {{2, 2, 17}, {3, 0, 1, 0}, 16, true},
    {{7, 7, 16}, {1, 2, 3, 4}, 33, false}, {{28, 28, 1}, {2, 2, 2, 2}, 145, false},
    {{1, 5, 40}, {0, 0, 2, 0}, 1, false},
};

static void reference(const void *cookie, struct incline_chain_values *v)
{
    const struct pad_case *c = cookie;
    for (size_t i = 0; i < (size_t)v->images * v->out_elems; i++)
        v->y[i] = incline_reference_zero_pad2d_at(c->in, c->sides, v->x, i);
    for (size_t i = 0; i < (size_t)v->images * v->in_elems; i++)
        v->dx[i] = incline_reference_zero_pad2d_data_at(c->in, c->sides, v->dy, i);
}

static void test_against_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct pad_case *c = &cases[i];
        struct harness_case test = {
            .setup = {.in = c->in, .batch = c->batch, .layers = {{"zero_pad2d", ""}}},
            .reference = reference,
            .cookie = c,
            .exact = true,
        };
        snprintf(test.setup.layers[0].options, sizeof test.setup.layers[0].options,
                 "padding=[%d,%d,%d,%d]", c->sides[0], c->sides[1], c->sides[2], c->sides[3]);
        if (c->small || !test_small())
            harness_run(&test);
    }
}

static void test_shapes(void **state)
{
    int sides[4] = {1, 2, 3, 4};
    struct incline_layer layer = {
        .class = incline_layer_class_find("zero_pad2d"), .options = sides, .in = {5, 6, 7}};
    struct incline_text problem;
    (void)state;
    incline_text_init(&problem, harness_device.ctx);
    assert_int_equal(layer.class->infer(&layer, &problem), INCLINE_OK);
    assert_int_equal(layer.out.height, 8);
    assert_int_equal(layer.out.width, 13);
    assert_int_equal(layer.out.channels, 7);
    layer.in = (struct incline_shape){65536, 32768, 1};
    assert_int_equal(layer.class->infer(&layer, &problem), INCLINE_ERROR_CONFIG);
    assert_string_equal(incline_text_get(&problem),
                        "is too large: 2.15e+09 numbers in one tensor, at most 2^31 - 1");
    incline_text_finish(&problem);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference),
                                          cmocka_unit_test(test_shapes)};

HARNESS_MAIN(tests)
