/* A few updates of the network's optimizer over tensors like the network's, against the reference:
 * from several batches where it accumulates, and with the moving average where training keeps one.
 * What each kernel that finishes gradients makes of the same update, the whole step compares. */
#include "base/memory.h"
#include "check/checker.h"
#include "check/reference_update.h"
#include "network/running.h"
#include "network/update.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { UPDATES = 3, ELEMS_MAX = 3000 /* of a tensor */, TENSORS = INCLINE_STATES_MAX + 7 };

static const float shares[] = {0.75f, 0.25f}; /* of the batches of an update that has several */

static const float learning_rate = 0.125f;
static const double weight_scale = 1.0 / 256; /* so that small steps show in the digits of w */

/* All of it [elems], in the layout of the parameters. */
struct numbers {
    double *before, *w, *g, *direction, *total, *average, *state[INCLINE_STATES_MAX];
    double *got;
    float *transfer;
};

struct update_check {
    struct incline_checker *checker;
    const struct incline_optimizer *optimizer; /* the network's, with numbers that show */
    const struct incline_ema *ema;
    struct incline_layer *layers; /* the network's, with tensors cut short */
    struct incline_parameters *parameters, *gradients;
    struct incline_parameters *total, *average; /* NULL: training has none */
    struct incline_optimizer_state state;
    struct incline_buffer *rows;
    struct incline_plan *plan;
    struct incline_reference_parameter *references;
    struct numbers numbers;
    size_t elems;
};

static enum incline_status make_layers(struct update_check *check)
{
    const struct incline_model *model = &check->checker->config->model;
    enum incline_status status = incline_alloc(check->checker->ctx, model->layer_count,
                                               sizeof *check->layers, &check->layers);
    if (status)
        return status;
    memcpy(check->layers, model->layers, model->layer_count * sizeof *check->layers);
    for (size_t i = 0; i < model->layer_count; i++)
        for (int role = 0; role < check->layers[i].parameter_count; role++)
            if (check->layers[i].parameters[role].elems > ELEMS_MAX)
                check->layers[i].parameters[role].elems = ELEMS_MAX;
    return INCLINE_OK;
}

static enum incline_status make_memory(struct update_check *check)
{
    struct incline_context *ctx = check->checker->ctx;
    struct incline_device *device = check->checker->device;
    size_t count = check->checker->config->model.layer_count;
    enum incline_status status = make_layers(check);
    if (!status)
        status = incline_parameters_create(ctx, device, check->layers, count, &check->parameters);
    if (!status)
        status = incline_parameters_create(ctx, device, check->layers, count, &check->gradients);
    if (!status && incline_optimizer_accumulates(check->optimizer))
        status = incline_parameters_create(ctx, device, check->layers, count, &check->total);
    if (!status && check->ema->on)
        status = incline_parameters_create(ctx, device, check->layers, count, &check->average);
    if (!status)
        status = incline_optimizer_state_init(ctx, device, check->layers, count, check->optimizer,
                                              &check->state);
    if (!status)
        check->elems = check->parameters->trained_elems;
    return status;
}

static enum incline_status make_numbers(struct update_check *check)
{
    struct incline_context *ctx = check->checker->ctx;
    struct numbers *numbers = &check->numbers;
    double **all[TENSORS] = {&numbers->before, &numbers->w,       &numbers->g,  &numbers->direction,
                             &numbers->total,  &numbers->average, &numbers->got};
    for (int i = 0; i < incline_optimizer_states(check->optimizer); i++)
        all[7 + i] = &numbers->state[i];
    enum incline_status status = INCLINE_OK;
    for (size_t i = 0; !status && i < TENSORS && all[i]; i++)
        status = incline_alloc(ctx, check->elems, sizeof(double), all[i]);
    if (!status)
        status = incline_alloc(ctx, check->elems, sizeof(float), &numbers->transfer);
    if (!status)
        status = incline_alloc(ctx, check->parameters->trained_count, sizeof *check->references,
                               &check->references);
    return status;
}

static void make_references(struct update_check *check)
{
    const struct numbers *numbers = &check->numbers;
    for (size_t p = 0; p < check->parameters->trained_count; p++) {
        const struct incline_parameter_place *place = &check->parameters->places[p];
        size_t at = place->first_elem;
        struct incline_reference_parameter *reference = &check->references[p];
        *reference = (struct incline_reference_parameter){
            .elems = place->elems,
            .decays = incline_optimizer_decays(
                check->optimizer,
                incline_is_bias_or_norm(&check->layers[place->layer].parameters[place->role])),
            .w = numbers->w + at,
            .g = (check->total ? numbers->total : numbers->g) + at,
            .direction = numbers->direction + at,
        };
        for (int i = 0; i < incline_optimizer_states(check->optimizer); i++)
            reference->state[i] = numbers->state[i] + at;
    }
}

static enum incline_status make_plan(struct update_check *check)
{
    struct incline_context *ctx = check->checker->ctx;
    enum incline_status status = incline_plan_create(ctx, check->checker->device, 1, &check->plan);
    const struct incline_update update = {
        .plan = check->plan,
        .layers = check->layers,
        .parameters = check->parameters,
        .gradients = check->total ? check->total : check->gradients,
        .optimizer = check->optimizer,
        .state = &check->state,
    };
    if (!status && check->total)
        status = incline_running_total(ctx, check->plan, check->gradients, check->total);
    if (!status)
        status = incline_update_plan(ctx, &update, &check->rows);
    if (!status && check->average)
        status = incline_running_average(ctx, check->plan, check->parameters, check->average);
    return status ? status : incline_plan_finish(ctx, check->plan);
}

static enum incline_status put(struct update_check *check, const double *values,
                               const struct incline_parameters *to)
{
    float *numbers = check->numbers.transfer;
    memset(numbers, 0, check->elems * sizeof *numbers);
    for (size_t p = 0; p < to->trained_count; p++)
        for (size_t i = 0; i < to->places[p].elems; i++)
            numbers[to->places[p].first_elem + i] = (float)values[to->places[p].first_elem + i];
    return incline_buffer_write(check->checker->ctx, to->all, 0, numbers,
                                check->elems * sizeof *numbers);
}

/* Multiples of 1/8, none of them 0, so that with the betas of numbers_that_show() no sum is so near
 * to 0 that rounding decides its sign. */
static void fill_gradients(struct update_check *check, unsigned step)
{
    double *g = check->numbers.g;
    incline_check_fill(g, check->elems, 8, 1 + step);
    for (size_t i = 0; i < check->elems; i++)
        g[i] = ((int)g[i] + (g[i] < 0 ? -1 : 1)) / 8.0;
}

static int batches_of(const struct update_check *check)
{
    return check->total ? (int)(sizeof shares / sizeof *shares) : 1;
}

/* The first update is what the average begins with. */
static double average_share(const struct update_check *check, int update)
{
    return update == 0 ? 1 : 1 - check->ema->decay;
}

static void follow(struct update_check *check, int update, int batch)
{
    struct numbers *numbers = &check->numbers;
    incline_reference_total(numbers->g, (double)shares[batch], batch > 0, numbers->total,
                            check->elems);
    if (batch + 1 < batches_of(check))
        return;
    incline_reference_update(check->optimizer, (double)learning_rate, update, check->references,
                             check->parameters->trained_count);
    incline_reference_average(numbers->w, average_share(check, update), numbers->average,
                              check->elems);
}

static enum incline_status run_batch(struct update_check *check, int update, int batch)
{
    struct incline_step step = {
        .images = 1,
        .learning_rate = learning_rate,
        .accumulation = {.earlier_steps = batch, .waits = batch + 1 < batches_of(check)},
        .share = shares[batch],
        .average_share = (float)average_share(check, update),
    };
    fill_gradients(check, (unsigned)(update * batches_of(check) + batch));
    enum incline_status status = put(check, check->numbers.g, check->gradients);
    if (status)
        return status;
    incline_optimizer_rates(check->optimizer, (double)learning_rate, update, step.rates);
    follow(check, update, batch);
    return incline_plan_enqueue(check->checker->ctx, check->plan, &step);
}

static enum incline_status run(struct update_check *check)
{
    struct numbers *numbers = &check->numbers;
    incline_check_fill(numbers->before, check->elems, weight_scale, 0);
    memcpy(numbers->w, numbers->before, check->elems * sizeof *numbers->w);
    enum incline_status status = put(check, numbers->before, check->parameters);
    for (int i = 0; !status && i < UPDATES * batches_of(check); i++)
        status = run_batch(check, i / batches_of(check), i % batches_of(check));
    return status;
}

/* What has been added to `before`, or the tensor itself where that is NULL, of all parameters
 * without gaps. */
static enum incline_status compare(struct update_check *check,
                                   const struct incline_parameters *from, double *expected,
                                   const double *before, const char *kernel, const char *tensor)
{
    struct incline_checker *checker = check->checker;
    float *found = check->numbers.transfer;
    double *got = check->numbers.got;
    size_t count = 0;
    char op[48];
    enum incline_status status =
        incline_buffer_read(checker->ctx, from->all, 0, found, check->elems * sizeof *found);
    if (status)
        return status;
    for (size_t p = 0; p < from->trained_count; p++)
        for (size_t i = 0; i < from->places[p].elems; i++) {
            size_t at = from->places[p].first_elem + i;
            got[count] = (double)found[at] - (before ? before[at] : 0);
            expected[count++] = expected[at] - (before ? before[at] : 0);
        }
    snprintf(op, sizeof op, "%s update", check->optimizer->class->name);
    struct incline_comparison comparison = {
        .op = op,
        .kernels = kernel,
        .tensor = tensor,
        .shape = checker->config->model.name,
        .got = got,
        .count = count,
        .expect = incline_checker_element,
        .cookie = expected,
        .damage = "",
    };
    incline_checker_compare(checker, &comparison);
    return INCLINE_OK;
}

static enum incline_status compare_all(struct update_check *check)
{
    static const char *const names[INCLINE_STATES_MAX] = {"state 1", "state 2", "state 3"};
    struct numbers *numbers = &check->numbers;
    enum incline_status status =
        compare(check, check->parameters, numbers->w, numbers->before, "update", "w");
    for (int i = 0; !status && i < incline_optimizer_states(check->optimizer); i++)
        status =
            compare(check, check->state.tensors[i], numbers->state[i], NULL, "update", names[i]);
    if (!status && check->total && !check->optimizer->class->normalizes) /* those overwrite it */
        status = compare(check, check->total, numbers->total, NULL, "running_total", "total");
    if (!status && check->average)
        status = compare(check, check->average, numbers->average, numbers->before,
                         "running_average", "average");
    return status;
}

static void finish(struct update_check *check)
{
    struct numbers *numbers = &check->numbers;
    incline_plan_destroy(&check->plan);
    incline_buffer_destroy(&check->rows);
    incline_optimizer_state_finish(&check->state);
    incline_parameters_destroy(&check->average);
    incline_parameters_destroy(&check->total);
    incline_parameters_destroy(&check->gradients);
    incline_parameters_destroy(&check->parameters);
    incline_free(&check->layers);
    incline_free(&check->references);
    incline_free(&numbers->before);
    incline_free(&numbers->w);
    incline_free(&numbers->g);
    incline_free(&numbers->direction);
    incline_free(&numbers->total);
    incline_free(&numbers->average);
    incline_free(&numbers->got);
    incline_free(&numbers->transfer);
    for (int i = 0; i < INCLINE_STATES_MAX; i++)
        incline_free(&numbers->state[i]);
}

/* The launches are the same whatever these numbers are, as long as what is 0 stays 0. With some of
 * them rounding decides about the update: about the sign that lion goes by, or about all of it,
 * beside a huge sum of squares. With a huge weight decay there is no finite one. */
static struct incline_optimizer numbers_that_show(const struct incline_optimizer *configured)
{
    struct incline_optimizer optimizer = *configured;
    optimizer.options.weight_decay = fmin(2, optimizer.options.weight_decay);
    optimizer.options.beta1 = 0.9;
    optimizer.options.beta2 = 0.99;
    optimizer.options.initial_accumulator_value =
        fmin(1, optimizer.options.initial_accumulator_value);
    return optimizer;
}

enum incline_status incline_check_update(struct incline_checker *checker)
{
    const struct incline_optimizer optimizer = numbers_that_show(&checker->config->train.optimizer);
    struct update_check check = {
        .checker = checker, .optimizer = &optimizer, .ema = &checker->config->train.ema};
    if (incline_optimizer_is_plain(check.optimizer) && !check.ema->on &&
        !incline_optimizer_accumulates(check.optimizer))
        return INCLINE_OK;
    enum incline_status status = make_memory(&check);
    if (status || check.parameters->trained_count == 0)
        goto out;
    status = make_numbers(&check);
    if (status)
        goto out;
    make_references(&check);
    status = make_plan(&check);
    if (!status)
        status = run(&check);
    if (!status)
        status = compare_all(&check);
out:
    finish(&check);
    return status;
}
