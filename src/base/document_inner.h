/* What the files document*.c share and nobody else includes: nodes, and the texts that they were
 * read from.
 *
 *   document.c          nodes, sources, and who owns them
 *   document_parse.c    from libfyaml's events to nodes
 *   document_check.c    the rules beyond YAML's own
 *   document_set.c      a value laid over the document at a path
 *   document_message.c  messages with the line and a caret
 *   document_scalar.c   writing a text as YAML */
#ifndef INCLINE_BASE_DOCUMENT_INNER_H
#define INCLINE_BASE_DOCUMENT_INNER_H

#include "base/document.h"

/* A text that nodes were read from: the file, or the value of one setting. */
struct incline_source {
    struct incline_source *next;
    char *name;
    char *text;    /* terminated */
    size_t length; /* in bytes, without the terminator */
    bool is_setting;
};

struct incline_node {
    struct incline_node *owned_next; /* the document's list of all its nodes */
    const struct incline_source *source;
    size_t start, length; /* bytes of the source */
    enum incline_node_kind kind;
    char *text;                   /* SCALAR */
    struct incline_node **items;  /* SEQUENCE: items; MAPPING: key, value, key, value, ... */
    size_t item_count, item_room; /* in pointers */
};

struct incline_document {
    struct incline_source *sources;
    struct incline_node *nodes;
    struct incline_node *root;
    const char *name; /* of the first source */
};

struct incline_place {
    size_t line, column; /* from 1; columns count characters */
};

/* *out = an empty node of doc, with no place in the source yet. */
enum incline_status incline_node_create(struct incline_context *ctx, struct incline_document *doc,
                                        const struct incline_source *source,
                                        enum incline_node_kind kind,
                                        struct incline_node **out) INCLINE_MUST_CHECK;

/* The same for a scalar; text is copied. */
enum incline_status incline_scalar_create(struct incline_context *ctx, struct incline_document *doc,
                                          const struct incline_source *source, const char *text,
                                          struct incline_node **out) INCLINE_MUST_CHECK;

/* Adds an item to a sequence; to a mapping a key, and with the next call its value. */
enum incline_status incline_node_append(struct incline_context *ctx, struct incline_node *parent,
                                        struct incline_node *child) INCLINE_MUST_CHECK;

/* Where the value under key lies in a mapping, to be read or replaced; NULL when absent. */
struct incline_node **incline_node_find(struct incline_node *node, const char *key);

/* *out = a new source of doc, no setting. Takes *text (terminated), also on failure; name is
 * copied. */
enum incline_status incline_document_add_source(struct incline_context *ctx,
                                                struct incline_document *doc, const char *name,
                                                char **text, size_t length,
                                                struct incline_source **out) INCLINE_MUST_CHECK;

/* Reads a source into nodes of doc; *root is NULL when there is nothing in it. */
enum incline_status incline_source_parse(struct incline_context *ctx, struct incline_document *doc,
                                         const struct incline_source *source,
                                         struct incline_node **root) INCLINE_MUST_CHECK;

/* Fails at the first byte that is not UTF-8 text, or is a control character. */
enum incline_status incline_source_check(struct incline_context *ctx,
                                         const struct incline_source *source) INCLINE_MUST_CHECK;

/* Fails at the second of two equal keys. */
enum incline_status incline_mapping_check(struct incline_context *ctx,
                                          struct incline_node *map) INCLINE_MUST_CHECK;

struct incline_place incline_source_place(const struct incline_source *source, size_t at);

/* Byte offset of a place; the end of its line when the line is shorter. */
size_t incline_source_offset(const struct incline_source *source, struct incline_place place);

/* incline_fail_at for the bytes at .. at + length of source. */
enum incline_status incline_source_fail(struct incline_context *ctx,
                                        const struct incline_source *source, size_t at,
                                        size_t length, const char *format, ...)
    INCLINE_PRINTF(5, 6);

#endif
