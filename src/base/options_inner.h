/* What the files options*.c share and nobody else includes.
 *
 *   options.c         tables as wholes: defaults, what must be given, what is owned
 *   options_parse.c   from text to a value
 *   options_read.c    from a document's nodes to values
 *   options_scope.c   `$name` inside a block of layers
 *   options_limits.c  ranges and choices
 *   options_write.c   from a value to text
 *   options_help.c    help */
#ifndef INCLINE_BASE_OPTIONS_INNER_H
#define INCLINE_BASE_OPTIONS_INNER_H

#include "base/options.h"

/* A value before it has a type: one text, or a list of them. */
struct incline_raw {
    const char **items;
    size_t count;
    bool is_list;
};

/* Parses raw as the value of option into its place in values, as incline_option_parse does: CONFIG
 * and a problem when it is no such value. CUSTOM options are left alone. */
enum incline_status incline_option_parse_raw(struct incline_context *ctx,
                                             const struct incline_option *option,
                                             const struct incline_raw *raw, void *values,
                                             struct incline_text *problem) INCLINE_MUST_CHECK;

/* Where the option's value is in an options struct. */
void *incline_option_place(const struct incline_option *option, void *values);

/* The word that may stand in the place of a number, or NULL. */
const char *incline_option_word(const struct incline_option *option);

/* true when not every number of the type is allowed, and when there is no upper limit but the
 * type's. */
bool incline_option_has_range(const struct incline_option *option);
bool incline_option_is_unlimited(const struct incline_option *option);

/* Adds "between 1 and 9", "at least 1", "above 0 and at most 9". */
void incline_option_add_range(const struct incline_option *option, struct incline_text *out);

/* CHOICE only: how many there are; adds "a, b or c". */
size_t incline_option_count_choices(const struct incline_option *option);
void incline_option_add_choices(const struct incline_option *option, struct incline_text *out);

#endif
