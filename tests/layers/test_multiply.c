/* multiply: x times f(x), and x times one number a channel, that of its largest cell. */
#include "check/reference.h"
#include "support/harness.h"

#include <math.h>

enum { IMAGES = INCLINE_GRAPH_IMAGES };

static void square_reference(const void *cookie, struct incline_chain_values *v)
{
    size_t count = (size_t)v->images * v->in_elems;
    (void)cookie;
    for (size_t i = 0; i < count; i++) {
        double s = tanh(v->x[i]);
        v->y[i] = v->x[i] * s;
        v->dx[i] = v->dy[i] * (s + v->x[i] * (1 - s * s));
    }
}

/* y[p][c] = x[p][c] max over q of x[q][c], where NaN is larger than anything */
static void scale_reference(const void *cookie, struct incline_chain_values *v)
{
    size_t channels = *(const size_t *)cookie, positions = v->in_elems / channels;
    for (size_t n = 0; n < (size_t)v->images; n++)
        for (size_t c = 0; c < channels; c++) {
            const double *x = v->x + n * v->in_elems + c, *dy = v->dy + n * v->in_elems + c;
            double *y = v->y + n * v->in_elems + c, *dx = v->dx + n * v->in_elems + c, sum = 0;
            size_t largest = 0;
            for (size_t p = 1; p < positions; p++)
                if (x[p * channels] > x[largest * channels] || isnan(x[p * channels]))
                    largest = p;
            for (size_t p = 0; p < positions; p++) {
                y[p * channels] = x[p * channels] * x[largest * channels];
                dx[p * channels] = dy[p * channels] * x[largest * channels];
                sum += dy[p * channels] * x[p * channels];
            }
            dx[largest * channels] += sum;
        }
}

static void run(struct incline_shape in, int batch, bool scales)
{
    size_t channels = (size_t)in.channels;
    struct harness_case test = {
        .setup = {.in = in, .batch = batch},
        .reference = scales ? scale_reference : square_reference,
        .cookie = &channels,
    };
    test.setup.layers[0].class_name = scales ? "max_pool2d" : "tanh";
    if (scales)
        snprintf(test.setup.layers[0].options, sizeof test.setup.layers[0].options, "size=[%d,%d]",
                 in.height, in.width);
    test.setup.layers[1] = (struct harness_layer){"multiply", "", {IMAGES, 0}, 2};
    harness_run(&test);
}

static void test_products(void **state)
{
    static const struct {
        struct incline_shape in;
        int batch;
        bool small;
    } sizes[] = {
        {{1, 1, 1}, 32, true},   {{3, 3, 5}, 17, true},    {{5, 9, 3}, 7, true},
        {{7, 7, 16}, 32, false}, {{1, 28, 17}, 48, false}, {{1, 1, 128}, 1, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int scales = 0; scales <= 1; scales++)
            if (sizes[i].small || !test_small())
                run(sizes[i].in, sizes[i].batch, scales);
}

static void test_shapes(void **state)
{
    struct incline_layer layer = {.class = incline_layer_class_find("multiply"),
                                  .input_count = 2,
                                  .in = {2, 3, 4},
                                  .others = {{1, 1, 4}}};
    struct incline_text problem;
    (void)state;
    incline_text_init(&problem, harness_device.ctx);
    assert_int_equal(layer.class->infer(&layer, &problem), INCLINE_OK);
    layer.others[0].channels = 5;
    assert_int_equal(layer.class->infer(&layer, &problem), INCLINE_ERROR_CONFIG);
    incline_text_finish(&problem);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_products),
                                          cmocka_unit_test(test_shapes)};

HARNESS_MAIN(tests)
