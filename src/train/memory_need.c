/* incline_memory_plan(): what a training will take on a device, without building anything. */
#include "base/memory.h"
#include "incline/network.h"
#include "network/rewrite.h"
#include "train/evaluator.h"

struct survey {
    struct incline_context *ctx;
    struct incline_device *device;
    const struct incline_config *config;
    struct incline_parameters *parameters;
    struct incline_feed *feed;
    struct incline_memory_need *need;
};

static void add(struct survey *survey, size_t *use, size_t bytes, size_t largest)
{
    *use += bytes;
    survey->need->total += bytes;
    if (largest > survey->need->largest)
        survey->need->largest = largest;
}

/* A plan cannot be made without the buffers it points at, so it gets the real parameters and a data
 * set of one black image. */
static enum incline_status add_step(struct survey *survey, enum incline_step_mode mode, int batch)
{
    const struct incline_config *config = survey->config;
    struct incline_step_plan *plan = NULL;
    struct incline_step_spec spec = {
        .device = survey->device,
        .layers = config->model.layers,
        .layer_count = config->model.layer_count,
        .loss = &incline_losses[config->train.loss],
        .mode = mode,
        .rewrites = INCLINE_REWRITE_ALL,
        .batch = batch,
        .parameters = survey->parameters,
        .feed = survey->feed,
        .metrics = survey->feed->labels,
        .image_class = survey->feed->labels,
        .measure = true,
    };
    enum incline_status status = incline_step_plan_create(survey->ctx, &spec, &plan);
    if (!status) {
        size_t bytes = incline_step_plan_bytes(plan);
        add(survey, &survey->need->activations, bytes, bytes);
    }
    incline_step_plan_destroy(&plan);
    return status;
}

/* A part of the data set: its images, and the buffers of trainer or evaluator that grow with it. */
static void add_part(struct survey *survey, size_t images, size_t batch)
{
    struct incline_shape input = survey->config->model.input;
    size_t steps = (images + batch - 1) / batch;
    add(survey, &survey->need->data,
        incline_feed_bytes(input, images) + images * sizeof(int) +
            steps * sizeof(struct incline_metrics_slot),
        images * incline_shape_elems(input));
}

static enum incline_status survey_part(struct survey *survey, enum incline_step_mode mode,
                                       size_t images, size_t batch)
{
    if (images > 0 && images < batch)
        batch = images;
    if (images > 0)
        add_part(survey, images, batch);
    return add_step(survey, mode, (int)batch);
}

static enum incline_status prepare(struct survey *survey, const struct incline_images *black)
{
    const struct incline_model *model = &survey->config->model;
    enum incline_status status = incline_parameters_create(
        survey->ctx, survey->device, model->layers, model->layer_count, &survey->parameters);
    if (status)
        return status;
    return incline_images_feed(survey->ctx, survey->device, survey->config, black, &survey->feed);
}

enum incline_status incline_memory_plan(struct incline_context *ctx, struct incline_device *device,
                                        const struct incline_config *config, size_t train,
                                        size_t val, struct incline_memory_need *out)
{
    INCLINE_REQUIRE(ctx, ctx && device && config && out);
    struct survey survey = {.ctx = ctx, .device = device, .config = config, .need = out};
    struct incline_shape input = config->model.input;
    struct incline_images black = {input.height, input.width, input.channels, 1, NULL, NULL};
    size_t bytes, batch = (size_t)config->train.batch_size;
    enum incline_status status = incline_alloc(ctx, incline_shape_elems(input), 1, &black.pixels);
    *out = (struct incline_memory_need){0};
    if (status)
        goto out;
    status = prepare(&survey, &black);
    if (status)
        goto out;
    bytes = survey.parameters->total_elems * sizeof(float);
    add(&survey, &out->weights, bytes, bytes);
    status = survey_part(&survey, INCLINE_STEP_TRAIN, train, batch);
    if (status || val == 0)
        goto out;
    if (train > 0 && train < batch)
        batch = train; /* validation has the batch of training */
    status = survey_part(&survey, INCLINE_STEP_EVALUATE, val, batch);
out:
    incline_feed_destroy(&survey.feed);
    incline_parameters_destroy(&survey.parameters);
    incline_free(&black.pixels);
    return status;
}
