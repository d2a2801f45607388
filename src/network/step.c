#include "network/step.h"

#include "base/memory.h"
#include "layers/head.h"
#include "network/graph.h"
#include "network/rewrite.h"
#include "network/running.h"

#include <string.h>

struct incline_step_plan {
    struct incline_plan *plan;
    struct incline_layer *layers; /* shallow copies, rewritten */
    struct incline_layer_io *io;  /* one per layer */
    size_t layer_count;
    struct incline_tensor *scores;
    const struct incline_optimizer *optimizer;
    struct incline_buffer *rows; /* see incline_update_plan() */
};

/* What the functions below pass around while a plan is made. */
struct maker {
    struct incline_context *ctx;
    const struct incline_step_spec *spec;
    struct incline_step_plan *made;
    struct incline_plan *plan;
    struct incline_layer *layers;
    struct incline_layer_io *io;
    struct incline_graph graph; /* of both */
    struct incline_input input;
    struct incline_finish finish;
    struct incline_watch_pass watch;
    struct incline_tensor *scores; /* what the last layer puts out */
};

/* The optimizer's state beside parameter `role` of layer i. */
static enum incline_status bind_states(struct maker *maker, size_t i, int role)
{
    const struct incline_optimizer_state *state = maker->spec->state;
    enum incline_status status = INCLINE_OK;
    for (int s = 0; !status && state && s < INCLINE_STATES_MAX && state->tensors[s]; s++)
        status = incline_plan_external(maker->ctx, maker->plan, maker->layers[i].name,
                                       incline_parameters_find(state->tensors[s], i, role)->part,
                                       &maker->io[i].states[role][s]);
    return status;
}

static enum incline_status bind_parameters(struct maker *maker, size_t i)
{
    const struct incline_step_spec *spec = maker->spec;
    struct incline_layer_io *io = &maker->io[i];
    for (int role = 0; role < maker->layers[i].parameter_count; role++) {
        struct incline_parameter_place *place = incline_parameters_find(spec->parameters, i, role);
        enum incline_status status = incline_plan_external(
            maker->ctx, maker->plan, maker->layers[i].name, place->part, &io->parameters[role]);
        if (!status)
            status = bind_states(maker, i, role);
        if (status)
            return status;
        maker->io[i].decays[role] = incline_optimizer_decays(
            spec->optimizer, incline_is_bias_or_norm(&maker->layers[i].parameters[role]));
        if (!spec->gradients)
            continue;
        place = incline_parameters_find(spec->gradients, i, role);
        status = incline_plan_external(maker->ctx, maker->plan, maker->layers[i].name, place->part,
                                       &io->gradients[role]);
        if (status)
            return status;
    }
    return INCLINE_OK;
}

static enum incline_status bind_input(struct maker *maker)
{
    const struct incline_feed *feed = maker->spec->feed;
    struct incline_input *input = &maker->input;
    enum incline_status status =
        incline_plan_external(maker->ctx, maker->plan, "pixels", feed->pixels, &input->pixels);
    if (status)
        return status;
    status = incline_plan_external(maker->ctx, maker->plan, "order", feed->order, &input->order);
    if (status)
        return status;
    return incline_plan_external(maker->ctx, maker->plan, "scaling", feed->scaling,
                                 &input->scaling);
}

static enum incline_status plan_gather(struct maker *maker, struct incline_tensor *x)
{
    const struct incline_input *input = &maker->input;
    struct incline_shape in = maker->layers[0].in;
    struct incline_text defines;
    incline_text_init(&defines, maker->ctx);
    incline_define(&defines, "IN_H", in.height);
    incline_define(&defines, "IN_W", in.width);
    incline_define(&defines, "IN_C", in.channels);
    struct incline_launch launch = {
        .label = "input",
        .source = "gather.cl",
        .kernel = "gather",
        .defines = incline_text_get(&defines),
        .items = incline_lane_items(maker->plan),
        .group = incline_lane_items(maker->plan),
        .second = in.height,
        .third = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(input->pixels), INCLINE_TENSOR(input->order),
                 INCLINE_TENSOR(input->scaling), INCLINE_TENSOR(x), INCLINE_FIRST, INCLINE_IMAGES},
    };
    enum incline_status status = incline_text_status(&defines);
    if (!status)
        status = incline_plan_launch(maker->ctx, maker->plan, &launch);
    incline_text_finish(&defines);
    return status;
}

static bool first_layer_reads_pixels(const struct maker *maker)
{
    for (size_t i = 0; i < maker->spec->layer_count; i++)
        if (maker->layers[i].reads_pixels)
            return true;
    return false;
}

static enum incline_status plan_input(struct maker *maker, struct incline_tensor **x)
{
    enum incline_status status = bind_input(maker);
    if (status)
        return status;
    status = incline_activation_tensor(maker->ctx, maker->plan, "input",
                                       incline_shape_elems(maker->layers[0].in), x);
    if (status || first_layer_reads_pixels(maker))
        return status;
    return plan_gather(maker, *x);
}

static enum incline_status plan_forward_layer(struct maker *maker, size_t i)
{
    const struct incline_layer *layer = &maker->layers[i];
    struct incline_layer_io *io = &maker->io[i];
    if (!incline_layer_works(layer))
        return INCLINE_OK;
    enum incline_status status =
        incline_activation_tensor(maker->ctx, maker->plan, layer->name,
                                  incline_shape_elems(incline_layer_output(layer)), &io->y);
    if (status)
        return status;
    incline_graph_bind_inputs(&maker->graph, i);
    io->plan = maker->plan;
    io->number = (int)i;
    io->input = &maker->input;
    io->finish = &maker->finish;
    io->gradient_use = maker->finish.gradient_use;
    io->optimizer = maker->spec->optimizer;
    status = bind_parameters(maker, i);
    if (status || layer->is_head)
        return status;
    return layer->class->forward(maker->ctx, layer, io);
}

static enum incline_status plan_forward(struct maker *maker)
{
    size_t count = maker->spec->layer_count;
    enum incline_status status = plan_input(maker, &maker->graph.x);
    for (size_t i = 0; !status && i < count; i++) {
        status = plan_forward_layer(maker, i);
        if (!status)
            status = incline_watch_forward(maker->ctx, &maker->watch, &maker->graph, i);
    }
    if (!status)
        maker->scores = incline_graph_output(&maker->graph, (int)count - 1);
    return status;
}

static int class_count(const struct maker *maker)
{
    return maker->layers[maker->spec->layer_count - 1].out.channels;
}

static enum incline_status bind_loss(struct maker *maker, struct incline_loss_io *io)
{
    const struct incline_step_spec *spec = maker->spec;
    *io = (struct incline_loss_io){
        .plan = maker->plan,
        .loss = spec->loss,
        .classes = class_count(maker),
        .x = maker->scores,
        .order = maker->input.order,
        .figures.top_k = spec->top_k,
    };
    enum incline_status status =
        incline_plan_external(maker->ctx, maker->plan, "labels", spec->feed->labels, &io->labels);
    if (status)
        return status;
    status = incline_plan_external(maker->ctx, maker->plan, "metrics", spec->metrics,
                                   &io->figures.metrics);
    if (status)
        return status;
    return incline_plan_external(maker->ctx, maker->plan, "image_class", spec->image_class,
                                 &io->image_class);
}

static enum incline_status plan_head(struct maker *maker, const struct incline_layer *head,
                                     struct incline_loss_io *loss)
{
    size_t i = (size_t)(head - maker->layers);
    const struct incline_layer *below =
        incline_graph_before(maker->layers, maker->spec->layer_count, i);
    bool gradient = maker->spec->mode == INCLINE_STEP_TRAIN;
    if (gradient) {
        enum incline_status status = incline_graph_begin_backward(maker->ctx, &maker->graph, i);
        if (status)
            return status;
    }
    if (below && below->class != head->class)
        below = NULL;
    return incline_head_plan(maker->ctx, head, &maker->io[i], loss, gradient, below,
                             below ? &maker->io[below - maker->layers] : NULL);
}

static enum incline_status plan_plain_loss(struct maker *maker, struct incline_loss_io *io)
{
    int last = incline_graph_source(maker->layers, (int)maker->spec->layer_count - 1);
    if (maker->spec->mode == INCLINE_STEP_TRAIN) {
        enum incline_status status = incline_activation_tensor(
            maker->ctx, maker->plan, "loss gradient", (size_t)io->classes, &io->dx);
        if (status)
            return status;
        if (last != INCLINE_GRAPH_IMAGES)
            maker->io[last].dy = io->dx;
    }
    return incline_loss_plan(maker->ctx, io, &maker->finish);
}

/* In training, the layer that puts out the scores, or those that a head reads, have their dy then.
 */
static enum incline_status plan_loss(struct maker *maker)
{
    size_t count = maker->spec->layer_count;
    const struct incline_layer *last = incline_graph_before(maker->layers, count, count);
    struct incline_loss_io io;
    incline_plan_set_pass(maker->plan, INCLINE_PASS_LOSS);
    enum incline_status status = bind_loss(maker, &io);
    if (status)
        return status;
    return last && last->is_head ? plan_head(maker, last, &io) : plan_plain_loss(maker, &io);
}

static enum incline_status plan_backward(struct maker *maker)
{
    enum incline_status status = INCLINE_OK;
    incline_plan_set_pass(maker->plan, INCLINE_PASS_BACKWARD);
    for (size_t i = maker->spec->layer_count; !status && i-- > 0;)
        status = incline_graph_backward(maker->ctx, &maker->graph, i);
    return status;
}

static enum incline_status plan_finish(struct maker *maker)
{
    incline_plan_set_pass(maker->plan, INCLINE_PASS_UPDATE);
    return incline_finish_all(maker->ctx, &maker->finish);
}

static enum incline_status plan_update(struct maker *maker)
{
    const struct incline_step_spec *spec = maker->spec;
    const struct incline_update update = {
        .plan = maker->plan,
        .layers = spec->layers,
        .parameters = spec->parameters,
        .gradients = spec->total ? spec->total : spec->gradients,
        .optimizer = spec->optimizer,
        .state = spec->state,
        .watch = spec->watch ? &maker->watch : NULL,
    };
    enum incline_status status = INCLINE_OK;
    incline_plan_set_pass(maker->plan, INCLINE_PASS_UPDATE);
    if (spec->total)
        status = incline_running_total(maker->ctx, maker->plan, spec->gradients, spec->total);
    return status ? status : incline_update_plan(maker->ctx, &update, &maker->made->rows);
}

static enum incline_status plan_training(struct maker *maker)
{
    const struct incline_step_spec *spec = maker->spec;
    enum incline_status status = plan_loss(maker);
    if (status)
        return status;
    status = plan_backward(maker);
    if (status)
        return status;
    status = plan_finish(maker);
    if (!status && spec->gradients && spec->parameters->trained_elems > 0)
        status = plan_update(maker);
    if (!status && spec->average && spec->parameters->count > 0)
        status = incline_running_average(maker->ctx, maker->plan, spec->parameters, spec->average);
    return status ? status : incline_watch_end(maker->ctx, &maker->watch);
}

static enum incline_status plan_evaluation(struct maker *maker)
{
    enum incline_status status = plan_loss(maker);
    return status ? status : plan_finish(maker);
}

/* Turns the scores into probabilities by the layer of that class, which takes no options. */
static enum incline_status plan_closing(struct maker *maker, const char *class_name)
{
    int classes = class_count(maker);
    struct incline_layer_io io = {.plan = maker->plan, .x = maker->scores};
    struct incline_layer layer = {
        .class = incline_layer_class_find(class_name),
        .name = (char *)"probabilities",
        .in = {1, 1, classes},
    };
    struct incline_text problem;
    incline_text_init(&problem, maker->ctx);
    enum incline_status status = layer.class->infer(&layer, &problem);
    incline_text_finish(&problem);
    if (!status)
        status =
            incline_activation_tensor(maker->ctx, maker->plan, layer.name, (size_t)classes, &io.y);
    maker->scores = io.y;
    return status ? status : layer.class->forward(maker->ctx, &layer, &io);
}

/* The host reads the scores, or the probabilities that the loss would have made of them. */
static enum incline_status plan_probabilities(struct maker *maker)
{
    const struct incline_step_spec *spec = maker->spec;
    const char *closing = spec->loss->class->closing;
    if (closing && !incline_graph_closing(maker->layers, spec->layer_count, closing)) {
        enum incline_status status = plan_closing(maker, closing);
        if (status)
            return status;
    }
    incline_plan_keep(maker->scores);
    return INCLINE_OK;
}

static void absorb_closing(struct incline_layer *layers, const struct incline_step_spec *spec)
{
    const char *closing = spec->loss->class->closing;
    struct incline_layer *last =
        closing ? incline_graph_closing(layers, spec->layer_count, closing) : NULL;
    if (last && spec->mode != INCLINE_STEP_PREDICT)
        last->absorbed = true;
}

/* Those that would copy what they read. */
static void absorb_identities(struct incline_layer *layers, const struct incline_step_spec *spec)
{
    for (size_t i = 0; i < spec->layer_count; i++)
        if (layers[i].class->is_identity &&
            layers[i].class->is_identity(&layers[i], spec->mode == INCLINE_STEP_TRAIN))
            layers[i].absorbed = true;
}

static void rewrite(struct incline_layer *layers, const struct incline_step_spec *spec)
{
    absorb_closing(layers, spec);
    absorb_identities(layers, spec);
    incline_rewrite_layers(layers, spec->layer_count, spec->rewrites);
    if (spec->rewrites & INCLINE_REWRITE_INPUT)
        incline_rewrite_input(layers, spec->layer_count);
    if (spec->rewrites & INCLINE_REWRITE_HEAD && spec->mode != INCLINE_STEP_PREDICT)
        incline_rewrite_head(layers, spec->layer_count);
}

static enum incline_status plan_all(struct maker *maker)
{
    enum incline_status status = plan_forward(maker);
    if (status)
        return status;
    switch (maker->spec->mode) {
    case INCLINE_STEP_TRAIN:
        status = plan_training(maker);
        break;
    case INCLINE_STEP_EVALUATE:
        status = plan_evaluation(maker);
        break;
    case INCLINE_STEP_PREDICT:
        status = plan_probabilities(maker);
        break;
    }
    if (status)
        return status;
    return maker->spec->measure ? incline_plan_measure(maker->ctx, maker->plan)
                                : incline_plan_finish(maker->ctx, maker->plan);
}

bool incline_stores_gradients(unsigned rewrites, const struct incline_optimizer *optimizer)
{
    return !(rewrites & INCLINE_REWRITE_UPDATE) || incline_optimizer_needs_all(optimizer);
}

enum incline_status incline_step_plan_create(struct incline_context *ctx,
                                             const struct incline_step_spec *spec,
                                             struct incline_step_plan **out)
{
    struct incline_step_plan *made = NULL;
    struct maker maker = {.ctx = ctx, .spec = spec};
    enum incline_status status = incline_alloc(ctx, 1, sizeof *made, &made);
    if (status)
        goto out;
    made->layer_count = spec->layer_count;
    status = incline_alloc(ctx, spec->layer_count, sizeof *made->layers, &made->layers);
    if (status)
        goto out;
    status = incline_alloc(ctx, spec->layer_count, sizeof *made->io, &made->io);
    if (status)
        goto out;
    status = incline_plan_create(ctx, spec->device, spec->batch, &made->plan);
    if (status)
        goto out;
    if (spec->tuned_batch)
        incline_plan_tune_for(made->plan, spec->tuned_batch);
    if (spec->lender)
        incline_plan_borrow(made->plan, spec->lender->plan);
    memcpy(made->layers, spec->layers, spec->layer_count * sizeof *made->layers);
    rewrite(made->layers, spec);
    made->optimizer = spec->optimizer;
    maker.made = made;
    maker.plan = made->plan;
    maker.finish = (struct incline_finish){
        .plan = made->plan,
        .fused = spec->rewrites & INCLINE_REWRITE_FINISH,
        .optimizer = spec->optimizer,
        .gradient_use = spec->mode != INCLINE_STEP_TRAIN ? INCLINE_GRADIENT_NONE
                        : spec->gradients                ? INCLINE_GRADIENT_STORE
                                                         : INCLINE_GRADIENT_APPLY,
    };
    maker.layers = made->layers;
    maker.io = made->io;
    maker.graph = (struct incline_graph){
        .plan = made->plan, .layers = made->layers, .count = spec->layer_count, .io = made->io};
    maker.watch = (struct incline_watch_pass){.watch = spec->watch, .plan = made->plan};
    status = incline_watch_begin(ctx, &maker.watch);
    if (status)
        goto out;
    status = plan_all(&maker);
    if (status)
        goto out;
    made->scores = maker.scores;
    *out = made;
    made = NULL;
    status = INCLINE_OK;
out:
    incline_step_plan_destroy(&made);
    return status;
}

void incline_step_plan_destroy(struct incline_step_plan **plan)
{
    if (!*plan)
        return;
    incline_plan_destroy(&(*plan)->plan);
    incline_buffer_destroy(&(*plan)->rows);
    incline_free(&(*plan)->layers);
    incline_free(&(*plan)->io);
    incline_free(plan);
}

enum incline_status incline_step_run(struct incline_context *ctx, struct incline_step_plan *plan,
                                     const struct incline_step *step)
{
    const struct incline_accumulation *accumulation = &step->accumulation;
    bool alone = accumulation->images == 0;
    struct incline_step complete = *step;
    complete.share = alone ? 1 : (float)step->images / (float)accumulation->images;
    incline_optimizer_rates(plan->optimizer, (double)step->learning_rate,
                            alone ? step->earlier : accumulation->updates, complete.rates);
    return incline_plan_enqueue(ctx, plan->plan, &complete);
}

enum incline_status incline_step_read_probabilities(struct incline_context *ctx,
                                                    const struct incline_step_plan *plan,
                                                    int images, float *probabilities)
{
    size_t classes = (size_t)plan->layers[plan->layer_count - 1].out.channels;
    struct incline_buffer *buffer = incline_tensor_buffer(plan->scores);
    size_t bytes = incline_buffer_bytes(buffer);
    float *scores = NULL;
    enum incline_status status = incline_alloc(ctx, bytes, 1, &scores);
    if (status)
        return status;
    status = incline_buffer_read(ctx, buffer, 0, scores, bytes);
    for (size_t n = 0; !status && n < (size_t)images; n++)
        for (size_t c = 0; c < classes; c++)
            probabilities[n * classes + c] =
                scores[(n / INCLINE_NB * classes + c) * INCLINE_NB + n % INCLINE_NB];
    incline_free(&scores);
    return status;
}

size_t incline_step_plan_bytes(const struct incline_step_plan *plan)
{
    return incline_plan_arena_bytes(plan->plan) +
           (plan->rows ? incline_buffer_bytes(plan->rows) : 0);
}

struct incline_plan *incline_step_plan_launches(struct incline_step_plan *plan)
{
    return plan->plan;
}
