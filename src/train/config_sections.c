/* What the sections have in common. */
#include "train/config_sections.h"
#include "train/config_inner.h"

#include <string.h>

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

/* The key, of two, whose value is a number or a word: an option that stands one level too high. */
static const char *find_option(struct incline_node *node)
{
    for (size_t i = 0; i < 2; i++) {
        const char *value = incline_node_text(incline_node_value(node, i));
        if (value && *value)
            return incline_node_text(incline_node_key(node, i));
    }
    return NULL;
}

/* Two keys where one name belongs. */
static enum incline_status fail_second(struct incline_context *ctx, struct incline_node *node,
                                       const char *label)
{
    struct incline_node *second = incline_node_key(node, 1);
    const char *first_name = incline_node_text(incline_node_key(node, 0));
    const char *second_name = incline_node_text(second), *option = find_option(node);
    const char *name = option == first_name ? second_name : first_name;
    if (option)
        return incline_fail_at(ctx, second,
                               "%s must be one name, with its options below it: {%.60s: {%.60s: "
                               "...}}; with --set write %.60s.%.60s",
                               label, name, option, name, option);
    return incline_fail_at(ctx, second,
                           "%s must be one name, but '%.60s' and '%.60s' are there: leave one out; "
                           "to replace with --set what the file says, set it whole, to {%.60s: "
                           "{...}}",
                           label, first_name, second_name, second_name);
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
        return fail_second(ctx, node, label);
    return incline_fail_at(ctx, node, "%s must be one name, or {name: {...}}", label);
}

bool incline_table_has(const struct incline_option_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->options[i].name, name) == 0)
            return true;
    return false;
}

/* ", " between the names of those that have the option. */
static size_t list_owners(const struct incline_named_table *all, size_t count, const char *option,
                          struct incline_text *out)
{
    size_t owners = 0;
    for (size_t i = 0; i < count; i++)
        if (incline_table_has(all[i].options, option))
            incline_text_add(out, "%s%s", owners++ > 0 ? ", " : "", all[i].name);
    return owners;
}

static enum incline_status check_owner(struct incline_context *ctx, struct incline_node *key,
                                       const char *kind, const char *name,
                                       const struct incline_named_table *all, size_t count)
{
    const char *option = incline_node_text(key);
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i].name, name) == 0 && incline_table_has(all[i].options, option))
            return INCLINE_OK;
    if (incline_table_has(&incline_train_table, option))
        return incline_fail_at(ctx, key, "%s: '%s' belongs in `train:`, beside `%s:`", name, option,
                               kind);
    struct incline_text text;
    incline_text_init(&text, ctx);
    incline_text_add(&text, "%s has no '%s': it is an option of ", name, option);
    enum incline_status status = INCLINE_OK;
    if (list_owners(all, count, option, &text) > 0)
        status = incline_fail_at(ctx, key, "%s", incline_text_get(&text));
    incline_text_finish(&text);
    return status;
}

enum incline_status incline_owner_check(struct incline_context *ctx, struct incline_node *options,
                                        const char *kind, const char *name,
                                        const struct incline_named_table *all, size_t count)
{
    bool is_mapping = incline_node_kind(options) == INCLINE_NODE_MAPPING;
    enum incline_status status = INCLINE_OK;
    for (size_t i = 0; is_mapping && !status && i < incline_node_count(options); i++)
        if (incline_node_text(incline_node_key(options, i)))
            status = check_owner(ctx, incline_node_key(options, i), kind, name, all, count);
    return status;
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
