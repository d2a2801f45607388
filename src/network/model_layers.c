#include "network/model_layers.h"

#include "base/memory.h"
#include "network/model_names.h"

#include <string.h>

enum { BLOCK_DEPTH_MAX = 32, REPEAT_MAX = 1000, CANDIDATES_MAX = 128 };

/* Words of the format that this release has no code for. */
static const char *const planned_layers[] = {
    "residual",   "add",     "concat",   "avg_pool2d", "global_avg_pool",
    "batch_norm", "dropout", "identity", "leaky_relu", "relu6",
    "elu",        "silu",    "gelu",     NULL};
static const char *const layer_keys[] = {"name", NULL};

/* Outside every block: `$name` stands for nothing. */
static const struct incline_scope no_arguments = {NULL, NULL, NULL};

static enum incline_status add_list(struct incline_layer_collector *collector,
                                    struct incline_node *list, const struct incline_scope *scope,
                                    int depth);

static enum incline_status read_name(const struct incline_layer_collector *collector,
                                     struct incline_node *node, const struct incline_scope *scope,
                                     struct incline_layer *layer)
{
    struct incline_context *ctx = collector->ctx;
    enum incline_status status = incline_scope_resolve(ctx, &node, &scope);
    if (status != INCLINE_OK)
        return status;
    const char *name = incline_node_text(node);
    status = incline_name_check(ctx, node, layer->class->name, name);
    if (status != INCLINE_OK)
        return status;
    if (incline_model_has_name(collector->model, name))
        return incline_fail_at(ctx, node, "%s: the name '%.60s' is already taken",
                               layer->class->name, name);
    return incline_strdup(ctx, name, &layer->name);
}

static struct incline_node *default_of(const struct incline_layer_collector *collector,
                                       const char *type)
{
    return collector->defaults ? incline_node_get(collector->defaults, type) : NULL;
}

/* Defaults of the class, then of the file, then the layer's own options. */
static enum incline_status read_options(const struct incline_layer_collector *collector,
                                        struct incline_node *place, struct incline_node *value,
                                        const struct incline_scope *scope,
                                        struct incline_layer *layer)
{
    struct incline_context *ctx = collector->ctx;
    const struct incline_option_table *table = &layer->class->options;
    const char *type = layer->class->name;
    struct incline_node *defaults = default_of(collector, type);
    uint64_t given = 0;
    enum incline_status status = incline_alloc(ctx, 1, table->size, &layer->options);
    if (status == INCLINE_OK)
        status = incline_options_default(ctx, table, layer->options);
    if (status == INCLINE_OK && defaults)
        status =
            incline_options_read(ctx, defaults, type, table, NULL, NULL, layer->options, &given);
    if (status == INCLINE_OK && value)
        status = incline_options_read(ctx, value, type, table, layer_keys, scope, layer->options,
                                      &given);
    return status == INCLINE_OK ? incline_options_require(ctx, place, type, table, given) : status;
}

static enum incline_status make_room(struct incline_layer_collector *collector,
                                     struct incline_node *place)
{
    struct incline_model *model = collector->model;
    size_t wanted = model->layer_count + 1;
    if (wanted > INCLINE_MODEL_LAYERS_MAX)
        return incline_fail_at(collector->ctx, place, "more than %d layers",
                               INCLINE_MODEL_LAYERS_MAX);
    enum incline_status status = incline_grow(
        collector->ctx, &model->layers, &collector->layer_room, wanted, sizeof *model->layers);
    return status == INCLINE_OK
               ? incline_grow(collector->ctx, &collector->places, &collector->place_room, wanted,
                              sizeof *collector->places)
               : status;
}

static enum incline_status add_layer(struct incline_layer_collector *collector,
                                     const struct incline_layer_class *class,
                                     struct incline_node *place, struct incline_node *value,
                                     const struct incline_scope *scope)
{
    enum incline_status status = make_room(collector, place);
    if (status != INCLINE_OK)
        return status;
    struct incline_model *model = collector->model;
    struct incline_layer *layer = &model->layers[model->layer_count];
    layer->class = class;
    collector->places[model->layer_count] = place;
    model->layer_count++;
    if (value && incline_node_get(value, "from"))
        return incline_fail_at(collector->ctx, incline_node_get(value, "from"),
                               "%s: 'from' is not supported yet: a layer takes the one before it",
                               class->name);
    status = read_options(collector, place, value, scope, layer);
    struct incline_node *name = value ? incline_node_get(value, "name") : NULL;
    if (status == INCLINE_OK && name)
        status = read_name(collector, name, scope, layer);
    return status;
}

static enum incline_status check_arguments(struct incline_context *ctx, const char *name,
                                           struct incline_node *place, struct incline_node *args,
                                           struct incline_node *values)
{
    size_t wanted = args ? incline_node_count(args) : 0;
    size_t given = values ? incline_node_count(values) : 0;
    for (size_t i = 0; i < wanted; i++) {
        const char *arg = incline_node_text(incline_node_item(args, i));
        if (!values || !incline_node_get(values, arg))
            return incline_fail_at(ctx, place, "%.60s: argument '%.60s' is missing", name, arg);
    }
    for (size_t i = 0; i < given; i++) {
        struct incline_node *key = incline_node_key(values, i);
        size_t at = 0;
        while (at < wanted &&
               strcmp(incline_node_text(incline_node_item(args, at)), incline_node_text(key)) != 0)
            at++;
        if (at == wanted)
            return incline_fail_at(ctx, key, "%.60s: unknown argument '%.60s'", name,
                                   incline_node_text(key));
    }
    return INCLINE_OK;
}

static enum incline_status use_block(struct incline_layer_collector *collector,
                                     struct incline_node *place, struct incline_node *block,
                                     struct incline_node *values, const struct incline_scope *scope,
                                     int depth)
{
    const char *name = incline_node_text(place);
    if (values && incline_node_kind(values) != INCLINE_NODE_MAPPING) {
        const char *text = incline_node_text(values);
        if (!text || *text != '\0')
            return incline_fail_at(collector->ctx, values,
                                   "%.60s: must be a mapping of arguments: {name: value}", name);
        values = NULL;
    }
    struct incline_node *args = incline_node_get(block, "args");
    enum incline_status status = check_arguments(collector->ctx, name, place, args, values);
    if (status != INCLINE_OK)
        return status;
    if (depth == BLOCK_DEPTH_MAX)
        return incline_fail_at(collector->ctx, place,
                               "%.60s: blocks nested more than %d deep: does it use itself?", name,
                               BLOCK_DEPTH_MAX);
    struct incline_scope inner = {args, values, scope};
    return add_list(collector, incline_node_get(block, "layers"), &inner, depth + 1);
}

struct repeat {
    int times;
};

static const struct incline_option repeat_options[] = {
    {"times", INCLINE_OPTION_INT, offsetof(struct repeat, times), NULL, 1, REPEAT_MAX, NULL,
     "how often the layers come"},
    {"layers", INCLINE_OPTION_CUSTOM, 0, NULL, 0, 0, NULL, "the list that is repeated"},
};

static const struct incline_option_table repeat_table = {
    repeat_options, sizeof repeat_options / sizeof *repeat_options, NULL, sizeof(struct repeat)};

static enum incline_status add_repeat(struct incline_layer_collector *collector,
                                      struct incline_node *place, struct incline_node *value,
                                      const struct incline_scope *scope, int depth)
{
    struct incline_context *ctx = collector->ctx;
    struct repeat repeat = {0};
    uint64_t given = 0;
    if (!value || incline_node_kind(value) != INCLINE_NODE_MAPPING)
        return incline_fail_at(ctx, place, "repeat: must be {times: N, layers: [...]}");
    enum incline_status status =
        incline_options_read(ctx, value, "repeat", &repeat_table, NULL, scope, &repeat, &given);
    if (status == INCLINE_OK)
        status = incline_options_require(ctx, place, "repeat", &repeat_table, given);
    if (status == INCLINE_OK && depth == BLOCK_DEPTH_MAX)
        status = incline_fail_at(ctx, place, "repeat: nested more than %d deep", BLOCK_DEPTH_MAX);
    for (int i = 0; i < repeat.times && status == INCLINE_OK; i++)
        status = add_list(collector, incline_node_get(value, "layers"), scope, depth + 1);
    return status;
}

bool incline_layer_is_planned(const char *type)
{
    return incline_is_among(type, planned_layers);
}

static enum incline_status fail_type(const struct incline_layer_collector *collector,
                                     struct incline_node *place)
{
    const char *type = incline_node_text(place);
    if (incline_layer_is_planned(type))
        return incline_fail_at(collector->ctx, place, "layer '%s' is not supported yet", type);
    const char *names[CANDIDATES_MAX] = {"repeat"};
    size_t count = 1;
    for (size_t i = 0; i < incline_layer_class_count && count < CANDIDATES_MAX; i++)
        names[count++] = incline_layer_classes[i]->name;
    size_t blocks = collector->blocks ? incline_node_count(collector->blocks) : 0;
    for (size_t i = 0; i < blocks && count < CANDIDATES_MAX; i++)
        names[count++] = incline_node_text(incline_node_key(collector->blocks, i));
    struct incline_text text;
    incline_text_init(&text, collector->ctx);
    incline_text_add(&text, "unknown layer ");
    incline_text_add_quoted(&text, type);
    incline_text_add_hint(&text, type, names, count);
    enum incline_status status =
        incline_fail_at(collector->ctx, place, "%s", incline_text_get(&text));
    incline_text_finish(&text);
    return status;
}

static enum incline_status add_type(struct incline_layer_collector *collector,
                                    struct incline_node *place, struct incline_node *value,
                                    const struct incline_scope *scope, int depth)
{
    const char *type = incline_node_text(place);
    if (strcmp(type, "repeat") == 0)
        return add_repeat(collector, place, value, scope, depth);
    const struct incline_layer_class *class = incline_layer_class_find(type);
    if (class)
        return add_layer(collector, class, place, value, scope);
    struct incline_node *block =
        collector->blocks ? incline_node_get(collector->blocks, type) : NULL;
    if (block)
        return use_block(collector, place, block, value, scope, depth);
    return fail_type(collector, place);
}

static enum incline_status add_item(struct incline_layer_collector *collector,
                                    struct incline_node *item, const struct incline_scope *scope,
                                    int depth)
{
    struct incline_context *ctx = collector->ctx;
    enum incline_status status = incline_scope_resolve(ctx, &item, &scope);
    if (status != INCLINE_OK)
        return status;
    if (incline_node_kind(item) == INCLINE_NODE_SCALAR)
        return add_type(collector, item, NULL, scope, depth);
    if (incline_node_kind(item) == INCLINE_NODE_SEQUENCE || incline_node_count(item) == 0)
        return incline_fail_at(ctx, item, "a layer must be `type` or `type: options`");
    struct incline_node *key = incline_node_key(item, 0);
    if (incline_node_count(item) > 1)
        return incline_fail_at(ctx, incline_node_key(item, 1),
                               "a layer has one key, its type; write %.60s: {key: value, ...}",
                               incline_node_text(key));
    return add_type(collector, key, incline_node_value(item, 0), scope, depth);
}

/* An empty list is refused, so that nested repeats end soon: each turn adds a layer. */
static enum incline_status add_list(struct incline_layer_collector *collector,
                                    struct incline_node *list, const struct incline_scope *scope,
                                    int depth)
{
    enum incline_status status = incline_scope_resolve(collector->ctx, &list, &scope);
    if (status != INCLINE_OK)
        return status;
    if (incline_node_kind(list) != INCLINE_NODE_SEQUENCE || incline_node_count(list) == 0)
        return incline_fail_at(collector->ctx, list, "layers must be a list of at least one layer");
    for (size_t i = 0; i < incline_node_count(list) && status == INCLINE_OK; i++)
        status = add_item(collector, incline_node_item(list, i), scope, depth);
    return status;
}

enum incline_status incline_collector_add(struct incline_layer_collector *collector,
                                          struct incline_node *list)
{
    return add_list(collector, list, &no_arguments, 0);
}
