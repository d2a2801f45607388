/* avg_pool2d against its reference: windows that overlap, leave gaps or remainders, and padding
 * that counts or does not. Windows of 2^k cells make whole numbers of quarters and such, to the
 * bit. */
#include "check/reference.h"
#include "support/harness.h"

enum { SAME = INCLINE_REFERENCE_SAME };

struct pool_case {
    struct incline_shape in;
    int size[2], stride[2], padding;
    const char *count;
    bool counts, exact;
    int batch;
    bool small; /* for simulators as well */
};

static const struct pool_case cases[] = {
    {{1, 1, 1}, {1, 1}, {1, 1}, 0, "auto", true, true, 32, true},
    {{7, 7, 3}, {2, 2}, {2, 2}, 0, "auto", true, true, 32, true},
    {{5, 9, 5}, {3, 2}, {1, 2}, SAME, "auto", false, false, 32, true},
    {{3, 8, 16}, {2, 2}, {1, 1}, 1, "auto", true, true, 32, true},
    {{3, 7, 4}, {2, 2}, {2, 2}, 1, "false", false, true, 17, true},
    {{3, 5, 2}, {2, 2}, {2, 2}, SAME, "auto", false, true, 17, true}, /* at the ends alone */
    {{4, 5, 2}, {2, 4}, {3, 2}, SAME, "true", true, true, 7, true},
    {{8, 3, 17}, {1, 3}, {2, 1}, 0, "false", true, false, 32, true},
    {{7, 7, 3}, {3, 3}, {2, 2}, 1, "auto", true, false, 7, false},
    {{7, 7, 3}, {3, 3}, {2, 2}, 1, "false", false, false, 7, false},
    {{28, 28, 16}, {2, 2}, {2, 2}, 0, "auto", true, true, 17, false},
    {{28, 28, 1}, {5, 5}, {3, 3}, 2, "true", true, false, 32, false},
    {{8, 8, 33}, {3, 3}, {1, 1}, SAME, "auto", false, false, 33, false},
    {{7, 8, 20}, {2, 3}, {3, 4}, 0, "auto", true, false, 32, false},
    {{9, 7, 10}, {4, 4}, {2, 3}, SAME, "false", false, false, 145, false},
    {{2, 300, 1}, {2, 256}, {1, 1}, SAME, "auto", false, false, 2, false},
};

static void reference(const void *cookie, struct incline_chain_values *v)
{
    const struct pool_case *c = cookie;
    struct incline_reference_window window =
        incline_reference_window(c->in, c->size, c->stride, c->padding);
    for (size_t i = 0; i < (size_t)v->images * v->out_elems; i++)
        v->y[i] = incline_reference_avg_pool2d_at(&window, c->in.channels, c->counts, v->x, i);
    for (size_t i = 0; i < (size_t)v->images * v->in_elems; i++)
        v->dx[i] =
            incline_reference_avg_pool2d_data_at(&window, c->in.channels, c->counts, v->dy, i);
}

static struct harness_setup setup_of(const struct pool_case *c)
{
    struct harness_setup setup = {.in = c->in, .batch = c->batch, .layers = {{"avg_pool2d", ""}}};
    char padding[16] = "same";
    if (c->padding != SAME)
        snprintf(padding, sizeof padding, "%d", c->padding);
    snprintf(setup.layers[0].options, sizeof setup.layers[0].options,
             "size=[%d,%d] stride=[%d,%d] padding=%s count_padding=%s", c->size[0], c->size[1],
             c->stride[0], c->stride[1], padding, c->count);
    return setup;
}

static void test_against_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct pool_case *c = &cases[i];
        struct harness_case test = {
            .setup = setup_of(c), .reference = reference, .cookie = c, .exact = c->exact};
        if (c->small || !test_small())
            harness_run(&test);
    }
}

/* What PyTorch and Keras give for 1 2 3 / 4 5 6 / 7 8 9: corners of 12 / 9 and 12 / 4. */
static void test_known_corners(void **state)
{
    static const struct {
        const char *options;
        double corner;
    } known[] = {
        {"size=3 stride=2 padding=1", 12.0 / 9},
        {"size=3 stride=2 padding=1 count_padding=false", 3},
        {"size=3 stride=2 padding=same", 3},
        {"size=3 stride=2 padding=same count_padding=true", 12.0 / 9},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct harness_setup setup = {.in = {3, 3, 1}, .batch = 1, .layers = {{"avg_pool2d", ""}}};
        struct incline_chain_values values;
        snprintf(setup.layers[0].options, sizeof setup.layers[0].options, "%s", known[i].options);
        struct harness_chain *chain = harness_chain_create(&setup);
        harness_values_init(&values, chain, 1);
        for (int cell = 0; cell < 9; cell++)
            values.x[cell] = cell + 1;
        harness_chain_run(chain, &values);
        harness_compare(known[i].options, "corner", values.y, &known[i].corner, 1);
        harness_values_finish(&values);
        harness_chain_destroy(&chain);
    }
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference),
                                          cmocka_unit_test(test_known_corners)};

HARNESS_MAIN(tests)
