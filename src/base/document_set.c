/* Settings: a value laid over a document at a dotted path. */
#include "base/document_inner.h"

#include "base/memory.h"

#include <string.h>

struct setting {
    struct incline_context *ctx;
    struct incline_document *doc;
    const struct incline_source *source;
};

static enum incline_status add_pair(const struct setting *setting, struct incline_node *map,
                                    const char *key, struct incline_node *value)
{
    struct incline_node *node = NULL;
    enum incline_status status =
        incline_scalar_create(setting->ctx, setting->doc, setting->source, key, &node);
    if (status == INCLINE_OK)
        status = incline_node_append(setting->ctx, map, node);
    return status == INCLINE_OK ? incline_node_append(setting->ctx, map, value) : status;
}

static bool is_nothing(const struct incline_node *scalar)
{
    return scalar->text[0] == '\0' || strcmp(scalar->text, "none") == 0;
}

/* Turns the bare name at *slot into {name: {}}, and nothing into {}; both keep their place. */
static enum incline_status open_bare_name(const struct setting *setting, struct incline_node **slot)
{
    struct incline_node *name = *slot;
    struct incline_node *map = NULL;
    struct incline_node *empty = NULL;
    enum incline_status status =
        incline_node_create(setting->ctx, setting->doc, name->source, INCLINE_NODE_MAPPING, &map);
    if (status == INCLINE_OK)
        status = incline_node_create(setting->ctx, setting->doc, name->source, INCLINE_NODE_MAPPING,
                                     &empty);
    if (status != INCLINE_OK)
        return status;
    map->start = empty->start = name->start;
    map->length = empty->length = name->length;
    if (!is_nothing(name))
        status = incline_node_append(setting->ctx, map, name);
    if (status == INCLINE_OK && !is_nothing(name))
        status = incline_node_append(setting->ctx, map, empty);
    *slot = map;
    return status;
}

static enum incline_status step_sequence(const struct setting *setting, struct incline_node *list,
                                         const char *part, struct incline_node ***slot)
{
    size_t index = 0;
    bool is_number = *part != '\0' && strlen(part) <= 9;
    for (const char *at = part; *at && is_number; at++) {
        is_number = incline_is_digit(*at);
        index = 10 * index + (size_t)(*at - '0');
    }
    if (!is_number)
        return incline_source_fail(setting->ctx, setting->source, 0, 1,
                                   "'%s' must be a number: it picks an item of a list", part);
    if (index >= list->item_count)
        return incline_source_fail(setting->ctx, setting->source, 0, 1,
                                   "there is no item %zu: the list has %zu, counted from 0", index,
                                   list->item_count);
    *slot = &list->items[index];
    return INCLINE_OK;
}

/* The value under part of a mapping; a missing one is made as an empty mapping. */
static enum incline_status step_mapping(const struct setting *setting, struct incline_node *map,
                                        const char *part, struct incline_node ***slot)
{
    if (strcmp(part, "*") == 0) {
        if (incline_node_count(map) != 1)
            return incline_source_fail(setting->ctx, setting->source, 0, 1,
                                       "'*' stands for the only key of a mapping; here are %zu",
                                       incline_node_count(map));
        *slot = &map->items[1];
        return INCLINE_OK;
    }
    *slot = incline_node_find(map, part);
    if (*slot)
        return INCLINE_OK;
    struct incline_node *empty = NULL;
    enum incline_status status = incline_node_create(setting->ctx, setting->doc, setting->source,
                                                     INCLINE_NODE_MAPPING, &empty);
    if (status == INCLINE_OK)
        status = add_pair(setting, map, part, empty);
    *slot = incline_node_find(map, part);
    return status;
}

/* Moves *slot from a node to the part of it that the next piece of the path names. */
static enum incline_status step(const struct setting *setting, const char *part,
                                struct incline_node ***slot)
{
    struct incline_node *node = **slot;
    if (*part == '\0')
        return incline_source_fail(setting->ctx, setting->source, 0, 1,
                                   "the path has an empty part");
    if (node->kind == INCLINE_NODE_SEQUENCE)
        return step_sequence(setting, node, part, slot);
    if (node->kind == INCLINE_NODE_SCALAR) {
        bool opens = is_nothing(node) || strcmp(part, "*") == 0 || strcmp(part, node->text) == 0;
        if (!opens)
            return incline_source_fail(setting->ctx, setting->source, 0, 1,
                                       "'%s' is not there: the path ends at the value '%.60s'",
                                       part, node->text);
        enum incline_status status = open_bare_name(setting, *slot);
        if (status != INCLINE_OK)
            return status;
    }
    return step_mapping(setting, **slot, part, slot);
}

/* Cuts path at its dots, in place, and walks along it. */
static enum incline_status walk(const struct setting *setting, char *path,
                                struct incline_node ***slot)
{
    enum incline_status status = INCLINE_OK;
    char *part = path;
    while (part && status == INCLINE_OK) {
        char *dot = strchr(part, '.');
        if (dot)
            *dot = '\0';
        status = step(setting, part, slot);
        part = dot ? dot + 1 : NULL;
    }
    return status;
}

/* A document with nothing in it starts as an empty mapping. */
static enum incline_status ensure_root(const struct setting *setting)
{
    if (setting->doc->root)
        return INCLINE_OK;
    return incline_node_create(setting->ctx, setting->doc, setting->source, INCLINE_NODE_MAPPING,
                               &setting->doc->root);
}

static enum incline_status add_setting_source(struct incline_context *ctx,
                                              struct incline_document *doc, const char *name,
                                              const char *value, struct incline_source **out)
{
    char *copy = NULL;
    enum incline_status status = incline_strdup(ctx, value, &copy);
    if (status == INCLINE_OK)
        status = incline_document_add_source(ctx, doc, name, &copy, strlen(value), out);
    if (status == INCLINE_OK)
        (*out)->is_setting = true;
    return status;
}

enum incline_status incline_document_set(struct incline_context *ctx, struct incline_document *doc,
                                         const char *path, const char *value)
{
    struct incline_text name;
    incline_text_init(&name, ctx);
    incline_text_add(&name, "--set %s=%s", path, value);
    enum incline_status status = incline_text_status(&name);
    if (status == INCLINE_OK)
        status = incline_document_set_named(ctx, doc, incline_text_get(&name), path, value);
    incline_text_finish(&name);
    return status;
}

enum incline_status incline_document_set_named(struct incline_context *ctx,
                                               struct incline_document *doc, const char *name,
                                               const char *path, const char *value)
{
    struct setting setting = {.ctx = ctx, .doc = doc};
    struct incline_source *source = NULL;
    char *parts = NULL;
    struct incline_node *node = NULL;
    enum incline_status status = add_setting_source(ctx, doc, name, value, &source);
    if (status != INCLINE_OK)
        goto out;
    setting.source = source;
    status = incline_source_parse(ctx, doc, source, &node);
    if (status == INCLINE_OK && !node)
        status = incline_scalar_create(ctx, doc, source, "", &node);
    if (status != INCLINE_OK)
        goto out;
    status = ensure_root(&setting);
    if (status != INCLINE_OK)
        goto out;
    status = incline_strdup(ctx, path, &parts);
    if (status != INCLINE_OK)
        goto out;
    struct incline_node **slot = &doc->root;
    status = walk(&setting, parts, &slot);
    if (status == INCLINE_OK)
        *slot = node;
out:
    incline_free(&parts);
    return status;
}
