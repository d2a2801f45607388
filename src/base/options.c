/* Option tables: parsing, writing and explaining values. */
#include "base/options.h"

#include "base/memory.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A value before it has a type: one text, or a list of them. */
struct raw {
    const char **items;
    size_t count;
    bool is_list;
};

static char *place_of(const struct incline_option *option, void *values)
{
    return (char *)values + option->offset;
}

/* ---- One value ---------------------------------------------------------------------------------
 */

static enum incline_status wrong(struct incline_text *problem, const char *wanted,
                                 const char *given)
{
    incline_text_add(problem, "must be %s, not ", wanted);
    incline_text_add_quoted(problem, given);
    return INCLINE_ERROR_CONFIG;
}

static bool has_range(const struct incline_option *option)
{
    return option->min < option->max;
}

static bool is_unlimited(const struct incline_option *option)
{
    bool whole = option->type == INCLINE_OPTION_INT || option->type == INCLINE_OPTION_PAIR ||
                 option->type == INCLINE_OPTION_PADDING;
    return option->max >= DBL_MAX || (whole && option->max >= INT_MAX);
}

/* "between 1 and 9", "at least 1", "above 0 and at most 9" */
static void add_range(const struct incline_option *option, struct incline_text *out)
{
    bool above_zero = option->min == DBL_MIN;
    bool unlimited = is_unlimited(option);
    bool no_least = option->min <= -DBL_MAX;
    if (above_zero) {
        incline_text_add(out, "above 0");
    } else if (no_least) {
        incline_text_add(out, "at most ");
    } else {
        incline_text_add(out, unlimited ? "at least " : "between ");
        incline_text_add_double(out, option->min);
    }
    if (unlimited)
        return;
    if (!no_least)
        incline_text_add(out, above_zero ? " and at most " : " and ");
    incline_text_add_double(out, option->max);
}

static enum incline_status check_range(const struct incline_option *option, double number,
                                       const char *text, struct incline_text *problem)
{
    if (!has_range(option) || (number >= option->min && number <= option->max))
        return INCLINE_OK;
    incline_text_add(problem, "must be ");
    add_range(option, problem);
    incline_text_add(problem, ", not %.40s", text);
    return INCLINE_ERROR_CONFIG;
}

static bool is_whole(const char *text)
{
    const char *at = text + (*text == '-' || *text == '+');
    if (*at == '\0')
        return false;
    while (*at >= '0' && *at <= '9')
        at++;
    return *at == '\0';
}

static enum incline_status parse_int(const struct incline_option *option, const char *text,
                                     int *out, struct incline_text *problem)
{
    if (!is_whole(text))
        return wrong(problem, "a whole number", text);
    errno = 0;
    long number = strtol(text, NULL, 10);
    bool too_large = errno == ERANGE || number > INT_MAX || number < INT_MIN;
    if (too_large && (!has_range(option) || is_unlimited(option)))
        return wrong(problem, "a whole number up to 2147483647", text);
    enum incline_status status = check_range(option, (double)number, text, problem);
    if (status != INCLINE_OK)
        return status;
    *out = (int)number;
    return INCLINE_OK;
}

static enum incline_status parse_uint64(const char *text, uint64_t *out,
                                        struct incline_text *problem)
{
    errno = 0;
    unsigned long long number = is_whole(text) ? strtoull(text, NULL, 10) : 0;
    if (!is_whole(text) || *text == '-' || errno == ERANGE || number > UINT64_MAX)
        return wrong(problem, "a whole number from 0 to 18446744073709551615", text);
    *out = number;
    return INCLINE_OK;
}

static enum incline_status parse_double(const struct incline_option *option, const char *text,
                                        double *out, struct incline_text *problem)
{
    double number;
    if (!incline_parse_double(text, &number) || !isfinite(number))
        return wrong(problem, "a finite number", text);
    enum incline_status status = check_range(option, number, text, problem);
    if (status == INCLINE_OK)
        *out = number;
    return status;
}

static enum incline_status parse_bool(const char *text, bool *out, struct incline_text *problem)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = i % 2 == 1;
            return INCLINE_OK;
        }
    }
    return wrong(problem, "true or false", text);
}

static size_t count_choices(const struct incline_option *option)
{
    size_t count = 0;
    while (option->choices[count])
        count++;
    return count;
}

static void add_choices(const struct incline_option *option, struct incline_text *out)
{
    size_t count = count_choices(option);
    for (size_t i = 0; i < count; i++)
        incline_text_add(out, "%s%s",
                         i == 0           ? ""
                         : i + 1 == count ? " or "
                                          : ", ",
                         option->choices[i]);
}

static enum incline_status parse_choice(const struct incline_option *option, const char *text,
                                        int *out, struct incline_text *problem)
{
    size_t count = count_choices(option);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, option->choices[i]) == 0) {
            *out = (int)i;
            return INCLINE_OK;
        }
    }
    incline_text_add(problem, "must be ");
    add_choices(option, problem);
    incline_text_add(problem, ", not ");
    incline_text_add_quoted(problem, text);
    incline_text_add_hint(problem, text, option->choices, count);
    return INCLINE_ERROR_CONFIG;
}

static enum incline_status parse_pair(const struct incline_option *option, const struct raw *raw,
                                      int *out, struct incline_text *problem)
{
    if (raw->is_list && raw->count != 2) {
        incline_text_add(problem, "must be one number or [height, width], not a list of %zu",
                         raw->count);
        return INCLINE_ERROR_CONFIG;
    }
    for (size_t i = 0; i < 2; i++) {
        enum incline_status status =
            parse_int(option, raw->items[raw->is_list ? i : 0], &out[i], problem);
        if (status != INCLINE_OK)
            return status;
    }
    return INCLINE_OK;
}

static enum incline_status parse_padding(const struct incline_option *option, const struct raw *raw,
                                         struct incline_padding *out, struct incline_text *problem)
{
    const char *text = raw->is_list ? "" : raw->items[0];
    if (strcmp(text, "valid") == 0 || strcmp(text, "same") == 0) {
        *out = (struct incline_padding){.mode = *text == 'v' ? INCLINE_PADDING_VALID
                                                             : INCLINE_PADDING_SAME};
        return INCLINE_OK;
    }
    if (!raw->is_list && !is_whole(text))
        return wrong(problem, "valid, same, a number or [height, width]", text);
    struct incline_padding padding = {.mode = INCLINE_PADDING_EXPLICIT};
    enum incline_status status = parse_pair(option, raw, padding.size, problem);
    if (status == INCLINE_OK)
        *out = padding;
    return status;
}

static void free_texts(struct incline_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        incline_free(&texts->values[i]);
    incline_free(&texts->values);
    texts->count = 0;
}

/* The parsers of what is allocated replace the value only when the new one is complete. */

static enum incline_status parse_text(struct incline_context *ctx, const char *text, char **out)
{
    char *copy = NULL;
    enum incline_status status = incline_strdup(ctx, text, &copy);
    if (status != INCLINE_OK)
        return status;
    incline_free(out);
    *out = copy;
    return INCLINE_OK;
}

static enum incline_status parse_doubles(struct incline_context *ctx,
                                         const struct incline_option *option, const struct raw *raw,
                                         struct incline_doubles *out, struct incline_text *problem)
{
    struct incline_doubles fresh = {.count = raw->count};
    enum incline_status status =
        incline_alloc(ctx, raw->count, sizeof *fresh.values, &fresh.values);
    for (size_t i = 0; i < raw->count && status == INCLINE_OK; i++)
        status = parse_double(option, raw->items[i], &fresh.values[i], problem);
    if (status != INCLINE_OK) {
        incline_free(&fresh.values);
        return status;
    }
    incline_free(&out->values);
    *out = fresh;
    return INCLINE_OK;
}

static enum incline_status parse_texts(struct incline_context *ctx, const struct raw *raw,
                                       struct incline_texts *out)
{
    struct incline_texts fresh = {.count = 0};
    enum incline_status status =
        incline_alloc(ctx, raw->count, sizeof *fresh.values, &fresh.values);
    for (size_t i = 0; i < raw->count && status == INCLINE_OK; i++) {
        status = incline_strdup(ctx, raw->items[i], &fresh.values[i]);
        fresh.count = i + 1;
    }
    if (status != INCLINE_OK) {
        free_texts(&fresh);
        return status;
    }
    free_texts(out);
    *out = fresh;
    return INCLINE_OK;
}

static bool takes_list(const struct incline_option *option)
{
    return option->type == INCLINE_OPTION_PAIR || option->type == INCLINE_OPTION_PADDING ||
           option->type == INCLINE_OPTION_DOUBLES || option->type == INCLINE_OPTION_TEXTS;
}

static enum incline_status parse_raw(struct incline_context *ctx,
                                     const struct incline_option *option, const struct raw *raw,
                                     void *values, struct incline_text *problem)
{
    void *out = place_of(option, values);
    if (raw->is_list && !takes_list(option)) {
        incline_text_add(problem, "must be one value, not a list");
        return INCLINE_ERROR_CONFIG;
    }
    switch (option->type) {
    case INCLINE_OPTION_INT:
        return parse_int(option, raw->items[0], out, problem);
    case INCLINE_OPTION_UINT64:
        return parse_uint64(raw->items[0], out, problem);
    case INCLINE_OPTION_DOUBLE:
        return parse_double(option, raw->items[0], out, problem);
    case INCLINE_OPTION_BOOL:
        return parse_bool(raw->items[0], out, problem);
    case INCLINE_OPTION_TEXT:
        return parse_text(ctx, raw->items[0], out);
    case INCLINE_OPTION_CHOICE:
        return parse_choice(option, raw->items[0], out, problem);
    case INCLINE_OPTION_PAIR:
        return parse_pair(option, raw, out, problem);
    case INCLINE_OPTION_PADDING:
        return parse_padding(option, raw, out, problem);
    case INCLINE_OPTION_DOUBLES:
        return parse_doubles(ctx, option, raw, out, problem);
    case INCLINE_OPTION_TEXTS:
        return parse_texts(ctx, raw, out);
    case INCLINE_OPTION_CUSTOM:
        return INCLINE_OK;
    }
    return INCLINE_ERROR_BUG;
}

/* ---- Values from text --------------------------------------------------------------------------
 */

static char *trim(char *text)
{
    while (*text == ' ')
        text++;
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == ' ')
        text[--length] = '\0';
    return text;
}

/* Cuts "[a, b]" at its commas, in place. items has room for all. */
static void split_list(char *text, struct raw *raw)
{
    size_t length = strlen(text);
    text[length - 1] = '\0';
    char *at = trim(text + 1);
    raw->count = 0;
    raw->is_list = true;
    while (at && *at) {
        char *comma = strchr(at, ',');
        if (comma)
            *comma = '\0';
        raw->items[raw->count++] = trim(at);
        at = comma ? comma + 1 : NULL;
    }
}

enum incline_status incline_option_parse(struct incline_context *ctx,
                                         const struct incline_option *option, const char *text,
                                         void *values, struct incline_text *problem)
{
    char *copy = NULL;
    struct raw raw = {.count = 1};
    size_t length = strlen(text);
    enum incline_status status = incline_strdup(ctx, text, &copy);
    if (status != INCLINE_OK)
        goto out;
    status = incline_alloc(ctx, length + 1, sizeof *raw.items, &raw.items);
    if (status != INCLINE_OK)
        goto out;
    raw.items[0] = copy;
    if (takes_list(option) && length >= 2 && text[0] == '[' && text[length - 1] == ']')
        split_list(copy, &raw);
    status = parse_raw(ctx, option, &raw, values, problem);
out:
    incline_free(&raw.items);
    incline_free(&copy);
    return status;
}

/* ---- Values from nodes -------------------------------------------------------------------------
 */

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

/* Fills raw from a scalar or a sequence of scalars; items has room for all. */
static enum incline_status gather(struct incline_context *ctx, struct incline_node *node,
                                  const struct incline_scope *scope, struct raw *raw)
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

struct reading {
    struct incline_context *ctx;
    const char *label;
    const struct incline_option_table *table;
    const struct incline_scope *scope;
    void *values;
};

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
    struct raw raw = {.items = NULL};
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
    status = parse_raw(reading->ctx, option, &raw, reading->values, &problem);
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

static bool is_among(const char *name, const char *const *others)
{
    for (; others && *others; others++)
        if (strcmp(name, *others) == 0)
            return true;
    return false;
}

void incline_text_add_hint(struct incline_text *text, const char *word,
                           const char *const *candidates, size_t count)
{
    const char *near = incline_did_you_mean(word, candidates, count);
    if (near)
        incline_text_add(text, " (did you mean '%s'?)", near);
}

static enum incline_status fail_key(const struct reading *reading, struct incline_node *key,
                                    const char *const *others)
{
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
        } else if (!is_among(name, others)) {
            status = fail_key(&reading, key, others);
        }
        if (status != INCLINE_OK)
            return status;
    }
    return INCLINE_OK;
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

void incline_options_finish(const struct incline_option_table *table, void *values)
{
    for (size_t i = 0; i < table->count; i++) {
        void *place = place_of(&table->options[i], values);
        if (table->options[i].type == INCLINE_OPTION_TEXT) {
            incline_free(place);
        } else if (table->options[i].type == INCLINE_OPTION_TEXTS) {
            free_texts(place);
        } else if (table->options[i].type == INCLINE_OPTION_DOUBLES) {
            struct incline_doubles *doubles = place;
            incline_free(&doubles->values);
            doubles->count = 0;
        }
    }
}

/* ---- Writing and help --------------------------------------------------------------------------
 */

static void write_pair(const int *pair, struct incline_text *out)
{
    if (pair[0] == pair[1])
        incline_text_add(out, "%d", pair[0]);
    else
        incline_text_add(out, "[%d, %d]", pair[0], pair[1]);
}

static void write_padding(const struct incline_padding *padding, struct incline_text *out)
{
    if (padding->mode == INCLINE_PADDING_EXPLICIT)
        write_pair(padding->size, out);
    else
        incline_text_add(out, padding->mode == INCLINE_PADDING_SAME ? "same" : "valid");
}

static void write_doubles(const struct incline_doubles *doubles, struct incline_text *out)
{
    incline_text_add(out, "[");
    for (size_t i = 0; i < doubles->count; i++) {
        incline_text_add(out, i == 0 ? "" : ", ");
        incline_text_add_double(out, doubles->values[i]);
    }
    incline_text_add(out, "]");
}

static void write_texts(const struct incline_texts *texts, struct incline_text *out)
{
    incline_text_add(out, "[");
    for (size_t i = 0; i < texts->count; i++) {
        incline_text_add(out, i == 0 ? "" : ", ");
        incline_text_add_scalar(out, texts->values[i]);
    }
    incline_text_add(out, "]");
}

void incline_option_write(const struct incline_option *option, const void *values,
                          struct incline_text *out)
{
    const void *place = (const char *)values + option->offset;
    switch (option->type) {
    case INCLINE_OPTION_INT:
        incline_text_add(out, "%d", *(const int *)place);
        break;
    case INCLINE_OPTION_UINT64:
        incline_text_add(out, "%" PRIu64, *(const uint64_t *)place);
        break;
    case INCLINE_OPTION_DOUBLE:
        incline_text_add_double(out, *(const double *)place);
        break;
    case INCLINE_OPTION_BOOL:
        incline_text_add(out, *(const bool *)place ? "true" : "false");
        break;
    case INCLINE_OPTION_TEXT: {
        const char *text = *(char *const *)place;
        incline_text_add_scalar(out, text ? text : "");
        break;
    }
    case INCLINE_OPTION_CHOICE:
        incline_text_add(out, "%s", option->choices[*(const int *)place]);
        break;
    case INCLINE_OPTION_PAIR:
        write_pair(place, out);
        break;
    case INCLINE_OPTION_PADDING:
        write_padding(place, out);
        break;
    case INCLINE_OPTION_DOUBLES:
        write_doubles(place, out);
        break;
    case INCLINE_OPTION_TEXTS:
        write_texts(place, out);
        break;
    case INCLINE_OPTION_CUSTOM:
        break;
    }
}

static const char *kind_of(enum incline_option_type type)
{
    switch (type) {
    case INCLINE_OPTION_INT:
    case INCLINE_OPTION_UINT64:
        return "whole number";
    case INCLINE_OPTION_DOUBLE:
        return "number";
    case INCLINE_OPTION_BOOL:
        return "true or false";
    case INCLINE_OPTION_TEXT:
        return "text";
    case INCLINE_OPTION_PAIR:
        return "whole number or [height, width]";
    case INCLINE_OPTION_PADDING:
        return "valid, same, whole number or [height, width]";
    case INCLINE_OPTION_DOUBLES:
        return "list of numbers";
    case INCLINE_OPTION_TEXTS:
        return "list of texts";
    case INCLINE_OPTION_CHOICE:
    case INCLINE_OPTION_CUSTOM:
        break;
    }
    return "";
}

static void add_option_help(const struct incline_option *option, struct incline_text *out)
{
    incline_text_add(out, "  %-14s %s\n  %-14s ", option->name, option->help, "");
    if (option->type == INCLINE_OPTION_CHOICE)
        add_choices(option, out);
    else
        incline_text_add(out, "%s", kind_of(option->type));
    if (has_range(option)) {
        incline_text_add(out, ", ");
        add_range(option, out);
    }
    const char *comma = option->type == INCLINE_OPTION_CUSTOM ? "" : "; ";
    if (option->fallback)
        incline_text_add(out, "%sdefault %s\n", comma, *option->fallback ? option->fallback : "''");
    else
        incline_text_add(out, "%smust be given\n", comma);
}

void incline_options_help(const struct incline_option_table *table, struct incline_text *out)
{
    for (size_t i = 0; i < table->count; i++)
        add_option_help(&table->options[i], out);
}
