/* incline/network.h: a network for evaluation and prediction. */
#include "incline/network.h"

#include "base/clock.h"
#include "base/memory.h"
#include "formats/weights.h"
#include "network/initialize.h"
#include "network/rewrite.h"
#include "train/evaluator.h"
#include "train/images_check.h"
#include "train/weights_file.h"

struct incline_network {
    struct incline_device *device;
    const struct incline_config *config;
    struct incline_parameters *parameters;
    int batch;
};

enum incline_status incline_network_create(struct incline_context *ctx,
                                           struct incline_device *device,
                                           const struct incline_config *config, int batch,
                                           struct incline_network **out)
{
    INCLINE_REQUIRE(ctx, ctx && device && config && batch >= 0 && out);
    struct incline_network *network = NULL;
    const struct incline_model *model = &config->model;
    enum incline_status status = incline_alloc(ctx, 1, sizeof *network, &network);
    if (status)
        goto out;
    network->device = device;
    network->config = config;
    network->batch = batch > 0 ? batch : config->train.batch_size;
    status = incline_parameters_create(ctx, device, model->layers, model->layer_count,
                                       &network->parameters);
    if (status)
        goto out;
    status = incline_initialize(ctx, network->parameters, model->layers, config->train.seed);
    if (status)
        goto out;
    *out = network;
    network = NULL;
out:
    incline_network_destroy(&network);
    return status;
}

void incline_network_destroy(struct incline_network **network)
{
    if (!*network)
        return;
    incline_parameters_destroy(&(*network)->parameters);
    incline_free(network);
}

enum incline_status incline_network_load_weights(struct incline_context *ctx,
                                                 struct incline_network *network, const char *path)
{
    INCLINE_REQUIRE(ctx, ctx && network && path);
    return incline_weights_load(ctx, network->config, network->parameters, path);
}

enum incline_status incline_network_save_weights(struct incline_context *ctx,
                                                 struct incline_network *network, const char *path)
{
    INCLINE_REQUIRE(ctx, ctx && network && path);
    return incline_weights_save(ctx, network->config, network->parameters, NULL, 0, path);
}

enum incline_status incline_weights_describe(struct incline_context *ctx, const char *path,
                                             char **config_text, char ***class_names,
                                             size_t *class_count)
{
    INCLINE_REQUIRE(ctx, ctx && path && config_text && class_names && class_count);
    return incline_weights_metadata(ctx, path, config_text, class_names, class_count);
}

int incline_network_classes(const struct incline_network *network)
{
    return incline_model_outputs(network->config);
}

static enum incline_status run_prediction(struct incline_context *ctx,
                                          const struct incline_network *network,
                                          const struct incline_feed *feed, int batch,
                                          float *probabilities)
{
    size_t classes = (size_t)incline_network_classes(network);
    struct incline_step_plan *plan = NULL;
    struct incline_step_spec spec = {
        .device = network->device,
        .layers = network->config->model.layers,
        .layer_count = network->config->model.layer_count,
        .loss = &network->config->train.loss,
        .mode = INCLINE_STEP_PREDICT,
        .rewrites = INCLINE_REWRITE_ALL,
        .batch = batch,
        .parameters = network->parameters,
        .feed = feed,
    };
    enum incline_status status = incline_step_plan_create(ctx, &spec, &plan);
    for (size_t first = 0; !status && first < feed->count; first += (size_t)batch) {
        size_t rest = feed->count - first;
        struct incline_step step = {
            .images = rest < (size_t)batch ? (int)rest : batch,
            .first = (int)first,
        };
        status = incline_step_run(ctx, plan, &step);
        if (!status)
            status = incline_step_read_probabilities(ctx, plan, step.images,
                                                     probabilities + first * classes);
    }
    incline_step_plan_destroy(&plan);
    return status;
}

enum incline_status incline_network_predict(struct incline_context *ctx,
                                            struct incline_network *network,
                                            const struct incline_images *images,
                                            float *probabilities)
{
    INCLINE_REQUIRE(ctx, ctx && network && images && probabilities);
    struct incline_feed *feed = NULL;
    enum incline_status status = incline_images_check(ctx, network->config, "images", images);
    if (status)
        return status;
    status = incline_images_feed(ctx, network->device, network->config, images, &feed);
    if (status)
        return status;
    int batch = (size_t)network->batch < images->count ? network->batch : (int)images->count;
    status = run_prediction(ctx, network, feed, batch, probabilities);
    incline_feed_destroy(&feed);
    return status;
}

static void count_decision(struct incline_class_counts *counts, bool shown, bool found)
{
    if (found)
        (*(shown ? &counts->true_positives : &counts->false_positives))++;
    else
        (*(shown ? &counts->false_negatives : &counts->true_negatives))++;
}

static enum incline_status count_decisions(struct incline_context *ctx,
                                           const struct incline_evaluator *evaluator,
                                           const struct incline_images *images,
                                           struct incline_evaluation *out)
{
    size_t classes = (size_t)out->classes;
    unsigned char *found = NULL;
    enum incline_status status = incline_alloc(ctx, images->count, classes, &found);
    if (status)
        return status;
    status = incline_alloc(ctx, classes, sizeof *out->counts, &out->counts);
    if (!status)
        status = incline_evaluator_classes(ctx, evaluator, found);
    for (size_t i = 0; !status && i < images->count * classes; i++)
        count_decision(&out->counts[i % classes], images->targets[i] != 0, found[i] != 0);
    incline_free(&found);
    return status;
}

static enum incline_status count_confusion(struct incline_context *ctx,
                                           const struct incline_evaluator *evaluator,
                                           const struct incline_images *images,
                                           struct incline_evaluation *out)
{
    size_t classes = (size_t)out->classes;
    int *found = NULL;
    enum incline_status status = incline_alloc(ctx, images->count, sizeof *found, &found);
    if (status)
        return status;
    status = incline_alloc(ctx, classes * classes, sizeof *out->confusion, &out->confusion);
    if (!status)
        status = incline_evaluator_classes(ctx, evaluator, found);
    for (size_t i = 0; !status && i < images->count; i++)
        out->confusion[(size_t)images->labels[i] * classes + (size_t)found[i]]++;
    incline_free(&found);
    return status;
}

enum incline_status incline_network_evaluate(struct incline_context *ctx,
                                             struct incline_network *network,
                                             const struct incline_images *images,
                                             struct incline_evaluation *out)
{
    INCLINE_REQUIRE(ctx, ctx && network && images && out);
    struct incline_evaluator *evaluator = NULL;
    struct incline_scores scores;
    bool complete;
    double start;
    *out = (struct incline_evaluation){0};
    enum incline_status status = incline_labelled_check(ctx, network->config, "images", images);
    if (status)
        return status;
    status = incline_evaluator_create(ctx, network->device, network->config, network->parameters,
                                      images, network->batch, INCLINE_REWRITE_ALL, &evaluator);
    if (status)
        return status;
    *out = (struct incline_evaluation){.images = images->count,
                                       .classes = incline_network_classes(network)};
    start = incline_clock_seconds();
    status = incline_evaluator_run(ctx, evaluator, NULL, &scores, &complete);
    if (status)
        goto out;
    out->seconds = incline_clock_seconds() - start;
    out->loss = scores.loss;
    out->accuracy = scores.accuracy;
    if (network->config->train.loss.multi_label) {
        out->exact_match = scores.top_k;
        status = count_decisions(ctx, evaluator, images, out);
    } else {
        out->top_k = network->config->train.top_k;
        out->top_k_accuracy = scores.top_k;
        status = count_confusion(ctx, evaluator, images, out);
    }
out:
    if (status)
        incline_evaluation_finish(out);
    incline_evaluator_destroy(&evaluator);
    return status;
}

void incline_evaluation_finish(struct incline_evaluation *evaluation)
{
    incline_free(&evaluation->confusion);
    incline_free(&evaluation->counts);
}
