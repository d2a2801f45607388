#include "tune/trial.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/philox.h"
#include "network/initialize.h"
#include "network/rewrite.h"

#include <math.h>
#include <string.h>

enum { METRICS = 5, SEED = 1 }; /* figures of a step, as in cl/finish.cl */

/* Large enough that an update shows in every bit of a parameter, small enough to stay finite. */
static const float learning_rate = 0.5f;

static const double tolerance = 1e-5;

/* ---- making ---- */

/* Noise: every class and every byte occurs. Where an image may show several classes, none does. */
static enum incline_status make_feed(struct incline_rig *rig)
{
    const struct incline_tune_spec *spec = rig->spec;
    struct incline_shape shape = spec->layers[0].in;
    int classes = spec->layers[spec->layer_count - 1].out.channels;
    size_t count = (size_t)spec->batch, bytes = count * incline_shape_elems(shape);
    unsigned char *pixels = NULL;
    size_t label_bytes = incline_loss_label_bytes(spec->loss, classes);
    int *labels = NULL;
    enum incline_status status = incline_alloc(rig->ctx, bytes, 1, &pixels);
    if (!status)
        status = incline_alloc(rig->ctx, count, sizeof *labels, &labels);
    for (size_t i = 0; !status && i < bytes; i++)
        pixels[i] = (unsigned char)incline_philox(SEED, 0, (uint32_t)i, 0, 0, 0).word[0];
    for (size_t i = 0; !status && i < count; i++)
        labels[i] = (int)(i % (size_t)classes);
    struct incline_feed_spec feed = {.shape = shape,
                                     .count = count,
                                     .pixels = pixels,
                                     .labels = spec->loss->multi_label ? NULL : labels,
                                     .label_bytes = label_bytes,
                                     .scale = 255};
    if (!status)
        status = incline_feed_create(rig->ctx, spec->device, &feed, &rig->feed);
    incline_free(&labels);
    incline_free(&pixels);
    return status;
}

static enum incline_status make_parameters(struct incline_rig *rig)
{
    const struct incline_tune_spec *spec = rig->spec;
    enum incline_status status = incline_parameters_create(rig->ctx, spec->device, spec->layers,
                                                           spec->layer_count, &rig->parameters);
    if (status)
        return status;
    if (!(spec->rewrites & INCLINE_REWRITE_UPDATE)) {
        status = incline_parameters_create(rig->ctx, spec->device, spec->layers, spec->layer_count,
                                           &rig->gradients);
        if (status)
            return status;
    }
    return incline_initialize(rig->ctx, rig->parameters, spec->layers, SEED);
}

static enum incline_status make_room(struct incline_rig *rig)
{
    struct incline_context *ctx = rig->ctx;
    rig->elems = rig->parameters->total_elems;
    enum incline_status status =
        incline_alloc(ctx, rig->elems + METRICS, sizeof *rig->start, &rig->start);
    if (!status)
        status = incline_alloc(ctx, rig->elems + METRICS, sizeof *rig->start, &rig->expected);
    if (!status)
        status = incline_alloc(ctx, rig->elems + METRICS, sizeof *rig->start, &rig->found);
    if (!status)
        status = incline_buffer_create(ctx, rig->spec->device, "the metrics",
                                       METRICS * sizeof(float), &rig->metrics);
    if (!status)
        status = incline_buffer_create(ctx, rig->spec->device, "the classes found",
                                       incline_buffer_bytes(rig->feed->labels), &rig->image_class);
    return status;
}

enum incline_status incline_rig_init(struct incline_context *ctx,
                                     const struct incline_tune_spec *spec, struct incline_rig *rig)
{
    *rig = (struct incline_rig){.ctx = ctx, .spec = spec};
    enum incline_status status = make_parameters(rig);
    if (!status)
        status = make_feed(rig);
    if (!status)
        status = make_room(rig);
    if (!status && rig->elems > 0)
        status = incline_buffer_read(ctx, rig->parameters->all, 0, rig->start,
                                     rig->elems * sizeof(float));
    return status;
}

void incline_rig_finish(struct incline_rig *rig)
{
    incline_buffer_destroy(&rig->image_class);
    incline_buffer_destroy(&rig->metrics);
    incline_feed_destroy(&rig->feed);
    incline_parameters_destroy(&rig->gradients);
    incline_parameters_destroy(&rig->parameters);
    incline_free(&rig->start);
    incline_free(&rig->expected);
    incline_free(&rig->found);
}

enum incline_status incline_rig_plan(struct incline_rig *rig, struct incline_step_plan **out)
{
    const struct incline_tune_spec *spec = rig->spec;
    const struct incline_step_spec step = {
        .device = spec->device,
        .layers = spec->layers,
        .layer_count = spec->layer_count,
        .loss = spec->loss,
        .mode = INCLINE_STEP_TRAIN,
        .rewrites = spec->rewrites,
        .batch = spec->batch,
        .parameters = rig->parameters,
        .gradients = rig->gradients,
        .feed = rig->feed,
        .metrics = rig->metrics,
        .image_class = rig->image_class,
        .top_k = 1,
    };
    return incline_step_plan_create(rig->ctx, &step, out);
}

/* ---- running ---- */

static struct incline_step whole_step(const struct incline_rig *rig)
{
    return (struct incline_step){.images = rig->spec->batch, .learning_rate = learning_rate};
}

static enum incline_status reset(struct incline_rig *rig)
{
    if (rig->elems == 0)
        return INCLINE_OK;
    return incline_buffer_write(rig->ctx, rig->parameters->all, 0, rig->start,
                                rig->elems * sizeof(float));
}

static enum incline_status read_outcome(struct incline_rig *rig, float *out)
{
    enum incline_status status = INCLINE_OK;
    if (rig->elems > 0)
        status =
            incline_buffer_read(rig->ctx, rig->parameters->all, 0, out, rig->elems * sizeof(float));
    if (status)
        return status;
    return incline_buffer_read(rig->ctx, rig->metrics, 0, out + rig->elems,
                               METRICS * sizeof(float));
}

static enum incline_status run(struct incline_rig *rig, struct incline_step_plan *plan, float *out)
{
    struct incline_step step = whole_step(rig);
    enum incline_status status = reset(rig);
    if (!status)
        status = incline_step_run(rig->ctx, plan, &step);
    if (!status)
        status = incline_device_wait(rig->ctx, rig->spec->device);
    return status ? status : read_outcome(rig, out);
}

enum incline_status incline_rig_expect(struct incline_rig *rig, struct incline_step_plan *plan)
{
    return run(rig, plan, rig->expected);
}

bool incline_is_near(const float *found, const float *expected, const float *start, size_t count)
{
    double error = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        double change = (double)expected[i] - (start ? (double)start[i] : 0);
        double difference = (double)found[i] - (double)expected[i];
        error += difference * difference;
        size += change * change;
    }
    return sqrt(error) <= tolerance * sqrt(size);
}

enum incline_status incline_rig_check(struct incline_rig *rig, struct incline_step_plan *plan,
                                      bool near, bool *same)
{
    enum incline_status status = run(rig, plan, rig->found);
    const float *found = rig->found, *expected = rig->expected;
    if (near)
        *same = incline_is_near(found, expected, rig->start, rig->elems) &&
                incline_is_near(found + rig->elems, expected + rig->elems, NULL, METRICS);
    else
        *same = memcmp(found, expected, (rig->elems + METRICS) * sizeof *found) == 0;
    return status;
}

static bool same_launch(const struct incline_launch *a, const struct incline_launch *b)
{
    return a->call == b->call && strcmp(a->source, b->source) == 0 &&
           strcmp(a->defines, b->defines) == 0 && (a->call || strcmp(a->kernel, b->kernel) == 0) &&
           a->items == b->items && a->group == b->group && a->second == b->second &&
           a->third == b->third;
}

size_t incline_plans_compare(const struct incline_plan *one, const struct incline_plan *other,
                             bool *differ)
{
    size_t launches = incline_plan_launches(other), count = 0;
    bool comparable = incline_plan_launches(one) == launches;
    for (size_t i = 0; i < launches; i++) {
        differ[i] = !comparable || !same_launch(incline_plan_get_launch(one, i),
                                                incline_plan_get_launch(other, i));
        count += differ[i];
    }
    return count;
}

static bool has_calls(const struct incline_plan *plan)
{
    for (size_t i = 0; i < incline_plan_launches(plan); i++)
        if (incline_plan_get_launch(plan, i)->call)
            return true;
    return false;
}

static enum incline_status time_outside(struct incline_rig *rig, struct incline_step_plan *plan,
                                        double *seconds)
{
    struct incline_step step = whole_step(rig);
    enum incline_status status = reset(rig);
    double start = incline_clock_seconds();
    if (!status)
        status = incline_step_run(rig->ctx, plan, &step);
    if (!status)
        status = incline_device_wait(rig->ctx, rig->spec->device);
    *seconds = incline_clock_seconds() - start;
    return status;
}

enum incline_status incline_rig_time(struct incline_rig *rig, struct incline_step_plan *plan,
                                     bool outside, const bool *marked, double *seconds)
{
    struct incline_plan *launches = incline_step_plan_launches(plan);
    if (outside || has_calls(launches))
        return time_outside(rig, plan, seconds);
    struct incline_step step = whole_step(rig);
    double *each = NULL;
    enum incline_status status =
        incline_alloc(rig->ctx, incline_plan_launches(launches), sizeof *each, &each);
    if (!status)
        status = reset(rig);
    if (!status)
        status = incline_plan_profile(rig->ctx, launches, &step, each);
    *seconds = 0;
    for (size_t i = 0; !status && i < incline_plan_launches(launches); i++)
        if (!marked || marked[i])
            *seconds += each[i];
    incline_free(&each);
    if (!status && *seconds <= 0) /* the device's clock stands still */
        return time_outside(rig, plan, seconds);
    return status;
}
