/* From a document's nodes to the values of a table's options. */
#include "base/options_inner.h"

#include "base/memory.h"

#include <string.h>

struct reading {
    struct incline_context *ctx;
    const char *label;
    const struct incline_option_table *table;
    const struct incline_scope *scope;
    void *values;
};

/* Fills raw from a scalar or a sequence of scalars; items has room for all. */
static enum incline_status gather(struct incline_context *ctx, struct incline_node *node,
                                  const struct incline_scope *scope, struct incline_raw *raw)
{
    raw->is_list = incline_node_kind(node) == INCLINE_NODE_SEQUENCE;
    raw->count = raw->is_list ? incline_node_count(node) : 1;
    for (size_t i = 0; i < raw->count; i++) {
        struct incline_node *item = raw->is_list ? incline_node_item(node, i) : node;
        const struct incline_scope *item_scope = scope;
        enum incline_status status = incline_scope_resolve(ctx, &item, &item_scope);
        if (status != INCLINE_OK)
            return status;
        raw->items[i] = incline_node_text(item);
        if (!raw->items[i])
            return incline_fail_at(ctx, item, "a list or mapping is not allowed here");
    }
    return INCLINE_OK;
}

static enum incline_status fail_value(const struct reading *reading, struct incline_node *node,
                                      const struct incline_option *option,
                                      const struct incline_text *problem)
{
    return incline_fail_at(reading->ctx, node, "%s: %s %s", reading->label, option->name,
                           incline_text_get(problem));
}

static enum incline_status read_value(const struct reading *reading,
                                      const struct incline_option *option,
                                      struct incline_node *node)
{
    struct incline_raw raw = {.items = NULL};
    struct incline_text problem;
    const struct incline_scope *scope = reading->scope;
    incline_text_init(&problem, reading->ctx);
    enum incline_status status = incline_scope_resolve(reading->ctx, &node, &scope);
    if (status != INCLINE_OK)
        goto out;
    if (incline_node_kind(node) == INCLINE_NODE_MAPPING) {
        incline_text_add(&problem, "must be a value, not a mapping");
        status = fail_value(reading, node, option, &problem);
        goto out;
    }
    status =
        incline_alloc(reading->ctx, incline_node_count(node) + 1, sizeof *raw.items, &raw.items);
    if (status != INCLINE_OK)
        goto out;
    status = gather(reading->ctx, node, scope, &raw);
    if (status != INCLINE_OK)
        goto out;
    status = incline_option_parse_raw(reading->ctx, option, &raw, reading->values, &problem);
    if (status == INCLINE_ERROR_CONFIG)
        status = fail_value(reading, node, option, &problem);
out:
    incline_free(&raw.items);
    incline_text_finish(&problem);
    return status;
}

static size_t find_option(const struct incline_option_table *table, const char *name)
{
    size_t i = 0;
    while (i < table->count && strcmp(table->options[i].name, name) != 0)
        i++;
    return i;
}

static const char *find_advice(const struct incline_option_table *table, const char *name)
{
    for (const struct incline_refused_word *word = table->refused; word && word->name; word++)
        if (strcmp(word->name, name) == 0)
            return word->advice;
    return NULL;
}

static enum incline_status fail_key(const struct reading *reading, struct incline_node *key,
                                    const char *const *others)
{
    const char *advice = find_advice(reading->table, incline_node_text(key));
    if (advice)
        return incline_fail_at(reading->ctx, key, "%s: '%s' is not taken: %s", reading->label,
                               incline_node_text(key), advice);
    const char *names[INCLINE_OPTIONS_MAX + 8];
    size_t count = 0;
    for (; count < reading->table->count && count < INCLINE_OPTIONS_MAX; count++)
        names[count] = reading->table->options[count].name;
    for (; others && *others && count < sizeof names / sizeof *names; others++)
        names[count++] = *others;
    struct incline_text text;
    incline_text_init(&text, reading->ctx);
    incline_text_add(&text, "%s: unknown key ", reading->label);
    incline_text_add_quoted(&text, incline_node_text(key));
    if (strchr(incline_node_text(key), ':'))
        incline_text_add(&text, " (a blank is needed behind the colon)");
    else
        incline_text_add_hint(&text, incline_node_text(key), names, count);
    enum incline_status status = incline_fail_at(reading->ctx, key, "%s", incline_text_get(&text));
    incline_text_finish(&text);
    return status;
}

static enum incline_status read_bare(const struct reading *reading, struct incline_node *node,
                                     uint64_t *given)
{
    const struct incline_option_table *table = reading->table;
    const char *text = incline_node_text(node);
    if (text && *text == '\0' && !table->main_option)
        return INCLINE_OK; /* "train:" with nothing behind it */
    if (table->count == 0)
        return incline_fail_at(reading->ctx, node, "%s: takes no value", reading->label);
    if (!table->main_option)
        return incline_fail_at(reading->ctx, node, "%s: must be a mapping of options: {key: value}",
                               reading->label);
    size_t index = find_option(table, table->main_option);
    if (index == table->count)
        return INCLINE_ERROR_BUG;
    *given |= (uint64_t)1 << index;
    return read_value(reading, &table->options[index], node);
}

enum incline_status
incline_options_read(struct incline_context *ctx, struct incline_node *node, const char *label,
                     const struct incline_option_table *table, const char *const *others,
                     const struct incline_scope *scope, void *values, uint64_t *given)
{
    struct reading reading = {ctx, label, table, scope, values};
    if (incline_node_kind(node) != INCLINE_NODE_MAPPING)
        return read_bare(&reading, node, given);
    for (size_t i = 0; i < incline_node_count(node); i++) {
        struct incline_node *key = incline_node_key(node, i);
        const char *name = incline_node_text(key);
        size_t index = find_option(table, name);
        enum incline_status status = INCLINE_OK;
        if (index < table->count) {
            *given |= (uint64_t)1 << index;
            if (table->options[index].type != INCLINE_OPTION_CUSTOM)
                status = read_value(&reading, &table->options[index], incline_node_value(node, i));
        } else if (!incline_is_among(name, others)) {
            status = fail_key(&reading, key, others);
        }
        if (status != INCLINE_OK)
            return status;
    }
    return INCLINE_OK;
}
