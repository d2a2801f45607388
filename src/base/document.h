/* A YAML or JSON document with the place of every node, over libfyaml. The only user of libfyaml is
 * document_parse.c, so that another reader could take its place.
 *
 * Rules (they remove YAML's traps): double keys, aliases, anchors and tags are refused; every
 * scalar is text until an option table gives it a type. */
#ifndef INCLINE_BASE_DOCUMENT_H
#define INCLINE_BASE_DOCUMENT_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

struct incline_document;
struct incline_node; /* owned by its document */

enum incline_node_kind { INCLINE_NODE_SCALAR, INCLINE_NODE_SEQUENCE, INCLINE_NODE_MAPPING };

/* Reads the file (at most 16 MiB). Fails with CONFIG and `file:line:column: error: ...` plus the
 * source line and a caret, or with CONFIG when the file cannot be read. */
enum incline_status incline_document_read(struct incline_context *ctx, const char *path,
                                          struct incline_document **out) INCLINE_MUST_CHECK;

/* The same from memory; name stands for the file in messages. text is copied. */
enum incline_status incline_document_parse(struct incline_context *ctx, const char *name,
                                           const char *text, size_t length,
                                           struct incline_document **out) INCLINE_MUST_CHECK;

void incline_document_destroy(struct incline_document **doc);

/* Sets the value at a dotted path ("train.optimizer.sgd.lr", "model.layers.0.conv2d.filters") to
 * value, read as YAML; missing mappings on the way are created. In a path, `*` stands for the only
 * key of a mapping and a number for an item of a sequence; a bare name on the way ("optimizer:
 * sgd") is opened into a mapping ("optimizer: {sgd: {}}"), and so is an empty value. Fails with
 * ARGUMENT on a path that runs through another scalar or past the end of a sequence. */
enum incline_status incline_document_set(struct incline_context *ctx, struct incline_document *doc,
                                         const char *path, const char *value) INCLINE_MUST_CHECK;

/* The same; name stands for the setting in messages instead of `--set path=value`. */
enum incline_status incline_document_set_named(struct incline_context *ctx,
                                               struct incline_document *doc, const char *name,
                                               const char *path,
                                               const char *value) INCLINE_MUST_CHECK;

struct incline_node *incline_document_root(struct incline_document *doc); /* NULL when empty */
const char *incline_document_name(const struct incline_document *doc);    /* path or given name */
enum incline_node_kind incline_node_kind(struct incline_node *node);

/* Scalars: the text, "" for null. Valid as long as the document; NULL for other kinds. */
const char *incline_node_text(struct incline_node *node);

/* Sequences: number of items, item i. Mappings: number of pairs, key text and value of pair i, and
 * the value under a key (NULL when absent). */
size_t incline_node_count(struct incline_node *node);
struct incline_node *incline_node_item(struct incline_node *node, size_t index);
struct incline_node *incline_node_key(struct incline_node *node, size_t index);
struct incline_node *incline_node_value(struct incline_node *node, size_t index);
struct incline_node *incline_node_get(struct incline_node *node, const char *key);

/* true when the node came from incline_document_set and not from the file. */
bool incline_node_is_setting(const struct incline_node *node);

/* Records `file:line:column: error: <text>` with the source line and a caret under node, and
 * returns CONFIG; or `--set path=value: error: <text>` for a node that came from
 * incline_document_set, and returns ARGUMENT. */
enum incline_status incline_fail_at(struct incline_context *ctx, struct incline_node *node,
                                    const char *format, ...) INCLINE_PRINTF(3, 4);

/* Adds value as a YAML scalar of one line, quoted where it must be. */
void incline_text_add_scalar(struct incline_text *text, const char *value);

#endif
