/* What the sections have in common. */
#include "train/config_inner.h"

enum incline_status incline_section_read(struct incline_context *ctx, struct incline_node *node,
                                         const char *label,
                                         const struct incline_option_table *table,
                                         const char *const *planned, void *values)
{
    bool is_mapping = incline_node_kind(node) == INCLINE_NODE_MAPPING;
    for (size_t i = 0; is_mapping && planned && i < incline_node_count(node); i++) {
        struct incline_node *key = incline_node_key(node, i);
        if (incline_is_among(incline_node_text(key), planned))
            return incline_fail_at(ctx, key, "%s: '%s' is not supported yet", label,
                                   incline_node_text(key));
    }
    uint64_t given = 0;
    enum incline_status status =
        incline_options_read(ctx, node, label, table, NULL, NULL, values, &given);
    return status == INCLINE_OK ? incline_options_require(ctx, node, label, table, given) : status;
}

enum incline_status incline_named_read(struct incline_context *ctx, struct incline_node *node,
                                       const char *label, struct incline_node **name,
                                       struct incline_node **options)
{
    *name = node;
    *options = NULL;
    if (incline_node_kind(node) == INCLINE_NODE_MAPPING && incline_node_count(node) == 1) {
        *name = incline_node_key(node, 0);
        *options = incline_node_value(node, 0);
    }
    if (incline_node_text(*name))
        return INCLINE_OK;
    if (incline_node_kind(node) == INCLINE_NODE_MAPPING && incline_node_count(node) > 1)
        return incline_fail_at(ctx, incline_node_key(node, 1),
                               "%s must be one name, and '%.60s' is there already: leave one out, "
                               "or with --set set it whole, {%.60s: {...}}",
                               label, incline_node_text(incline_node_key(node, 0)),
                               incline_node_text(incline_node_key(node, 1)));
    return incline_fail_at(ctx, node, "%s must be one name, or {name: {...}}", label);
}

void incline_section_write(const struct incline_option_table *table, const void *values,
                           struct incline_text *out)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->options[i].type == INCLINE_OPTION_CUSTOM)
            continue;
        incline_text_add(out, "  %s: ", table->options[i].name);
        incline_option_write(&table->options[i], values, out);
        incline_text_add(out, "\n");
    }
}
