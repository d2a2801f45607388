#include "network/model_layers.h"

#include "base/memory.h"
#include "network/graph.h"
#include "network/model_names.h"

#include <string.h>

enum { BLOCK_DEPTH_MAX = 32, REPEAT_MAX = 1000, CANDIDATES_MAX = 128 };

static const char *const layer_keys[] = {"name", "from", NULL};
static const char images_name[] = "input"; /* in `from` */

static const struct incline_option any_layer_options[] = {
    {"name", INCLINE_OPTION_CUSTOM, 0, "TYPE_N", 0, 0, NULL,
     "its name in the weights file and, where it is given, for `from`; where a block or a repeat "
     "comes again, a is called a_2, a_3"},
    {"from", INCLINE_OPTION_CUSTOM, 0, "the layer before", 0, 0, NULL,
     "the layer that it reads, by name, or `input`, the images; add, concat and multiply take a "
     "list; of several called a, a_2, ... `a` is the newest"},
};

const struct incline_option_table incline_any_layer_table = {
    any_layer_options, sizeof any_layer_options / sizeof *any_layer_options, NULL, 0};

/* Outside every block: `$name` stands for nothing. */
static const struct incline_scope no_arguments = {NULL, NULL, NULL};

static enum incline_status add_list(struct incline_layer_collector *collector,
                                    struct incline_node *list, const struct incline_scope *scope,
                                    int depth);

/* How many layers before `layer` were given this name at this very place of the file: turns of a
 * block or a repeat. */
static size_t count_turns(const struct incline_layer_collector *collector,
                          const struct incline_layer *layer, const struct incline_node *key,
                          const char *name)
{
    size_t count = 0;
    for (const struct incline_layer *each = collector->model->layers; each < layer; each++) {
        const struct incline_layer_place *place =
            &collector->places[each - collector->model->layers];
        count += place->name_key == key && strcmp(incline_node_text(place->name), name) == 0;
    }
    return count;
}

/* What comes again after so many turns is numbered: a, a_2, a_3. */
static enum incline_status number_name(const struct incline_layer_collector *collector,
                                       const char *given, size_t turns, char **out)
{
    struct incline_text name;
    size_t number = turns;
    bool taken = true;
    incline_text_init(&name, collector->ctx);
    while (taken && !name.failed) {
        incline_text_finish(&name);
        incline_text_add(&name, "%s_%zu", given, ++number);
        taken = incline_model_has_name(collector->model, incline_text_get(&name));
    }
    enum incline_status status = incline_text_take(&name, out);
    incline_text_finish(&name);
    return status;
}

static enum incline_status read_name(const struct incline_layer_collector *collector,
                                     struct incline_node *node, const struct incline_scope *scope,
                                     struct incline_layer *layer)
{
    struct incline_context *ctx = collector->ctx;
    struct incline_layer_place *place = &collector->places[layer - collector->model->layers];
    struct incline_node *key = node;
    enum incline_status status = incline_scope_resolve(ctx, &node, &scope);
    if (status != INCLINE_OK)
        return status;
    const char *name = incline_node_text(node);
    status = incline_name_check(ctx, node, layer->class->name, name);
    if (status != INCLINE_OK)
        return status;
    if (strcmp(name, images_name) == 0)
        return incline_fail_at(ctx, node, "%s: '%s' is the name of the images: choose another",
                               layer->class->name, name);
    size_t turns = count_turns(collector, layer, key, name);
    *place = (struct incline_layer_place){place->type, key, node};
    if (turns > 0)
        return number_name(collector, name, turns, &layer->name);
    if (incline_model_has_name(collector->model, name))
        return incline_fail_at(ctx, node, "%s: the name '%.60s' is already taken: give another",
                               layer->class->name, name);
    return incline_strdup(ctx, name, &layer->name);
}

static struct incline_node *default_of(const struct incline_layer_collector *collector,
                                       const char *type)
{
    return collector->defaults ? incline_node_get(collector->defaults, type) : NULL;
}

/* Fails at an `activation` that only a layer of its own can be. */
static enum incline_status check_activation(struct incline_context *ctx, struct incline_node *value,
                                            const struct incline_scope *scope, const char *type)
{
    static const char *const layers[] = {"gelu", "silu", "hard_swish", "prelu", "softmax", NULL};
    bool is_mapping = incline_node_kind(value) == INCLINE_NODE_MAPPING;
    struct incline_node *node = is_mapping ? incline_node_get(value, "activation") : NULL;
    enum incline_status status = node ? incline_scope_resolve(ctx, &node, &scope) : INCLINE_OK;
    const char *name = node && status == INCLINE_OK ? incline_node_text(node) : NULL;
    if (name && incline_is_among(name, layers))
        return incline_fail_at(ctx, node,
                               "%s: %s is a layer of its own: put `- %s` behind this one", type,
                               name, name);
    return status;
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
        status = check_activation(ctx, value, scope, type);
    if (status == INCLINE_OK && value)
        status = incline_options_read(ctx, value, type, table, layer_keys, scope, layer->options,
                                      &given);
    return status == INCLINE_OK ? incline_options_require(ctx, place, type, table, given) : status;
}

static enum incline_status fail_source(const struct incline_layer_collector *collector,
                                       const struct incline_layer *layer, struct incline_node *node)
{
    const char *names[CANDIDATES_MAX] = {images_name};
    size_t count = 1;
    const char *name = incline_node_text(node);
    struct incline_text text;
    if (!name)
        return incline_fail_at(collector->ctx, node,
                               "%s: from must be one name; add, concat and multiply read several "
                               "layers",
                               layer->class->name);
    for (const struct incline_layer *each = collector->model->layers;
         each < layer && count < CANDIDATES_MAX; each++)
        if (each->name)
            names[count++] = each->name;
    incline_text_init(&text, collector->ctx);
    incline_text_add(&text, "%s: from: no layer before this one has the name ", layer->class->name);
    incline_text_add_quoted(&text, name);
    incline_text_add_hint(&text, name, names, count);
    incline_text_add(&text, "; a layer gets one by `name:`");
    enum incline_status status =
        incline_fail_at(collector->ctx, node, "%s", incline_text_get(&text));
    incline_text_finish(&text);
    return status;
}

/* By its name, or by the one that was numbered. */
static bool is_called(const struct incline_layer_collector *collector, int layer, const char *name)
{
    const char *full = collector->model->layers[layer].name;
    struct incline_node *given = collector->places[layer].name;
    return full && (strcmp(full, name) == 0 || strcmp(incline_node_text(given), name) == 0);
}

/* The newest of that name, so that in a block or a repeat it is the one of this turn. */
static enum incline_status read_source(const struct incline_layer_collector *collector,
                                       struct incline_node *node, const struct incline_scope *scope,
                                       struct incline_layer *layer)
{
    enum incline_status status = incline_scope_resolve(collector->ctx, &node, &scope);
    if (status != INCLINE_OK)
        return status;
    const char *name = incline_node_text(node);
    int source = (int)(layer - collector->model->layers) - 1;
    while (name && source >= 0 && !is_called(collector, source, name))
        source--;
    if (!name || (source < 0 && strcmp(name, images_name) != 0))
        return fail_source(collector, layer, node);
    layer->inputs[layer->input_count++] = source; /* INCLINE_GRAPH_IMAGES when none has the name */
    return INCLINE_OK;
}

static enum incline_status read_from(const struct incline_layer_collector *collector,
                                     struct incline_node *node, const struct incline_scope *scope,
                                     struct incline_layer *layer)
{
    struct incline_context *ctx = collector->ctx;
    int most = layer->class->most_inputs;
    enum incline_status status = incline_scope_resolve(ctx, &node, &scope);
    if (status != INCLINE_OK)
        return status;
    if (most == 0)
        return read_source(collector, node, scope, layer);
    size_t count = incline_node_count(node);
    if (incline_node_kind(node) != INCLINE_NODE_SEQUENCE || count < 2 || count > (size_t)most)
        return incline_fail_at(ctx, node, "%s: from must be a list of %s%d names of layers",
                               layer->class->name, most > 2 ? "2 to " : "", most);
    for (size_t k = 0; k < count && status == INCLINE_OK; k++)
        status = read_source(collector, incline_node_item(node, k), scope, layer);
    return status;
}

/* Without `from` a layer reads what the list has made so far. */
static enum incline_status choose_inputs(const struct incline_layer_collector *collector,
                                         struct incline_node *place, struct incline_node *value,
                                         const struct incline_scope *scope,
                                         struct incline_layer *layer)
{
    struct incline_node *from = value ? incline_node_get(value, "from") : NULL;
    if (from)
        return read_from(collector, from, scope, layer);
    if (layer->class->most_inputs > 0)
        return incline_fail_at(
            collector->ctx, place,
            "%s: say which layers: {from: [a, b]}, where a and b are their names",
            layer->class->name);
    if (collector->last != (int)(layer - collector->model->layers) - 1)
        layer->inputs[layer->input_count++] = collector->last;
    return INCLINE_OK;
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

/* Adds a layer with its options to the model, as the one that the next reads. */
static enum incline_status begin_layer(struct incline_layer_collector *collector,
                                       const struct incline_layer_class *class,
                                       struct incline_node *place, struct incline_node *value,
                                       const struct incline_scope *scope,
                                       struct incline_layer **out)
{
    enum incline_status status = make_room(collector, place);
    if (status != INCLINE_OK)
        return status;
    struct incline_model *model = collector->model;
    *out = &model->layers[model->layer_count];
    (*out)->class = class;
    collector->places[model->layer_count] = (struct incline_layer_place){.type = place};
    model->layer_count++;
    return read_options(collector, place, value, scope, *out);
}

static enum incline_status add_layer(struct incline_layer_collector *collector,
                                     const struct incline_layer_class *class,
                                     struct incline_node *place, struct incline_node *value,
                                     const struct incline_scope *scope)
{
    struct incline_layer *layer = NULL;
    enum incline_status status = begin_layer(collector, class, place, value, scope, &layer);
    if (status == INCLINE_OK)
        status = choose_inputs(collector, place, value, scope, layer);
    struct incline_node *name = value ? incline_node_get(value, "name") : NULL;
    if (status == INCLINE_OK && name)
        status = read_name(collector, name, scope, layer);
    collector->last = (int)collector->model->layer_count - 1;
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

const struct incline_option_table incline_repeat_table = {
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
    enum incline_status status = incline_options_read(ctx, value, "repeat", &incline_repeat_table,
                                                      NULL, scope, &repeat, &given);
    if (status == INCLINE_OK)
        status = incline_options_require(ctx, place, "repeat", &incline_repeat_table, given);
    if (status == INCLINE_OK && depth == BLOCK_DEPTH_MAX)
        status = incline_fail_at(ctx, place, "repeat: nested more than %d deep", BLOCK_DEPTH_MAX);
    for (int i = 0; i < repeat.times && status == INCLINE_OK; i++)
        status = add_list(collector, incline_node_get(value, "layers"), scope, depth + 1);
    return status;
}

static const struct incline_option residual_options[] = {
    {"main", INCLINE_OPTION_CUSTOM, 0, NULL, 0, 0, NULL, "the layers whose output is added to"},
    {"shortcut", INCLINE_OPTION_CUSTOM, 0, "none", 0, 0, NULL,
     "the layers beside them; none: what goes into main"},
};

const struct incline_option_table incline_residual_table = {
    residual_options, sizeof residual_options / sizeof *residual_options, NULL, 0};

/* main(x) + shortcut(x) */
static enum incline_status add_residual(struct incline_layer_collector *collector,
                                        struct incline_node *place, struct incline_node *value,
                                        const struct incline_scope *scope, int depth)
{
    struct incline_context *ctx = collector->ctx;
    struct incline_layer *add = NULL;
    int start = collector->last;
    uint64_t given = 0;
    if (!value || incline_node_kind(value) != INCLINE_NODE_MAPPING)
        return incline_fail_at(ctx, place, "residual: must be {main: [...], shortcut: [...]}");
    enum incline_status status = incline_options_read(
        ctx, value, "residual", &incline_residual_table, NULL, scope, NULL, &given);
    if (status == INCLINE_OK)
        status = incline_options_require(ctx, place, "residual", &incline_residual_table, given);
    if (status == INCLINE_OK && depth == BLOCK_DEPTH_MAX)
        status = incline_fail_at(ctx, place, "residual: nested more than %d deep", BLOCK_DEPTH_MAX);
    if (status == INCLINE_OK)
        status = add_list(collector, incline_node_get(value, "main"), scope, depth + 1);
    int main = collector->last;
    struct incline_node *shortcut = incline_node_get(value, "shortcut");
    collector->last = start;
    if (status == INCLINE_OK && shortcut)
        status = add_list(collector, shortcut, scope, depth + 1);
    if (status == INCLINE_OK)
        status = begin_layer(collector, incline_layer_class_find("add"), place, NULL, scope, &add);
    if (status != INCLINE_OK)
        return status;
    add->inputs[0] = main;
    add->inputs[1] = collector->last;
    add->input_count = 2;
    collector->last = (int)collector->model->layer_count - 1;
    return INCLINE_OK;
}

static enum incline_status fail_type(const struct incline_layer_collector *collector,
                                     struct incline_node *place)
{
    const char *type = incline_node_text(place);
    const char *names[CANDIDATES_MAX] = {"repeat", "residual"};
    size_t count = 2;
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
    if (strcmp(type, "residual") == 0)
        return add_residual(collector, place, value, scope, depth);
    const struct incline_layer_class *class = incline_layer_class_find(type);
    if (class)
        return add_layer(collector, class, place, value, scope);
    size_t blocks = collector->blocks ? incline_node_count(collector->blocks) : 0;
    for (size_t i = 0; i < blocks; i++) {
        if (strcmp(incline_node_text(incline_node_key(collector->blocks, i)), type) != 0)
            continue;
        collector->block_used[i] = true;
        struct incline_node *block = incline_node_value(collector->blocks, i);
        return use_block(collector, place, block, value, scope, depth);
    }
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
