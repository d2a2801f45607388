/* The layers that apply one function to every element, against their references: awkward sizes, a
 * sweep over all of their bends, and single points where a wrong branch or an overflow would show.
 */
#include "check/reference.h"
#include "support/harness.h"

#include <math.h>

struct variant {
    const char *class_name, *options;
    enum incline_activation f;
    float alpha;
    bool exact; /* whole numbers give whole numbers */
};

static const struct variant variants[] = {
    {"relu", "", INCLINE_ACTIVATION_RELU, 0, true},
    {"sigmoid", "", INCLINE_ACTIVATION_SIGMOID, 0, false},
    {"tanh", "", INCLINE_ACTIVATION_TANH, 0, false},
    {"leaky_relu", "", INCLINE_ACTIVATION_LEAKY_RELU, 0.01f, false},
    {"leaky_relu", "alpha=0.5", INCLINE_ACTIVATION_LEAKY_RELU, 0.5f, true},
    {"leaky_relu", "alpha=0", INCLINE_ACTIVATION_RELU, 0, true},
    {"relu6", "", INCLINE_ACTIVATION_RELU6, 0, true},
    {"elu", "", INCLINE_ACTIVATION_ELU, 1, false},
    {"elu", "alpha=0.3", INCLINE_ACTIVATION_ELU, 0.3f, false},
    {"selu", "", INCLINE_ACTIVATION_SELU, 0, false},
    {"softplus", "", INCLINE_ACTIVATION_SOFTPLUS, 0, false},
    {"gelu", "", INCLINE_ACTIVATION_GELU, 0, false},
    {"gelu", "approximate=tanh", INCLINE_ACTIVATION_GELU_TANH, 0, false},
    {"silu", "", INCLINE_ACTIVATION_SILU, 0, false},
    {"hard_swish", "", INCLINE_ACTIVATION_HARD_SWISH, 0, false},
};
enum { VARIANTS = sizeof variants / sizeof *variants };

/* Each is a program; test_functions.c has what they compute everywhere. */
static size_t stride(void)
{
    return test_smallest() ? 3 : 1;
}

static void reference(const void *cookie, struct incline_chain_values *v)
{
    const struct variant *variant = cookie;
    double alpha = (double)variant->alpha;
    size_t count = (size_t)v->images * v->in_elems;
    for (size_t i = 0; i < count; i++) {
        v->y[i] = incline_reference_activation_at(variant->f, alpha, v->x[i]);
        double from = incline_activation_wants_x(variant->f) ? v->x[i] : v->y[i];
        v->dx[i] = incline_reference_slope_at(variant->f, alpha, from, v->dy[i]);
    }
}

/* Sizes below, at and above the chunk of 64 elements; all of them for one function, since they
 * share their launches. */
static void test_against_reference(void **state)
{
    static const struct {
        struct incline_shape in;
        int batch;
        bool small;
    } cases[] = {
        {{3, 3, 5}, 32, true},    {{3, 8, 33}, 160, false}, {{1, 1, 1}, 32, true},
        {{8, 8, 1}, 32, true},    {{1, 5, 13}, 32, true},   {{5, 9, 3}, 7, true},
        {{7, 7, 16}, 32, false},  {{28, 28, 1}, 32, false}, {{1, 1, 128}, 1, false},
        {{1, 28, 17}, 17, false},
    };
    enum { CASES = sizeof cases / sizeof *cases, FEW = 2 };
    (void)state;
    for (size_t k = 0; k < VARIANTS; k += stride()) {
        const struct variant *variant = &variants[k];
        for (size_t i = 0; i < (k == 0 ? CASES : FEW); i++) {
            struct harness_case test = {
                .setup = {.in = cases[i].in, .batch = cases[i].batch},
                .reference = reference,
                .cookie = variant,
                .exact = variant->exact,
            };
            test.setup.layers[0].class_name = variant->class_name;
            snprintf(test.setup.layers[0].options, sizeof test.setup.layers[0].options, "%s",
                     variant->options);
            if (cases[i].small || !test_small())
                harness_run(&test);
        }
    }
}

/* ---- From -8 to 8, and beyond ---- */

enum { PIECE = 64, SWEEP = 16 * PIECE };

static const double points[] = {0,  3,   -3,   6,   -6,   9.5,   -9.5, 20,
                                21, 100, -100, 1e4, -1e4, 1e-30, 1e30, -1e30};
enum { POINTS = sizeof points / sizeof *points };

static void fill(struct incline_chain_values *v)
{
    for (size_t i = 0; i < SWEEP + POINTS; i++) {
        v->x[i] =
            (double)(float)(i < SWEEP ? -8 + 16.0 * ((double)i + 0.5) / SWEEP : points[i - SWEEP]);
        v->dy[i] = 1;
    }
}

static void assert_near(const char *label, const char *what, double x, double got, double expected,
                        double least)
{
    if (!(fabs(got - expected) <= 1e-6 * fabs(expected) + least))
        fail_msg("%s: %s at %g is %.9g, not %.9g", label, what, x, got, expected);
}

/* Far out gradients that are computed from y keep no more digits than 1 has. */
static void check_range(const struct variant *variant)
{
    struct harness_setup setup = {.in = {1, 1, SWEEP + POINTS}, .batch = 1};
    struct incline_chain_values got, expected;
    char label[80];
    snprintf(label, sizeof label, "%s %s", variant->class_name, variant->options);
    setup.layers[0].class_name = variant->class_name;
    snprintf(setup.layers[0].options, sizeof setup.layers[0].options, "%s", variant->options);
    struct harness_chain *chain = harness_chain_create(&setup);
    harness_values_init(&got, chain, 1);
    harness_values_init(&expected, chain, 1);
    fill(&got);
    fill(&expected);
    harness_chain_run(chain, &got);
    reference(variant, &expected);
    for (size_t i = 0; i < SWEEP; i += PIECE)
        harness_compare(label, "y of a piece", got.y + i, expected.y + i, PIECE);
    harness_compare(label, "dx", got.dx, expected.dx, SWEEP);
    for (size_t i = SWEEP; i < SWEEP + POINTS; i++) {
        assert_near(label, "y", got.x[i], got.y[i], expected.y[i], 1e-30);
        assert_near(label, "the slope", got.x[i], got.dx[i], expected.dx[i], 1e-6);
    }
    harness_values_finish(&got);
    harness_values_finish(&expected);
    harness_chain_destroy(&chain);
}

static void test_range(void **state)
{
    (void)state;
    if (test_accesses())
        skip();
    for (size_t i = 0; i < VARIANTS; i += stride())
        check_range(&variants[i]);
}

struct proof {
    const struct variant *variant;
    double x[SWEEP], y[SWEEP], dx[SWEEP];
};

static double sum_of_y(void *cookie)
{
    struct proof *proof = cookie;
    double sum = 0;
    for (size_t i = 0; i < SWEEP; i++)
        sum += incline_reference_activation_at(proof->variant->f, (double)proof->variant->alpha,
                                               proof->x[i]);
    return sum;
}

static void test_reference(void **state)
{
    static struct proof proof;
    double ones[SWEEP];
    (void)state;
    for (size_t i = 0; i < SWEEP; i++)
        ones[i] = 1;
    for (const struct variant *variant = variants; variant < variants + VARIANTS; variant++) {
        struct incline_chain_values values = {
            .images = 1, .in_elems = SWEEP, .x = proof.x, .y = proof.y, .dy = ones, .dx = proof.dx};
        proof.variant = variant;
        for (size_t i = 0; i < SWEEP; i++)
            proof.x[i] = -8 + 16 * ((double)i + 0.5) / SWEEP;
        reference(variant, &values);
        harness_prove(variant->class_name, sum_of_y, &proof, proof.x, SWEEP, proof.dx);
    }
}

/* At a kink the slope is PyTorch's. */
static void test_kinks(void **state)
{
    static const struct {
        enum incline_activation f;
        double alpha, x, slope;
    } kinks[] = {
        {INCLINE_ACTIVATION_RELU, 0, 0, 0},       {INCLINE_ACTIVATION_LEAKY_RELU, 0.25, 0, 0.25},
        {INCLINE_ACTIVATION_RELU6, 0, 0, 0},      {INCLINE_ACTIVATION_RELU6, 0, 6, 0},
        {INCLINE_ACTIVATION_ELU, 0.25, 0, 0.25},  {INCLINE_ACTIVATION_HARD_SWISH, 0, -3, 0},
        {INCLINE_ACTIVATION_HARD_SWISH, 0, 3, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof kinks / sizeof *kinks; i++) {
        double y = incline_reference_activation_at(kinks[i].f, kinks[i].alpha, kinks[i].x);
        double from = incline_activation_wants_x(kinks[i].f) ? kinks[i].x : y;
        assert_true(incline_reference_slope_at(kinks[i].f, kinks[i].alpha, from, 1) ==
                    kinks[i].slope);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_reference),
    cmocka_unit_test(test_kinks),
    cmocka_unit_test(test_against_reference),
    cmocka_unit_test(test_range),
};

HARNESS_MAIN(tests)
