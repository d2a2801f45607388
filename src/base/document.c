/* Documents: their nodes, the texts that the nodes came from, and who owns both. */
#include "base/document_inner.h"

#include "base/file.h"
#include "base/memory.h"

#include <string.h>

enum { FILE_BYTES_MAX = 16 << 20 };

enum incline_status incline_node_create(struct incline_context *ctx, struct incline_document *doc,
                                        const struct incline_source *source,
                                        enum incline_node_kind kind, struct incline_node **out)
{
    enum incline_status status = incline_alloc(ctx, 1, sizeof **out, out);
    if (status != INCLINE_OK)
        return status;
    (*out)->source = source;
    (*out)->kind = kind;
    (*out)->owned_next = doc->nodes;
    doc->nodes = *out;
    return INCLINE_OK;
}

enum incline_status incline_scalar_create(struct incline_context *ctx, struct incline_document *doc,
                                          const struct incline_source *source, const char *text,
                                          struct incline_node **out)
{
    enum incline_status status = incline_node_create(ctx, doc, source, INCLINE_NODE_SCALAR, out);
    return status == INCLINE_OK ? incline_strdup(ctx, text, &(*out)->text) : status;
}

enum incline_status incline_node_append(struct incline_context *ctx, struct incline_node *parent,
                                        struct incline_node *child)
{
    enum incline_status status = incline_grow(ctx, &parent->items, &parent->item_room,
                                              parent->item_count + 1, sizeof *parent->items);
    if (status == INCLINE_OK)
        parent->items[parent->item_count++] = child;
    return status;
}

enum incline_node_kind incline_node_kind(struct incline_node *node)
{
    return node->kind;
}

const char *incline_node_text(struct incline_node *node)
{
    return node->kind == INCLINE_NODE_SCALAR ? node->text : NULL;
}

size_t incline_node_count(struct incline_node *node)
{
    return node->kind == INCLINE_NODE_MAPPING ? node->item_count / 2 : node->item_count;
}

struct incline_node *incline_node_item(struct incline_node *node, size_t index)
{
    return node->items[index];
}

struct incline_node *incline_node_key(struct incline_node *node, size_t index)
{
    return node->items[2 * index];
}

struct incline_node *incline_node_value(struct incline_node *node, size_t index)
{
    return node->items[2 * index + 1];
}

struct incline_node **incline_node_find(struct incline_node *node, const char *key)
{
    if (node->kind != INCLINE_NODE_MAPPING)
        return NULL;
    for (size_t i = 0; i < node->item_count; i += 2)
        if (strcmp(node->items[i]->text, key) == 0)
            return &node->items[i + 1];
    return NULL;
}

struct incline_node *incline_node_get(struct incline_node *node, const char *key)
{
    struct incline_node **value = incline_node_find(node, key);
    return value ? *value : NULL;
}

bool incline_node_is_setting(const struct incline_node *node)
{
    return node->source->is_setting;
}

enum incline_status incline_document_add_source(struct incline_context *ctx,
                                                struct incline_document *doc, const char *name,
                                                char **text, size_t length,
                                                struct incline_source **out)
{
    struct incline_source *source = NULL;
    enum incline_status status = incline_alloc(ctx, 1, sizeof *source, &source);
    if (status != INCLINE_OK) {
        incline_free(text);
        return status;
    }
    source->text = *text;
    source->length = length;
    source->next = doc->sources;
    doc->sources = source;
    *text = NULL;
    *out = source;
    return incline_strdup(ctx, name, &source->name);
}

/* Takes *text, also on failure. */
static enum incline_status document_create(struct incline_context *ctx, const char *name,
                                           char **text, size_t length,
                                           struct incline_document **out)
{
    struct incline_document *doc = NULL;
    struct incline_source *source = NULL;
    enum incline_status status = incline_alloc(ctx, 1, sizeof *doc, &doc);
    if (status != INCLINE_OK) {
        incline_free(text);
        return status;
    }
    status = incline_document_add_source(ctx, doc, name, text, length, &source);
    if (status == INCLINE_OK) {
        doc->name = source->name;
        status = incline_source_parse(ctx, doc, source, &doc->root);
    }
    if (status != INCLINE_OK)
        incline_document_destroy(&doc);
    *out = doc;
    return status;
}

enum incline_status incline_document_read(struct incline_context *ctx, const char *path,
                                          struct incline_document **out)
{
    char *text = NULL;
    size_t length = 0;
    *out = NULL;
    enum incline_status status = incline_file_read(ctx, path, FILE_BYTES_MAX, &text, &length);
    if (status != INCLINE_OK)
        return status == INCLINE_ERROR_MEMORY ? status : INCLINE_ERROR_CONFIG;
    return document_create(ctx, path, &text, length, out);
}

enum incline_status incline_document_parse(struct incline_context *ctx, const char *name,
                                           const char *text, size_t length,
                                           struct incline_document **out)
{
    char *copy = NULL;
    *out = NULL;
    if (length > FILE_BYTES_MAX)
        return incline_fail(ctx, INCLINE_ERROR_CONFIG, "%s: larger than the limit of %d bytes",
                            name, FILE_BYTES_MAX);
    enum incline_status status = incline_alloc(ctx, length + 1, 1, &copy);
    if (status != INCLINE_OK)
        return status;
    memcpy(copy, text, length);
    return document_create(ctx, name, &copy, length, out);
}

void incline_document_destroy(struct incline_document **doc)
{
    if (!*doc)
        return;
    while ((*doc)->nodes) {
        struct incline_node *node = (*doc)->nodes;
        (*doc)->nodes = node->owned_next;
        incline_free(&node->text);
        incline_free(&node->items);
        incline_free(&node);
    }
    while ((*doc)->sources) {
        struct incline_source *source = (*doc)->sources;
        (*doc)->sources = source->next;
        incline_free(&source->name);
        incline_free(&source->text);
        incline_free(&source);
    }
    incline_free(doc);
}

struct incline_node *incline_document_root(struct incline_document *doc)
{
    return doc->root;
}

const char *incline_document_name(const struct incline_document *doc)
{
    return doc->name;
}
