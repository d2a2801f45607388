/* dropout and spatial_dropout against the host's random numbers: which elements and channels go, on
 * the way there and back; and that seed, step and layer each decide. */
#include "check/reference.h"
#include "support/harness.h"

struct drop_case {
    struct incline_shape in;
    double p;
    bool spatial;
    int batch;
    bool small; /* for simulators as well */
};

static const struct drop_case cases[] = {
    {{1, 1, 1}, 0.5, false, 33, true},    {{3, 3, 5}, 0.5, false, 17, true},
    {{3, 3, 5}, 0.5, true, 17, true},     {{1, 1, 130}, 0.2, false, 7, true},
    {{1, 1, 67}, 0.8, true, 32, false},   {{5, 9, 3}, 0, false, 7, true},
    {{28, 29, 2}, 0.3, false, 48, false}, {{7, 8, 33}, 0.75, true, 160, false},
    {{8, 8, 16}, 0.999, false, 1, false}, {{1, 28, 17}, 0, true, 17, false},
};

/* Of layer number `layer`; units: the numbers that are drawn. */
static struct incline_reference_dropout
dropout_of(const struct drop_case *c, const struct incline_chain_values *v, uint32_t layer)
{
    return (struct incline_reference_dropout){
        .p = c->p,
        .units = c->spatial ? (size_t)c->in.channels : v->in_elems,
        .seed = v->seed,
        .step = (uint32_t)v->earlier,
        .layer = layer,
    };
}

static void reference(const void *cookie, struct incline_chain_values *v)
{
    const struct incline_reference_dropout dropout = dropout_of(cookie, v, 0);
    for (size_t i = 0; i < (size_t)v->images * v->in_elems; i++) {
        double factor = incline_reference_dropout_at(&dropout, i / v->in_elems,
                                                     i % v->in_elems % dropout.units);
        v->y[i] = v->x[i] * factor;
        v->dx[i] = v->dy[i] * factor;
    }
}

static struct harness_setup setup_of(const struct drop_case *c)
{
    struct harness_setup setup = {
        .in = c->in,
        .batch = c->batch,
        .layers = {{c->spatial ? "spatial_dropout" : "dropout", ""}},
    };
    snprintf(setup.layers[0].options, sizeof setup.layers[0].options, "p=%g", c->p);
    return setup;
}

static void test_against_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct harness_case test = {
            .setup = setup_of(&cases[i]),
            .reference = reference,
            .cookie = &cases[i],
            .exact = cases[i].p == 0 || cases[i].p == 0.5 || cases[i].p == 0.75,
        };
        if (cases[i].small || !test_small())
            harness_run(&test);
    }
}

/* The share of zeros is p, and another seed, its upper half, another step or layer drop others. */
static void test_what_decides(void **state)
{
    enum { ELEMS = 1024, IMAGES = 32, TOTAL = ELEMS * IMAGES };
    struct incline_chain_values v = {.in_elems = ELEMS, .seed = 5, .earlier = 7};
    const struct drop_case c = {.p = 0.3};
    struct incline_reference_dropout variants[5];
    (void)state;
    for (size_t i = 0; i < 5; i++)
        variants[i] = dropout_of(&c, &v, 3);
    variants[1].seed++;
    variants[2].seed += UINT64_C(1) << 32;
    variants[3].step++;
    variants[4].layer++;
    for (size_t i = 0; i < 5; i++) {
        size_t zeros = 0, others = 0;
        for (size_t e = 0; e < TOTAL; e++) {
            double now = incline_reference_dropout_at(&variants[i], e / ELEMS, e % ELEMS);
            double first = incline_reference_dropout_at(&variants[0], e / ELEMS, e % ELEMS);
            zeros += now == 0;
            others += now != first;
        }
        assert_true(zeros > TOTAL * 0.29 && zeros < TOTAL * 0.31);
        if (i > 0)
            assert_true(others > TOTAL * 0.41 && others < TOTAL * 0.43);
    }
}

/* Two dropouts, one after the other: the second draws as the layer that it is. */
static void test_layers_draw_for_themselves(void **state)
{
    static const struct drop_case c = {{3, 3, 5}, 0.5, false, 17, true};
    struct harness_setup setup = setup_of(&c);
    struct incline_chain_values got;
    (void)state;
    setup.layers[1] = setup.layers[0];
    struct harness_chain *chain = harness_chain_create(&setup);
    harness_values_init(&got, chain, c.batch);
    harness_values_fill(&got, HARNESS_INTEGER, 1);
    harness_chain_run(chain, &got);
    const struct incline_reference_dropout both[] = {dropout_of(&c, &got, 0),
                                                     dropout_of(&c, &got, 1)};
    for (size_t i = 0; i < (size_t)c.batch * got.in_elems; i++) {
        size_t n = i / got.in_elems, u = i % got.in_elems;
        double factor = incline_reference_dropout_at(&both[0], n, u) *
                        incline_reference_dropout_at(&both[1], n, u);
        assert_true(got.y[i] == got.x[i] * factor);
        assert_true(got.dx[i] == got.dy[i] * factor);
    }
    harness_values_finish(&got);
    harness_chain_destroy(&chain);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_against_reference),
    cmocka_unit_test(test_what_decides),
    cmocka_unit_test(test_layers_draw_for_themselves),
};

HARNESS_MAIN(tests)
