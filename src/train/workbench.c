#include "train/workbench.h"

#include "network/initialize.h"
#include "train/evaluator.h"
#include "train/weights_file.h"

/* Room in the layout of the parameters. */
static enum incline_status make_room(struct incline_context *ctx,
                                     const struct incline_workbench_spec *spec,
                                     struct incline_parameters **out)
{
    const struct incline_model *model = &spec->config->model;
    return incline_parameters_create(ctx, spec->device, model->layers, model->layer_count, out);
}

/* What training starts from. */
static enum incline_status fill(struct incline_context *ctx,
                                const struct incline_workbench_spec *spec,
                                const struct incline_parameters *parameters)
{
    const struct incline_config *config = spec->config;
    if (spec->weights)
        return incline_weights_load(ctx, config, parameters, spec->weights);
    return incline_initialize(ctx, parameters, config->model.layers, config->train.seed);
}

static enum incline_status make_parameters(struct incline_context *ctx,
                                           const struct incline_workbench_spec *spec,
                                           struct incline_workbench *bench)
{
    const struct incline_optimizer *optimizer = &spec->config->train.optimizer;
    const struct incline_model *model = &spec->config->model;
    enum incline_status status = make_room(ctx, spec, &bench->parameters);
    if (!status)
        status = incline_optimizer_state_init(ctx, spec->device, model->layers, model->layer_count,
                                              optimizer, &bench->state);
    if (!status && (spec->watches > 0 || incline_stores_gradients(spec->rewrites, optimizer)))
        status = make_room(ctx, spec, &bench->gradients);
    if (!status && incline_optimizer_accumulates(optimizer))
        status = make_room(ctx, spec, &bench->total);
    if (!status && spec->averages)
        status = make_room(ctx, spec, &bench->average);
    if (!status)
        status = fill(ctx, spec, bench->parameters);
    return status || !bench->average ? status : fill(ctx, spec, bench->average);
}

static enum incline_status make_buffers(struct incline_context *ctx,
                                        const struct incline_workbench_spec *spec,
                                        struct incline_workbench *bench)
{
    size_t bytes = spec->slots * sizeof(struct incline_metrics_slot);
    enum incline_status status =
        incline_images_feed(ctx, spec->device, spec->config, spec->images, &bench->feed);
    if (!status)
        status = incline_buffer_create(ctx, spec->device, "the metrics", bytes, &bench->metrics);
    if (!status)
        status =
            incline_buffer_create(ctx, spec->device, "the classes found",
                                  incline_buffer_bytes(bench->feed->labels), &bench->image_class);
    return status;
}

static struct incline_step_spec describe_step(const struct incline_workbench_spec *spec,
                                              const struct incline_workbench *bench)
{
    const struct incline_config *config = spec->config;
    const struct incline_optimizer *optimizer = &config->train.optimizer;
    bool stores = incline_stores_gradients(spec->rewrites, optimizer);
    return (struct incline_step_spec){
        .device = spec->device,
        .layers = config->model.layers,
        .layer_count = config->model.layer_count,
        .loss = &config->train.loss,
        .mode = INCLINE_STEP_TRAIN,
        .rewrites = spec->rewrites,
        .batch = spec->batch,
        .parameters = bench->parameters,
        .gradients = stores ? bench->gradients : NULL,
        .total = bench->total,
        .average = bench->average,
        .optimizer = optimizer,
        .state = &bench->state,
        .feed = bench->feed,
        .metrics = bench->metrics,
        .image_class = bench->image_class,
        .top_k = config->train.top_k,
        .lender = bench->watch_plan,
    };
}

/* The same step with stored gradients. */
static enum incline_status make_watch_plan(struct incline_context *ctx,
                                           const struct incline_workbench_spec *spec,
                                           struct incline_workbench *bench)
{
    const struct incline_model *model = &spec->config->model;
    struct incline_step_spec step = describe_step(spec, bench);
    enum incline_status status = incline_step_watch_create(
        ctx, bench->parameters, model->layers, model->layer_count, spec->watches, &bench->watch);
    step.gradients = bench->gradients;
    step.watch = bench->watch;
    return status ? status : incline_step_plan_create(ctx, &step, &bench->watch_plan);
}

static enum incline_status make_plans(struct incline_context *ctx,
                                      const struct incline_workbench_spec *spec,
                                      struct incline_workbench *bench)
{
    enum incline_status status = INCLINE_OK;
    if (spec->watches > 0)
        status = make_watch_plan(ctx, spec, bench);
    if (status)
        return status;
    const struct incline_step_spec step = describe_step(spec, bench);
    return incline_step_plan_create(ctx, &step, &bench->plan);
}

enum incline_status incline_workbench_create(struct incline_context *ctx,
                                             const struct incline_workbench_spec *spec,
                                             struct incline_workbench *out)
{
    enum incline_status status = make_parameters(ctx, spec, out);
    if (!status)
        status = make_buffers(ctx, spec, out);
    return status ? status : make_plans(ctx, spec, out);
}

void incline_workbench_destroy(struct incline_workbench *bench)
{
    incline_step_plan_destroy(&bench->plan);
    incline_step_plan_destroy(&bench->watch_plan);
    incline_step_watch_destroy(&bench->watch);
    incline_buffer_destroy(&bench->image_class);
    incline_buffer_destroy(&bench->metrics);
    incline_feed_destroy(&bench->feed);
    incline_optimizer_state_finish(&bench->state);
    incline_parameters_destroy(&bench->average);
    incline_parameters_destroy(&bench->total);
    incline_parameters_destroy(&bench->gradients);
    incline_parameters_destroy(&bench->parameters);
}
