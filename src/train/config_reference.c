/* `model:` as a mapping, a path or a built-in name. */
#include "train/config_inner.h"

#include "base/memory.h"

#include <string.h>

/* *out = the path that node names, seen from the folder of its file. */
static enum incline_status path_from(struct incline_context *ctx,
                                     const struct incline_document *doc, struct incline_node *node,
                                     char **out)
{
    const char *text = incline_node_text(node);
    const char *file = incline_document_name(doc);
    const char *slash = strrchr(file, '/');
    if (text[0] == '/' || !slash || incline_node_is_setting(node))
        return incline_strdup(ctx, text, out);
    struct incline_text path;
    incline_text_init(&path, ctx);
    incline_text_add_bytes(&path, file, (size_t)(slash - file) + 1);
    incline_text_add(&path, "%s", text);
    enum incline_status status = incline_text_take(&path, out);
    incline_text_finish(&path);
    return status;
}

static enum incline_status open_reference(struct incline_context *ctx,
                                          const struct incline_document *doc,
                                          struct incline_node *node, struct incline_document **out)
{
    char *path = NULL;
    enum incline_status status = path_from(ctx, doc, node, &path);
    if (status == INCLINE_OK)
        status = incline_config_open(ctx, path, incline_node_text(node), node, out);
    incline_free(&path);
    return status;
}

static enum incline_status read_reference(struct incline_context *ctx,
                                          const struct incline_document *doc,
                                          struct incline_node *node, struct incline_model *out)
{
    struct incline_document *other = NULL;
    enum incline_status status = open_reference(ctx, doc, node, &other);
    if (status == INCLINE_OK)
        status = incline_config_check_root(ctx, other);
    if (status != INCLINE_OK)
        goto out;
    struct incline_node *root = incline_document_root(other);
    status = incline_config_check_version(ctx, root);
    if (status != INCLINE_OK)
        goto out;
    struct incline_node *model = incline_node_get(root, "model");
    if (model && incline_node_kind(model) == INCLINE_NODE_MAPPING)
        status = incline_model_parse(ctx, model, out);
    else
        status = incline_fail_at(ctx, node, "model: the file has no mapping under `model:`");
out:
    incline_document_destroy(&other);
    return status;
}

enum incline_status incline_config_read_model(struct incline_context *ctx,
                                              const struct incline_document *doc,
                                              struct incline_node *node, struct incline_model *out)
{
    const char *text = incline_node_text(node);
    return text && *text ? read_reference(ctx, doc, node, out)
                         : incline_model_parse(ctx, node, out);
}
