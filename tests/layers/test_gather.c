/* gather: bytes become numbers, rounded once, images come in the given order from `first` on, and
 * the rest of the last block is 0. */
#include "support/harness.h"

#include "network/feed.h"

#include <math.h>

enum { SET = 45, BATCH = 32, CHANNELS_MAX = 33 };

struct gather {
    struct incline_shape shape;
    size_t elems;
    unsigned char *pixels;
    double mean[CHANNELS_MAX], std[CHANNELS_MAX];
    struct incline_feed *feed;
    struct harness_buffer x;
    struct incline_plan *plan;
};

static const double scale = 255;

static struct incline_tensor *external(struct gather *g, const char *name,
                                       struct incline_buffer *buffer)
{
    struct incline_tensor *tensor = NULL;
    harness_ok(incline_plan_external(harness_device.ctx, g->plan, name, buffer, &tensor));
    return tensor;
}

/* The launch as network/step.c makes it. */
static void make_plan(struct gather *g)
{
    struct incline_text defines;
    incline_text_init(&defines, harness_device.ctx);
    incline_define(&defines, "IN_H", g->shape.height);
    incline_define(&defines, "IN_W", g->shape.width);
    incline_define(&defines, "IN_C", g->shape.channels);
    harness_ok(incline_plan_create(harness_device.ctx, harness_device.device, BATCH, &g->plan));
    struct incline_launch launch = {
        .label = "input",
        .source = "gather.cl",
        .kernel = "gather",
        .defines = incline_text_get(&defines),
        .items = incline_lane_items(g->plan),
        .group = incline_lane_items(g->plan),
        .second = g->shape.height,
        .third = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(external(g, "pixels", g->feed->pixels)),
                 INCLINE_TENSOR(external(g, "order", g->feed->order)),
                 INCLINE_TENSOR(external(g, "scaling", g->feed->scaling)),
                 INCLINE_TENSOR(harness_buffer_tensor(&g->x, g->plan)), INCLINE_FIRST,
                 INCLINE_IMAGES},
    };
    harness_ok(incline_plan_launch(harness_device.ctx, g->plan, &launch));
    harness_ok(incline_plan_finish(harness_device.ctx, g->plan));
    incline_text_finish(&defines);
}

static void make_feed(struct gather *g, bool with_mean)
{
    struct incline_feed_spec spec = {
        .shape = g->shape, .count = SET, .pixels = g->pixels, .scale = scale};
    for (size_t i = 0; i < SET * g->elems; i++)
        g->pixels[i] = (unsigned char)(i * 2654435761u >> 13);
    for (int c = 0; c < CHANNELS_MAX; c++) {
        g->mean[c] = with_mean ? 0.1 * c : 0;
        g->std[c] = with_mean ? 0.5 + 0.3 * c : 1;
    }
    if (with_mean) {
        spec.mean = g->mean;
        spec.std = g->std;
    }
    harness_ok(incline_feed_create(harness_device.ctx, harness_device.device, &spec, &g->feed));
}

static void gather_create(struct gather *g, struct incline_shape shape, bool with_mean)
{
    *g = (struct gather){.shape = shape, .elems = incline_shape_elems(shape)};
    g->pixels = malloc(SET * g->elems);
    assert_non_null(g->pixels);
    make_feed(g, with_mean);
    harness_buffer_create(&g->x, "x", incline_packed_elems(BATCH, g->elems) * sizeof(float));
    make_plan(g);
}

static void gather_destroy(struct gather *g)
{
    incline_plan_destroy(&g->plan);
    incline_feed_destroy(&g->feed);
    harness_buffer_destroy(&g->x);
    free(g->pixels);
}

/* What element e of the image at place n of a step that begins at first is: rounded once, from gain
 * and offset that were rounded before. */
static double expected(const struct gather *g, int first, int n, size_t e)
{
    size_t sample = (size_t)g->feed->host_order[first + n];
    size_t c = e % (size_t)g->shape.channels;
    float gain = (float)(1 / (scale * g->std[c])), offset = (float)(-g->mean[c] / g->std[c]);
    return (double)fmaf(gain, g->pixels[sample * g->elems + e], offset);
}

static void check_step(struct gather *g, int first, int images)
{
    struct incline_step step = {.images = images, .first = first};
    int filled = (images + INCLINE_NB - 1) / INCLINE_NB * INCLINE_NB;
    size_t count = (size_t)filled * g->elems;
    float *packed = calloc(count, sizeof *packed);
    double *got = calloc(count, sizeof *got), *wanted = calloc(count, sizeof *wanted);
    assert_true(packed && got && wanted);
    for (int n = 0; n < images; n++)
        for (size_t e = 0; e < g->elems; e++)
            wanted[(size_t)n * g->elems + e] = expected(g, first, n, e);
    harness_buffer_reset(&g->x, NULL, 0);
    harness_ok(incline_plan_enqueue(harness_device.ctx, g->plan, &step));
    harness_buffer_read(&g->x, packed, count * sizeof *packed);
    incline_unpack(packed, filled, g->elems, got);
    harness_compare_exact("gather", "x", got, wanted, count);
    free(packed);
    free(got);
    free(wanted);
}

static void check_steps(struct gather *g)
{
    static const struct {
        int first, images;
    } steps[] = {{0, 32}, {13, 32}, {44, 1}, {3, 2}, {28, 17}, {1, 7}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        check_step(g, steps[i].first, steps[i].images);
}

static void test_batches(void **state)
{
    static const struct {
        struct incline_shape shape;
        bool with_mean, small;
    } cases[] = {
        {{1, 1, 1}, false, true},  {{5, 9, 3}, true, true},  {{7, 1, 17}, true, true},
        {{1, 8, 1}, true, true},   {{3, 3, 5}, false, true}, {{28, 28, 1}, false, false},
        {{8, 7, 33}, true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gather g;
        if (test_small() && !cases[i].small)
            continue;
        gather_create(&g, cases[i].shape, cases[i].with_mean);
        check_steps(&g);
        for (int epoch = 1; epoch <= 2; epoch++) {
            harness_ok(incline_feed_shuffle(harness_device.ctx, g.feed, 42, epoch));
            check_steps(&g);
        }
        gather_destroy(&g);
    }
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_batches)};

HARNESS_MAIN(tests)
