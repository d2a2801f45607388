/* A whole step of training with all fusions against the same step with none: the order of every sum
 * is fixed, so the parameters afterwards have the same bits. */
#include "base/memory.h"
#include "check/checker.h"
#include "network/initialize.h"
#include "network/rewrite.h"
#include "train/evaluator.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Large enough that parameters move by a good part of themselves, so that errors show. */
static const float learning_rate = 0.125f;

struct outcome {
    float *before, *after; /* all parameters */
    size_t count;
    struct incline_metrics_slot figures;
};

struct step_check {
    struct incline_checker *checker;
    struct incline_feed *feed;
};

/* What one step works on; parts of it only some sets of rewrites need. */
struct workshop {
    struct incline_parameters *parameters, *gradients;
    struct incline_buffer *metrics, *image_class;
    struct incline_step_plan *plan;
};

static enum incline_status make_parameters(struct step_check *check, unsigned rewrites,
                                           struct workshop *shop)
{
    struct incline_checker *checker = check->checker;
    const struct incline_model *model = &checker->config->model;
    enum incline_status status = incline_parameters_create(
        checker->ctx, checker->device, model->layers, model->layer_count, &shop->parameters);
    if (status)
        return status;
    if (!(rewrites & INCLINE_REWRITE_UPDATE)) {
        status = incline_parameters_create(checker->ctx, checker->device, model->layers,
                                           model->layer_count, &shop->gradients);
        if (status)
            return status;
    }
    return incline_initialize(checker->ctx, shop->parameters, model->layers,
                              checker->config->train.seed);
}

static enum incline_status make_plan(struct step_check *check, unsigned rewrites,
                                     struct workshop *shop)
{
    struct incline_checker *checker = check->checker;
    enum incline_status status =
        incline_buffer_create(checker->ctx, checker->device, "the metrics",
                              sizeof(struct incline_metrics_slot), &shop->metrics);
    if (status)
        return status;
    status = incline_buffer_create(checker->ctx, checker->device, "the classes found",
                                   check->feed->count * sizeof(int), &shop->image_class);
    if (status)
        return status;
    struct incline_step_spec spec = {
        .device = checker->device,
        .layers = checker->config->model.layers,
        .layer_count = checker->config->model.layer_count,
        .loss = &incline_losses[checker->config->train.loss],
        .mode = INCLINE_STEP_TRAIN,
        .rewrites = rewrites,
        .batch = checker->images,
        .tuned_batch = checker->batch,
        .parameters = shop->parameters,
        .gradients = shop->gradients,
        .feed = check->feed,
        .metrics = shop->metrics,
        .image_class = shop->image_class,
    };
    return incline_step_plan_create(checker->ctx, &spec, &shop->plan);
}

static enum incline_status read_parameters(struct incline_context *ctx, const struct workshop *shop,
                                           float **out, size_t *count)
{
    *count = shop->parameters->count > 0 ? shop->parameters->total_elems : 0;
    enum incline_status status = incline_alloc(ctx, *count, sizeof **out, out);
    if (status || *count == 0)
        return status;
    return incline_buffer_read(ctx, shop->parameters->all, 0, *out, *count * sizeof **out);
}

static enum incline_status run_plan(struct step_check *check, struct workshop *shop,
                                    struct outcome *out)
{
    struct incline_context *ctx = check->checker->ctx;
    struct incline_step step = {.images = check->checker->images, .learning_rate = learning_rate};
    enum incline_status status = read_parameters(ctx, shop, &out->before, &out->count);
    if (!status)
        status = incline_step_run(ctx, shop->plan, &step);
    if (!status)
        status = read_parameters(ctx, shop, &out->after, &out->count);
    return status ? status
                  : incline_buffer_read(ctx, shop->metrics, 0, &out->figures, sizeof out->figures);
}

static void finish_outcome(struct outcome *outcome)
{
    incline_free(&outcome->before);
    incline_free(&outcome->after);
}

static enum incline_status run_step(struct step_check *check, unsigned rewrites,
                                    struct outcome *out)
{
    struct workshop shop = {0};
    enum incline_status status = make_parameters(check, rewrites, &shop);
    if (!status)
        status = make_plan(check, rewrites, &shop);
    if (!status)
        status = run_plan(check, &shop, out);
    incline_step_plan_destroy(&shop.plan);
    incline_buffer_destroy(&shop.metrics);
    incline_buffer_destroy(&shop.image_class);
    incline_parameters_destroy(&shop.gradients);
    incline_parameters_destroy(&shop.parameters);
    return status;
}

struct difference {
    double l2, largest;
    bool finite;
};

/* How far apart what was added to the parameters is, relative to what the plain step added; and the
 * losses. */
static struct difference difference_of(const struct outcome *plain, const struct outcome *fused)
{
    double error = 0, size = 0, largest = 0, greatest = 0;
    double loss = (double)plain->figures.loss_sum, other = (double)fused->figures.loss_sum;
    struct difference difference = {.finite = isfinite(other) != 0};
    for (size_t i = 0; i < plain->count; i++) {
        double apart = (double)fused->after[i] - (double)plain->after[i];
        double moved = (double)plain->after[i] - (double)plain->before[i];
        difference.finite = difference.finite && isfinite(fused->after[i]);
        error += apart * apart;
        size += moved * moved;
        largest = fmax(largest, fabs(apart));
        greatest = fmax(greatest, fabs(moved));
    }
    difference.l2 = error > 0 ? sqrt(error) / sqrt(size) : 0;
    difference.largest = largest > 0 ? largest / greatest : 0;
    if (loss != other)
        difference.largest = fmax(difference.largest, fabs(loss - other) / fabs(loss));
    return difference;
}

static bool is_right(const struct difference *difference)
{
    return difference->finite && difference->l2 <= INCLINE_CHECK_LIMIT &&
           difference->largest <= INCLINE_CHECK_LIMIT;
}

/* Switches the rewrites on one after the other: the first with which the step goes wrong. */
static enum incline_status find_guilty(struct step_check *check, const struct outcome *plain,
                                       char *out, size_t bytes)
{
    unsigned on = 0;
    for (unsigned bit = 1; bit <= INCLINE_REWRITE_ALL; bit *= 2) {
        struct outcome fused = {0};
        on |= bit;
        enum incline_status status = run_step(check, on, &fused);
        struct difference difference = {0};
        if (!status)
            difference = difference_of(plain, &fused);
        finish_outcome(&fused);
        if (status)
            return status;
        if (is_right(&difference))
            continue;
        snprintf(out, bytes, "the fusion '%s' makes the difference; train with --no-fuse %s",
                 incline_rewrite_name(bit), incline_rewrite_name(bit));
        return INCLINE_OK;
    }
    return INCLINE_OK;
}

static enum incline_status compare_steps(struct step_check *check, const struct outcome *plain,
                                         const struct outcome *fused)
{
    struct difference difference = difference_of(plain, fused);
    char problem[160] = "", shape[96];
    enum incline_status status = INCLINE_OK;
    snprintf(shape, sizeof shape, "%.48s, %d images", check->checker->config->model.name,
             check->checker->images);
    struct incline_check_row row = {
        .op = "whole step, fused",
        .kernels = "",
        .tensor = "w, b, loss",
        .shape = shape,
        .elements = plain->count,
        .compared = plain->count,
        .l2 = difference.finite ? difference.l2 : (double)INFINITY,
        .largest = difference.finite ? difference.largest : (double)INFINITY,
        .limit = INCLINE_CHECK_LIMIT,
        .problem = problem,
    };
    if (!is_right(&difference)) {
        row.verdict = INCLINE_CHECK_FAILED;
        status = find_guilty(check, plain, problem, sizeof problem);
    }
    if (!status)
        incline_checker_report(check->checker, &row);
    return status;
}

enum incline_status incline_check_step(struct incline_checker *checker)
{
    struct step_check check = {.checker = checker};
    struct incline_check_data data;
    struct outcome plain = {0}, fused = {0};
    enum incline_status status = incline_check_data_init(checker, &data);
    if (status)
        goto out;
    check.feed = data.feed;
    status = run_step(&check, 0, &plain);
    if (status)
        goto out;
    status = run_step(&check, INCLINE_REWRITE_ALL, &fused);
    if (status)
        goto out;
    status = compare_steps(&check, &plain, &fused);
out:
    finish_outcome(&plain);
    finish_outcome(&fused);
    incline_check_data_finish(&data);
    return status;
}
