/* incline_bench_network(): whole steps of a network. */
#include "base/memory.h"
#include "bench/bench_result.h"
#include "bench/synthetic.h"
#include "incline/network.h"
#include "network/initialize.h"
#include "network/rewrite.h"
#include "train/evaluator.h"

#include <math.h>

/* As many images as a data set has, more or less, so that they do not stay in caches; never less
 * than a batch. */
enum { SET_BYTES = 32 << 20, SET_IMAGES_MAX = 16384, STRIDE = 32 };

struct bench {
    struct incline_context *ctx;
    struct incline_device *device;
    const struct incline_config *config;
    const struct incline_bench_options *options;
    struct incline_bench_result *result;
    size_t batches;
    struct incline_feed *feed;
    struct incline_parameters *parameters, *gradients; /* as in struct incline_step_spec */
    struct incline_optimizer_state state;
    struct incline_buffer *metrics, *image_class;
    struct incline_step_plan *plan;
};

static void finish(struct bench *bench)
{
    incline_step_plan_destroy(&bench->plan);
    incline_buffer_destroy(&bench->metrics);
    incline_buffer_destroy(&bench->image_class);
    incline_feed_destroy(&bench->feed);
    incline_optimizer_state_finish(&bench->state);
    incline_parameters_destroy(&bench->gradients);
    incline_parameters_destroy(&bench->parameters);
}

static size_t count_batches(const struct bench *bench)
{
    size_t images = SET_BYTES / incline_shape_elems(bench->config->model.input);
    size_t batch = (size_t)bench->result->batch;
    if (images > SET_IMAGES_MAX)
        images = SET_IMAGES_MAX;
    return images > batch ? images / batch : 1;
}

/* Fewer, where the device has no room for all beside a step. *fits: for one batch it has. */
static enum incline_status choose_batches(struct bench *bench, bool *fits)
{
    const struct incline_device_info *info = incline_device_get_info(bench->device);
    struct incline_workload workload = {
        .work =
            bench->options->mode == INCLINE_BENCH_TRAIN ? INCLINE_WORK_TRAIN : INCLINE_WORK_PREDICT,
        .batch = bench->result->batch,
    };
    for (bench->batches = count_batches(bench);; bench->batches /= 2) {
        struct incline_memory_need need;
        workload.images = bench->batches * (size_t)workload.batch;
        enum incline_status status =
            incline_memory_plan(bench->ctx, bench->device, bench->config, &workload, &need);
        *fits = !status && incline_memory_fits(info, &need);
        if (status || *fits || bench->batches == 1)
            return status;
    }
}

static int class_count(const struct incline_model *model)
{
    return model->layers[model->layer_count - 1].out.channels;
}

/* Fails when the device has no room, before the host makes up more images than it has itself. */
static enum incline_status try_room(struct bench *bench, size_t bytes)
{
    struct incline_buffer *buffer = NULL;
    enum incline_status status =
        incline_buffer_create(bench->ctx, bench->device, "the synthetic images", bytes, &buffer);
    incline_buffer_destroy(&buffer);
    return status;
}

static enum incline_status make_feed(struct bench *bench)
{
    const struct incline_model *model = &bench->config->model;
    struct incline_images images = {0};
    size_t count = bench->batches * (size_t)bench->result->batch;
    enum incline_status status = try_room(bench, count * incline_shape_elems(model->input));
    if (status)
        return status;
    status = incline_synthetic_images(bench->ctx, model->input, count, class_count(model), &images);
    if (status)
        return status;
    status = incline_images_feed(bench->ctx, bench->device, bench->config, &images, &bench->feed);
    incline_images_finish(&images);
    if (status)
        return status;
    return incline_feed_shuffle(bench->ctx, bench->feed, bench->config->train.seed, 1);
}

static enum incline_status make_buffers(struct bench *bench)
{
    enum incline_status status = incline_buffer_create(
        bench->ctx, bench->device, "the metrics",
        bench->batches * sizeof(struct incline_metrics_slot), &bench->metrics);
    if (status)
        return status;
    return incline_buffer_create(bench->ctx, bench->device, "the classes found",
                                 incline_buffer_bytes(bench->feed->labels), &bench->image_class);
}

static enum incline_status make_parameters(struct bench *bench)
{
    const struct incline_model *model = &bench->config->model;
    const struct incline_optimizer *optimizer = &bench->config->train.optimizer;
    bool train = bench->options->mode == INCLINE_BENCH_TRAIN;
    enum incline_status status = incline_parameters_create(bench->ctx, bench->device, model->layers,
                                                           model->layer_count, &bench->parameters);
    if (!status && train)
        status = incline_optimizer_state_init(bench->ctx, bench->device, model->layers,
                                              model->layer_count, optimizer, &bench->state);
    if (!status && train && incline_stores_gradients(INCLINE_REWRITE_ALL, optimizer))
        status = incline_parameters_create(bench->ctx, bench->device, model->layers,
                                           model->layer_count, &bench->gradients);
    if (status)
        return status;
    return incline_initialize(bench->ctx, bench->parameters, model->layers,
                              bench->config->train.seed);
}

static enum incline_status make_plan(struct bench *bench)
{
    struct incline_step_spec spec = {
        .device = bench->device,
        .layers = bench->config->model.layers,
        .layer_count = bench->config->model.layer_count,
        .loss = &bench->config->train.loss,
        .mode =
            bench->options->mode == INCLINE_BENCH_TRAIN ? INCLINE_STEP_TRAIN : INCLINE_STEP_PREDICT,
        .rewrites = INCLINE_REWRITE_ALL,
        .batch = bench->result->batch,
        .parameters = bench->parameters,
        .gradients = bench->gradients,
        .optimizer = &bench->config->train.optimizer,
        .state = &bench->state,
        .feed = bench->feed,
        .metrics = bench->metrics,
        .image_class = bench->image_class,
        .top_k = bench->config->train.top_k,
    };
    return incline_step_plan_create(bench->ctx, &spec, &bench->plan);
}

static enum incline_status make_all(struct bench *bench)
{
    enum incline_status status = make_feed(bench);
    if (!status)
        status = make_buffers(bench);
    if (!status)
        status = make_parameters(bench);
    if (!status)
        status = make_plan(bench);
    return status;
}

/* A step of training whose loss is no number did not do the work that was timed. */
static enum incline_status check_loss(struct bench *bench)
{
    struct incline_metrics_slot slot;
    if (bench->options->mode != INCLINE_BENCH_TRAIN)
        return INCLINE_OK;
    enum incline_status status =
        incline_buffer_read(bench->ctx, bench->metrics, 0, &slot, sizeof slot);
    if (status)
        return status;
    if (!isfinite(slot.loss_sum))
        incline_bench_fail_check(bench->result, "the loss of the first step is not finite");
    else if (!(slot.answers >= (float)bench->result->batch))
        incline_bench_fail_check(bench->result, "the loss does not count all images of the batch");
    return INCLINE_OK;
}

static enum incline_status measure(struct bench *bench)
{
    struct incline_bench_subject subject = {
        .config = bench->config,
        .layers = bench->config->model.layers,
        .layer_count = bench->config->model.layer_count,
        .build_seconds = incline_device_get_counters(bench->device).build_seconds,
    };
    enum incline_status status = make_all(bench);
    if (status)
        return status;
    struct incline_plan_work work = {
        .plan = incline_step_plan_launches(bench->plan),
        .step = {.images = bench->result->batch},
        .batches = bench->batches,
        .stride = STRIDE,
    };
    incline_optimizer_rates(&bench->config->train.optimizer, 0, 0, work.step.rates);
    status = incline_bench_measure(bench->ctx, &subject, bench->options, &work, bench->result);
    if (status)
        return status;
    return check_loss(bench);
}

enum incline_status incline_bench_network(struct incline_context *ctx,
                                          struct incline_device *device,
                                          const struct incline_config *config,
                                          const struct incline_bench_options *options,
                                          struct incline_bench_result *out)
{
    INCLINE_REQUIRE(ctx, ctx && device && config && options && options->batch >= 0 && out);
    struct bench bench = {
        .ctx = ctx, .device = device, .config = config, .options = options, .result = out};
    *out = (struct incline_bench_result){
        .batch = options->batch > 0 ? options->batch : config->train.batch_size,
        .parameters = config->summary.parameters,
        .multiply_adds = config->summary.multiply_adds,
    };
    bool fits;
    enum incline_status status = choose_batches(&bench, &fits);
    if (!status && fits) /* what has no room fails all the same, and sooner */
        status = incline_bench_check(ctx, device, config, options, out);
    if (!status && out->state != INCLINE_BENCH_FAILED_CHECK)
        status = measure(&bench);
    finish(&bench);
    return status;
}
