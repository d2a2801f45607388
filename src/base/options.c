/* Option tables as wholes: defaults, what must be given, what is owned. */
#include "base/options_inner.h"

#include "base/memory.h"

void *incline_option_place(const struct incline_option *option, void *values)
{
    return (char *)values + option->offset;
}

enum incline_status incline_options_default(struct incline_context *ctx,
                                            const struct incline_option_table *table, void *values)
{
    struct incline_text problem;
    enum incline_status status = INCLINE_OK;
    incline_text_init(&problem, ctx);
    for (size_t i = 0; i < table->count && status == INCLINE_OK; i++) {
        const struct incline_option *option = &table->options[i];
        if (!option->fallback || option->type == INCLINE_OPTION_CUSTOM)
            continue;
        status = incline_option_parse(ctx, option, option->fallback, values, &problem);
        if (status == INCLINE_ERROR_CONFIG)
            status = incline_fail(ctx, INCLINE_ERROR_BUG, "default of option '%s' %s", option->name,
                                  incline_text_get(&problem));
    }
    incline_text_finish(&problem);
    return status;
}

enum incline_status incline_options_require(struct incline_context *ctx, struct incline_node *node,
                                            const char *label,
                                            const struct incline_option_table *table,
                                            uint64_t given)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct incline_option *option = &table->options[i];
        if (!option->fallback && !(given >> i & 1))
            return incline_fail_at(ctx, node, "%s: '%s' is missing: %s", label, option->name,
                                   option->help);
    }
    return INCLINE_OK;
}

void incline_options_finish(const struct incline_option_table *table, void *values)
{
    for (size_t i = 0; i < table->count; i++) {
        void *place = incline_option_place(&table->options[i], values);
        if (table->options[i].type == INCLINE_OPTION_TEXT) {
            incline_free(place);
        } else if (table->options[i].type == INCLINE_OPTION_TEXTS) {
            struct incline_texts *texts = place;
            incline_names_free(&texts->values, texts->count);
            texts->count = 0;
        } else if (table->options[i].type == INCLINE_OPTION_DOUBLES) {
            struct incline_doubles *doubles = place;
            incline_free(&doubles->values);
            doubles->count = 0;
        }
    }
}

void incline_text_add_hint(struct incline_text *text, const char *word,
                           const char *const *candidates, size_t count)
{
    const char *near = incline_did_you_mean(word, candidates, count);
    if (near)
        incline_text_add(text, " (did you mean '%s'?)", near);
}
