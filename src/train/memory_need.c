/* incline_memory_plan(): what a workload will take on a device, without building anything. */
#include "train/memory_need.h"

#include "base/memory.h"
#include "network/rewrite.h"
#include "train/evaluator.h"
#include "train/images_check.h"
#include "train/watcher.h"

struct survey {
    struct incline_context *ctx;
    struct incline_device *device;
    const struct incline_config *config;
    unsigned rewrites;
    struct incline_parameters *parameters, *gradients; /* as in struct incline_step_spec */
    struct incline_optimizer_state state;
    struct incline_feed *feed;
    struct incline_step_watch *watch; /* NULL: no step is watched */
    struct incline_memory_need *need;
};

static void add(struct survey *survey, size_t *use, size_t bytes, size_t largest)
{
    *use += bytes;
    survey->need->total += bytes;
    if (largest > survey->need->largest)
        survey->need->largest = largest;
}

/* *plan: to be destroyed by the caller. */
static enum incline_status add_plan(struct survey *survey, const struct incline_step_spec *spec,
                                    struct incline_step_plan **plan)
{
    enum incline_status status = incline_step_plan_create(survey->ctx, spec, plan);
    if (status)
        return status;
    add(survey, &survey->need->activations, incline_step_plan_bytes(*plan),
        incline_plan_arena_bytes(incline_step_plan_launches(*plan)));
    return INCLINE_OK;
}

/* A plan cannot be made without the buffers it points at, so it gets the real parameters and a data
 * set of one black image. */
static enum incline_status add_step(struct survey *survey, enum incline_step_mode mode, int batch)
{
    const struct incline_config *config = survey->config;
    const struct incline_optimizer *optimizer = &config->train.optimizer;
    struct incline_step_plan *plan = NULL, *watch_plan = NULL;
    enum incline_status status = INCLINE_OK;
    struct incline_step_spec spec = {
        .device = survey->device,
        .layers = config->model.layers,
        .layer_count = config->model.layer_count,
        .loss = &config->train.loss,
        .mode = mode,
        .rewrites = survey->rewrites,
        .batch = batch,
        .parameters = survey->parameters,
        .gradients = survey->gradients,
        .optimizer = optimizer,
        .state = &survey->state,
        .feed = survey->feed,
        .metrics = survey->feed->labels,
        .image_class = survey->feed->labels,
        .top_k = config->train.top_k,
        .watch = survey->watch,
        .measure = true,
    };
    if (survey->watch && mode == INCLINE_STEP_TRAIN)
        status = add_plan(survey, &spec, &watch_plan);
    if (!incline_stores_gradients(survey->rewrites, optimizer))
        spec.gradients = NULL;
    spec.watch = NULL;
    spec.lender = watch_plan;
    if (!status)
        status = add_plan(survey, &spec, &plan);
    incline_step_plan_destroy(&plan);
    incline_step_plan_destroy(&watch_plan);
    return status;
}

/* A part of the data set: its images, and the buffers of trainer or evaluator that grow with it. */
static void add_part(struct survey *survey, size_t images, size_t batch)
{
    struct incline_shape input = survey->config->model.input;
    size_t steps = (images + batch - 1) / batch, image_bytes = incline_shape_elems(input);
    size_t label_bytes = incline_loss_label_bytes(&survey->config->train.loss,
                                                  incline_model_outputs(survey->config));
    add(survey, &survey->need->data,
        incline_feed_bytes(input, images, label_bytes) + images * label_bytes +
            steps * sizeof(struct incline_metrics_slot),
        images * (image_bytes > label_bytes ? image_bytes : label_bytes));
}

static enum incline_status survey_part(struct survey *survey, enum incline_step_mode mode,
                                       size_t images, size_t batch)
{
    add_part(survey, images, batch);
    return add_step(survey, mode, (int)batch);
}

static enum incline_status add_weights(struct survey *survey,
                                       const struct incline_workload *workload)
{
    const struct incline_model *model = &survey->config->model;
    bool trains = workload->work == INCLINE_WORK_TRAIN;
    const struct incline_optimizer *optimizer = trains ? &survey->config->train.optimizer : NULL;
    bool separate =
        trains && (workload->watch > 0 || incline_stores_gradients(survey->rewrites, optimizer));
    bool averages = trains && survey->config->train.ema.on;
    enum incline_status status = incline_parameters_create(
        survey->ctx, survey->device, model->layers, model->layer_count, &survey->parameters);
    if (!status && separate)
        status = incline_parameters_create(survey->ctx, survey->device, model->layers,
                                           model->layer_count, &survey->gradients);
    if (!status)
        status = incline_optimizer_state_init(survey->ctx, survey->device, model->layers,
                                              model->layer_count, optimizer, &survey->state);
    if (status)
        return status;
    size_t bytes = survey->parameters->total_elems * sizeof(float);
    size_t tensors = 1 + separate + incline_optimizer_accumulates(optimizer) + averages +
                     (size_t)incline_optimizer_states(optimizer);
    add(survey, &survey->need->weights, tensors * bytes, bytes);
    return INCLINE_OK;
}

static enum incline_status add_watch(struct survey *survey, size_t watches)
{
    const struct incline_model *model = &survey->config->model;
    enum incline_status status =
        incline_step_watch_create(survey->ctx, survey->parameters, model->layers,
                                  model->layer_count, watches, &survey->watch);
    if (!status)
        add(survey, &survey->need->data, incline_step_watch_bytes(survey->watch), 0);
    return status;
}

static enum incline_status make_black_image(struct survey *survey)
{
    struct incline_shape input = survey->config->model.input;
    struct incline_images black = {input.height, input.width, input.channels, 1, NULL, NULL};
    enum incline_status status =
        incline_alloc(survey->ctx, incline_shape_elems(input), 1, &black.pixels);
    if (!status)
        status =
            incline_images_feed(survey->ctx, survey->device, survey->config, &black, &survey->feed);
    incline_free(&black.pixels);
    return status;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static enum incline_status survey_all(struct survey *survey,
                                      const struct incline_workload *workload)
{
    static const enum incline_step_mode modes[] = {[INCLINE_WORK_TRAIN] = INCLINE_STEP_TRAIN,
                                                   [INCLINE_WORK_EVALUATE] = INCLINE_STEP_EVALUATE,
                                                   [INCLINE_WORK_PREDICT] = INCLINE_STEP_PREDICT};
    int wanted = workload->batch > 0 ? workload->batch : survey->config->train.batch_size;
    size_t images = workload->images > 0 ? workload->images : (size_t)wanted;
    size_t batch = least((size_t)wanted, images), val = workload->val_images;
    bool watches = workload->work == INCLINE_WORK_TRAIN && workload->watch > 0;
    enum incline_status status = add_weights(survey, workload);
    if (!status && watches)
        status = add_watch(survey,
                           incline_watches_of_epoch(workload->watch, (images + batch - 1) / batch));
    if (!status)
        status = make_black_image(survey);
    if (!status)
        status = survey_part(survey, modes[workload->work], images, batch);
    if (status || val == 0)
        return status;
    return survey_part(survey, INCLINE_STEP_EVALUATE, val, least(batch, val));
}

enum incline_status incline_memory_survey(struct incline_context *ctx,
                                          struct incline_device *device,
                                          const struct incline_config *config,
                                          const struct incline_workload *workload,
                                          unsigned rewrites, struct incline_memory_need *out)
{
    struct survey survey = {
        .ctx = ctx, .device = device, .config = config, .rewrites = rewrites, .need = out};
    *out = (struct incline_memory_need){0};
    enum incline_status status = survey_all(&survey, workload);
    incline_step_watch_destroy(&survey.watch);
    incline_feed_destroy(&survey.feed);
    incline_optimizer_state_finish(&survey.state);
    incline_parameters_destroy(&survey.gradients);
    incline_parameters_destroy(&survey.parameters);
    return status;
}

enum incline_status incline_memory_plan(struct incline_context *ctx, struct incline_device *device,
                                        const struct incline_config *config,
                                        const struct incline_workload *workload,
                                        struct incline_memory_need *out)
{
    INCLINE_REQUIRE(ctx, ctx && device && config && workload && workload->batch >= 0 && out);
    return incline_memory_survey(ctx, device, config, workload, INCLINE_REWRITE_ALL, out);
}

bool incline_memory_fits(const struct incline_device_info *info,
                         const struct incline_memory_need *need)
{
    return need->total <= info->memory_bytes && need->largest <= info->max_alloc_bytes;
}

enum incline_status incline_memory_batch(struct incline_context *ctx, struct incline_device *device,
                                         const struct incline_config *config,
                                         const struct incline_workload *workload, int *batch)
{
    INCLINE_REQUIRE(ctx, ctx && device && config && workload && workload->batch >= 0 && batch);
    struct incline_workload smaller = *workload;
    smaller.batch = smaller.batch > 0 ? smaller.batch : config->train.batch_size;
    if (workload->images > 0)
        smaller.batch = (int)least((size_t)smaller.batch, workload->images);
    for (; smaller.batch > 0; smaller.batch /= 2) {
        struct incline_memory_need need;
        enum incline_status status = incline_memory_plan(ctx, device, config, &smaller, &need);
        if (status)
            return status;
        if (incline_memory_fits(incline_device_get_info(device), &need))
            break;
    }
    *batch = smaller.batch;
    return INCLINE_OK;
}
