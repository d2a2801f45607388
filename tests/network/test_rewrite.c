/* Rewrites make fewer launches and change no bit: outputs and gradients of a chain with them are
 * those of the chain without. The rewrites around the chain (input, head) are in
 * train/test_parity.c and train/test_training.c. */
#include "support/harness.h"

#include <math.h>

struct chain_case {
    struct incline_shape in;
    struct harness_layer layers[HARNESS_LAYERS];
    size_t saved; /* launches that the rewrites of activation, pool and residual save */
    bool small;   /* for simulators as well */
};

enum { IMAGES = INCLINE_GRAPH_IMAGES };

/* What each fusion saves: an activation 2 launches (forward, backward), a pool 2, a residual 4. */
static const struct chain_case cases[] = {
    {{8, 8, 1},
     {{"conv2d", "filters=5 kernel=3"}, {"relu", ""}, {"max_pool2d", "size=2"}},
     4,
     true},
    {{7, 9, 3},
     {{"conv2d", "filters=3 kernel=2"}, {"relu", ""}, {"max_pool2d", "size=[3,2]"}},
     4,
     true},
    {{6, 7, 2},
     {{"conv2d", "filters=17 kernel=3 padding=same"}, {"sigmoid", ""}, {"max_pool2d", "size=2"}},
     4,
     true},
    {{5, 5, 3},
     {{"conv2d", "filters=4 kernel=1 bias=false"}, {"tanh", ""}, {"max_pool2d", "size=2"}},
     4,
     true},
    {{6, 5, 1},
     {{"conv2d", "filters=3 kernel=2 activation=relu"},
      {"conv2d", "filters=5 kernel=2"},
      {"relu", ""},
      {"max_pool2d", "size=2"}},
     4,
     true},
    {{9, 9, 3}, {{"conv2d", "filters=16 kernel=3 stride=2"}, {"max_pool2d", "size=2"}}, 2, false},
    {{20, 20, 1},
     {{"conv2d", "filters=3 kernel=3 activation=tanh"}, {"max_pool2d", "size=[16,17]"}},
     2,
     false},
    {{8, 8, 3},
     {{"conv2d", "filters=8 kernel=3"}, {"sigmoid", ""}, {"max_pool2d", "size=2 stride=1"}},
     2,
     false},
    {{7, 7, 3},
     {{"conv2d", "filters=8 kernel=3"}, {"relu", ""}, {"max_pool2d", "size=2 padding=same"}},
     2,
     false},
    {{1, 1, 33},
     {{"dense", "units=10"}, {"sigmoid", ""}, {"dense", "units=3"}, {"relu", ""}},
     4,
     false},
    {{6, 6, 2},
     {{"conv2d", "filters=5 kernel=3"}, {"leaky_relu", "alpha=0.2"}, {"max_pool2d", "size=2"}},
     4,
     false},
    {{1, 1, 20},
     {{"dense", "units=10"}, {"softplus", ""}, {"dense", "units=9"}, {"relu6", ""}},
     4,
     false},
    /* not by its output: the layer keeps its launches */
    {{1, 1, 20}, {{"dense", "units=10"}, {"gelu", ""}, {"selu", ""}}, 0, false},
    /* With groups a fused activation costs a launch on the way back, which is left out without. */
    {{6, 6, 4},
     {{"conv2d", "filters=6 kernel=2 dilation=[1,2] groups=2"},
      {"relu", ""},
      {"max_pool2d", "size=2"}},
     3,
     true},
    {{5, 5, 5},
     {{"conv2d", "filters=10 kernel=3 padding=same groups=5 activation=tanh"},
      {"max_pool2d", "size=2"},
      {"flatten", ""},
      {"dense", "units=3"}},
     2,
     false},
    /* conv2d and the dense that reads it */
    {{8, 9, 2},
     {{"conv2d", "filters=5 kernel=[2,3] dilation=2 activation=relu"},
      {"max_pool2d", "size=2"},
      {"flatten", ""},
      {"dense", "units=3"}},
     2,
     true},
    {{6, 5, 2},
     {{"conv2d", "filters=5 kernel=2 activation=relu"}, {"flatten", ""}, {"dense", "units=3"}},
     0,
     true},
    {{7, 7, 1},
     {{"conv2d", "filters=18 kernel=3 activation=sigmoid"},
      {"max_pool2d", "size=2"},
      {"flatten", ""},
      {"dense", "units=19 bias=false"}},
     2,
     true},
    {{9, 8, 3},
     {{"conv2d", "filters=33 kernel=3 padding=same bias=false"},
      {"max_pool2d", "size=[2,3]"},
      {"flatten", ""},
      {"dense", "units=20 activation=tanh"}},
     2,
     false},
    {{6, 4, 1},
     {{"conv2d", "filters=5 kernel=2"},
      {"elu", "alpha=0.5"},
      {"flatten", ""},
      {"dense", "units=4"}},
     2,
     false},
    {{3, 2, 9}, {{"batch_norm", ""}, {"relu", ""}}, 2, true},
    {{9, 8, 9}, {{"batch_norm", "affine=false"}, {"leaky_relu", "alpha=0.2"}}, 2, false},
    {{9, 8, 9}, {{"batch_norm", ""}, {"gelu", ""}}, 0, false},
    /* batch_norm and the add that reads it; its other input is read by the batch_norm as well */
    {{3, 2, 9},
     {{"sigmoid", ""}, {"batch_norm", ""}, {"add", "", {1, 0}, 2}, {"relu", ""}},
     6,
     true},
    {{9, 8, 9}, {{"sigmoid", ""}, {"batch_norm", ""}, {"add", "", {0, 1}, 2}}, 4, false},
    /* or is one too: the last one adds the first, which keeps its activation to itself */
    {{3, 2, 9},
     {{"batch_norm", "affine=false"},
      {"batch_norm", "", {IMAGES}, 1},
      {"add", "", {0, 1}, 2},
      {"relu", ""}},
     6,
     true},
    {{9, 8, 9},
     {{"batch_norm", "affine=false"},
      {"leaky_relu", "alpha=0.2"},
      {"batch_norm", ""},
      {"add", "", {1, 2}, 2}},
     6,
     false},
    /* or is added once more, which the batch_norm cannot do */
    {{9, 8, 9},
     {{"sigmoid", ""}, {"batch_norm", ""}, {"add", "", {0, 1}, 2}, {"add", "", {2, 0}, 2}},
     4,
     false},
    /* none: the batch_norm is read twice, does not come last, is not added last, is one of three,
     * and what it would add are the images */
    {{9, 8, 9},
     {{"sigmoid", ""}, {"batch_norm", ""}, {"add", "", {0, 1}, 2}, {"add", "", {2, 1}, 2}},
     0,
     false},
    {{9, 8, 9}, {{"batch_norm", ""}, {"add", "", {0, 0}, 2}}, 0, false},
    {{9, 8, 9},
     {{"batch_norm", ""}, {"sigmoid", "", {IMAGES}, 1}, {"add", "", {0, 1}, 2}},
     0,
     false},
    {{9, 8, 9},
     {{"sigmoid", ""}, {"batch_norm", ""}, {"relu", ""}, {"add", "", {0, 2}, 2}},
     2,
     false},
    {{9, 8, 9}, {{"sigmoid", ""}, {"batch_norm", ""}, {"add", "", {0, 1, IMAGES}, 3}}, 0, false},
    {{9, 8, 9}, {{"batch_norm", ""}, {"add", "", {IMAGES, 0}, 2}}, 0, false},
};

enum { BATCH = 33 };

/* The rewrites whose saving a case tells. */
static const unsigned counted =
    INCLINE_REWRITE_ACTIVATION | INCLINE_REWRITE_POOL | INCLINE_REWRITE_RESIDUAL;

/* One chain, run with one set of rewrites. */
struct outcome {
    struct incline_chain_values values;
    size_t launches;
};

static void run(const struct chain_case *c, unsigned rewrites, bool without_dx, int images,
                struct outcome *out)
{
    struct harness_setup setup = {
        .in = c->in, .batch = BATCH, .rewrites = rewrites, .without_dx = without_dx};
    memcpy(setup.layers, c->layers, sizeof setup.layers);
    struct harness_chain *chain = harness_chain_create(&setup);
    harness_values_init(&out->values, chain, images);
    harness_values_fill(&out->values, HARNESS_REAL, 1);
    harness_chain_run(chain, &out->values);
    out->launches = harness_chain_launches(chain);
    harness_chain_destroy(&chain);
}

static void finish(struct outcome *outcome)
{
    harness_values_finish(&outcome->values);
}

static void compare_outputs(const struct incline_chain_values *a,
                            const struct incline_chain_values *b, bool has_dx)
{
    size_t n = (size_t)a->images;
    harness_compare_same("rewritten", "y", a->y, b->y, n * a->out_elems);
    /* The sign of 0 is left to compilers, some of which turn fma(a, b, 0) into a b. */
    if (has_dx)
        harness_compare_exact("rewritten", "dx", a->dx, b->dx, n * a->in_elems);
}

static void compare_gradients(const struct incline_chain_values *a,
                              const struct incline_chain_values *b)
{
    for (int i = 0; i < a->parameter_count; i++)
        harness_compare_same("rewritten", "a gradient", a->gradient[i], b->gradient[i],
                             a->parameter_elems[i]);
}

static void check_same_bits(const struct chain_case *c, const struct outcome *plain, int images,
                            unsigned rewrites, bool without_dx, size_t saved)
{
    struct outcome fused;
    run(c, rewrites, without_dx, images, &fused);
    compare_outputs(&fused.values, &plain->values, !without_dx);
    compare_gradients(&fused.values, &plain->values);
    if (!without_dx)
        assert_int_equal(fused.launches, plain->launches - saved);
    finish(&fused);
}

/* On simulators, and in the shape that GPUs get, the small cases are enough: which launches there
 * are depends on neither. */
static bool few(void)
{
    return test_small() || incline_device_lanes(harness_device.device) == 1;
}

static bool has_dense(const struct chain_case *c)
{
    for (int i = 0; i < HARNESS_LAYERS && c->layers[i].class_name; i++)
        if (strcmp(c->layers[i].class_name, "dense") == 0)
            return true;
    return false;
}

/* The rewrites of the way back, together and for some small cases also alone; those that need no
 * gradient at the chain's input as well. */
static void check_backward(const struct chain_case *c, const struct outcome *plain, int images)
{
    static const unsigned sets[] = {
        INCLINE_REWRITE_FINISH, INCLINE_REWRITE_DENSE_BACKWARD, INCLINE_REWRITE_DENSE_CONV2D,
        INCLINE_REWRITE_FINISH | INCLINE_REWRITE_DENSE_BACKWARD | INCLINE_REWRITE_DENSE_CONV2D};
    bool alone = !few() && c->small && (c == cases || has_dense(c));
    for (size_t i = alone ? 0 : 3; i < sizeof sets / sizeof *sets; i++)
        for (int without_dx = test_accesses(); without_dx < 2; without_dx++) {
            struct outcome fused;
            run(c, sets[i] | counted, without_dx, images, &fused);
            compare_outputs(&fused.values, &plain->values, !without_dx);
            compare_gradients(&fused.values, &plain->values);
            finish(&fused);
        }
}

/* w - learning_rate g, rounded once; of state, what a step without the rewrites leaves */
static void check_update(const struct chain_case *c, const struct outcome *plain, int images)
{
    struct outcome updated;
    run(c, INCLINE_REWRITE_ALL, false, images, &updated);
    const struct incline_chain_values *before = &plain->values, *after = &updated.values;
    compare_outputs(after, before, true);
    for (int i = 0; i < after->parameter_count; i++)
        for (size_t e = 0; e < after->parameter_elems[i]; e++) {
            float moved = fmaf(-before->learning_rate, (float)before->gradient[i][e],
                               (float)before->parameter[i][e]);
            float expected = before->is_state[i] ? (float)before->gradient[i][e] : moved;
            assert_true((float)after->gradient[i][e] == expected);
        }
    finish(&updated);
}

static void check_case(const struct chain_case *c, int images)
{
    struct outcome plain;
    run(c, 0, false, images, &plain);
    if (!test_accesses())
        check_same_bits(c, &plain, images, counted, false, c->saved);
    if (images == BATCH || few())
        check_backward(c, &plain, images);
    if (c->small) {
        if (!test_accesses())
            check_same_bits(c, &plain, images, counted, true, c->saved);
        check_update(c, &plain, images);
    }
    finish(&plain);
}

static void test_same_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (few() && !cases[i].small)
            continue;
        check_case(&cases[i], 3);
        if (!few())
            check_case(&cases[i], BATCH);
    }
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits)};

HARNESS_MAIN(tests)
