/* One layer on the device against its reference: forward, gradients, update. */
#include "base/memory.h"
#include "check/chain.h"
#include "check/checker.h"
#include "check/layer_reference.h"
#include "layers/dense_gemm.h"
#include "network/graph.h"
#include "network/rewrite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool incline_check_knows(const struct incline_layer_class *class)
{
    return !class->forward || incline_layer_reference_find(class);
}

/* ---- One run ---- */

enum passes { GRADIENTS, UPDATE, FORWARD_ONLY }; /* of which each has kernels of its own */

struct run {
    struct incline_checker *checker;
    struct incline_layer_check check;
    struct incline_chain *chain;
    const char *way; /* "" or which kernels: ", CLBlast" */
    enum passes passes;
    const char *damage;
};

static void fill(struct run *run, unsigned what)
{
    struct incline_chain_values *v = &run->check.values;
    v->seed = what;
    v->earlier = 1;
    size_t images = (size_t)v->images;
    incline_check_fill(v->x, images * v->in_elems, 1, what);
    incline_check_fill(v->dy, images * v->out_elems, 1, what + 1);
    for (int i = 0; i < v->parameter_count; i++)
        incline_check_fill(v->parameter[i], v->parameter_elems[i],
                           v->fan_in[i] > 0 ? 2 / sqrt(v->fan_in[i]) : 1, what + 2 + (unsigned)i);
    for (int i = 0; i < v->parameter_count; i++)
        for (size_t k = 0; v->is_state[i] && k < v->parameter_elems[i]; k++)
            v->parameter[i][k] = fabs(v->parameter[i][k]) + 0.25; /* one of them is a variance */
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

static enum incline_status compare_parameter(struct run *run, int i)
{
    static const char *const names[2][2] = {{"dw", "db"}, {"w", "b"}};
    const struct incline_parameter *parameter = &run->check.layer->parameters[i];
    bool updates = run->passes == UPDATE, is_state = parameter->is_state;
    char op[48];
    struct incline_comparison comparison = {
        .got = run->check.values.gradient[i],
        .count = parameter->elems,
        .expect = incline_layer_reference_parameter,
        .cost = incline_layer_reference_parameter_cost(&run->check, parameter),
    };
    struct incline_text shape;
    run->check.parameter = i;
    run->check.updates = updates;
    snprintf(op, sizeof op, "%s %s", parameter->role, updates || is_state ? "update" : "gradient");
    incline_text_init(&shape, run->checker->ctx);
    for (int d = 0; d < parameter->rank; d++)
        incline_text_add(&shape, "%s%d", d > 0 ? "x" : "", parameter->dims[d]);
    if (parameter->rank == 0)
        incline_text_add(&shape, "1");
    incline_text_add(&shape, ", %d images", run->check.values.images);
    enum incline_status status = incline_text_status(&shape);
    if (!status)
        status = compare(run, op, i, is_state ? parameter->role : names[updates][i], &shape,
                         &comparison);
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
    int parameters = run->passes == GRADIENTS ? values->parameter_count
                     : run->passes == UPDATE  ? incline_layer_trained_count(run->check.layer)
                                              : 0;
    for (int i = 0; !status && i < parameters; i++)
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
        if (incline_layer_trained_count(&model->layers[i]) > 0)
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
        .check = {.layer = layer,
                  .reference = incline_layer_reference_find(layer->class),
                  .trains = passes != FORWARD_ONLY},
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
    if (!status && incline_layer_trained_count(layer) > 0)
        status = check_one(checker, i, layer, "", UPDATE);
    return status;
}

/* Such a layer has no launches. */
static bool is_identity(const struct incline_layer *layer, bool trains)
{
    return layer->class->is_identity && layer->class->is_identity(layer, trains);
}

enum incline_status incline_check_layer(struct incline_checker *checker, size_t i)
{
    struct incline_layer layer;
    if (!checker->config->model.layers[i].class->forward)
        return INCLINE_OK;
    enum incline_status status = alone(checker, &checker->config->model.layers[i], &layer);
    if (!status && !checker->options->inference && !is_identity(&layer, true))
        status = check_training(checker, i, &layer);
    if (!status && !is_identity(&layer, false))
        status = check_one(checker, i, &layer, ", inference", FORWARD_ONLY);
    if (!status && checker->options->products && strcmp(layer.class->name, "dense") == 0)
        status = check_products(checker, i, &layer);
    return status;
}
