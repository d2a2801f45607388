/* Option tables: one table per layer, loss, optimizer or section feeds the parser, the range check,
 * the help text and the written-out configuration. */
#ifndef INCLINE_BASE_OPTIONS_H
#define INCLINE_BASE_OPTIONS_H

#include "base/document.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limit of numbers that enter the arithmetic: beyond it a float overflows in a few steps. */
#define INCLINE_LARGE 1e30

enum incline_option_type {
    INCLINE_OPTION_INT,     /* int */
    INCLINE_OPTION_UINT64,  /* uint64_t */
    INCLINE_OPTION_DOUBLE,  /* double */
    INCLINE_OPTION_BOOL,    /* bool: true/false/yes/no/on/off */
    INCLINE_OPTION_TEXT,    /* char *, allocated */
    INCLINE_OPTION_CHOICE,  /* int: index into choices (NULL-terminated) */
    INCLINE_OPTION_PAIR,    /* int[2]: one number for both, or [height, width] */
    INCLINE_OPTION_PADDING, /* struct incline_padding: valid, same, a number, or [height, width] */
    INCLINE_OPTION_SIDES,   /* int[4]: one number for all, or [top, bottom, left, right] */
    INCLINE_OPTION_DOUBLES, /* struct incline_doubles: a number or a list of them */
    INCLINE_OPTION_TEXTS,   /* struct incline_texts: a list of texts, or one */
    INCLINE_OPTION_CUSTOM   /* its owner parses and writes it; in the table for help and spelling */
};

enum { INCLINE_OPTIONS_MAX = 64 }; /* in one table */

enum incline_padding_mode {
    INCLINE_PADDING_VALID,
    INCLINE_PADDING_SAME, /* as Keras and ONNX SAME_UPPER: the odd cell goes to the end */
    INCLINE_PADDING_EXPLICIT
};

struct incline_padding {
    enum incline_padding_mode mode;
    int size[2]; /* height, width; both ends; EXPLICIT only */
};

struct incline_doubles {
    double *values;
    size_t count;
};

struct incline_texts {
    char **values;
    size_t count;
};

struct incline_option {
    const char *name;
    enum incline_option_type type;
    size_t offset;        /* of the value in the options struct */
    const char *fallback; /* default, as it would be written; NULL: must be given */
    /* Numbers, each member of pairs, paddings and sides, and items of DOUBLES. Both 0: any; min
     * DBL_MIN: above 0; max INT_MAX (whole numbers) or DBL_MAX: no upper limit. UINT64 takes all
     * its range.
     */
    double min, max;
    /* CHOICE: NULL-terminated. INT, DOUBLE: NULL, or the address of one word that may stand in the
     * place of the number and is kept as 0. */
    const char *const *choices;
    const char *help; /* one line, with the unit */
};

/* A word of other frameworks that would mislead here. */
struct incline_refused_word {
    const char *name;
    const char *advice; /* what to write instead */
};

struct incline_option_table {
    const struct incline_option *options;
    size_t count;
    const char *main_option; /* what `{type: value}` sets; NULL: the type takes no bare value */
    size_t size;             /* bytes of the options struct */
    const struct incline_refused_word *refused; /* ended by a NULL name; NULL: none */
};

/* Parses text as the value of option into its place in values (an options struct). On failure,
 * returns CONFIG and sets `problem` (e.g. "must be between 1 and 1024, not 0"): the caller adds
 * place. */
enum incline_status incline_option_parse(struct incline_context *ctx,
                                         const struct incline_option *option, const char *text,
                                         void *values,
                                         struct incline_text *problem) INCLINE_MUST_CHECK;

/* What `$name` stands for inside a block of layers: names is the sequence of argument names, values
 * the mapping that the block was used with, whose own `$name` are looked up in outer. Without a
 * scope (NULL), `$name` is plain text. */
struct incline_scope {
    struct incline_node *names;  /* NULL: no arguments */
    struct incline_node *values; /* has a value for each name; NULL: none */
    const struct incline_scope *outer;
};

/* Follows `$name` until *node is a value to take literally, and sets *scope to the one that holds
 * inside it. Fails with CONFIG on an unknown name. */
enum incline_status incline_scope_resolve(struct incline_context *ctx, struct incline_node **node,
                                          const struct incline_scope **scope) INCLINE_MUST_CHECK;

/* Fills values, zeroed room for table's struct, with the defaults. */
enum incline_status incline_options_default(struct incline_context *ctx,
                                            const struct incline_option_table *table,
                                            void *values) INCLINE_MUST_CHECK;

/* Reads a mapping, or a bare value for the main option, into values, and sets bit i of *given for
 * each option i that was there. CUSTOM options and the keys in `others` (NULL-terminated, or NULL)
 * are left to the caller. An unknown key or a wrong value fails at its place; label ("conv2d")
 * begins the message. */
enum incline_status incline_options_read(struct incline_context *ctx, struct incline_node *node,
                                         const char *label,
                                         const struct incline_option_table *table,
                                         const char *const *others,
                                         const struct incline_scope *scope, void *values,
                                         uint64_t *given) INCLINE_MUST_CHECK;

/* Fails at node when an option without a default was not given. */
enum incline_status incline_options_require(struct incline_context *ctx, struct incline_node *node,
                                            const char *label,
                                            const struct incline_option_table *table,
                                            uint64_t given) INCLINE_MUST_CHECK;

/* Frees what values owns, but not values. */
void incline_options_finish(const struct incline_option_table *table, void *values);

/* Adds the option's value as incline_option_parse or incline_options_read take it back. */
void incline_option_write(const struct incline_option *option, const void *values,
                          struct incline_text *out);

/* Adds one line of help for each option: name, kind of value, default, meaning. */
void incline_options_help(const struct incline_option_table *table, struct incline_text *out);

/* Adds " (did you mean 'x'?)" when one of the candidates is near to word. */
void incline_text_add_hint(struct incline_text *text, const char *word,
                           const char *const *candidates, size_t count);

#endif
