#include "network/model.h"

#include "base/memory.h"
#include "network/graph.h"
#include "network/model_layers.h"
#include "network/model_names.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const struct incline_option model_options[] = {
    {"name", INCLINE_OPTION_TEXT, offsetof(struct incline_model, name), "model", 0, 0, NULL,
     "name of the model and of its run folders"},
    {"input", INCLINE_OPTION_CUSTOM, 0, NULL, 0, 0, NULL,
     "size of an image in pixels: [height, width, channels]"},
    {"defaults", INCLINE_OPTION_CUSTOM, 0, "none", 0, 0, NULL,
     "options for each layer of a type: {type: {option: value}}"},
    {"blocks", INCLINE_OPTION_CUSTOM, 0, "none", 0, 0, NULL,
     "groups of layers: {name: {args: [a], layers: [...]}}, used as a layer `name: {a: 1}`"},
    {"layers", INCLINE_OPTION_CUSTOM, 0, NULL, 0, 0, NULL,
     "list of layers, first to last; `repeat: {times: 2, layers: [...]}` repeats some, "
     "`residual: {main: [...], shortcut: [...]}` adds two ways, `from` names what a layer reads"},
};

const struct incline_option_table incline_model_table = {
    model_options, sizeof model_options / sizeof *model_options, NULL,
    sizeof(struct incline_model)};

static enum incline_status read_size(struct incline_context *ctx, struct incline_node *node,
                                     const char *what, int *out)
{
    const struct incline_option option = {what, INCLINE_OPTION_INT,     0,    NULL,
                                          1,    INCLINE_MODEL_SIZE_MAX, NULL, ""};
    const char *text = incline_node_text(node);
    struct incline_text problem;
    incline_text_init(&problem, ctx);
    enum incline_status status =
        incline_option_parse(ctx, &option, text ? text : "", out, &problem);
    if (status == INCLINE_ERROR_CONFIG)
        status = incline_fail_at(ctx, node, "model: input %s %s", what, incline_text_get(&problem));
    incline_text_finish(&problem);
    return status;
}

static enum incline_status read_input(struct incline_context *ctx, struct incline_node *node,
                                      struct incline_shape *out)
{
    bool list = incline_node_kind(node) == INCLINE_NODE_SEQUENCE;
    if (!list || incline_node_count(node) != 3)
        return incline_fail_at(ctx, node, "model: input must be [height, width, channels]");
    enum incline_status status = read_size(ctx, incline_node_item(node, 0), "height", &out->height);
    if (status == INCLINE_OK)
        status = read_size(ctx, incline_node_item(node, 1), "width", &out->width);
    if (status == INCLINE_OK)
        status = read_size(ctx, incline_node_item(node, 2), "channels", &out->channels);
    return status;
}

/* Kernels count in int. */
static bool is_too_large(const struct incline_layer *layer)
{
    bool large = incline_shape_elems(layer->out) > INT_MAX / INCLINE_NB;
    for (int i = 0; i < layer->parameter_count; i++)
        large = large || layer->parameters[i].elems > INT_MAX / 4;
    return large;
}

static enum incline_status infer_layer(struct incline_context *ctx, struct incline_layer *layer,
                                       struct incline_node *place)
{
    struct incline_text problem;
    incline_text_init(&problem, ctx);
    enum incline_status status = layer->class->infer(layer, &problem);
    if (status == INCLINE_OK && is_too_large(layer)) {
        status = INCLINE_ERROR_CONFIG;
        incline_text_add(&problem, "its output %dx%dx%d or its weights are too large",
                         layer->out.height, layer->out.width, layer->out.channels);
    }
    if (status == INCLINE_ERROR_CONFIG)
        status =
            incline_fail_at(ctx, place, "%s: %s", layer->class->name, incline_text_get(&problem));
    incline_text_finish(&problem);
    return status;
}

static struct incline_shape input_shape(const struct incline_model *model, size_t i, int k)
{
    int from = incline_graph_input(model->layers, i, k);
    return from == INCLINE_GRAPH_IMAGES ? model->input : model->layers[from].out;
}

/* Every layer but the last must be read by one. */
static enum incline_status check_readers(struct incline_context *ctx,
                                         const struct incline_model *model,
                                         const struct incline_layer_place *places)
{
    bool *is_read = NULL;
    enum incline_status status = incline_alloc(ctx, model->layer_count, sizeof *is_read, &is_read);
    if (status != INCLINE_OK)
        return status;
    for (size_t i = 0; i < model->layer_count; i++)
        for (int k = 0; k < incline_layer_input_count(&model->layers[i]); k++) {
            int from = incline_graph_input(model->layers, i, k);
            if (from != INCLINE_GRAPH_IMAGES)
                is_read[from] = true;
        }
    for (size_t i = 0; i + 1 < model->layer_count && status == INCLINE_OK; i++)
        if (!is_read[i])
            status = incline_fail_at(ctx, places[i].type,
                                     "%s: no layer reads what this one puts out: name it in a "
                                     "`from`, or leave it out",
                                     model->layers[i].class->name);
    incline_free(&is_read);
    return status;
}

static void name_sources(const struct incline_model *model, struct incline_layer *layer)
{
    size_t length = 0;
    for (int k = 0; k < layer->input_count && length < sizeof layer->sources; k++) {
        int from = layer->inputs[k];
        length += (size_t)snprintf(
            layer->sources + length, sizeof layer->sources - length, "%s%s", k > 0 ? ", " : "",
            from == INCLINE_GRAPH_IMAGES ? "input" : model->layers[from].name);
    }
}

static enum incline_status infer_shapes(struct incline_context *ctx, struct incline_model *model,
                                        const struct incline_layer_place *places)
{
    for (size_t i = 0; i < model->layer_count; i++) {
        struct incline_layer *layer = &model->layers[i];
        layer->in = input_shape(model, i, 0);
        for (int k = 1; k < layer->input_count; k++)
            layer->others[k - 1] = input_shape(model, i, k);
        enum incline_status status = infer_layer(ctx, layer, places[i].type);
        if (status != INCLINE_OK)
            return status;
        name_sources(model, layer);
    }
    struct incline_shape shape = model->layers[model->layer_count - 1].out;
    if (shape.height != 1 || shape.width != 1)
        return incline_fail_at(ctx, places[model->layer_count - 1].type,
                               "the model ends with %dx%dx%d: add flatten and a dense layer",
                               shape.height, shape.width, shape.channels);
    return INCLINE_OK;
}

static enum incline_status read_section(struct incline_context *ctx, struct incline_node *node,
                                        struct incline_model *out)
{
    uint64_t given = 0;
    enum incline_status status = incline_options_default(ctx, &incline_model_table, out);
    if (status == INCLINE_OK)
        status =
            incline_options_read(ctx, node, "model", &incline_model_table, NULL, NULL, out, &given);
    if (status == INCLINE_OK)
        status = incline_options_require(ctx, node, "model", &incline_model_table, given);
    if (status == INCLINE_OK)
        status = incline_name_check(ctx, incline_node_get(node, "name"), "model", out->name);
    return status == INCLINE_OK ? read_input(ctx, incline_node_get(node, "input"), &out->input)
                                : status;
}

static enum incline_status read_layers(struct incline_layer_collector *collector,
                                       struct incline_node *node)
{
    size_t blocks = collector->blocks ? incline_node_count(collector->blocks) : 0;
    enum incline_status status = incline_collector_check(collector);
    if (status == INCLINE_OK)
        status = incline_alloc(collector->ctx, blocks, sizeof(bool), &collector->block_used);
    if (status == INCLINE_OK)
        status = incline_collector_add(collector, incline_node_get(node, "layers"));
    if (status == INCLINE_OK)
        status = incline_collector_check_use(collector);
    for (size_t i = 0; i < incline_layer_class_count && status == INCLINE_OK; i++)
        status =
            incline_model_fill_names(collector->ctx, collector->model, incline_layer_classes[i]);
    return status;
}

enum incline_status incline_model_parse(struct incline_context *ctx, struct incline_node *node,
                                        struct incline_model *out)
{
    *out = (struct incline_model){0};
    if (incline_node_kind(node) != INCLINE_NODE_MAPPING)
        return incline_fail_at(ctx, node, "model: must be a mapping of name, input and layers");
    struct incline_layer_collector collector = {
        .ctx = ctx,
        .model = out,
        .defaults = incline_node_get(node, "defaults"),
        .blocks = incline_node_get(node, "blocks"),
        .last = INCLINE_GRAPH_IMAGES,
    };
    enum incline_status status = read_section(ctx, node, out);
    if (status == INCLINE_OK)
        status = read_layers(&collector, node);
    if (status == INCLINE_OK)
        status = infer_shapes(ctx, out, collector.places);
    if (status == INCLINE_OK)
        status = check_readers(ctx, out, collector.places);
    incline_free(&collector.block_used);
    incline_free(&collector.places);
    if (status != INCLINE_OK)
        incline_model_finish(out);
    return status;
}

void incline_model_finish(struct incline_model *model)
{
    for (size_t i = 0; i < model->layer_count; i++) {
        struct incline_layer *layer = &model->layers[i];
        if (layer->options)
            incline_options_finish(&layer->class->options, layer->options);
        incline_free(&layer->options);
        incline_free(&layer->name);
    }
    incline_free(&model->layers);
    incline_free(&model->name);
    *model = (struct incline_model){0};
}

static void write_sources(const struct incline_model *model, const struct incline_layer *layer,
                          struct incline_text *out)
{
    bool many = layer->input_count > 1;
    incline_text_add(out, ", from: %s", many ? "[" : "");
    for (int k = 0; k < layer->input_count; k++) {
        int from = layer->inputs[k];
        incline_text_add(out, "%s", k > 0 ? ", " : "");
        incline_text_add_scalar(out,
                                from == INCLINE_GRAPH_IMAGES ? "input" : model->layers[from].name);
    }
    incline_text_add(out, "%s", many ? "]" : "");
}

static void write_layer(const struct incline_model *model, const struct incline_layer *layer,
                        struct incline_text *out)
{
    const struct incline_option_table *table = &layer->class->options;
    incline_text_add(out, "    - %s: {name: ", layer->class->name);
    incline_text_add_scalar(out, layer->name);
    if (layer->input_count > 0)
        write_sources(model, layer, out);
    for (size_t i = 0; i < table->count; i++) {
        incline_text_add(out, ", %s: ", table->options[i].name);
        incline_option_write(&table->options[i], layer->options, out);
    }
    incline_text_add(out, "}\n");
}

void incline_model_write(const struct incline_model *model, struct incline_text *out)
{
    incline_text_add(out, "model:\n  name: ");
    incline_text_add_scalar(out, model->name);
    incline_text_add(out, "\n  input: [%d, %d, %d]\n  layers:\n", model->input.height,
                     model->input.width, model->input.channels);
    for (size_t i = 0; i < model->layer_count; i++)
        write_layer(model, &model->layers[i], out);
}
