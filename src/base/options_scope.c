/* `$name` inside a block of layers. */
#include "base/options.h"

#include <string.h>

static bool scope_has(const struct incline_scope *scope, const char *name)
{
    size_t count = scope->names ? incline_node_count(scope->names) : 0;
    for (size_t i = 0; i < count; i++) {
        const char *argument = incline_node_text(incline_node_item(scope->names, i));
        if (argument && strcmp(argument, name) == 0)
            return true;
    }
    return false;
}

enum incline_status incline_scope_resolve(struct incline_context *ctx, struct incline_node **node,
                                          const struct incline_scope **scope)
{
    while (*scope) {
        const char *text = incline_node_text(*node);
        if (!text || text[0] != '$')
            return INCLINE_OK;
        if (!scope_has(*scope, text + 1))
            return incline_fail_at(ctx, *node, "'%.60s' is no argument of %s", text,
                                   (*scope)->outer ? "this block" : "a block around it");
        struct incline_node *value =
            (*scope)->values ? incline_node_get((*scope)->values, text + 1) : NULL;
        if (!value)
            return incline_fail_at(ctx, *node, "'%.60s' has no value", text);
        *node = value;
        *scope = (*scope)->outer;
    }
    return INCLINE_OK;
}
