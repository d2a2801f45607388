/* The two ends of a network: bytes to numbers, and scores to loss and gradient. */
#include "base/memory.h"
#include "base/philox.h"
#include "check/checker.h"
#include "check/guarded.h"
#include "check/reference.h"
#include "layers/loss.h"
#include "network/step.h"

#include <stdio.h>
#include <string.h>

enum { INPUT_NUMBERS = 100000, LOSS_NUMBERS, TRUTH_NUMBERS }; /* beside the layers' */

int incline_check_classes(const struct incline_checker *checker)
{
    const struct incline_model *model = &checker->config->model;
    return model->layers[model->layer_count - 1].out.channels;
}

static uint32_t truth_word(size_t i)
{
    return incline_philox_draw(0, INCLINE_STREAM_CHECK, TRUTH_NUMBERS, i).word[0];
}

/* What the images of a check show, in one of the two forms. */
static enum incline_status make_truth(const struct incline_checker *checker, int **label,
                                      unsigned char **targets)
{
    size_t images = (size_t)checker->images, classes = (size_t)incline_check_classes(checker);
    if (checker->config->train.loss.multi_label) {
        enum incline_status status = incline_alloc(checker->ctx, images * classes, 1, targets);
        for (size_t i = 0; !status && i < images * classes; i++)
            (*targets)[i] = truth_word(i) & 1;
        return status;
    }
    enum incline_status status = incline_alloc(checker->ctx, images, sizeof **label, label);
    for (size_t n = 0; !status && n < images; n++)
        (*label)[n] = (int)(truth_word(n) % classes);
    return status;
}

static enum incline_status make_images(struct incline_checker *checker, struct incline_images *out)
{
    struct incline_shape in = checker->config->model.input;
    size_t count = (size_t)checker->images, bytes = count * incline_shape_elems(in);
    *out = (struct incline_images){
        .height = in.height, .width = in.width, .channels = in.channels, .count = count};
    enum incline_status status = incline_alloc(checker->ctx, bytes, 1, &out->pixels);
    if (status)
        return status;
    for (size_t i = 0; i < bytes; i++)
        out->pixels[i] =
            (unsigned char)incline_philox_draw(0, INCLINE_STREAM_CHECK, INPUT_NUMBERS, i / 4)
                .word[i % 4];
    return make_truth(checker, &out->labels, &out->targets);
}

enum incline_status incline_check_data_init(struct incline_checker *checker,
                                            struct incline_check_data *out)
{
    size_t channels = (size_t)checker->config->model.input.channels;
    const struct incline_loss *loss = &checker->config->train.loss;
    *out = (struct incline_check_data){0};
    enum incline_status status = make_images(checker, &out->images);
    if (!status)
        status = incline_alloc(checker->ctx, channels, sizeof(double), &out->mean);
    if (!status)
        status = incline_alloc(checker->ctx, channels, sizeof(double), &out->std);
    if (status)
        return status;
    for (size_t c = 0; c < channels; c++) {
        out->mean[c] = 0.5 + 0.01 * (double)(c % 8);
        out->std[c] = 0.3 + 0.01 * (double)(c % 8);
    }
    struct incline_feed_spec spec = {
        .shape = checker->config->model.input,
        .count = out->images.count,
        .pixels = out->images.pixels,
        .labels = loss->multi_label ? (const void *)out->images.targets : out->images.labels,
        .label_bytes = incline_loss_label_bytes(loss, incline_check_classes(checker)),
        .scale = INCLINE_CHECK_SCALE,
        .mean = out->mean,
        .std = out->std,
    };
    return incline_feed_create(checker->ctx, checker->device, &spec, &out->feed);
}

void incline_check_data_finish(struct incline_check_data *data)
{
    incline_feed_destroy(&data->feed);
    incline_free(&data->std);
    incline_free(&data->mean);
    incline_images_finish(&data->images);
}

/* ---- The input ---- */

static double input_x(const void *cookie, size_t index)
{
    const struct incline_check_data *data = cookie;
    size_t channel = index % (size_t)data->images.channels;
    double number = (double)data->images.pixels[index] / INCLINE_CHECK_SCALE;
    return (number - data->mean[channel]) / data->std[channel];
}

static enum incline_status compare_input(struct incline_checker *checker,
                                         const struct incline_check_data *data,
                                         const float *numbers)
{
    size_t count = data->images.count * incline_shape_elems(checker->config->model.input);
    double *got = NULL;
    struct incline_text shape;
    incline_text_init(&shape, checker->ctx);
    incline_check_add_shape(&shape, checker->config->model.input);
    incline_text_add(&shape, ", %zu images", data->images.count);
    enum incline_status status = incline_text_status(&shape);
    if (!status)
        status = incline_alloc(checker->ctx, count, sizeof *got, &got);
    for (size_t i = 0; !status && i < count; i++)
        got[i] = (double)numbers[i];
    struct incline_comparison comparison = {
        .op = "input",
        .kernels = "gather",
        .tensor = "x",
        .shape = incline_text_get(&shape),
        .got = got,
        .count = count,
        .expect = input_x,
        .cookie = data,
        .damage = "",
    };
    if (!status)
        incline_checker_compare(checker, &comparison);
    incline_free(&got);
    incline_text_finish(&shape);
    return status;
}

/* A network that only flattens puts out its input, which can be read. */
static enum incline_status run_input(struct incline_checker *checker,
                                     const struct incline_feed *feed, float *numbers)
{
    struct incline_shape in = checker->config->model.input;
    struct incline_layer flatten = {
        .class = incline_layer_class_find("flatten"),
        .name = (char *)"input",
        .in = in,
        .out = {1, 1, (int)incline_shape_elems(in)},
    };
    struct incline_parameters nothing = {.device = checker->device};
    struct incline_step_spec spec = {
        .device = checker->device,
        .layers = &flatten,
        .layer_count = 1,
        .loss = &incline_plain_loss,
        .mode = INCLINE_STEP_PREDICT,
        .batch = checker->images,
        .tuned_batch = checker->batch,
        .parameters = &nothing,
        .feed = feed,
    };
    struct incline_step step = {.images = checker->images};
    struct incline_step_plan *plan = NULL;
    enum incline_status status = incline_step_plan_create(checker->ctx, &spec, &plan);
    if (!status)
        status = incline_step_run(checker->ctx, plan, &step);
    if (!status)
        status = incline_step_read_probabilities(checker->ctx, plan, checker->images, numbers);
    incline_step_plan_destroy(&plan);
    return status;
}

enum incline_status incline_check_input(struct incline_checker *checker)
{
    struct incline_check_data data;
    float *numbers = NULL;
    enum incline_status status = incline_check_data_init(checker, &data);
    if (status)
        goto out;
    status = incline_alloc(checker->ctx,
                           data.images.count * incline_shape_elems(checker->config->model.input),
                           sizeof *numbers, &numbers);
    if (status)
        goto out;
    status = run_input(checker, data.feed, numbers);
    if (status)
        goto out;
    status = compare_input(checker, &data, numbers);
out:
    incline_free(&numbers);
    incline_check_data_finish(&data);
    return status;
}

/* ---- The loss ---- */

struct loss_check {
    struct incline_checker *checker;
    int images, classes;
    struct incline_plan *plan;
    struct incline_guarded x, dx, labels, order, image_class, metrics;
    double *scores, *gradient, *expected_gradient;
    int *label, *number;
    unsigned char *targets;
    size_t label_bytes; /* of all images */
    double figures[INCLINE_CHECK_FIGURES], expected_figures[INCLINE_CHECK_FIGURES];
    const char *damage;
};

static enum incline_status make_numbers(struct loss_check *check)
{
    struct incline_context *ctx = check->checker->ctx;
    size_t images = (size_t)check->images, count = images * (size_t)check->classes;
    enum incline_status status = incline_alloc(ctx, count, sizeof(double), &check->scores);
    if (!status)
        status = incline_alloc(ctx, count, sizeof(double), &check->gradient);
    if (!status)
        status = incline_alloc(ctx, count, sizeof(double), &check->expected_gradient);
    if (!status)
        status = make_truth(check->checker, &check->label, &check->targets);
    if (!status)
        status = incline_alloc(ctx, images, sizeof(int), &check->number);
    if (status)
        return status;
    incline_check_fill(check->scores, count, 3, LOSS_NUMBERS);
    for (int n = 0; n < check->images; n++)
        check->number[n] = n;
    return INCLINE_OK;
}

static enum incline_status make_tensor(struct loss_check *check, struct incline_guarded *guarded,
                                       const char *name, size_t bytes,
                                       struct incline_tensor **tensor)
{
    struct incline_checker *checker = check->checker;
    enum incline_status status =
        incline_guarded_create(checker->ctx, checker->device, name, bytes, guarded);
    if (status)
        return status;
    return incline_guarded_tensor(checker->ctx, guarded, check->plan, tensor);
}

static enum incline_status make_loss_plan(struct loss_check *check)
{
    struct incline_checker *checker = check->checker;
    struct incline_loss_io io = {
        .loss = &checker->config->train.loss,
        .classes = check->classes,
        .figures.top_k = checker->config->train.top_k,
    };
    size_t packed = incline_packed_elems(checker->images, (size_t)check->classes) * sizeof(float);
    size_t ints = (size_t)check->images * sizeof(int);
    enum incline_status status =
        incline_plan_create(checker->ctx, checker->device, checker->images, &check->plan);
    io.plan = check->plan;
    if (!status)
        status = make_tensor(check, &check->x, "the scores", packed, &io.x);
    if (!status)
        status = make_tensor(check, &check->dx, "dx", packed, &io.dx);
    if (!status)
        status = make_tensor(check, &check->labels, "the labels", check->label_bytes, &io.labels);
    if (!status)
        status = make_tensor(check, &check->order, "the order", ints, &io.order);
    if (!status)
        status = make_tensor(check, &check->image_class, "the classes", check->label_bytes,
                             &io.image_class);
    if (!status)
        status = make_tensor(check, &check->metrics, "the figures",
                             INCLINE_CHECK_FIGURES * sizeof(float), &io.figures.metrics);
    struct incline_finish finish = {.plan = check->plan};
    if (!status)
        status = incline_loss_plan(checker->ctx, &io, &finish);
    return status ? status : incline_plan_finish(checker->ctx, check->plan);
}

static enum incline_status write_inputs(struct loss_check *check)
{
    struct incline_context *ctx = check->checker->ctx;
    size_t count = incline_packed_elems(check->images, (size_t)check->classes);
    size_t ints = (size_t)check->images * sizeof(int);
    float *packed = NULL;
    enum incline_status status = incline_alloc(ctx, count, sizeof *packed, &packed);
    if (status)
        return status;
    incline_pack(check->scores, check->images, (size_t)check->classes, packed);
    status = incline_guarded_reset(ctx, &check->x, packed, count * sizeof *packed);
    if (!status)
        status = incline_guarded_reset(ctx, &check->labels,
                                       check->targets ? (const void *)check->targets : check->label,
                                       check->label_bytes);
    if (!status)
        status = incline_guarded_reset(ctx, &check->order, check->number, ints);
    if (!status)
        status = incline_guarded_reset(ctx, &check->dx, NULL, 0);
    if (!status)
        status = incline_guarded_reset(ctx, &check->image_class, NULL, 0);
    if (!status)
        status = incline_guarded_reset(ctx, &check->metrics, NULL, 0);
    incline_free(&packed);
    return status;
}

static enum incline_status read_outputs(struct loss_check *check)
{
    struct incline_context *ctx = check->checker->ctx;
    size_t count = incline_packed_elems(check->images, (size_t)check->classes);
    float *packed = NULL, figures[INCLINE_CHECK_FIGURES];
    enum incline_status status = incline_alloc(ctx, count, sizeof *packed, &packed);
    if (status)
        return status;
    status = incline_buffer_read(ctx, check->dx.part, 0, packed, count * sizeof *packed);
    if (!status)
        incline_unpack(packed, check->images, (size_t)check->classes, check->gradient);
    if (!status)
        status = incline_buffer_read(ctx, check->metrics.part, 0, figures, sizeof figures);
    for (int i = 0; !status && i < INCLINE_CHECK_FIGURES; i++)
        check->figures[i] = (double)figures[i];
    incline_free(&packed);
    return status;
}

static enum incline_status check_guards(struct loss_check *check)
{
    struct incline_guarded *all[] = {&check->x,     &check->dx,          &check->labels,
                                     &check->order, &check->image_class, &check->metrics};
    enum incline_status status = INCLINE_OK;
    for (size_t i = 0; !status && i < sizeof all / sizeof *all; i++) {
        bool intact = true;
        status = incline_guarded_check(check->checker->ctx, all[i], &intact);
        if (!intact)
            check->damage = "memory beside a tensor was overwritten";
    }
    return status;
}

/* How many classes score higher than the true one; of equals, the earlier class is the higher. */
static int rank(const double *score, int classes, int label)
{
    int above = 0;
    for (int c = 0; c < classes; c++)
        above += score[c] > score[label] || (score[c] == score[label] && c < label);
    return above;
}

/* What image n adds to the figures behind the loss. */
static void add_answers(const struct incline_checker *checker, const double *score,
                        const struct incline_reference_truth *truth, int n,
                        double figures[INCLINE_CHECK_FIGURES])
{
    const struct incline_train_section *train = &checker->config->train;
    int classes = incline_check_classes(checker);
    if (truth->targets) {
        int wrong =
            incline_reference_wrong(&train->loss, classes, score, truth->targets + n * classes);
        figures[1] += classes - wrong;
        figures[2] += wrong == 0 ? classes : 0;
        figures[3] += classes;
    } else {
        int above = rank(score, classes, truth->label[n]);
        figures[1] += above == 0;
        figures[2] += above < train->top_k;
        figures[3] += 1;
    }
}

enum incline_status incline_check_expect_loss(struct incline_checker *checker, const double *scores,
                                              const struct incline_reference_truth *truth,
                                              double *gradient,
                                              double figures[INCLINE_CHECK_FIGURES])
{
    const struct incline_train_section *train = &checker->config->train;
    int images = checker->images, classes = incline_check_classes(checker);
    double *losses = NULL;
    enum incline_status status =
        incline_alloc(checker->ctx, (size_t)images, sizeof *losses, &losses);
    if (status)
        return status;
    double weight = incline_reference_loss_weight(&train->loss, images, truth->label);
    incline_reference_loss(&train->loss, images, classes, scores, truth, losses, gradient);
    for (int i = 0; i < images * classes; i++)
        gradient[i] = weight > 0 ? gradient[i] / weight : 0; /* else no image weighs any */
    memset(figures, 0, INCLINE_CHECK_FIGURES * sizeof *figures);
    for (int n = 0; n < images; n++) {
        figures[0] += losses[n];
        add_answers(checker, scores + n * classes, truth, n, figures);
    }
    figures[4] = weight;
    incline_free(&losses);
    return INCLINE_OK;
}

static void compare_loss(struct loss_check *check)
{
    const char *name = check->checker->config->train.loss.class->name;
    char shape[64];
    struct {
        const char *op, *tensor;
        const double *got, *expected;
        size_t count;
    } rows[] = {
        {"loss", "loss", check->figures, check->expected_figures, 1},
        {"hits", "hits", check->figures + 1, check->expected_figures + 1,
         INCLINE_CHECK_FIGURES - 1},
        {"gradient", "dx", check->gradient, check->expected_gradient,
         (size_t)check->images * (size_t)check->classes},
    };
    snprintf(shape, sizeof shape, "%d classes, %d images", check->classes, check->images);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char op[64];
        snprintf(op, sizeof op, "%s %s", name, rows[i].op);
        struct incline_comparison comparison = {
            .op = op,
            .kernels = "loss, finish",
            .tensor = rows[i].tensor,
            .shape = shape,
            .got = rows[i].got,
            .count = rows[i].count,
            .expect = incline_checker_element,
            .cookie = rows[i].expected,
            .damage = check->damage,
        };
        incline_checker_compare(check->checker, &comparison);
    }
}

static enum incline_status run_loss(struct loss_check *check)
{
    struct incline_step step = {.images = check->images};
    struct incline_context *ctx = check->checker->ctx;
    struct incline_reference_truth truth;
    enum incline_status status = make_numbers(check);
    truth = (struct incline_reference_truth){check->label, check->targets};
    if (!status)
        status = make_loss_plan(check);
    if (!status)
        status = write_inputs(check);
    if (!status)
        status = incline_plan_enqueue(ctx, check->plan, &step);
    if (!status)
        status = read_outputs(check);
    if (!status)
        status = check_guards(check);
    if (!status)
        status = incline_check_expect_loss(check->checker, check->scores, &truth,
                                           check->expected_gradient, check->expected_figures);
    if (!status)
        compare_loss(check);
    return status;
}

enum incline_status incline_check_loss(struct incline_checker *checker)
{
    struct loss_check check = {
        .checker = checker,
        .images = checker->images,
        .classes = incline_check_classes(checker),
        .label_bytes =
            (size_t)checker->images *
            incline_loss_label_bytes(&checker->config->train.loss, incline_check_classes(checker)),
        .damage = "",
    };
    enum incline_status status = run_loss(&check);
    incline_plan_destroy(&check.plan);
    incline_guarded_destroy(&check.x);
    incline_guarded_destroy(&check.dx);
    incline_guarded_destroy(&check.labels);
    incline_guarded_destroy(&check.order);
    incline_guarded_destroy(&check.image_class);
    incline_guarded_destroy(&check.metrics);
    incline_free(&check.scores);
    incline_free(&check.gradient);
    incline_free(&check.expected_gradient);
    incline_free(&check.label);
    incline_free(&check.targets);
    incline_free(&check.number);
    return status;
}
