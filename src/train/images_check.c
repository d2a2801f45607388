#include "train/images_check.h"

#include "base/text.h"

#include <limits.h>

int incline_model_outputs(const struct incline_config *config)
{
    const struct incline_model *model = &config->model;
    return model->layers[model->layer_count - 1].out.channels;
}

const struct incline_images *incline_validation_images(const struct incline_dataset *dataset)
{
    if (dataset->val_is_test)
        return &dataset->test;
    return dataset->val.count > 0 ? &dataset->val : NULL;
}

enum incline_status incline_images_check(struct incline_context *ctx,
                                         const struct incline_config *config, const char *what,
                                         const struct incline_images *images)
{
    struct incline_shape input = config->model.input;
    if (images->count == 0 || !images->pixels)
        return incline_fail(ctx, INCLINE_ERROR_ARGUMENT, "there are no %s", what);
    if (images->count > INT_MAX)
        return incline_fail(ctx, INCLINE_ERROR_UNSUPPORTED, "%zu %s: more than %d do not work",
                            images->count, what, INT_MAX);
    if (images->height != input.height || images->width != input.width ||
        images->channels != input.channels)
        return incline_fail(ctx, INCLINE_ERROR_CONFIG,
                            "%s of %dx%dx%d do not fit a network for %dx%dx%d", what,
                            images->height, images->width, images->channels, input.height,
                            input.width, input.channels);
    return INCLINE_OK;
}

static enum incline_status check_targets(struct incline_context *ctx, const char *what,
                                         const struct incline_images *images, size_t outputs)
{
    if (!images->targets)
        return incline_fail(ctx, INCLINE_ERROR_ARGUMENT,
                            "the %s have no targets, which data.multi_label needs", what);
    for (size_t i = 0; i < images->count * outputs; i++)
        if (images->targets[i] > 1)
            return incline_fail(ctx, INCLINE_ERROR_DATA,
                                "%s: number %zu has target %d for class %zu; it must be 0 or 1",
                                what, i / outputs, images->targets[i], i % outputs);
    return INCLINE_OK;
}

enum incline_status incline_labelled_check(struct incline_context *ctx,
                                           const struct incline_config *config, const char *what,
                                           const struct incline_images *images)
{
    int outputs = incline_model_outputs(config);
    enum incline_status status = incline_images_check(ctx, config, what, images);
    if (status)
        return status;
    if (config->train.loss.multi_label)
        return check_targets(ctx, what, images, (size_t)outputs);
    if (!images->labels)
        return incline_fail(ctx, INCLINE_ERROR_ARGUMENT, "the %s have no labels", what);
    for (size_t i = 0; i < images->count; i++)
        if (images->labels[i] < 0 || images->labels[i] >= outputs)
            return incline_fail(ctx, INCLINE_ERROR_DATA,
                                "%s: number %zu has label %d; the network knows 0 to %d", what, i,
                                images->labels[i], outputs - 1);
    return INCLINE_OK;
}

static enum incline_status check_names(struct incline_context *ctx,
                                       const struct incline_dataset *dataset)
{
    for (int i = 0; dataset->class_names && i < dataset->classes; i++)
        if (!dataset->class_names[i] || !incline_is_line(dataset->class_names[i]))
            return incline_fail(ctx, INCLINE_ERROR_ARGUMENT,
                                "the name of class %d is not UTF-8 without control characters", i);
    return INCLINE_OK;
}

enum incline_status incline_dataset_check(struct incline_context *ctx,
                                          const struct incline_config *config,
                                          const struct incline_dataset *dataset)
{
    const struct incline_images *val = incline_validation_images(dataset);
    int outputs = incline_model_outputs(config);
    enum incline_status status =
        incline_labelled_check(ctx, config, "training images", &dataset->train);
    if (!status && val)
        status = incline_labelled_check(ctx, config, "validation images", val);
    if (status)
        return status;
    if (dataset->classes != outputs)
        return incline_fail(ctx, INCLINE_ERROR_CONFIG,
                            "the data set has %d classes, but the model has %d output%s",
                            dataset->classes, outputs, outputs == 1 ? "" : "s");
    return check_names(ctx, dataset);
}

enum incline_status incline_batches_check(struct incline_context *ctx,
                                          const struct incline_config *config, size_t images,
                                          size_t batch, size_t least)
{
    const struct incline_model *model = &config->model;
    for (size_t i = 0; i < model->layer_count; i++)
        if ((size_t)model->layers[i].least_images > least)
            return incline_fail(ctx, INCLINE_ERROR_CONFIG,
                                "%s needs at least %d images in a batch, and of %zu in batches of "
                                "%zu the last has %zu; use another batch size (-b)",
                                model->layers[i].name, model->layers[i].least_images, images, batch,
                                least);
    return INCLINE_OK;
}
