#include "check/chain.h"

#include "base/memory.h"
#include "layers/finish.h"
#include "network/graph.h"
#include "network/rewrite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct incline_chain {
    struct incline_device *device;
    struct incline_layer *layers; /* rewritten copies */
    struct incline_layer_io *io;
    size_t count;
    struct incline_graph graph; /* of both */
    struct incline_shape in, out;
    int batch, tuned_batch;
    bool updates, has_dx;
    struct incline_plan *plan;
    struct incline_finish finish;
    size_t forward_launches;
    struct incline_guarded x, y, dy, dx;
    struct incline_tensor *y_tensor;
    int parameter_count;
    size_t parameter_elems[INCLINE_CHAIN_PARAMETERS];
    double fan_in[INCLINE_CHAIN_PARAMETERS];
    bool is_state[INCLINE_CHAIN_PARAMETERS];
    struct incline_guarded parameter[INCLINE_CHAIN_PARAMETERS];
    struct incline_guarded gradient[INCLINE_CHAIN_PARAMETERS];
    struct incline_tensor *target[INCLINE_CHAIN_PARAMETERS]; /* where a gradient goes */
    char damage[96];
};

/* The step leaves its result in the parameter itself. */
static bool is_updated(const struct incline_chain *chain, int parameter)
{
    return chain->updates || chain->is_state[parameter];
}

static enum incline_status add_parameter(struct incline_context *ctx, struct incline_chain *chain,
                                         struct incline_layer_io *io, int role,
                                         const struct incline_parameter *parameter)
{
    int i = chain->parameter_count;
    size_t bytes = parameter->elems * sizeof(float);
    if (i == INCLINE_CHAIN_PARAMETERS)
        return incline_fail(ctx, INCLINE_ERROR_BUG, "a chain has too many parameters");
    chain->parameter_count++;
    chain->parameter_elems[i] = parameter->elems;
    chain->fan_in[i] = parameter->rank > 1 ? parameter->fan_in : 0;
    chain->is_state[i] = parameter->is_state;
    enum incline_status status =
        incline_guarded_create(ctx, chain->device, parameter->role, bytes, &chain->parameter[i]);
    if (status)
        return status;
    status = incline_guarded_tensor(ctx, &chain->parameter[i], chain->plan, &io->parameters[role]);
    chain->target[i] = io->parameters[role];
    if (status || is_updated(chain, i))
        return status;
    status = incline_guarded_create(ctx, chain->device, "gradient", bytes, &chain->gradient[i]);
    if (status)
        return status;
    status = incline_guarded_tensor(ctx, &chain->gradient[i], chain->plan, &io->gradients[role]);
    chain->target[i] = io->gradients[role];
    return status;
}

static enum incline_status output_tensor(struct incline_context *ctx, struct incline_chain *chain,
                                         size_t i, struct incline_tensor **y)
{
    const struct incline_layer *layer = &chain->layers[i];
    struct incline_shape shape = incline_layer_output(layer);
    if (incline_graph_source(chain->layers, (int)chain->count - 1) != (int)i)
        return incline_activation_tensor(ctx, chain->plan, "between", incline_shape_elems(shape),
                                         y);
    enum incline_status status = incline_guarded_tensor(ctx, &chain->y, chain->plan, y);
    chain->y_tensor = *y;
    return status;
}

static enum incline_status plan_forward_layer(struct incline_context *ctx,
                                              struct incline_chain *chain, size_t i)
{
    const struct incline_layer *layer = &chain->layers[i];
    struct incline_layer_io *io = &chain->io[i];
    if (!incline_layer_works(layer))
        return INCLINE_OK;
    io->plan = chain->plan;
    io->number = (int)i;
    io->finish = &chain->finish;
    io->gradient_use = chain->finish.gradient_use;
    incline_graph_bind_inputs(&chain->graph, i);
    enum incline_status status = output_tensor(ctx, chain, i, &io->y);
    for (int role = 0; !status && role < layer->parameter_count; role++)
        status = add_parameter(ctx, chain, io, role, &layer->parameters[role]);
    return status ? status : layer->class->forward(ctx, layer, io);
}

static enum incline_status plan_forward(struct incline_context *ctx, struct incline_chain *chain)
{
    struct incline_graph *graph = &chain->graph;
    enum incline_status status = incline_guarded_tensor(ctx, &chain->x, chain->plan, &graph->x);
    if (!status && chain->has_dx)
        status = incline_guarded_tensor(ctx, &chain->dx, chain->plan, &graph->dx);
    for (size_t i = 0; !status && i < chain->count; i++)
        status = plan_forward_layer(ctx, chain, i);
    chain->forward_launches = incline_plan_launches(chain->plan);
    return status;
}

static enum incline_status plan_backward(struct incline_context *ctx, struct incline_chain *chain)
{
    int last = incline_graph_source(chain->layers, (int)chain->count - 1);
    enum incline_status status = INCLINE_OK;
    if (last != INCLINE_GRAPH_IMAGES)
        status = incline_guarded_tensor(ctx, &chain->dy, chain->plan, &chain->io[last].dy);
    incline_plan_set_pass(chain->plan, INCLINE_PASS_BACKWARD);
    for (size_t i = chain->count; !status && i-- > 0;)
        status = incline_graph_backward(ctx, &chain->graph, i);
    return status ? status : incline_finish_all(ctx, &chain->finish);
}

static enum incline_status make_ends(struct incline_context *ctx, struct incline_chain *chain)
{
    struct {
        struct incline_guarded *guarded;
        const char *name;
        struct incline_shape shape;
    } ends[] = {{&chain->x, "x", chain->in},
                {&chain->dx, "dx", chain->in},
                {&chain->y, "y", chain->out},
                {&chain->dy, "dy", chain->out}};
    enum incline_status status = INCLINE_OK;
    for (size_t i = 0; !status && i < sizeof ends / sizeof *ends; i++) {
        size_t count = incline_packed_elems(chain->batch, incline_shape_elems(ends[i].shape));
        status = incline_guarded_create(ctx, chain->device, ends[i].name, count * sizeof(float),
                                        ends[i].guarded);
    }
    return status;
}

static enum incline_status make_plan(struct incline_context *ctx, struct incline_chain *chain)
{
    enum incline_status status = make_ends(ctx, chain);
    if (status)
        return status;
    status = incline_plan_create(ctx, chain->device, chain->batch, &chain->plan);
    if (status)
        return status;
    incline_plan_tune_for(chain->plan, chain->tuned_batch);
    chain->finish.plan = chain->plan;
    chain->graph = (struct incline_graph){
        .plan = chain->plan, .layers = chain->layers, .count = chain->count, .io = chain->io};
    status = plan_forward(ctx, chain);
    if (status)
        return status;
    if (chain->finish.gradient_use != INCLINE_GRADIENT_NONE)
        status = plan_backward(ctx, chain);
    if (status)
        return status;
    return incline_plan_finish(ctx, chain->plan);
}

enum incline_status incline_chain_create(struct incline_context *ctx,
                                         const struct incline_chain_spec *spec,
                                         struct incline_chain **out)
{
    struct incline_chain *chain = NULL;
    enum incline_status status = incline_alloc(ctx, 1, sizeof *chain, &chain);
    if (status)
        goto out;
    chain->device = spec->device;
    chain->count = spec->count;
    chain->batch = spec->batch;
    chain->tuned_batch = spec->tuned_batch ? spec->tuned_batch : spec->batch;
    chain->in = spec->layers[0].in;
    chain->out = spec->layers[spec->count - 1].out;
    chain->updates = spec->rewrites & INCLINE_REWRITE_UPDATE;
    chain->has_dx = !spec->without_dx;
    chain->finish.fused = spec->rewrites & INCLINE_REWRITE_FINISH;
    chain->finish.gradient_use = spec->forward_only ? INCLINE_GRADIENT_NONE
                                 : chain->updates   ? INCLINE_GRADIENT_APPLY
                                                    : INCLINE_GRADIENT_STORE;
    status = incline_alloc(ctx, spec->count, sizeof *chain->layers, &chain->layers);
    if (status)
        goto out;
    status = incline_alloc(ctx, spec->count, sizeof *chain->io, &chain->io);
    if (status)
        goto out;
    memcpy(chain->layers, spec->layers, spec->count * sizeof *chain->layers);
    incline_rewrite_layers(chain->layers, chain->count, spec->rewrites);
    status = make_plan(ctx, chain);
    if (status)
        goto out;
    *out = chain;
    chain = NULL;
out:
    incline_chain_destroy(&chain);
    return status;
}

void incline_chain_destroy(struct incline_chain **pointer)
{
    struct incline_chain *chain = *pointer;
    if (!chain)
        return;
    incline_plan_destroy(&chain->plan);
    incline_guarded_destroy(&chain->x);
    incline_guarded_destroy(&chain->y);
    incline_guarded_destroy(&chain->dy);
    incline_guarded_destroy(&chain->dx);
    for (int i = 0; i < chain->parameter_count; i++) {
        incline_guarded_destroy(&chain->parameter[i]);
        incline_guarded_destroy(&chain->gradient[i]);
    }
    incline_free(&chain->io);
    incline_free(&chain->layers);
    incline_free(pointer);
}

size_t incline_chain_launches(const struct incline_chain *chain)
{
    return incline_plan_launches(chain->plan);
}

struct incline_shape incline_chain_out(const struct incline_chain *chain)
{
    return chain->out;
}

bool incline_chain_has_dx(const struct incline_chain *chain)
{
    return chain->graph.dx_begun;
}

int incline_chain_parameters(const struct incline_chain *chain)
{
    return chain->parameter_count;
}

/* ---- The numbers of a step ---- */

enum incline_status incline_chain_values_init(struct incline_context *ctx,
                                              const struct incline_chain *chain, int images,
                                              struct incline_chain_values *out)
{
    size_t n = (size_t)images, in = incline_shape_elems(chain->in);
    size_t out_elems = incline_shape_elems(chain->out);
    *out = (struct incline_chain_values){
        .images = images,
        .in_elems = in,
        .out_elems = out_elems,
        .parameter_count = chain->parameter_count,
        .learning_rate = 0.125f,
    };
    enum incline_status status = incline_alloc(ctx, n * in, sizeof(double), &out->x);
    if (!status)
        status = incline_alloc(ctx, n * in, sizeof(double), &out->dx);
    if (!status)
        status = incline_alloc(ctx, n * out_elems, sizeof(double), &out->y);
    if (!status)
        status = incline_alloc(ctx, n * out_elems, sizeof(double), &out->dy);
    for (int i = 0; !status && i < chain->parameter_count; i++) {
        size_t elems = chain->parameter_elems[i];
        out->parameter_elems[i] = elems;
        out->fan_in[i] = chain->fan_in[i];
        out->is_state[i] = chain->is_state[i];
        status = incline_alloc(ctx, elems, sizeof(double), &out->parameter[i]);
        if (!status)
            status = incline_alloc(ctx, elems, sizeof(double), &out->gradient[i]);
    }
    return status;
}

void incline_chain_values_finish(struct incline_chain_values *values)
{
    incline_free(&values->x);
    incline_free(&values->dx);
    incline_free(&values->y);
    incline_free(&values->dy);
    for (int i = 0; i < values->parameter_count; i++) {
        incline_free(&values->parameter[i]);
        incline_free(&values->gradient[i]);
    }
}

/* images 0: a parameter, as it lies in memory. */
static enum incline_status put(struct incline_context *ctx, struct incline_guarded *guarded,
                               const double *values, int images, size_t elems)
{
    size_t count = images ? incline_packed_elems(images, elems) : elems;
    float *floats = NULL;
    enum incline_status status = incline_alloc(ctx, count, sizeof *floats, &floats);
    if (status)
        return status;
    if (images)
        incline_pack(values, images, elems, floats);
    for (size_t i = 0; !images && i < elems; i++)
        floats[i] = (float)values[i];
    status = incline_guarded_reset(ctx, guarded, floats, count * sizeof *floats);
    incline_free(&floats);
    return status;
}

static enum incline_status get(struct incline_context *ctx, struct incline_guarded *guarded,
                               double *values, int images, size_t elems)
{
    size_t count = images ? incline_packed_elems(images, elems) : elems;
    float *floats = NULL;
    enum incline_status status = incline_alloc(ctx, count, sizeof *floats, &floats);
    if (status)
        return status;
    status = incline_buffer_read(ctx, guarded->part, 0, floats, count * sizeof *floats);
    if (!status && images)
        incline_unpack(floats, images, elems, values);
    for (size_t i = 0; !status && !images && i < elems; i++)
        values[i] = (double)floats[i];
    incline_free(&floats);
    return status;
}

static enum incline_status prepare(struct incline_context *ctx, struct incline_chain *chain,
                                   const struct incline_chain_values *values)
{
    enum incline_status status = put(ctx, &chain->x, values->x, values->images, values->in_elems);
    if (!status)
        status = put(ctx, &chain->dy, values->dy, values->images, values->out_elems);
    if (!status)
        status = incline_guarded_reset(ctx, &chain->y, NULL, 0);
    if (!status)
        status = incline_guarded_reset(ctx, &chain->dx, NULL, 0);
    for (int i = 0; !status && i < chain->parameter_count; i++) {
        status =
            put(ctx, &chain->parameter[i], values->parameter[i], 0, values->parameter_elems[i]);
        if (!status && !is_updated(chain, i))
            status = incline_guarded_reset(ctx, &chain->gradient[i], NULL, 0);
    }
    return status;
}

static enum incline_status fetch(struct incline_context *ctx, struct incline_chain *chain,
                                 struct incline_chain_values *values)
{
    enum incline_status status = get(ctx, &chain->y, values->y, values->images, values->out_elems);
    if (!status)
        status = get(ctx, &chain->dx, values->dx, values->images, values->in_elems);
    for (int i = 0; !status && i < chain->parameter_count; i++)
        status = get(ctx, is_updated(chain, i) ? &chain->parameter[i] : &chain->gradient[i],
                     values->gradient[i], 0, values->parameter_elems[i]);
    return status;
}

/* The first finding is kept. */
static void note_damage(struct incline_chain *chain, const char *before, const char *name,
                        const char *what)
{
    if (!chain->damage[0])
        snprintf(chain->damage, sizeof chain->damage, "%s%s was %s", before, name, what);
}

static enum incline_status check_guards(struct incline_context *ctx, struct incline_chain *chain)
{
    struct incline_guarded *all[4 + 2 * INCLINE_CHAIN_PARAMETERS] = {&chain->x, &chain->y,
                                                                     &chain->dx, &chain->dy};
    size_t count = 4;
    enum incline_status status = INCLINE_OK;
    for (int i = 0; i < chain->parameter_count; i++) {
        all[count++] = &chain->parameter[i];
        if (!is_updated(chain, i))
            all[count++] = &chain->gradient[i];
    }
    for (size_t i = 0; !status && i < count; i++) {
        bool intact = true;
        status = incline_guarded_check(ctx, all[i], &intact);
        if (!intact)
            note_damage(chain, "memory beside ", all[i]->name, "overwritten");
    }
    return status;
}

/* NaN of equal bits is the same. */
static enum incline_status check_unchanged_one(struct incline_context *ctx,
                                               struct incline_chain *chain,
                                               struct incline_guarded *guarded,
                                               const double *before, int images, size_t elems)
{
    size_t count = images ? (size_t)images * elems : elems;
    double *now = NULL;
    enum incline_status status = incline_alloc(ctx, count, sizeof *now, &now);
    if (status)
        return status;
    status = get(ctx, guarded, now, images, elems);
    if (!status && memcmp(now, before, count * sizeof *now) != 0)
        note_damage(chain, "", guarded->name, "changed");
    incline_free(&now);
    return status;
}

static enum incline_status check_unchanged(struct incline_context *ctx, struct incline_chain *chain,
                                           const struct incline_chain_values *values)
{
    enum incline_status status =
        check_unchanged_one(ctx, chain, &chain->x, values->x, values->images, values->in_elems);
    for (int i = 0; !status && i < chain->parameter_count; i++)
        if (!is_updated(chain, i))
            status = check_unchanged_one(ctx, chain, &chain->parameter[i], values->parameter[i], 0,
                                         values->parameter_elems[i]);
    return status;
}

/* Images that only fill the last block have gradient 0, since sums over images have them in. NaN is
 * let pass: it may be 0 times a NaN that was put in. */
static enum incline_status check_filling(struct incline_context *ctx, struct incline_chain *chain,
                                         const struct incline_chain_values *values)
{
    size_t count = incline_packed_elems(values->images, values->in_elems);
    size_t last_block = (size_t)(values->images - 1) / INCLINE_NB * INCLINE_NB * values->in_elems;
    float *dx = NULL;
    if (!incline_chain_has_dx(chain))
        return INCLINE_OK;
    enum incline_status status = incline_alloc(ctx, count, sizeof *dx, &dx);
    if (!status)
        status = incline_buffer_read(ctx, chain->dx.part, 0, dx, count * sizeof *dx);
    for (size_t i = last_block; !status && i < count; i++)
        if ((int)(i % INCLINE_NB) > (values->images - 1) % INCLINE_NB && dx[i] != 0 &&
            !isnan(dx[i]))
            note_damage(chain, "", "dx of an image past the last", "not 0");
    incline_free(&dx);
    return status;
}

enum incline_status incline_chain_run(struct incline_context *ctx, struct incline_chain *chain,
                                      struct incline_chain_values *values, const char **damage)
{
    struct incline_step step = {.images = values->images,
                                .learning_rate = values->learning_rate,
                                .seed = values->seed,
                                .earlier = values->earlier};
    enum incline_status status = prepare(ctx, chain, values);
    if (status)
        return status;
    status = incline_plan_enqueue(ctx, chain->plan, &step);
    if (status)
        return status;
    chain->damage[0] = '\0';
    *damage = chain->damage;
    status = fetch(ctx, chain, values);
    if (status)
        return status;
    status = check_guards(ctx, chain);
    if (status)
        return status;
    status = check_filling(ctx, chain, values);
    if (status)
        return status;
    return check_unchanged(ctx, chain, values);
}

/* ---- Which kernel was it? ---- */

static bool takes(const struct incline_launch *launch, const struct incline_tensor *tensor)
{
    for (const struct incline_arg *arg = launch->args; arg->kind != INCLINE_ARG_END; arg++)
        if (arg->kind == INCLINE_ARG_TENSOR && arg->value.tensor == tensor)
            return true;
    return false;
}

/* Is it a kernel of one of the layers' own files? */
static bool is_of_layer(const struct incline_chain *chain, const struct incline_launch *launch)
{
    for (size_t i = 0; i < chain->count; i++) {
        const char *name = chain->layers[i].class->name;
        size_t length = strlen(name);
        if (strncmp(launch->source, name, length) == 0 && launch->source[length] == '.')
            return true;
    }
    return false;
}

/* The last launch of the pass that takes the tensor makes it; where that is a common one, such as a
 * reduction, the one before it is named as well. */
void incline_chain_name_kernels(const struct incline_chain *chain, int tensor,
                                struct incline_text *out)
{
    const struct incline_tensor *wanted = tensor == INCLINE_CHAIN_Y    ? chain->y_tensor
                                          : tensor == INCLINE_CHAIN_DX ? chain->graph.dx
                                                                       : chain->target[tensor];
    bool forward = tensor == INCLINE_CHAIN_Y;
    size_t first = forward ? 0 : chain->forward_launches;
    size_t i = forward ? chain->forward_launches : incline_plan_launches(chain->plan);
    while (i > first && !takes(incline_plan_get_launch(chain->plan, i - 1), wanted))
        i--;
    if (i == first)
        return;
    const struct incline_launch *last = incline_plan_get_launch(chain->plan, i - 1);
    if (!is_of_layer(chain, last) && i - 1 > first) {
        const struct incline_launch *before = incline_plan_get_launch(chain->plan, i - 2);
        incline_text_add(out, "%s, ", before->kernel ? before->kernel : "a matrix product");
    }
    incline_text_add(out, "%s", last->kernel ? last->kernel : "a matrix product");
}
