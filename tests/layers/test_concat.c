/* concat: two and three ways from one input side by side, with the gradients of all added up again.
 */
#include "check/reference.h"
#include "support/harness.h"

enum { IMAGES = INCLINE_GRAPH_IMAGES, WAYS_MAX = 3 };

struct ways {
    enum incline_activation activations[WAYS_MAX];
    size_t count, channels; /* of each */
};

static void reference(const void *cookie, struct incline_chain_values *v)
{
    const struct ways *ways = cookie;
    size_t cells = (size_t)v->images * v->in_elems, channels = ways->channels;
    for (size_t i = 0; i < cells; i++) {
        v->dx[i] = 0;
        for (size_t way = 0; way < ways->count; way++) {
            size_t out = (i / channels * ways->count + way) * channels + i % channels;
            double dx;
            incline_reference_activation(ways->activations[way], 1, &v->x[i], &v->y[out]);
            incline_reference_activation_backward(ways->activations[way], 1, &v->y[out],
                                                  &v->dy[out], &dx);
            v->dx[i] += dx;
        }
    }
}

static const struct {
    struct harness_layer layers[3];
    struct ways ways;
    bool exact;
} joins[] = {
    {{{"relu", "", {0}, 0}, {"concat", "", {0, IMAGES}, 2}},
     {{INCLINE_ACTIVATION_RELU, INCLINE_ACTIVATION_NONE}, 2, 0},
     true},
    {{{"sigmoid", "", {0}, 0}, {"tanh", "", {IMAGES}, 1}, {"concat", "", {IMAGES, 0, 1}, 3}},
     {{INCLINE_ACTIVATION_NONE, INCLINE_ACTIVATION_SIGMOID, INCLINE_ACTIVATION_TANH}, 3, 0},
     false},
};

static const struct {
    struct incline_shape in;
    int batch;
    bool small;
} sizes[] = {
    {{1, 1, 1}, 32, true},   {{3, 3, 5}, 17, true},    {{5, 9, 3}, 7, true},
    {{7, 7, 16}, 32, false}, {{1, 28, 17}, 48, false}, {{1, 1, 64}, 1, false},
};

static void test_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof joins / sizeof *joins; i++)
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
            struct ways ways = joins[i].ways;
            struct harness_case test = {
                .setup = {.in = sizes[j].in, .batch = sizes[j].batch},
                .reference = reference,
                .cookie = &ways,
                .exact = joins[i].exact,
            };
            if (test_small() && !sizes[j].small)
                continue;
            ways.channels = (size_t)sizes[j].in.channels;
            memcpy(test.setup.layers, joins[i].layers, sizeof joins[i].layers);
            harness_run(&test);
        }
}

static void test_shapes(void **state)
{
    struct incline_layer layer = {.class = incline_layer_class_find("concat"),
                                  .input_count = 2,
                                  .in = {2, 3, 4},
                                  .others = {{2, 3, 5}}};
    struct incline_text problem;
    (void)state;
    incline_text_init(&problem, harness_device.ctx);
    assert_int_equal(layer.class->infer(&layer, &problem), INCLINE_OK);
    assert_int_equal(layer.out.channels, 9);
    layer.others[0].width = 4;
    assert_int_equal(layer.class->infer(&layer, &problem), INCLINE_ERROR_CONFIG);
    assert_string_equal(incline_text_get(&problem),
                        "its inputs differ in height or width: 2x3 and 2x4: a stride, a pool or "
                        "too little padding on one way makes it smaller");
    incline_text_finish(&problem);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_ways),
                                          cmocka_unit_test(test_shapes)};

HARNESS_MAIN(tests)
