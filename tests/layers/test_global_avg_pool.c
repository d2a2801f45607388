/* global_avg_pool against its reference, and squeeze-and-excitation: the channels of an image
 * scaled by what two dense layers make of their averages. */
#include "check/reference.h"
#include "support/harness.h"

static const struct global_case {
    struct incline_shape in;
    int batch;
    bool exact; /* 2^k positions: whole numbers of parts, to the bit */
    bool small; /* for simulators as well */
} cases[] = {
    {{1, 1, 1}, 32, true, true},      {{3, 3, 5}, 17, false, true},
    {{4, 2, 17}, 7, true, true},      {{8, 8, 33}, 33, true, false},
    {{7, 7, 64}, 1, false, false},    {{1, 28, 16}, 145, false, false},
    {{17, 16, 3}, 32, false, false},  {{2, 128, 1}, 5, true, false},
    {{224, 160, 5}, 2, false, false},
};

static void reference(const void *cookie, struct incline_chain_values *v)
{
    const struct global_case *c = cookie;
    const int size[2] = {c->in.height, c->in.width}, stride[2] = {1, 1};
    struct incline_reference_window window = incline_reference_window(c->in, size, stride, 0);
    for (size_t i = 0; i < (size_t)v->images * v->out_elems; i++)
        v->y[i] = incline_reference_avg_pool2d_at(&window, c->in.channels, true, v->x, i);
    for (size_t i = 0; i < (size_t)v->images * v->in_elems; i++)
        v->dx[i] =
            v->dy[i / v->in_elems * v->out_elems + i % v->out_elems] / ((double)size[0] * size[1]);
}

static void test_against_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct global_case *c = &cases[i];
        struct harness_case test = {
            .setup = {.in = c->in, .batch = c->batch, .layers = {{"global_avg_pool", ""}}},
            .reference = reference,
            .cookie = c,
            .exact = c->exact,
        };
        if (c->small || !test_small())
            harness_run(&test);
    }
}

/* ---- Squeeze-and-excitation ---- */

enum { CHANNELS = 6, SQUEEZED = 3 };

/* What lies between x and y, of all images; room for the largest number of them. */
struct excitation {
    double mean[160 * CHANNELS], hidden[160 * SQUEEZED], scale[160 * CHANNELS];
    double dscale[160 * CHANNELS], dhidden[160 * SQUEEZED], dmean[160 * CHANNELS];
};

static void excite(struct excitation *e, const struct incline_chain_values *v, size_t positions)
{
    size_t n = (size_t)v->images;
    memset(e->mean, 0, sizeof e->mean);
    for (size_t i = 0; i < n * v->in_elems; i++)
        e->mean[i / v->in_elems * CHANNELS + i % CHANNELS] += v->x[i] / (double)positions;
    incline_reference_dense(CHANNELS, SQUEEZED, v->images, e->mean, v->parameter[0],
                            v->parameter[1], e->hidden);
    incline_reference_activation(INCLINE_ACTIVATION_RELU, n * SQUEEZED, e->hidden, e->hidden);
    incline_reference_dense(SQUEEZED, CHANNELS, v->images, e->hidden, v->parameter[2],
                            v->parameter[3], e->scale);
    incline_reference_activation(INCLINE_ACTIVATION_SIGMOID, n * CHANNELS, e->scale, e->scale);
}

/* dscale is there; makes dmean and the gradients. */
static void excite_backward(struct excitation *e, struct incline_chain_values *v)
{
    size_t n = (size_t)v->images;
    incline_reference_activation_backward(INCLINE_ACTIVATION_SIGMOID, n * CHANNELS, e->scale,
                                          e->dscale, e->dscale);
    incline_reference_dense_weights(SQUEEZED, CHANNELS, v->images, e->hidden, e->dscale,
                                    v->gradient[2]);
    incline_reference_bias(v->images, CHANNELS, e->dscale, v->gradient[3]);
    incline_reference_dense_data(SQUEEZED, CHANNELS, v->images, v->parameter[2], e->dscale,
                                 e->dhidden);
    incline_reference_activation_backward(INCLINE_ACTIVATION_RELU, n * SQUEEZED, e->hidden,
                                          e->dhidden, e->dhidden);
    incline_reference_dense_weights(CHANNELS, SQUEEZED, v->images, e->mean, e->dhidden,
                                    v->gradient[0]);
    incline_reference_bias(v->images, SQUEEZED, e->dhidden, v->gradient[1]);
    incline_reference_dense_data(CHANNELS, SQUEEZED, v->images, v->parameter[0], e->dhidden,
                                 e->dmean);
}

static void excitation_reference(const void *cookie, struct incline_chain_values *v)
{
    static struct excitation e;
    size_t count = (size_t)v->images * v->in_elems, positions = v->in_elems / CHANNELS;
    (void)cookie;
    excite(&e, v, positions);
    memset(e.dscale, 0, sizeof e.dscale);
    for (size_t i = 0; i < count; i++) {
        size_t channel = i / v->in_elems * CHANNELS + i % CHANNELS;
        v->y[i] = v->x[i] * e.scale[channel];
        e.dscale[channel] += v->dy[i] * v->x[i];
    }
    excite_backward(&e, v);
    for (size_t i = 0; i < count; i++) {
        size_t channel = i / v->in_elems * CHANNELS + i % CHANNELS;
        v->dx[i] = v->dy[i] * e.scale[channel] + e.dmean[channel] / (double)positions;
    }
}

static void test_squeeze_and_excitation(void **state)
{
    static const struct incline_shape sizes[] = {{3, 5, CHANNELS}, {9, 8, CHANNELS}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct harness_case test = {
            .setup = {.in = sizes[i],
                      .batch = i == 0 ? 33 : 7,
                      .layers = {{"global_avg_pool", "", {0}, 0},
                                 {"dense", "units=3 activation=relu", {0}, 0},
                                 {"dense", "units=6 activation=sigmoid", {0}, 0},
                                 {"multiply", "", {INCLINE_GRAPH_IMAGES, 2}, 2}}},
            .reference = excitation_reference,
        };
        if (i == 0 || !test_small())
            harness_run(&test);
    }
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_reference),
                                          cmocka_unit_test(test_squeeze_and_excitation)};

HARNESS_MAIN(tests)
