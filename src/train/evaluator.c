#include "train/evaluator.h"

#include "base/clock.h"
#include "base/memory.h"
#include "network/rewrite.h"
#include "train/images_check.h"

/* The host runs ahead of the device by about this long, so that a wish to stop is soon met. */
static const double stride_seconds = 0.1;
enum { STRIDE_MAX = 32 };

struct incline_evaluator {
    struct incline_device *device;
    struct incline_feed *feed;
    struct incline_buffer *metrics, *image_class;
    struct incline_step_plan *plan;
    unsigned rewrites;
    size_t steps, batch;
    struct incline_metrics_slot *slots;
};

enum incline_status incline_images_feed(struct incline_context *ctx, struct incline_device *device,
                                        const struct incline_config *config,
                                        const struct incline_images *images,
                                        struct incline_feed **out)
{
    const struct incline_data_options *data = &config->data;
    const struct incline_loss *loss = &config->train.loss;
    double *numbers = NULL;
    size_t channels = (size_t)images->channels;
    enum incline_status status = incline_alloc(ctx, 2 * channels, sizeof *numbers, &numbers);
    if (status)
        return status;
    for (size_t c = 0; c < channels; c++) { /* one value stands for all channels */
        numbers[c] = data->mean.count ? data->mean.values[data->mean.count > 1 ? c : 0] : 0;
        numbers[channels + c] = data->std.count ? data->std.values[data->std.count > 1 ? c : 0] : 1;
    }
    struct incline_feed_spec spec = {
        .shape = {images->height, images->width, images->channels},
        .count = images->count,
        .pixels = images->pixels,
        .labels = loss->multi_label ? (const void *)images->targets : images->labels,
        .label_bytes = incline_loss_label_bytes(loss, incline_model_outputs(config)),
        .scale = data->scale,
        .mean = numbers,
        .std = numbers + channels,
    };
    status = incline_feed_create(ctx, device, &spec, out);
    incline_free(&numbers);
    return status;
}

struct incline_scores incline_metrics_scores(const struct incline_metrics_slot *slots, size_t count)
{
    double loss = 0, hits = 0, near_hits = 0, answers = 0, weight = 0;
    for (size_t i = 0; i < count; i++) {
        loss += (double)slots[i].loss_sum;
        hits += (double)slots[i].hits;
        near_hits += (double)slots[i].near_hits;
        answers += (double)slots[i].answers;
        weight += (double)slots[i].weight;
    }
    if (answers == 0)
        return (struct incline_scores){0};
    return (struct incline_scores){loss / (weight == 0 ? 1 : weight), hits / answers,
                                   near_hits / answers};
}

static enum incline_status fill(struct incline_context *ctx, struct incline_evaluator *evaluator,
                                const struct incline_config *config,
                                const struct incline_parameters *parameters,
                                const struct incline_images *images)
{
    enum incline_status status =
        incline_images_feed(ctx, evaluator->device, config, images, &evaluator->feed);
    if (status)
        return status;
    status =
        incline_buffer_create(ctx, evaluator->device, "the metrics",
                              evaluator->steps * sizeof *evaluator->slots, &evaluator->metrics);
    if (status)
        return status;
    status = incline_buffer_create(ctx, evaluator->device, "the classes found",
                                   incline_buffer_bytes(evaluator->feed->labels),
                                   &evaluator->image_class);
    if (status)
        return status;
    status = incline_alloc(ctx, evaluator->steps, sizeof *evaluator->slots, &evaluator->slots);
    if (status)
        return status;
    struct incline_step_spec spec = {
        .device = evaluator->device,
        .layers = config->model.layers,
        .layer_count = config->model.layer_count,
        .loss = &config->train.loss,
        .mode = INCLINE_STEP_EVALUATE,
        .rewrites = evaluator->rewrites,
        .batch = (int)evaluator->batch,
        .parameters = parameters,
        .feed = evaluator->feed,
        .metrics = evaluator->metrics,
        .image_class = evaluator->image_class,
        .top_k = config->train.top_k,
    };
    return incline_step_plan_create(ctx, &spec, &evaluator->plan);
}

enum incline_status incline_evaluator_create(struct incline_context *ctx,
                                             struct incline_device *device,
                                             const struct incline_config *config,
                                             const struct incline_parameters *parameters,
                                             const struct incline_images *images, int batch,
                                             unsigned rewrites, struct incline_evaluator **out)
{
    struct incline_evaluator *evaluator = NULL;
    enum incline_status status = incline_alloc(ctx, 1, sizeof *evaluator, &evaluator);
    if (status)
        return status;
    evaluator->device = device;
    evaluator->rewrites = rewrites;
    evaluator->batch = (size_t)batch < images->count ? (size_t)batch : images->count;
    evaluator->steps = (images->count + evaluator->batch - 1) / evaluator->batch;
    status = fill(ctx, evaluator, config, parameters, images);
    if (status) {
        incline_evaluator_destroy(&evaluator);
        return status;
    }
    *out = evaluator;
    return INCLINE_OK;
}

void incline_evaluator_destroy(struct incline_evaluator **evaluator)
{
    if (!*evaluator)
        return;
    incline_step_plan_destroy(&(*evaluator)->plan);
    incline_buffer_destroy(&(*evaluator)->image_class);
    incline_buffer_destroy(&(*evaluator)->metrics);
    incline_feed_destroy(&(*evaluator)->feed);
    incline_free(&(*evaluator)->slots);
    incline_free(evaluator);
}

/* How many steps to queue before the next wait: about as many as fill stride_seconds. */
static size_t steps_ahead(size_t steps, double seconds)
{
    double wanted = stride_seconds * (double)steps / seconds;
    if (!(wanted > 1))
        return 1;
    return wanted < STRIDE_MAX ? (size_t)wanted : STRIDE_MAX;
}

static enum incline_status enqueue(struct incline_context *ctx, struct incline_evaluator *evaluator,
                                   size_t i)
{
    size_t first = i * evaluator->batch, rest = evaluator->feed->count - first;
    struct incline_step step = {
        .images = (int)(rest < evaluator->batch ? rest : evaluator->batch),
        .first = (int)first,
        .number = (int)i,
    };
    enum incline_status status = incline_step_run(ctx, evaluator->plan, &step);
    return status ? status : incline_device_flush(ctx, evaluator->device);
}

static enum incline_status run_steps(struct incline_context *ctx,
                                     struct incline_evaluator *evaluator,
                                     const struct incline_stop_check *check, bool *complete)
{
    enum incline_status status = INCLINE_OK;
    size_t waited = 0, ahead = 1;
    double start = incline_clock_seconds();
    *complete = false;
    for (size_t i = 0; i < evaluator->steps; i++) {
        if (check && check->is_due(check->cookie))
            return incline_device_wait(ctx, evaluator->device);
        status = enqueue(ctx, evaluator, i);
        if (status)
            return status;
        if (i + 1 - waited < ahead)
            continue;
        status = incline_device_wait(ctx, evaluator->device);
        if (status)
            return status;
        ahead = steps_ahead(i + 1 - waited, incline_clock_seconds() - start);
        start = incline_clock_seconds();
        waited = i + 1;
    }
    *complete = true;
    return INCLINE_OK;
}

enum incline_status incline_evaluator_run(struct incline_context *ctx,
                                          struct incline_evaluator *evaluator,
                                          const struct incline_stop_check *check,
                                          struct incline_scores *out, bool *complete)
{
    enum incline_status status = run_steps(ctx, evaluator, check, complete);
    if (status || !*complete)
        return status;
    status = incline_buffer_read(ctx, evaluator->metrics, 0, evaluator->slots,
                                 evaluator->steps * sizeof *evaluator->slots);
    if (status)
        return status;
    *out = incline_metrics_scores(evaluator->slots, evaluator->steps);
    return INCLINE_OK;
}

enum incline_status incline_evaluator_classes(struct incline_context *ctx,
                                              const struct incline_evaluator *evaluator,
                                              void *classes)
{
    return incline_buffer_read(ctx, evaluator->image_class, 0, classes,
                               incline_buffer_bytes(evaluator->image_class));
}
