/* softmax against its reference, and rows of numbers far apart. */
#include "check/reference.h"
#include "support/harness.h"

#include <math.h>

static const struct {
    struct incline_shape in;
    int batch;
    bool small; /* for simulators as well */
} cases[] = {
    {{1, 1, 1}, 32, true},   {{1, 1, 10}, 32, true},    {{3, 2, 5}, 32, true},
    {{1, 1, 33}, 32, true},  {{5, 9, 3}, 7, true},      {{7, 7, 16}, 32, false},
    {{8, 8, 17}, 32, false}, {{1, 1, 1000}, 17, false}, {{1, 1, 2}, 160, false},
    {{1, 1, 64}, 1, false},
};

static void reference(const void *cookie, struct incline_chain_values *v)
{
    const struct incline_shape *in = cookie;
    size_t rows = (size_t)(v->images * in->height * in->width);
    incline_reference_softmax(rows, in->channels, v->x, v->y);
    incline_reference_softmax_backward(rows, in->channels, v->y, v->dy, v->dx);
}

static void test_against_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct harness_case test = {
            .setup = {.in = cases[i].in, .batch = cases[i].batch, .layers = {{"softmax", ""}}},
            .reference = reference,
            .cookie = &cases[i].in,
        };
        if (cases[i].small || !test_small())
            harness_run(&test);
    }
}

/* Neither overflow nor NaN where e^x itself would overflow or vanish. */
static void test_far_apart(void **state)
{
    static const double rows[][3] = {
        {1e4, 0, -1e4}, {-1e30, -1e30, -1e30}, {3e38, 3e38, 0},
        {88, 89, 90},   {-104, -105, -106},    {0, -87, -88},
    };
    enum { ROWS = sizeof rows / sizeof *rows };
    struct incline_shape in = {1, 1, 3};
    struct harness_setup setup = {.in = in, .batch = ROWS, .layers = {{"softmax", ""}}};
    struct harness_chain *chain = harness_chain_create(&setup);
    struct incline_chain_values got, expected;
    (void)state;
    harness_values_init(&got, chain, ROWS);
    harness_values_init(&expected, chain, ROWS);
    for (int i = 0; i < 3 * ROWS; i++)
        got.x[i] = expected.x[i] = (double)(float)rows[i / 3][i % 3];
    harness_fill(got.dy, 3 * ROWS, HARNESS_REAL, 1);
    harness_fill(expected.dy, 3 * ROWS, HARNESS_REAL, 1);
    harness_chain_run(chain, &got);
    reference(&in, &expected);
    harness_compare("softmax of numbers far apart", "y", got.y, expected.y, 3 * ROWS);
    harness_compare("softmax of numbers far apart", "dx", got.dx, expected.dx, 3 * ROWS);
    harness_values_finish(&got);
    harness_values_finish(&expected);
    harness_chain_destroy(&chain);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference),
                                          cmocka_unit_test(test_far_apart)};

HARNESS_MAIN(tests)
