/* add: sums of two and three ways from one input, with the gradients of all ways added up again. */
#include "check/reference.h"
#include "support/harness.h"

enum { IMAGES = INCLINE_GRAPH_IMAGES };

/* What stands beside x in the sum, in order. */
struct ways {
    const enum incline_activation *activations;
    size_t count;
};

static void reference(const void *cookie, struct incline_chain_values *v)
{
    const struct ways *ways = cookie;
    size_t count = (size_t)v->images * v->in_elems;
    double *y = calloc(count, sizeof *y), *dx = calloc(count, sizeof *dx);
    assert_true(y && dx);
    for (size_t i = 0; i < count; i++) {
        v->y[i] = v->x[i];
        v->dx[i] = v->dy[i];
    }
    for (size_t way = 0; way < ways->count; way++) {
        incline_reference_activation(ways->activations[way], count, v->x, y);
        incline_reference_activation_backward(ways->activations[way], count, y, v->dy, dx);
        for (size_t i = 0; i < count; i++) {
            v->y[i] += y[i];
            v->dx[i] += dx[i];
        }
    }
    free(y);
    free(dx);
}

static const enum incline_activation one[] = {INCLINE_ACTIVATION_RELU};
static const enum incline_activation two[] = {INCLINE_ACTIVATION_SIGMOID, INCLINE_ACTIVATION_TANH};
static const enum incline_activation same[] = {INCLINE_ACTIVATION_NONE};

static const struct {
    struct harness_layer layers[3];
    struct ways ways;
    bool exact;
} sums[] = {
    {{{"relu", "", {0}, 0}, {"add", "", {IMAGES, 0}, 2}}, {one, 1}, true},
    {{{"sigmoid", "", {0}, 0}, {"tanh", "", {IMAGES}, 1}, {"add", "", {IMAGES, 0, 1}, 3}},
     {two, 2},
     false},
    {{{"add", "", {IMAGES, IMAGES}, 2}}, {same, 1}, true},
};

static const struct {
    struct incline_shape in;
    int batch;
    bool small;
} sizes[] = {
    {{1, 1, 1}, 32, true},   {{3, 3, 5}, 17, true},    {{5, 9, 3}, 7, true},
    {{7, 7, 16}, 32, false}, {{1, 28, 17}, 48, false}, {{1, 1, 128}, 1, false},
};

static void test_sums(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
            struct harness_case test = {
                .setup = {.in = sizes[j].in, .batch = sizes[j].batch},
                .reference = reference,
                .cookie = &sums[i].ways,
                .exact = sums[i].exact,
            };
            if (test_small() && !sizes[j].small)
                continue;
            memcpy(test.setup.layers, sums[i].layers, sizeof sums[i].layers);
            harness_run(&test);
        }
}

static void test_shapes(void **state)
{
    struct incline_layer layer = {.class = incline_layer_class_find("add"),
                                  .inputs = {0, 1},
                                  .input_count = 2,
                                  .in = {2, 3, 4},
                                  .others = {{2, 3, 5}}};
    struct incline_text problem;
    (void)state;
    incline_text_init(&problem, harness_device.ctx);
    assert_int_equal(layer.class->infer(&layer, &problem), INCLINE_ERROR_CONFIG);
    assert_string_equal(incline_text_get(&problem),
                        "its inputs differ in shape: 2x3x4 and 2x3x5: `conv2d: {filters: 4, "
                        "kernel: 1}` behind the second, which is the shortcut of a residual, makes "
                        "them one");
    incline_text_finish(&problem);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums),
                                          cmocka_unit_test(test_shapes)};

HARNESS_MAIN(tests)
