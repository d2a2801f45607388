/* What a model defines besides its layers: defaults and blocks. */
#include "network/model_layers.h"

#include "base/memory.h"
#include "network/model_names.h"

#include <string.h>

static enum incline_status check_default(struct incline_context *ctx, struct incline_node *key,
                                         struct incline_node *value)
{
    const char *type = incline_node_text(key);
    const struct incline_layer_class *class = incline_layer_class_find(type);
    if (!class)
        return incline_fail_at(ctx, key, "defaults: unknown layer '%.60s'", type);
    if (incline_node_kind(value) != INCLINE_NODE_MAPPING)
        return incline_fail_at(ctx, value, "defaults: %s must be a mapping of options", type);
    void *scratch = NULL;
    uint64_t given = 0;
    enum incline_status status = incline_alloc(ctx, 1, class->options.size, &scratch);
    if (status == INCLINE_OK)
        status =
            incline_options_read(ctx, value, type, &class->options, NULL, NULL, scratch, &given);
    if (scratch)
        incline_options_finish(&class->options, scratch);
    incline_free(&scratch);
    return status;
}

static enum incline_status check_block_args(struct incline_context *ctx, struct incline_node *args)
{
    if (incline_node_kind(args) != INCLINE_NODE_SEQUENCE)
        return incline_fail_at(ctx, args, "args must be a list of names");
    for (size_t i = 0; i < incline_node_count(args); i++) {
        struct incline_node *arg = incline_node_item(args, i);
        const char *name = incline_node_text(arg);
        if (!name || !incline_is_name(name))
            return incline_fail_at(ctx, arg, "an argument must be a name");
    }
    return INCLINE_OK;
}

static const struct incline_option block_options[] = {
    {"args", INCLINE_OPTION_CUSTOM, 0, "[]", 0, 0, NULL,
     "names of its arguments; $a stands for a value, a layer or a list in its layers"},
    {"layers", INCLINE_OPTION_CUSTOM, 0, NULL, 0, 0, NULL, "the layers of the block"},
};

const struct incline_option_table incline_block_table = {
    block_options, sizeof block_options / sizeof *block_options, NULL, 0};

static enum incline_status check_block(struct incline_context *ctx, struct incline_node *key,
                                       struct incline_node *block)
{
    const char *name = incline_node_text(key);
    uint64_t given = 0;
    if (incline_layer_class_find(name) || strcmp(name, "repeat") == 0 ||
        strcmp(name, "residual") == 0)
        return incline_fail_at(ctx, key, "blocks: '%s' is the name of a layer", name);
    enum incline_status status =
        incline_options_read(ctx, block, "blocks", &incline_block_table, NULL, NULL, NULL, &given);
    if (status == INCLINE_OK)
        status = incline_options_require(ctx, key, "blocks", &incline_block_table, given);
    struct incline_node *args = incline_node_get(block, "args");
    return status == INCLINE_OK && args ? check_block_args(ctx, args) : status;
}

typedef enum incline_status (*check_fn)(struct incline_context *ctx, struct incline_node *key,
                                        struct incline_node *value);

static enum incline_status check_each(struct incline_context *ctx, struct incline_node *map,
                                      const char *label, check_fn check)
{
    if (!map)
        return INCLINE_OK;
    if (incline_node_kind(map) != INCLINE_NODE_MAPPING)
        return incline_fail_at(ctx, map, "model: %s must be a mapping", label);
    enum incline_status status = INCLINE_OK;
    for (size_t i = 0; i < incline_node_count(map) && status == INCLINE_OK; i++)
        status = check(ctx, incline_node_key(map, i), incline_node_value(map, i));
    return status;
}

enum incline_status incline_collector_check(const struct incline_layer_collector *collector)
{
    enum incline_status status =
        check_each(collector->ctx, collector->defaults, "defaults", check_default);
    return status == INCLINE_OK
               ? check_each(collector->ctx, collector->blocks, "blocks", check_block)
               : status;
}

/* Whether $name stands somewhere in node. */
static bool mentions(struct incline_node *node, const char *name)
{
    const char *text = incline_node_text(node);
    if (text)
        return text[0] == '$' && strcmp(text + 1, name) == 0;
    bool is_mapping = incline_node_kind(node) == INCLINE_NODE_MAPPING;
    for (size_t i = 0; i < incline_node_count(node); i++)
        if (mentions(is_mapping ? incline_node_value(node, i) : incline_node_item(node, i), name))
            return true;
    return false;
}

static enum incline_status check_args_use(struct incline_context *ctx, struct incline_node *block)
{
    struct incline_node *args = incline_node_get(block, "args");
    for (size_t i = 0; args && i < incline_node_count(args); i++) {
        struct incline_node *arg = incline_node_item(args, i);
        const char *name = incline_node_text(arg);
        if (!mentions(incline_node_get(block, "layers"), name))
            return incline_fail_at(ctx, arg,
                                   "the layers of this block do not use the argument '%.60s'; "
                                   "there it is written $%.60s",
                                   name, name);
    }
    return INCLINE_OK;
}

enum incline_status incline_collector_check_use(const struct incline_layer_collector *collector)
{
    size_t blocks = collector->blocks ? incline_node_count(collector->blocks) : 0;
    for (size_t i = 0; i < blocks; i++) {
        struct incline_node *key = incline_node_key(collector->blocks, i);
        if (!collector->block_used[i])
            return incline_fail_at(collector->ctx, key,
                                   "blocks: no layer is '%.60s': use it or leave it out",
                                   incline_node_text(key));
        enum incline_status status =
            check_args_use(collector->ctx, incline_node_value(collector->blocks, i));
        if (status != INCLINE_OK)
            return status;
    }
    return INCLINE_OK;
}
