/* From text to a value: each type of option checks its own. */
#include "base/options_inner.h"

#include "base/memory.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum incline_status wrong(struct incline_text *problem, const char *wanted,
                                 const char *given)
{
    incline_text_add(problem, "must be %s, not ", wanted);
    incline_text_add_quoted(problem, given);
    return INCLINE_ERROR_CONFIG;
}

/* Of a number in whose place a word may stand. */
static enum incline_status wrong_number(const struct incline_option *option,
                                        struct incline_text *problem, const char *wanted,
                                        const char *given)
{
    const char *word = incline_option_word(option);
    if (!word)
        return wrong(problem, wanted, given);
    incline_text_add(problem, "must be %s or %s, not ", wanted, word);
    incline_text_add_quoted(problem, given);
    incline_text_add_hint(problem, given, &word, 1);
    return INCLINE_ERROR_CONFIG;
}

static bool is_word_for_number(const struct incline_option *option, const char *text)
{
    const char *word = incline_option_word(option);
    return word && strcmp(text, word) == 0;
}

static enum incline_status check_range(const struct incline_option *option, double number,
                                       const char *text, struct incline_text *problem)
{
    if (!incline_option_has_range(option) || (number >= option->min && number <= option->max))
        return INCLINE_OK;
    incline_text_add(problem, "must be ");
    incline_option_add_range(option, problem);
    if (incline_option_word(option))
        incline_text_add(problem, " or %s", incline_option_word(option));
    incline_text_add(problem, ", not %.40s", text);
    return INCLINE_ERROR_CONFIG;
}

static bool is_whole(const char *text)
{
    const char *at = text + (*text == '-' || *text == '+');
    if (*at == '\0')
        return false;
    while (incline_is_digit(*at))
        at++;
    return *at == '\0';
}

static enum incline_status parse_int(const struct incline_option *option, const char *text,
                                     int *out, struct incline_text *problem)
{
    if (is_word_for_number(option, text)) {
        *out = 0;
        return INCLINE_OK;
    }
    if (!is_whole(text))
        return wrong_number(option, problem, "a whole number", text);
    errno = 0;
    long number = strtol(text, NULL, 10);
    bool too_large = errno == ERANGE || number > INT_MAX || number < INT_MIN;
    if (too_large && (!incline_option_has_range(option) || incline_option_is_unlimited(option)))
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
    if (is_word_for_number(option, text)) {
        *out = 0;
        return INCLINE_OK;
    }
    if (!incline_parse_double(text, &number) || !isfinite(number))
        return wrong_number(option, problem, "a finite number", text);
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

static enum incline_status parse_choice(const struct incline_option *option, const char *text,
                                        int *out, struct incline_text *problem)
{
    size_t count = incline_option_count_choices(option);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, option->choices[i]) == 0) {
            *out = (int)i;
            return INCLINE_OK;
        }
    }
    incline_text_add(problem, "must be ");
    incline_option_add_choices(option, problem);
    incline_text_add(problem, ", not ");
    incline_text_add_quoted(problem, text);
    incline_text_add_hint(problem, text, option->choices, count);
    return INCLINE_ERROR_CONFIG;
}

/* One number for all, or a list of `count`, which `list` describes. */
static enum incline_status parse_ints(const struct incline_option *option,
                                      const struct incline_raw *raw, int *out, size_t count,
                                      const char *list, struct incline_text *problem)
{
    if (raw->is_list && raw->count != count) {
        incline_text_add(problem, "must be one number or %s, not a list of %zu", list, raw->count);
        return INCLINE_ERROR_CONFIG;
    }
    for (size_t i = 0; i < count; i++) {
        enum incline_status status =
            parse_int(option, raw->items[raw->is_list ? i : 0], &out[i], problem);
        if (status != INCLINE_OK)
            return status;
    }
    return INCLINE_OK;
}

static enum incline_status parse_pair(const struct incline_option *option,
                                      const struct incline_raw *raw, int *out,
                                      struct incline_text *problem)
{
    return parse_ints(option, raw, out, 2, "[height, width]", problem);
}

static enum incline_status parse_padding(const struct incline_option *option,
                                         const struct incline_raw *raw, struct incline_padding *out,
                                         struct incline_text *problem)
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
                                         const struct incline_option *option,
                                         const struct incline_raw *raw, struct incline_doubles *out,
                                         struct incline_text *problem)
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

static enum incline_status parse_texts(struct incline_context *ctx, const struct incline_raw *raw,
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
        incline_names_free(&fresh.values, fresh.count);
        return status;
    }
    incline_names_free(&out->values, out->count);
    *out = fresh;
    return INCLINE_OK;
}

static bool takes_list(const struct incline_option *option)
{
    return option->type == INCLINE_OPTION_PAIR || option->type == INCLINE_OPTION_PADDING ||
           option->type == INCLINE_OPTION_SIDES || option->type == INCLINE_OPTION_DOUBLES ||
           option->type == INCLINE_OPTION_TEXTS;
}

enum incline_status incline_option_parse_raw(struct incline_context *ctx,
                                             const struct incline_option *option,
                                             const struct incline_raw *raw, void *values,
                                             struct incline_text *problem)
{
    void *out = incline_option_place(option, values);
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
    case INCLINE_OPTION_SIDES:
        return parse_ints(option, raw, out, 4, "[top, bottom, left, right]", problem);
    case INCLINE_OPTION_DOUBLES:
        return parse_doubles(ctx, option, raw, out, problem);
    case INCLINE_OPTION_TEXTS:
        return parse_texts(ctx, raw, out);
    case INCLINE_OPTION_CUSTOM:
        return INCLINE_OK;
    }
    return INCLINE_ERROR_BUG;
}

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
static void split_list(char *text, struct incline_raw *raw)
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
    struct incline_raw raw = {.count = 1};
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
    status = incline_option_parse_raw(ctx, option, &raw, values, problem);
out:
    incline_free(&raw.items);
    incline_free(&copy);
    return status;
}
