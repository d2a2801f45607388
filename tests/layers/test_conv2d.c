/* conv2d against its reference: shapes that fill no tile, every kind of padding and activation. */
#include "check/reference.h"
#include "device/tuning.h"
#include "support/harness.h"

struct conv_case {
    struct incline_shape in;
    int filters;
    int kernel[2], stride[2], padding;
    bool bias;
    int activation; /* enum incline_activation */
    int batch;
    bool small;              /* for simulators as well */
    int dilation[2], groups; /* 0: 1 */
};

enum {
    NONE = INCLINE_ACTIVATION_NONE,
    RELU = INCLINE_ACTIVATION_RELU,
    SIGMOID = INCLINE_ACTIVATION_SIGMOID,
    TANH = INCLINE_ACTIVATION_TANH,
    SAME = INCLINE_REFERENCE_SAME
};

static const struct conv_case cases[] = {
    {{1, 1, 1}, 1, {1, 1}, {1, 1}, 0, true, NONE, 32, true},
    {{3, 3, 3}, 5, {3, 3}, {1, 1}, SAME, true, RELU, 32, true},
    {{5, 9, 1}, 10, {1, 3}, {1, 1}, 0, false, NONE, 32, true},
    {{7, 7, 5}, 3, {2, 2}, {2, 2}, 1, true, TANH, 32, true},
    {{3, 3, 17}, 16, {3, 3}, {1, 1}, 0, false, SIGMOID, 32, true},
    {{2, 5, 3}, 33, {2, 2}, {1, 2}, SAME, true, NONE, 32, true},
    {{3, 3, 3}, 5, {3, 3}, {1, 1}, SAME, true, RELU, 1, false},
    {{3, 3, 3}, 5, {3, 3}, {1, 1}, SAME, true, RELU, 7, false},
    {{3, 3, 3}, 5, {3, 3}, {1, 1}, SAME, true, RELU, 160, false},
    {{28, 28, 1}, 16, {3, 3}, {1, 1}, 0, true, RELU, 7, false},
    {{28, 28, 1}, 20, {5, 5}, {1, 1}, SAME, true, NONE, 2, false},
    {{7, 8, 16}, 33, {5, 5}, {1, 1}, 2, true, RELU, 17, false},
    {{8, 8, 33}, 64, {3, 3}, {1, 1}, SAME, false, NONE, 17, false},
    {{7, 7, 3}, 64, {1, 1}, {1, 1}, 0, true, TANH, 32, false},
    {{5, 9, 3}, 20, {3, 3}, {2, 2}, SAME, true, NONE, 32, false},
    {{9, 5, 16}, 10, {2, 2}, {1, 1}, SAME, false, NONE, 32, false},
    {{7, 8, 17}, 17, {3, 3}, {1, 1}, 1, true, SIGMOID, 17, false},
    {{8, 8, 5}, 1, {5, 5}, {3, 3}, 2, true, NONE, 32, false},
    {{8, 7, 1}, 33, {2, 3}, {1, 1}, 0, true, RELU, 32, false},
    {{1, 28, 1}, 5, {1, 3}, {1, 2}, 0, true, NONE, 32, false},
    {{28, 1, 3}, 5, {3, 1}, {3, 1}, 1, false, NONE, 32, false},
    {{3, 3, 16}, 16, {3, 3}, {1, 1}, 0, true, NONE, 32, false},
    {{7, 7, 3}, 5, {1, 1}, {3, 3}, 0, true, NONE, 32, false},
    {{8, 8, 5}, 10, {2, 2}, {3, 3}, 0, false, RELU, 32, false},
    {{2, 2, 1}, 3, {1, 1}, {1, 1}, 1, true, NONE, 32, false},
    {{8, 8, 16}, 16, {3, 3}, {2, 1}, 1, true, NONE, 32, false},
    /* Long sums, whose tiles take turns: with a rest of terms, of tiles and of columns. */
    {{3, 8, 65}, 70, {3, 3}, {1, 1}, SAME, true, RELU, 17, false},
    {{5, 12, 64}, 19, {2, 3}, {2, 2}, 1, false, NONE, 17, false},
    {{2, 6, 66}, 65, {3, 3}, {1, 1}, SAME, true, RELU, 17, false},
    {{2, 6, 66}, 5, {3, 3}, {1, 1}, SAME, true, RELU, 17, true},
    {{2, 6, 5}, 66, {3, 3}, {1, 1}, SAME, true, RELU, 17, true},
    /* Long sums with dilation, and with a padding beyond the reach and a stride. */
    {{3, 9, 65}, 9, {2, 3}, {1, 1}, 3, true, NONE, 17, false, {2, 2}, 1},
    {{3, 9, 5}, 66, {2, 3}, {1, 1}, 3, true, RELU, 17, false, {2, 2}, 1},
    {{2, 9, 64}, 5, {1, 3}, {1, 2}, 3, true, NONE, 17, false},
    /* Padding beyond the kernel's reach, so that z is wider than x. */
    {{3, 8, 3}, 8, {1, 1}, {1, 1}, 3, true, NONE, 17, true},
    {{2, 8, 9}, 64, {1, 1}, {1, 1}, 3, true, NONE, 17, false},
    /* Dilation: with stride and each padding, and a kernel as large as its input. */
    {{7, 8, 3}, 18, {3, 2}, {1, 2}, SAME, true, RELU, 17, true, {3, 2}, 1},
    {{9, 7, 5}, 5, {3, 4}, {2, 1}, 3, false, NONE, 17, false, {3, 2}, 1},
    {{5, 5, 2}, 3, {3, 2}, {1, 1}, 0, true, NONE, 7, false, {2, 4}, 1},
    /* Groups: tiles of whole groups and inside a group, the last of them smaller. */
    {{5, 6, 4}, 6, {3, 3}, {1, 1}, SAME, true, RELU, 17, true, {2, 1}, 2},
    {{5, 4, 40}, 36, {2, 3}, {2, 1}, 1, true, NONE, 17, false, {1, 1}, 2},
    {{6, 5, 20}, 44, {3, 3}, {2, 2}, SAME, false, SIGMOID, 33, false, {1, 2}, 4},
    {{4, 4, 12}, 4, {2, 2}, {1, 1}, 0, true, NONE, 7, false, {1, 1}, 4},
    /* Depthwise, multipliers 1 and 2. */
    {{6, 5, 19}, 19, {3, 3}, {1, 1}, 1, true, TANH, 17, true, {1, 1}, 19},
    {{7, 7, 5}, 10, {3, 3}, {2, 2}, SAME, true, NONE, 33, false, {2, 2}, 5},
    {{9, 8, 6}, 12, {5, 5}, {1, 1}, 2, false, RELU, 1, false, {1, 1}, 6},
};

/* Where accesses are looked at, the first cases have two blocks of images. Of one the last image is
 * missing, too, and what lies beyond it is out of bounds. */
enum { OF_TWO_BLOCKS = 6, ONE_BLOCK = 7, FEW_TILES = 4 };

static int groups_of(const struct conv_case *c)
{
    return c->groups > 0 ? c->groups : 1;
}

/* Whose tiles take turns, but not with one lane. */
static bool has_long_sums(const struct conv_case *c)
{
    return c->in.channels >= 64 || c->filters >= 64;
}

/* Oclgrind 21.10 computes exp and what needs it wrongly in vectors; how memory is accessed does not
 * depend on it. */
static bool looks_at_vectors(void)
{
    return test_accesses() && incline_device_lanes(harness_device.device) > 1;
}

static int dilation_of(const struct conv_case *c, int axis)
{
    return c->dilation[axis] > 0 ? c->dilation[axis] : 1;
}

static void reference(const void *cookie, struct incline_chain_values *v)
{
    const struct conv_case *c = cookie;
    const int dilation[2] = {dilation_of(c, 0), dilation_of(c, 1)};
    struct incline_reference_conv2d conv = {
        .window = incline_reference_dilated(c->in, c->kernel, c->stride, dilation, c->padding),
        .channels = c->in.channels,
        .filters = c->filters,
        .groups = groups_of(c),
    };
    enum incline_activation activation = (enum incline_activation)c->activation;
    size_t count = (size_t)v->images * v->out_elems;
    double *dz = calloc(count, sizeof *dz);
    assert_non_null(dz);
    incline_reference_conv2d(&conv, v->images, v->x, v->parameter[0],
                             c->bias ? v->parameter[1] : NULL, v->y);
    incline_reference_activation(activation, count, v->y, v->y);
    incline_reference_activation_backward(activation, count, v->y, v->dy, dz);
    incline_reference_conv2d_data(&conv, v->images, v->parameter[0], dz, v->dx);
    incline_reference_conv2d_weights(&conv, v->images, v->x, dz, v->gradient[0]);
    if (c->bias)
        incline_reference_bias((int)(count / (size_t)c->filters), c->filters, dz, v->gradient[1]);
    free(dz);
}

static struct harness_setup setup_of(const struct conv_case *c)
{
    struct harness_setup setup = {.in = c->in, .batch = c->batch, .layers = {{"conv2d", ""}}};
    char padding[16] = "same";
    if (c->padding != SAME)
        snprintf(padding, sizeof padding, "%d", c->padding);
    snprintf(setup.layers[0].options, sizeof setup.layers[0].options,
             "filters=%d kernel=[%d,%d] stride=[%d,%d] padding=%s dilation=[%d,%d] groups=%d "
             "bias=%s activation=%s",
             c->filters, c->kernel[0], c->kernel[1], c->stride[0], c->stride[1], padding,
             dilation_of(c, 0), dilation_of(c, 1), groups_of(c), c->bias ? "true" : "false",
             incline_activation_names[c->activation]);
    return setup;
}

static void test_against_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct conv_case *c = &cases[i];
        struct harness_case test = {
            .setup = setup_of(c),
            .reference = reference,
            .cookie = c,
            .exact = c->activation == NONE || c->activation == RELU,
        };
        if (test_smallest() && (c->in.channels > 16 || has_long_sums(c)))
            continue;
        if (test_accesses() && (looks_at_vectors() ? !test.exact : has_long_sums(c)))
            continue;
        if (test_accesses() && i >= OF_TWO_BLOCKS && c->batch > ONE_BLOCK)
            test.setup.batch = ONE_BLOCK;
        if (c->small || !test_small())
            harness_run(&test);
    }
}

static size_t find_question(const char *op)
{
    size_t found = 0;
    while (found < incline_tuning_count(harness_device.device) &&
           strcmp(incline_tuning_get(harness_device.device, found)->op, op) != 0)
        found++;
    assert_true(found < incline_tuning_count(harness_device.device));
    return found;
}

static void run_once(const struct harness_setup *setup, struct incline_chain_values *values)
{
    struct harness_chain *chain = harness_chain_create(setup);
    harness_values_init(values, chain, setup->batch);
    harness_values_fill(values, HARNESS_REAL, 3);
    harness_chain_run(chain, values);
    harness_chain_destroy(&chain);
}

static void test_data_tiles_give_the_same_bits(void **state)
{
    /* wide enough for several neighbours at once, and enough channels to take turns at */
    struct conv_case c = {{3, 7, 17}, 65, {3, 3}, {1, 1}, SAME, true, RELU, 20, true};
    if (test_accesses()) { /* those of long sums are a case below */
        c.filters = 5;
        c.batch = ONE_BLOCK;
    }
    const struct harness_setup setup = setup_of(&c);
    struct incline_chain_values first, other;
    (void)state;
    if (test_smallest() || looks_at_vectors())
        skip();
    run_once(&setup, &first);
    size_t question = find_question("conv2d_backward_data");
    size_t count = incline_tuning_get(harness_device.device, question)->count;
    assert_int_equal(count, 8);
    for (size_t i = 1; i < (test_accesses() ? FEW_TILES : count); i++) {
        incline_tuning_set(harness_device.device, question, i, INCLINE_TUNING_MEASURED);
        run_once(&setup, &other);
        harness_compare_same("conv2d_backward_data", "dx", other.dx, first.dx,
                             (size_t)first.images * first.in_elems);
        harness_values_finish(&other);
    }
    harness_values_finish(&first);
}

/* That of the tiles comes first: its question must be the only one of its name. */
static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_data_tiles_give_the_same_bits),
    cmocka_unit_test(test_against_reference),
};

HARNESS_MAIN(tests)
