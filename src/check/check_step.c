/* A whole step of training with all fusions against the same step with none: the order of every sum
 * is fixed, so the parameters afterwards have the same bits. Then what an evaluation and a
 * classification put out, with all fusions, against the host's work on the scores of a step with
 * none.
 */
#include "base/memory.h"
#include "check/checker.h"
#include "check/reference.h"
#include "network/graph.h"
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
    size_t count, trained; /* the first of them are trained */
    struct incline_metrics_slot figures;
};

struct step_check {
    struct incline_checker *checker;
    const struct incline_check_data *data;
};

/* A step to be made. */
struct task {
    enum incline_step_mode mode;
    unsigned rewrites;
    const struct incline_layer *layers;
    const struct incline_loss *loss;
};

/* What one step works on; parts of it only some sets of rewrites need. */
struct workshop {
    struct incline_parameters *parameters, *gradients;
    struct incline_optimizer_state state;
    struct incline_buffer *metrics, *image_class;
    struct incline_step_plan *plan;
};

static enum incline_status make_parameters(struct step_check *check, const struct task *task,
                                           struct workshop *shop)
{
    struct incline_checker *checker = check->checker;
    const struct incline_model *model = &checker->config->model;
    const struct incline_optimizer *optimizer = &checker->config->train.optimizer;
    enum incline_status status = incline_parameters_create(
        checker->ctx, checker->device, model->layers, model->layer_count, &shop->parameters);
    if (status)
        return status;
    if (task->mode == INCLINE_STEP_TRAIN)
        status = incline_optimizer_state_init(checker->ctx, checker->device, model->layers,
                                              model->layer_count, optimizer, &shop->state);
    if (!status && task->mode == INCLINE_STEP_TRAIN &&
        incline_stores_gradients(task->rewrites, optimizer))
        status = incline_parameters_create(checker->ctx, checker->device, model->layers,
                                           model->layer_count, &shop->gradients);
    if (status)
        return status;
    return incline_initialize(checker->ctx, shop->parameters, model->layers,
                              checker->config->train.seed);
}

static enum incline_status make_plan(struct step_check *check, const struct task *task,
                                     struct workshop *shop)
{
    struct incline_checker *checker = check->checker;
    enum incline_status status =
        incline_buffer_create(checker->ctx, checker->device, "the metrics",
                              sizeof(struct incline_metrics_slot), &shop->metrics);
    if (status)
        return status;
    status =
        incline_buffer_create(checker->ctx, checker->device, "the classes found",
                              incline_buffer_bytes(check->data->feed->labels), &shop->image_class);
    if (status)
        return status;
    struct incline_step_spec spec = {
        .device = checker->device,
        .layers = task->layers,
        .layer_count = checker->config->model.layer_count,
        .loss = task->loss,
        .mode = task->mode,
        .rewrites = task->rewrites,
        .batch = checker->images,
        .tuned_batch = checker->batch,
        .parameters = shop->parameters,
        .gradients = shop->gradients,
        .optimizer = &checker->config->train.optimizer,
        .state = &shop->state,
        .feed = check->data->feed,
        .metrics = shop->metrics,
        .image_class = shop->image_class,
        .top_k = checker->config->train.top_k,
    };
    return incline_step_plan_create(checker->ctx, &spec, &shop->plan);
}

static enum incline_status open_shop(struct step_check *check, const struct task *task,
                                     struct workshop *shop)
{
    enum incline_status status = make_parameters(check, task, shop);
    return status ? status : make_plan(check, task, shop);
}

static void close_shop(struct workshop *shop)
{
    incline_step_plan_destroy(&shop->plan);
    incline_buffer_destroy(&shop->metrics);
    incline_buffer_destroy(&shop->image_class);
    incline_optimizer_state_finish(&shop->state);
    incline_parameters_destroy(&shop->gradients);
    incline_parameters_destroy(&shop->parameters);
}

/* With the network's own layers and loss. */
static struct task network_task(const struct step_check *check, enum incline_step_mode mode,
                                unsigned rewrites)
{
    const struct incline_config *config = check->checker->config;
    return (struct task){mode, rewrites, config->model.layers, &config->train.loss};
}

/* ---- Training ---- */

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
    out->trained = shop->parameters->trained_elems;
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
    struct task task = network_task(check, INCLINE_STEP_TRAIN, rewrites);
    enum incline_status status = open_shop(check, &task, &shop);
    if (!status)
        status = run_plan(check, &shop, out);
    close_shop(&shop);
    return status;
}

struct difference {
    double l2, largest;
    bool finite;
};

/* How far apart what was added to a range of the parameters is, relative to what the plain step
 * added. */
static struct difference difference_over(const struct outcome *plain, const struct outcome *fused,
                                         size_t first, size_t end)
{
    double error = 0, size = 0, largest = 0, greatest = 0;
    struct difference difference = {.finite = true};
    for (size_t i = first; i < end; i++) {
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
    return difference;
}

/* The larger one of what is trained and of the state, which move by other amounts; and of the
 * losses. */
static struct difference difference_of(const struct outcome *plain, const struct outcome *fused)
{
    double loss = (double)plain->figures.loss_sum, other = (double)fused->figures.loss_sum;
    struct difference difference = difference_over(plain, fused, 0, plain->trained);
    struct difference state = difference_over(plain, fused, plain->trained, plain->count);
    difference.finite = difference.finite && state.finite && isfinite(other);
    difference.l2 = fmax(difference.l2, state.l2);
    difference.largest = fmax(difference.largest, state.largest);
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

static enum incline_status check_training(struct step_check *check)
{
    struct outcome plain = {0}, fused = {0};
    enum incline_status status = run_step(check, 0, &plain);
    if (status)
        goto out;
    status = run_step(check, INCLINE_REWRITE_ALL, &fused);
    if (status)
        goto out;
    status = compare_steps(check, &plain, &fused);
out:
    finish_outcome(&plain);
    finish_outcome(&fused);
    return status;
}

/* ---- Evaluation and classification ---- */

/* All [images][classes]; of the classes found the first [images], where an image shows one. */
struct answers {
    size_t count;
    size_t found_count; /* of the classes found */
    double *scores;     /* of a step without fusions: logits where the loss takes such */
    double *expected;   /* probabilities, or room for the gradient */
    double *probabilities;
    double *classes, *expected_classes;
};

static enum incline_status make_answers(const struct step_check *check, struct answers *answers)
{
    struct incline_context *ctx = check->checker->ctx;
    size_t images = check->data->images.count;
    answers->count = images * (size_t)incline_check_classes(check->checker);
    answers->found_count = check->checker->config->train.loss.multi_label ? answers->count : images;
    enum incline_status status =
        incline_alloc(ctx, answers->count, sizeof(double), &answers->scores);
    if (!status)
        status = incline_alloc(ctx, answers->count, sizeof(double), &answers->expected);
    if (!status)
        status = incline_alloc(ctx, answers->count, sizeof(double), &answers->probabilities);
    if (!status)
        status = incline_alloc(ctx, answers->found_count, sizeof(double), &answers->classes);
    if (!status)
        status =
            incline_alloc(ctx, answers->found_count, sizeof(double), &answers->expected_classes);
    return status;
}

static void finish_answers(struct answers *answers)
{
    incline_free(&answers->scores);
    incline_free(&answers->expected);
    incline_free(&answers->probabilities);
    incline_free(&answers->classes);
    incline_free(&answers->expected_classes);
}

static enum incline_status classify(struct step_check *check, const struct task *task,
                                    double *probabilities)
{
    struct incline_checker *checker = check->checker;
    size_t count = check->data->images.count * (size_t)incline_check_classes(checker);
    struct incline_step step = {.images = checker->images};
    struct workshop shop = {0};
    float *found = NULL;
    enum incline_status status = incline_alloc(checker->ctx, count, sizeof *found, &found);
    if (!status)
        status = open_shop(check, task, &shop);
    if (!status)
        status = incline_step_run(checker->ctx, shop.plan, &step);
    if (!status)
        status = incline_step_read_probabilities(checker->ctx, shop.plan, checker->images, found);
    for (size_t i = 0; !status && i < count; i++)
        probabilities[i] = (double)found[i];
    close_shop(&shop);
    incline_free(&found);
    return status;
}

static enum incline_status find_scores(struct step_check *check, double *scores)
{
    struct incline_checker *checker = check->checker;
    const struct incline_model *model = &checker->config->model;
    struct task task = network_task(check, INCLINE_STEP_PREDICT, 0);
    const char *closing = task.loss->class->closing;
    struct incline_layer *layers = NULL;
    enum incline_status status =
        incline_alloc(checker->ctx, model->layer_count, sizeof *layers, &layers);
    if (status)
        return status;
    memcpy(layers, model->layers, model->layer_count * sizeof *layers);
    struct incline_layer *last =
        closing ? incline_graph_closing(layers, model->layer_count, closing) : NULL;
    if (last)
        last->absorbed = true;
    task.layers = layers;
    task.loss = &incline_plain_loss;
    status = classify(check, &task, scores);
    incline_free(&layers);
    return status;
}

static void compare_answers(struct step_check *check, const char *op, const char *tensor,
                            const double *got, const double *expected, size_t count)
{
    char shape[96];
    snprintf(shape, sizeof shape, "%.48s, %d images", check->checker->config->model.name,
             check->checker->images);
    struct incline_comparison comparison = {
        .op = op,
        .kernels = "",
        .tensor = tensor,
        .shape = shape,
        .got = got,
        .count = count,
        .expect = incline_checker_element,
        .cookie = expected,
        .damage = "",
    };
    incline_checker_compare(check->checker, &comparison);
}

static enum incline_status check_inference(struct step_check *check, struct answers *answers)
{
    struct task task = network_task(check, INCLINE_STEP_PREDICT, INCLINE_REWRITE_ALL);
    const double *expected = answers->scores;
    const char *closing = task.loss->class->closing;
    if (closing)
        expected = answers->expected;
    if (closing && strcmp(closing, "softmax") == 0)
        incline_reference_softmax(check->data->images.count, incline_check_classes(check->checker),
                                  answers->scores, answers->expected);
    else if (closing)
        incline_reference_activation(INCLINE_ACTIVATION_SIGMOID, answers->count, answers->scores,
                                     answers->expected);
    enum incline_status status = classify(check, &task, answers->probabilities);
    if (!status)
        compare_answers(check, "whole step, inference", "probabilities", answers->probabilities,
                        expected, answers->count);
    return status;
}

/* The classes found, in either form. */
static enum incline_status read_classes(struct incline_context *ctx,
                                        struct incline_buffer *image_class, bool multi_label,
                                        double *classes)
{
    size_t bytes = incline_buffer_bytes(image_class);
    unsigned char *found = NULL;
    enum incline_status status = incline_alloc(ctx, bytes, 1, &found);
    if (!status)
        status = incline_buffer_read(ctx, image_class, 0, found, bytes);
    for (size_t i = 0; !status && multi_label && i < bytes; i++)
        classes[i] = found[i];
    for (size_t n = 0; !status && !multi_label && n < bytes / sizeof(int); n++) {
        int class;
        memcpy(&class, found + n * sizeof class, sizeof class);
        classes[n] = class;
    }
    incline_free(&found);
    return status;
}

/* Runs the step. */
static enum incline_status evaluate(struct step_check *check, double figures[INCLINE_CHECK_FIGURES],
                                    double *classes)
{
    struct incline_context *ctx = check->checker->ctx;
    struct task task = network_task(check, INCLINE_STEP_EVALUATE, INCLINE_REWRITE_ALL);
    struct incline_step step = {.images = check->checker->images};
    float numbers[INCLINE_CHECK_FIGURES];
    struct workshop shop = {0};
    enum incline_status status = open_shop(check, &task, &shop);
    if (!status)
        status = incline_step_run(ctx, shop.plan, &step);
    if (!status)
        status = incline_buffer_read(ctx, shop.metrics, 0, numbers, sizeof numbers);
    if (!status)
        status = read_classes(ctx, shop.image_class, task.loss->multi_label, classes);
    for (size_t i = 0; !status && i < INCLINE_CHECK_FIGURES; i++)
        figures[i] = (double)numbers[i];
    close_shop(&shop);
    return status;
}

/* All classes from the threshold on. */
static void shown_classes(const struct answers *answers, const struct incline_loss *loss,
                          double *out)
{
    for (size_t i = 0; i < answers->count; i++)
        out[i] = answers->scores[i] >= loss->class->threshold;
}

/* Of equals the first. */
static void best_classes(const struct answers *answers, size_t images, double *out)
{
    size_t classes = answers->count / images;
    for (size_t n = 0; n < images; n++) {
        const double *score = answers->scores + n * classes;
        size_t best = 0;
        for (size_t c = 1; c < classes; c++)
            best = score[c] > score[best] ? c : best;
        out[n] = (double)best;
    }
}

static enum incline_status check_evaluation(struct step_check *check, struct answers *answers)
{
    static const char op[] = "whole step, evaluation";
    const struct incline_images *images = &check->data->images;
    const struct incline_reference_truth truth = {images->labels, images->targets};
    const struct incline_loss *loss = &check->checker->config->train.loss;
    double found[INCLINE_CHECK_FIGURES], expected[INCLINE_CHECK_FIGURES];
    enum incline_status status = incline_check_expect_loss(check->checker, answers->scores, &truth,
                                                           answers->expected, expected);
    if (!status)
        status = evaluate(check, found, answers->classes);
    if (status)
        return status;
    if (loss->multi_label)
        shown_classes(answers, loss, answers->expected_classes);
    else
        best_classes(answers, images->count, answers->expected_classes);
    compare_answers(check, op, "loss", found, expected, 1);
    compare_answers(check, op, "hits", found + 1, expected + 1, INCLINE_CHECK_FIGURES - 1);
    compare_answers(check, op, "classes", answers->classes, answers->expected_classes,
                    answers->found_count);
    return INCLINE_OK;
}

static enum incline_status check_answers(struct step_check *check)
{
    struct answers answers = {0};
    enum incline_status status = make_answers(check, &answers);
    if (!status)
        status = find_scores(check, answers.scores);
    if (!status && !check->checker->options->inference)
        status = check_evaluation(check, &answers);
    if (!status)
        status = check_inference(check, &answers);
    finish_answers(&answers);
    return status;
}

enum incline_status incline_check_steps(struct incline_checker *checker)
{
    struct incline_check_data data;
    struct step_check check = {.checker = checker, .data = &data};
    enum incline_status status = incline_check_data_init(checker, &data);
    if (!status && !checker->options->inference)
        status = check_training(&check);
    if (!status)
        status = check_answers(&check);
    incline_check_data_finish(&data);
    return status;
}
