/* incline_memory_plan(): what a training will take on a device, without building anything. */
#include "base/memory.h"
#include "incline/network.h"
#include "network/rewrite.h"
#include "train/evaluator.h"

/* A plan cannot be made without the buffers it points at, so it gets the real parameters and a data
 * set of one black image. */
static enum incline_status measure(struct incline_context *ctx, struct incline_device *device,
                                   const struct incline_config *config,
                                   const struct incline_parameters *parameters,
                                   const struct incline_feed *feed, struct incline_buffer *any,
                                   int batch, size_t *out)
{
    struct incline_step_plan *plan = NULL;
    struct incline_step_spec spec = {
        .device = device,
        .layers = config->model.layers,
        .layer_count = config->model.layer_count,
        .loss = &incline_losses[config->train.loss],
        .mode = INCLINE_STEP_TRAIN,
        .rewrites = INCLINE_REWRITE_ALL,
        .batch = batch,
        .parameters = parameters,
        .feed = feed,
        .metrics = any,
        .image_class = any,
        .measure = true,
    };
    enum incline_status status = incline_step_plan_create(ctx, &spec, &plan);
    if (!status)
        *out = incline_step_plan_bytes(plan);
    incline_step_plan_destroy(&plan);
    return status;
}

enum incline_status incline_memory_plan(struct incline_context *ctx, struct incline_device *device,
                                        const struct incline_config *config, size_t images,
                                        struct incline_memory_need *out)
{
    INCLINE_REQUIRE(ctx, ctx && device && config && out);
    struct incline_shape input = config->model.input;
    struct incline_images image = {input.height, input.width, input.channels, 1, NULL, NULL};
    struct incline_parameters *parameters = NULL;
    struct incline_feed *feed = NULL;
    int batch = config->train.batch_size;
    enum incline_status status = incline_alloc(ctx, incline_shape_elems(input), 1, &image.pixels);
    if (status)
        goto out;
    status = incline_parameters_create(ctx, device, config->model.layers, config->model.layer_count,
                                       &parameters);
    if (status)
        goto out;
    status = incline_images_feed(ctx, device, config, &image, &feed);
    if (status)
        goto out;
    *out = (struct incline_memory_need){
        .weights = parameters->total_elems * sizeof(float),
        .data = incline_feed_bytes(input, images),
    };
    if (images > 0 && images < (size_t)batch)
        batch = (int)images;
    status = measure(ctx, device, config, parameters, feed, feed->labels, batch, &out->activations);
out:
    incline_feed_destroy(&feed);
    incline_parameters_destroy(&parameters);
    incline_free(&image.pixels);
    return status;
}
