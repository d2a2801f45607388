/* One layer on the device against its reference: forward, gradients, update. */
#include "base/memory.h"
#include "check/chain.h"
#include "check/checker.h"
#include "check/reference.h"
#include "layers/dense_gemm.h"
#include "layers/pool.h"
#include "network/graph.h"
#include "network/rewrite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What the reference functions below need. Backward passes are expected from the device's own y,
 * which is what they work from: a wrong y is then reported once, and an element at a kink, where
 * one rounding decides, on both sides alike. */
struct layer_check {
    const struct incline_layer *layer;
    const struct layer_reference *reference;
    struct incline_reference_conv2d conv; /* conv2d, dense; its window also for pools */
    bool padding_counts;                  /* avg_pool2d */
    struct incline_chain_values values;
    double *dz; /* gradient at the sum before the activation */
};

struct layer_reference {
    const char *class_name;
    void (*prepare)(struct layer_check *check);
    double (*y)(const void *check, size_t index);
    double (*dx)(const void *check, size_t index);
    double (*y_cost)(const struct layer_check *check);
    double (*dx_cost)(const struct layer_check *check);
    double (*gradient[INCLINE_PARAMETERS_MAX])(const void *check, size_t index); /* if it has any */
};

/* The value of an option of the layer. */
static const void *option(const struct incline_layer *layer, const char *name)
{
    const struct incline_option_table *table = &layer->class->options;
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->options[i].name, name) == 0)
            return (const char *)layer->options + table->options[i].offset;
    return NULL;
}

static void prepare_window(struct layer_check *check, const int size[2], const int stride[2],
                           const int dilation[2])
{
    const struct incline_padding *padding = option(check->layer, "padding");
    struct incline_reference_window *window = &check->conv.window;
    int cells[2] = {0, 0};
    for (int axis = 0; axis < 2; axis++)
        cells[axis] = padding->mode == INCLINE_PADDING_SAME       ? INCLINE_REFERENCE_SAME
                      : padding->mode == INCLINE_PADDING_EXPLICIT ? padding->size[axis]
                                                                  : 0;
    *window = incline_reference_dilated(check->layer->in, size, stride, dilation, cells[0]);
    struct incline_reference_window across =
        incline_reference_dilated(check->layer->in, size, stride, dilation, cells[1]);
    window->before[1] = across.before[1];
    window->out[1] = across.out[1];
}

static void prepare_conv2d(struct layer_check *check)
{
    prepare_window(check, option(check->layer, "kernel"), option(check->layer, "stride"),
                   option(check->layer, "dilation"));
    check->conv.channels = check->layer->in.channels;
    check->conv.filters = check->layer->out.channels;
    check->conv.groups = *(const int *)option(check->layer, "groups");
}

static void prepare_dense(struct layer_check *check)
{
    check->conv =
        incline_reference_dense_conv2d(check->layer->in.channels, check->layer->out.channels);
}

static void prepare_pool(struct layer_check *check)
{
    const int *size = option(check->layer, "size"), *given = option(check->layer, "stride");
    int stride[2] = {given[0] ? given[0] : size[0], given[1] ? given[1] : size[1]};
    prepare_window(check, size, stride, (const int[2]){1, 1});
}

static void prepare_avg_pool(struct layer_check *check)
{
    const struct incline_padding *padding = option(check->layer, "padding");
    const int *counts = option(check->layer, "count_padding");
    prepare_pool(check);
    check->padding_counts = *counts == INCLINE_COUNT_AUTO
                                ? padding->mode == INCLINE_PADDING_EXPLICIT
                                : *counts == INCLINE_COUNT_TRUE;
}

/* The window of a global pool is the image. */
static void prepare_global_pool(struct layer_check *check)
{
    const int size[2] = {check->layer->in.height, check->layer->in.width}, stride[2] = {1, 1};
    check->conv.window = incline_reference_window(check->layer->in, size, stride, 0);
}

static void prepare_nothing(struct layer_check *check)
{
    (void)check;
}

/* ---- One element ---- */

static double activated(const struct layer_check *check, double z)
{
    return incline_reference_activation_at(check->layer->activation, (double)check->layer->alpha,
                                           z);
}

static double sum_y(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    const struct incline_chain_values *v = &check->values;
    double z = incline_reference_conv2d_at(&check->conv, v->x, v->parameter[0],
                                           v->parameter_count > 1 ? v->parameter[1] : NULL, index);
    return activated(check, z);
}

static double sum_dx(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return incline_reference_conv2d_data_at(&check->conv, check->values.parameter[0], check->dz,
                                            index);
}

static double sum_dw(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return incline_reference_conv2d_weights_at(&check->conv, check->values.images, check->values.x,
                                               check->dz, index);
}

static size_t rows_of(const struct layer_check *check)
{
    const struct incline_reference_window *window = &check->conv.window;
    return (size_t)check->values.images * (size_t)window->out[0] * (size_t)window->out[1];
}

static double sum_db(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return incline_reference_bias_at(rows_of(check), check->conv.filters, check->dz, index);
}

static double updated(const struct layer_check *check, int parameter, double gradient, size_t index)
{
    return check->values.parameter[parameter][index] -
           (double)check->values.learning_rate * gradient;
}

static double updated_w(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return updated(check, 0, check->reference->gradient[0](check, index), index);
}

static double updated_b(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return updated(check, 1, check->reference->gradient[1](check, index), index);
}

static double pool_y(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return check->values.x[incline_reference_max_pool2d_at(
        &check->conv.window, check->layer->in.channels, check->values.x, index)];
}

static double pool_dx(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return incline_reference_max_pool2d_data_at(&check->conv.window, check->layer->in.channels,
                                                check->values.x, check->values.dy, index);
}

static double avg_y(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return incline_reference_avg_pool2d_at(&check->conv.window, check->layer->in.channels,
                                           check->padding_counts, check->values.x, index);
}

static double avg_dx(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return incline_reference_avg_pool2d_data_at(&check->conv.window, check->layer->in.channels,
                                                check->padding_counts, check->values.dy, index);
}

static double zero_pad_y(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return incline_reference_zero_pad2d_at(check->layer->in, option(check->layer, "padding"),
                                           check->values.x, index);
}

static double zero_pad_dx(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return incline_reference_zero_pad2d_data_at(check->layer->in, option(check->layer, "padding"),
                                                check->values.dy, index);
}

static double upsample_y(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return incline_reference_upsample_at(check->layer->in, option(check->layer, "factor"),
                                         check->values.x, index);
}

static double upsample_dx(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return incline_reference_upsample_data_at(check->layer->in, option(check->layer, "factor"),
                                              check->values.dy, index);
}

static double elementwise_y(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return activated(check, check->values.x[index]);
}

static double elementwise_dx(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    const struct incline_layer *layer = check->layer;
    const double *from =
        incline_activation_wants_x(layer->activation) ? check->values.x : check->values.y;
    return incline_reference_slope_at(layer->activation, (double)layer->alpha, from[index],
                                      check->values.dy[index]);
}

static size_t slopes_of(const struct layer_check *check)
{
    return check->layer->parameters[0].elems;
}

static double prelu_y(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return incline_reference_prelu_at(slopes_of(check), check->values.x, check->values.parameter[0],
                                      index);
}

static double prelu_dx(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return incline_reference_prelu_data_at(slopes_of(check), check->values.x,
                                           check->values.parameter[0], check->values.dy, index);
}

static double prelu_dw(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    size_t count = (size_t)check->values.images * check->values.in_elems;
    return incline_reference_prelu_weights_at(slopes_of(check), count, check->values.x,
                                              check->values.dy, index);
}

/* A join is checked with all of its inputs the same; see alone(). */
static double add_y(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return incline_layer_input_count(check->layer) * check->values.x[index];
}

static double add_dx(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return incline_layer_input_count(check->layer) * check->values.dy[index];
}

static double concat_y(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    size_t channels = (size_t)check->layer->in.channels, out = (size_t)check->layer->out.channels;
    return check->values.x[index / out * channels + index % channels];
}

static double concat_dx(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    size_t channels = (size_t)check->layer->in.channels, out = (size_t)check->layer->out.channels;
    double sum = 0;
    for (size_t c = index % channels; c < out; c += channels)
        sum += check->values.dy[index / channels * out + c];
    return sum;
}

static double multiply_y(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return check->values.x[index] * check->values.x[index];
}

static double multiply_dx(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return 2 * check->values.x[index] * check->values.dy[index];
}

static double softmax_y(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return incline_reference_softmax_at(check->layer->in.channels, check->values.x, index);
}

static double softmax_dx(const void *cookie, size_t index)
{
    const struct layer_check *check = cookie;
    return incline_reference_softmax_data_at(check->layer->in.channels, check->values.y,
                                             check->values.dy, index);
}

/* ---- What one element costs ---- */

static double taps(const struct layer_check *check)
{
    return (double)check->conv.window.size[0] * check->conv.window.size[1];
}

static double sum_y_cost(const struct layer_check *check)
{
    return taps(check) * check->conv.channels / check->conv.groups;
}

/* Every position is looked at. */
static double sum_dx_cost(const struct layer_check *check)
{
    const struct incline_reference_window *window = &check->conv.window;
    return taps(check) * check->conv.filters / check->conv.groups +
           (double)window->out[0] * window->out[1];
}

static double pool_dx_cost(const struct layer_check *check)
{
    const struct incline_reference_window *window = &check->conv.window;
    return taps(check) * taps(check) + (double)window->out[0] * window->out[1];
}

/* Every cell of a row is looked at. */
static double upsample_dx_cost(const struct layer_check *check)
{
    return check->layer->out.height +
           (double)check->layer->out.width * check->layer->out.height / check->layer->in.height;
}

static double channels_cost(const struct layer_check *check)
{
    return 20.0 * check->layer->in.channels;
}

static double function_cost(const struct layer_check *check)
{
    (void)check;
    return 20;
}

static const struct layer_reference references[] = {
    {"conv2d", prepare_conv2d, sum_y, sum_dx, sum_y_cost, sum_dx_cost, {sum_dw, sum_db}},
    {"dense", prepare_dense, sum_y, sum_dx, sum_y_cost, sum_dx_cost, {sum_dw, sum_db}},
    {"max_pool2d", prepare_pool, pool_y, pool_dx, taps, pool_dx_cost, {NULL}},
    {"avg_pool2d", prepare_avg_pool, avg_y, avg_dx, taps, pool_dx_cost, {NULL}},
    {"global_avg_pool", prepare_global_pool, avg_y, avg_dx, taps, taps, {NULL}},
    {"global_max_pool", prepare_global_pool, pool_y, pool_dx, taps, taps, {NULL}},
    {"zero_pad2d", prepare_nothing, zero_pad_y, zero_pad_dx, function_cost, function_cost, {NULL}},
    {"upsample", prepare_nothing, upsample_y, upsample_dx, function_cost, upsample_dx_cost, {NULL}},
    {"prelu", prepare_nothing, prelu_y, prelu_dx, function_cost, function_cost, {prelu_dw}},
    {"softmax", prepare_nothing, softmax_y, softmax_dx, channels_cost, channels_cost, {NULL}},
    {"add", prepare_nothing, add_y, add_dx, function_cost, function_cost, {NULL}},
    {"concat", prepare_nothing, concat_y, concat_dx, function_cost, function_cost, {NULL}},
    {"multiply", prepare_nothing, multiply_y, multiply_dx, function_cost, function_cost, {NULL}},
};

/* Of all layers that apply one function to every element. */
static const struct layer_reference elementwise = {
    NULL, prepare_nothing, elementwise_y, elementwise_dx, function_cost, function_cost, {NULL}};

static const struct layer_reference *find_reference(const struct incline_layer_class *class)
{
    if (class->activation != INCLINE_ACTIVATION_NONE)
        return &elementwise;
    for (size_t i = 0; i < sizeof references / sizeof *references; i++)
        if (strcmp(references[i].class_name, class->name) == 0)
            return &references[i];
    return NULL;
}

bool incline_check_knows(const struct incline_layer_class *class)
{
    return !class->forward || find_reference(class);
}

/* ---- One run ---- */

enum passes { GRADIENTS, UPDATE, FORWARD_ONLY }; /* of which each has kernels of its own */

struct run {
    struct incline_checker *checker;
    struct layer_check check;
    struct incline_chain *chain;
    const char *way; /* "" or which kernels: ", CLBlast" */
    enum passes passes;
    const char *damage;
};

static void fill(struct run *run, unsigned what)
{
    struct incline_chain_values *v = &run->check.values;
    size_t images = (size_t)v->images;
    incline_check_fill(v->x, images * v->in_elems, 1, what);
    incline_check_fill(v->dy, images * v->out_elems, 1, what + 1);
    for (int i = 0; i < v->parameter_count; i++)
        incline_check_fill(v->parameter[i], v->parameter_elems[i],
                           v->fan_in[i] > 0 ? 2 / sqrt(v->fan_in[i]) : 1, what + 2 + (unsigned)i);
}

/* tensor: as incline_chain_name_kernels() counts. */
static enum incline_status compare(struct run *run, const char *op, int tensor, const char *name,
                                   const struct incline_text *shape,
                                   struct incline_comparison *comparison)
{
    char label[120];
    struct incline_text kernels;
    incline_text_init(&kernels, run->checker->ctx);
    incline_chain_name_kernels(run->chain, tensor, &kernels);
    snprintf(label, sizeof label, "%.80s %s%s", run->check.layer->name, op, run->way);
    comparison->op = label;
    comparison->tensor = name;
    comparison->shape = incline_text_get(shape);
    comparison->kernels = incline_text_get(&kernels);
    comparison->cookie = &run->check;
    comparison->damage = run->damage;
    enum incline_status status = incline_text_status(&kernels);
    if (!status)
        incline_checker_compare(run->checker, comparison);
    incline_text_finish(&kernels);
    return status;
}

static enum incline_status compare_activations(struct run *run)
{
    const struct incline_chain_values *v = &run->check.values;
    const struct incline_layer *layer = run->check.layer;
    size_t images = (size_t)v->images;
    struct incline_text shape;
    struct incline_comparison y = {.got = v->y,
                                   .count = images * v->out_elems,
                                   .expect = run->check.reference->y,
                                   .cost = run->check.reference->y_cost(&run->check)};
    struct incline_comparison dx = {.got = v->dx,
                                    .count = images * v->in_elems,
                                    .expect = run->check.reference->dx,
                                    .cost = run->check.reference->dx_cost(&run->check)};
    incline_text_init(&shape, run->checker->ctx);
    incline_check_add_shape(&shape, layer->in);
    incline_text_add(&shape, " to ");
    incline_check_add_shape(&shape, layer->out);
    incline_text_add(&shape, ", %d images", v->images);
    enum incline_status status = incline_text_status(&shape);
    if (!status)
        status = compare(run, "forward", INCLINE_CHAIN_Y, "y", &shape, &y);
    if (!status && incline_chain_has_dx(run->chain))
        status = compare(run, "data gradient", INCLINE_CHAIN_DX, "dx", &shape, &dx);
    incline_text_finish(&shape);
    return status;
}

/* Terms of one element of the gradient, at most. */
static size_t gradient_terms(const struct layer_check *check,
                             const struct incline_parameter *parameter)
{
    return parameter->fan_in > 0
               ? rows_of(check)
               : (size_t)check->values.images * check->values.in_elems / parameter->elems;
}

static enum incline_status compare_parameter(struct run *run, int i)
{
    static const char *const ops[2][2] = {{"weight gradient", "bias gradient"},
                                          {"weight update", "bias update"}};
    static const char *const names[2][2] = {{"dw", "db"}, {"w", "b"}};
    static double (*const update[2])(const void *, size_t) = {updated_w, updated_b};
    const struct incline_parameter *parameter = &run->check.layer->parameters[i];
    bool updates = run->passes == UPDATE;
    struct incline_comparison comparison = {
        .got = run->check.values.gradient[i],
        .count = parameter->elems,
        .expect = updates ? update[i] : run->check.reference->gradient[i],
        .cost = (double)gradient_terms(&run->check, parameter),
    };
    struct incline_text shape;
    incline_text_init(&shape, run->checker->ctx);
    for (int d = 0; d < parameter->rank; d++)
        incline_text_add(&shape, "%s%d", d > 0 ? "x" : "", parameter->dims[d]);
    incline_text_add(&shape, ", %d images", run->check.values.images);
    enum incline_status status = incline_text_status(&shape);
    if (!status)
        status = compare(run, ops[updates][i], i, names[updates][i], &shape, &comparison);
    incline_text_finish(&shape);
    return status;
}

static enum incline_status make_dz(struct run *run)
{
    const struct incline_chain_values *v = &run->check.values;
    size_t count = (size_t)v->images * v->out_elems;
    enum incline_status status =
        incline_alloc(run->checker->ctx, count, sizeof(double), &run->check.dz);
    if (!status)
        incline_reference_activation_backward(run->check.layer->activation, count, v->y, v->dy,
                                              run->check.dz);
    return status;
}

static enum incline_status run_and_compare(struct run *run, unsigned what)
{
    struct incline_context *ctx = run->checker->ctx;
    struct incline_chain_values *values = &run->check.values;
    enum incline_status status =
        incline_chain_values_init(ctx, run->chain, run->checker->images, values);
    if (status)
        goto out;
    fill(run, what);
    status = incline_chain_run(ctx, run->chain, values, &run->damage);
    if (status)
        goto out;
    run->check.reference->prepare(&run->check);
    status = make_dz(run);
    if (!status && run->passes != UPDATE)
        status = compare_activations(run);
    for (int i = 0; !status && run->passes != FORWARD_ONLY && i < values->parameter_count; i++)
        status = compare_parameter(run, i);
out:
    incline_free(&run->check.dz);
    incline_chain_values_finish(values);
    return status;
}

/* Does the network need the gradient at the layer's input? */
static bool wants_dx(const struct incline_model *model, size_t layer)
{
    for (size_t i = 0; i < layer; i++)
        if (model->layers[i].parameter_count > 0)
            return true;
    return false;
}

/* The layer outside its network: it reads the images, a join nothing but them. */
static enum incline_status alone(struct incline_checker *checker, const struct incline_layer *layer,
                                 struct incline_layer *out)
{
    struct incline_text problem;
    *out = *layer;
    out->input_count = layer->class->most_inputs > 0 ? layer->input_count : 0;
    for (int k = 0; k < out->input_count; k++) {
        out->inputs[k] = INCLINE_GRAPH_IMAGES;
        if (k > 0)
            out->others[k - 1] = layer->in;
    }
    incline_text_init(&problem, checker->ctx);
    enum incline_status status = out->class->infer(out, &problem);
    if (status == INCLINE_ERROR_CONFIG)
        status =
            incline_fail(checker->ctx, status, "%s: %s", layer->name, incline_text_get(&problem));
    incline_text_finish(&problem);
    return status;
}

static enum incline_status check_one(struct incline_checker *checker, size_t i,
                                     const struct incline_layer *layer, const char *way,
                                     enum passes passes)
{
    struct run run = {
        .checker = checker,
        .check = {.layer = layer, .reference = find_reference(layer->class)},
        .way = way,
        .passes = passes,
        .damage = "",
    };
    struct incline_chain_spec spec = {
        .device = checker->device,
        .layers = layer,
        .count = 1,
        .batch = checker->images,
        .tuned_batch = checker->batch,
        .rewrites = passes == UPDATE ? (unsigned)INCLINE_REWRITE_UPDATE : 0,
        .without_dx = !wants_dx(&checker->config->model, i),
        .forward_only = passes == FORWARD_ONLY,
    };
    if (!run.check.reference)
        return incline_fail(checker->ctx, INCLINE_ERROR_BUG, "%s has no reference",
                            layer->class->name);
    enum incline_status status = incline_chain_create(checker->ctx, &spec, &run.chain);
    if (!status)
        status = run_and_compare(&run, (unsigned)i * 8);
    incline_chain_destroy(&run.chain);
    return status;
}

/* The products of a dense layer through CLBlast: the class is the layer's but for the way forward,
 * which decides the way back. */
static enum incline_status check_products(struct incline_checker *checker, size_t i,
                                          const struct incline_layer *dense)
{
    struct incline_layer layer = *dense;
    struct incline_layer_class class = *layer.class;
    char op[120];
    class.forward = incline_dense_gemm_forward;
    layer.class = &class;
    enum incline_status status = check_one(checker, i, &layer, ", CLBlast", GRADIENTS);
    if (status != INCLINE_ERROR_UNSUPPORTED)
        return status;
    snprintf(op, sizeof op, "%.80s, CLBlast", layer.name);
    struct incline_check_row row = {
        .op = op,
        .kernels = "",
        .tensor = "",
        .shape = "",
        .limit = INCLINE_CHECK_LIMIT,
        .verdict = INCLINE_CHECK_SKIPPED,
        .problem = incline_error_text(checker->ctx),
    };
    incline_checker_report(checker, &row);
    incline_error_clear(checker->ctx);
    return INCLINE_OK;
}

static enum incline_status check_training(struct incline_checker *checker, size_t i,
                                          const struct incline_layer *layer)
{
    enum incline_status status = check_one(checker, i, layer, "", GRADIENTS);
    if (!status && layer->parameter_count > 0)
        status = check_one(checker, i, layer, "", UPDATE);
    return status;
}

enum incline_status incline_check_layer(struct incline_checker *checker, size_t i)
{
    struct incline_layer layer;
    if (!checker->config->model.layers[i].class->forward)
        return INCLINE_OK;
    enum incline_status status = alone(checker, &checker->config->model.layers[i], &layer);
    if (!status && !checker->options->inference)
        status = check_training(checker, i, &layer);
    if (!status)
        status = check_one(checker, i, &layer, ", inference", FORWARD_ONLY);
    if (!status && checker->options->products && strcmp(layer.class->name, "dense") == 0)
        status = check_products(checker, i, &layer);
    return status;
}
