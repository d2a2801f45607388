/* flatten: the order (h, w, c), seen through the weights of a dense layer behind it, and sizes. */
#include "support/dense_cases.h"

static const struct dense_case cases[] = {
    {{1, 1, 1}, 5, true, INCLINE_ACTIVATION_NONE, 32, true},
    {{2, 3, 5}, 3, true, INCLINE_ACTIVATION_NONE, 32, true},
    {{5, 9, 1}, 10, false, INCLINE_ACTIVATION_NONE, 32, true},
    {{3, 1, 17}, 5, true, INCLINE_ACTIVATION_RELU, 32, true},
    {{1, 7, 3}, 16, true, INCLINE_ACTIVATION_NONE, 32, true},
    {{7, 8, 16}, 10, true, INCLINE_ACTIVATION_NONE, 17, false},
};

static void test_order(void **state)
{
    (void)state;
    dense_run(cases, sizeof cases / sizeof *cases, true);
}

static enum incline_status infer(struct incline_shape in, struct incline_shape *out)
{
    struct incline_layer layer = {.class = incline_layer_class_find("flatten"), .in = in};
    struct incline_text problem;
    incline_text_init(&problem, harness_device.ctx);
    enum incline_status status = layer.class->infer(&layer, &problem);
    if (status)
        assert_string_equal(
            incline_text_get(&problem),
            "5000x4000x1 is too large to flatten: 20000000 numbers, at most 16777216");
    incline_text_finish(&problem);
    *out = layer.out;
    return status;
}

static void test_shape(void **state)
{
    struct incline_shape out;
    (void)state;
    assert_int_equal(infer((struct incline_shape){7, 5, 3}, &out), INCLINE_OK);
    assert_int_equal(out.height, 1);
    assert_int_equal(out.width, 1);
    assert_int_equal(out.channels, 105);
    assert_int_equal(infer((struct incline_shape){4096, 4096, 1}, &out), INCLINE_OK);
    assert_int_equal(infer((struct incline_shape){5000, 4000, 1}, &out), INCLINE_ERROR_CONFIG);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_order),
                                          cmocka_unit_test(test_shape)};

HARNESS_MAIN(tests)
