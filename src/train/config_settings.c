/* Settings laid over a configuration, and what a wrong path was probably meant to be. */
#include "train/config_inner.h"

#include "layers/layer.h"
#include "train/config_sections.h"

#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 160 };

static bool table_has(const struct incline_option_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->options[i].name, name) == 0)
            return true;
    return false;
}

/* The optimizer that the document names, or else the default. */
static const struct incline_optimizer_class *optimizer_of(struct incline_document *doc)
{
    struct incline_node *root = incline_document_root(doc);
    struct incline_node *train = root ? incline_node_get(root, "train") : NULL;
    struct incline_node *node = train ? incline_node_get(train, "optimizer") : NULL;
    if (node && incline_node_kind(node) == INCLINE_NODE_MAPPING && incline_node_count(node) == 1)
        node = incline_node_key(node, 0);
    const char *name = node ? incline_node_text(node) : NULL;
    const struct incline_optimizer_class *class = name ? incline_optimizer_find(name) : NULL;
    return class ? class : incline_optimizer_classes[0];
}

/* A key that belongs elsewhere: "epochs", "train.lr". */
static bool meant_section(struct incline_document *doc, const char *path, char *out)
{
    const struct incline_optimizer_class *optimizer = optimizer_of(doc);
    char optimizer_prefix[PATH_BYTES];
    const struct {
        const char *prefix;
        const struct incline_option_table *table;
    } sections[] = {{"train.", &incline_train_table},
                    {"data.", &incline_data_table},
                    {optimizer_prefix, &optimizer->options},
                    {"train.early_stop.", &incline_early_stop_table}};
    snprintf(optimizer_prefix, sizeof optimizer_prefix, "train.optimizer.%s.", optimizer->name);
    const char *dot = strrchr(path, '.'), *key = dot ? dot + 1 : path;
    size_t prefix = (size_t)(key - path), count = sizeof sections / sizeof *sections;
    bool is_top =
        prefix == 0 || strncmp(path, "train.", prefix) == 0 || strncmp(path, "data.", prefix) == 0;
    if (!is_top || table_has(&incline_file_table, path))
        return false;
    for (size_t i = 0; i < count; i++)
        if (prefix == strlen(sections[i].prefix) &&
            strncmp(path, sections[i].prefix, prefix) == 0 && table_has(sections[i].table, key))
            return false; /* it is where it belongs */
    for (size_t i = 0; i < count; i++)
        if (table_has(sections[i].table, key)) {
            snprintf(out, PATH_BYTES, "%s%s", sections[i].prefix, key);
            return true;
        }
    return false;
}

/* The name of the layer that stands at place `number` of the list: of {conv2d: ...} or of conv2d.
 */
static const char *layer_type(struct incline_document *doc, size_t number)
{
    struct incline_node *root = incline_document_root(doc);
    struct incline_node *model = root ? incline_node_get(root, "model") : NULL;
    struct incline_node *layers = model ? incline_node_get(model, "layers") : NULL;
    if (!layers || incline_node_kind(layers) != INCLINE_NODE_SEQUENCE ||
        number >= incline_node_count(layers))
        return NULL;
    struct incline_node *layer = incline_node_item(layers, number);
    if (incline_node_kind(layer) != INCLINE_NODE_MAPPING)
        return incline_node_text(layer);
    return incline_node_count(layer) == 1 ? incline_node_text(incline_node_key(layer, 0)) : NULL;
}

/* An option of a layer without the layer's type: "model.layers.0.filters". */
static bool meant_layer(struct incline_document *doc, const char *path, char *out)
{
    unsigned number;
    int length = 0;
    if (sscanf(path, "model.layers.%6u.%n", &number, &length) != 1 || length == 0)
        return false;
    const char *type = layer_type(doc, number), *key = path + length;
    const struct incline_layer_class *class = type ? incline_layer_class_find(type) : NULL;
    if (!class || !table_has(&class->options, key))
        return false;
    return snprintf(out, PATH_BYTES, "%.*s%s.%s", length, path, type, key) < PATH_BYTES;
}

static enum incline_status set_named(struct incline_context *ctx, struct incline_document *doc,
                                     const struct incline_setting *setting, const char *name)
{
    char meant[PATH_BYTES];
    if (meant_section(doc, setting->path, meant) || meant_layer(doc, setting->path, meant))
        return incline_fail(ctx, INCLINE_ERROR_ARGUMENT,
                            "%s: error: there is no '%s' (did you mean '%s'?)", name, setting->path,
                            meant);
    return incline_document_set_named(ctx, doc, name, setting->path, setting->value);
}

static enum incline_status set(struct incline_context *ctx, struct incline_document *doc,
                               const struct incline_setting *setting)
{
    struct incline_text name;
    incline_text_init(&name, ctx);
    if (setting->given)
        incline_text_add(&name, "%s", setting->given);
    else
        incline_text_add(&name, "--set %s=%s", setting->path, setting->value);
    enum incline_status status = incline_text_status(&name);
    if (status == INCLINE_OK)
        status = set_named(ctx, doc, setting, incline_text_get(&name));
    incline_text_finish(&name);
    return status;
}

enum incline_status incline_config_apply_settings(struct incline_context *ctx,
                                                  struct incline_document *doc,
                                                  const struct incline_setting *settings,
                                                  size_t count)
{
    enum incline_status status = incline_config_check_root(ctx, doc);
    if (status != INCLINE_OK)
        return status;
    struct incline_node *train = incline_node_get(incline_document_root(doc), "train");
    const char *text = train ? incline_node_text(train) : "";
    bool open = text ? *text == '\0' : incline_node_kind(train) == INCLINE_NODE_MAPPING;
    if (open && (!train || !incline_node_get(train, "optimizer")))
        status = incline_document_set(ctx, doc, "train.optimizer", "sgd");
    for (size_t i = 0; i < count && status == INCLINE_OK; i++)
        status = set(ctx, doc, &settings[i]);
    return status;
}
