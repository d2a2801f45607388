/* Own node tree over libfyaml's event stream: libfyaml scans and parses, this file holds the rules
 * that remove YAML's traps and knows where every node came from. */
#include "base/document.h"

#include "base/file.h"
#include "base/memory.h"

#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 16 << 20, DEPTH_MAX = 64, SHOWN_COLUMNS = 160 };

/* A text that nodes were read from: the file, or the value of one setting. */
struct source {
    struct source *next;
    char *name;
    char *text;
    size_t length;
    bool is_setting;
};

struct incline_node {
    struct incline_node *owned_next; /* the document's list of all its nodes */
    const struct source *source;
    size_t start, length; /* bytes of the source */
    enum incline_node_kind kind;
    char *text;                   /* SCALAR */
    struct incline_node **items;  /* SEQUENCE: items; MAPPING: key, value, key, value, ... */
    size_t item_count, item_room; /* in pointers */
};

struct incline_document {
    struct source *sources;
    struct incline_node *nodes;
    struct incline_node *root;
    const char *name; /* of the first source */
};

struct place {
    size_t line, column; /* from 1; columns count characters */
};

/* ---- Messages ----------------------------------------------------------------------------------
 */

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static size_t line_start(const struct source *source, size_t at)
{
    while (at > 0 && source->text[at - 1] != '\n')
        at--;
    return at;
}

static struct place place_of(const struct source *source, size_t at)
{
    struct place place = {1, 1};
    size_t start = line_start(source, at);
    for (size_t i = 0; i < start; i++)
        place.line += source->text[i] == '\n';
    for (size_t i = start; i < at; i++)
        place.column += !is_continuation(source->text[i]);
    if (start == 0 && at >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0)
        place.column--; /* a byte order mark is no column */
    return place;
}

/* Byte offset of a place; the end of its line when the line is shorter. */
static size_t offset_of(const struct source *source, struct place place)
{
    size_t at = 0;
    for (size_t line = 1; line < place.line && at < source->length; at++)
        line += source->text[at] == '\n';
    for (size_t column = 1; column < place.column; column++) {
        if (at >= source->length || source->text[at] == '\n')
            break;
        do
            at++;
        while (at < source->length && is_continuation(source->text[at]));
    }
    return at;
}

/* Characters that would move a terminal's cursor or change its colours are shown as '?'. */
static void add_printable(struct incline_text *out, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        char shown = byte < 0x20 || byte == 0x7f ? '?' : (char)byte;
        incline_text_add_bytes(out, byte == '\t' ? " " : &shown, 1);
    }
}

/* The source line of `at` and, below it, ^~~~ under `length` bytes from there. */
static void add_caret(struct incline_text *out, const struct source *source, size_t at,
                      size_t length)
{
    size_t start = line_start(source, at);
    size_t end = at;
    while (end < source->length && source->text[end] != '\n' && source->text[end] != '\r')
        end++;
    if (start == 0 && end >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0)
        start = 3;
    size_t shown = end - start < SHOWN_COLUMNS ? end - start : SHOWN_COLUMNS;
    if (at < start || at - start > shown)
        return; /* a line too long to show */
    incline_text_add(out, "\n");
    add_printable(out, source->text + start, shown);
    incline_text_add(out, "\n");
    for (size_t i = start; i < at; i++)
        incline_text_add(out, is_continuation(source->text[i]) ? "" : " ");
    incline_text_add(out, "^");
    for (size_t i = at + 1; i < at + length && i < start + shown; i++)
        incline_text_add(out, is_continuation(source->text[i]) ? "" : "~");
}

/* The whole message for a fault at bytes at .. at + length of source. */
static enum incline_status fail_in(struct incline_context *ctx, const struct source *source,
                                   size_t at, size_t length, const char *message)
{
    struct incline_text text;
    incline_text_init(&text, ctx);
    add_printable(&text, source->name, strlen(source->name));
    incline_text_add(&text, ":");
    if (!source->is_setting) {
        struct place place = place_of(source, at);
        incline_text_add(&text, "%zu:%zu:", place.line, place.column);
    }
    incline_text_add(&text, " error: ");
    add_printable(&text, message, strlen(message));
    if (!source->is_setting || at > 0)
        add_caret(&text, source, at, length);
    enum incline_status status = incline_text_status(&text);
    if (status == INCLINE_OK)
        status =
            incline_fail(ctx, source->is_setting ? INCLINE_ERROR_ARGUMENT : INCLINE_ERROR_CONFIG,
                         "%s", incline_text_get(&text));
    incline_text_finish(&text);
    return status;
}

enum incline_status incline_fail_at(struct incline_context *ctx, struct incline_node *node,
                                    const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char message[1024];
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return fail_in(ctx, node->source, node->start, node->length, message);
}

bool incline_node_is_setting(const struct incline_node *node)
{
    return node->source->is_setting;
}

/* ---- Nodes -------------------------------------------------------------------------------------
 */

static enum incline_status node_create(struct incline_context *ctx, struct incline_document *doc,
                                       const struct source *source, enum incline_node_kind kind,
                                       struct incline_node **out)
{
    enum incline_status status = incline_alloc(ctx, 1, sizeof **out, out);
    if (status != INCLINE_OK)
        return status;
    (*out)->source = source;
    (*out)->kind = kind;
    (*out)->owned_next = doc->nodes;
    doc->nodes = *out;
    return INCLINE_OK;
}

static enum incline_status scalar_create(struct incline_context *ctx, struct incline_document *doc,
                                         const struct source *source, const char *text,
                                         struct incline_node **out)
{
    enum incline_status status = node_create(ctx, doc, source, INCLINE_NODE_SCALAR, out);
    return status == INCLINE_OK ? incline_strdup(ctx, text, &(*out)->text) : status;
}

static enum incline_status node_append(struct incline_context *ctx, struct incline_node *parent,
                                       struct incline_node *child)
{
    enum incline_status status = incline_grow(ctx, &parent->items, &parent->item_room,
                                              parent->item_count + 1, sizeof *parent->items);
    if (status == INCLINE_OK)
        parent->items[parent->item_count++] = child;
    return status;
}

enum incline_node_kind incline_node_kind(struct incline_node *node)
{
    return node->kind;
}

const char *incline_node_text(struct incline_node *node)
{
    return node->kind == INCLINE_NODE_SCALAR ? node->text : NULL;
}

size_t incline_node_count(struct incline_node *node)
{
    return node->kind == INCLINE_NODE_MAPPING ? node->item_count / 2 : node->item_count;
}

struct incline_node *incline_node_item(struct incline_node *node, size_t index)
{
    return node->items[index];
}

struct incline_node *incline_node_key(struct incline_node *node, size_t index)
{
    return node->items[2 * index];
}

struct incline_node *incline_node_value(struct incline_node *node, size_t index)
{
    return node->items[2 * index + 1];
}

/* Where the value under key lies in a mapping, or NULL. */
static struct incline_node **find_value(struct incline_node *node, const char *key)
{
    if (node->kind != INCLINE_NODE_MAPPING)
        return NULL;
    for (size_t i = 0; i < node->item_count; i += 2)
        if (strcmp(node->items[i]->text, key) == 0)
            return &node->items[i + 1];
    return NULL;
}

struct incline_node *incline_node_get(struct incline_node *node, const char *key)
{
    struct incline_node **value = find_value(node, key);
    return value ? *value : NULL;
}

/* ---- Checks before and after parsing -----------------------------------------------------------
 */

/* Bytes of the UTF-8 character at `at`, or 0 when there is none: a wrong byte, a longer form than
 * needed, a surrogate, or a control character that YAML does not allow. */
static size_t character_length(const unsigned char *at, size_t left)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (at[0] < 0x80)
        return (at[0] >= 0x20 && at[0] != 0x7f) || strchr("\t\n\r", at[0] ? at[0] : 'x') ? 1 : 0;
    size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || length > left)
        return 0;
    unsigned code = at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3fu);
    }
    bool wrong = code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff);
    return wrong ? 0 : length;
}

static enum incline_status check_characters(struct incline_context *ctx,
                                            const struct source *source)
{
    const unsigned char *bytes = (const unsigned char *)source->text;
    size_t at = 0;
    while (at < source->length) {
        size_t length = character_length(bytes + at, source->length - at);
        if (length == 0) {
            char message[80];
            snprintf(message, sizeof message, "byte 0x%02x is not UTF-8 text", bytes[at]);
            return fail_in(ctx, source, at, 1, message);
        }
        at += length;
    }
    return INCLINE_OK;
}

static int compare_keys(const void *a, const void *b)
{
    const struct incline_node *left = *(struct incline_node *const *)a;
    const struct incline_node *right = *(struct incline_node *const *)b;
    int order = strcmp(left->text, right->text);
    return order != 0 ? order : (left->start > right->start) - (left->start < right->start);
}

/* Sorted, so that a file of a million keys does not take a million times a million steps. */
static enum incline_status check_double_keys(struct incline_context *ctx, struct incline_node *map)
{
    size_t count = incline_node_count(map);
    struct incline_node **keys = NULL;
    enum incline_status status = incline_alloc(ctx, count, sizeof *keys, &keys);
    if (status != INCLINE_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        keys[i] = incline_node_key(map, i);
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 1; i < count && status == INCLINE_OK; i++) {
        if (strcmp(keys[i - 1]->text, keys[i]->text) != 0)
            continue;
        struct place first = place_of(keys[i]->source, keys[i - 1]->start);
        status = incline_fail_at(ctx, keys[i], "double key '%.60s': it was given in line %zu",
                                 keys[i]->text, first.line);
    }
    incline_free(&keys);
    return status;
}

/* ---- Parsing -----------------------------------------------------------------------------------
 */

struct builder {
    struct incline_context *ctx;
    struct incline_document *doc;
    const struct source *source;
    struct incline_node *root;
    struct incline_node *open[DEPTH_MAX]; /* collections not yet closed, outermost first */
    size_t depth;
    size_t end; /* of the last node: where an empty value is */
};

static enum incline_status fail_mark(const struct builder *builder, const struct fy_mark *mark,
                                     size_t length, const char *message)
{
    size_t at = mark ? mark->input_pos : builder->end;
    return fail_in(builder->ctx, builder->source, at, length, message);
}

/* The sign before an anchor's or alias's name, where the message should point. */
static enum incline_status fail_sign(const struct builder *builder, const struct fy_mark *mark,
                                     const char *message)
{
    size_t at = mark ? mark->input_pos : builder->end;
    if (at > 0 && strchr("&*", builder->source->text[at - 1]))
        at--;
    return fail_in(builder->ctx, builder->source, at, 1, message);
}

static bool key_is_due(const struct incline_node *parent)
{
    return parent->kind == INCLINE_NODE_MAPPING && parent->item_count % 2 == 0;
}

static enum incline_status attach(struct builder *builder, struct incline_node *node)
{
    if (builder->depth == 0) {
        builder->root = node;
        return INCLINE_OK;
    }
    struct incline_node *parent = builder->open[builder->depth - 1];
    if (key_is_due(parent) && node->kind != INCLINE_NODE_SCALAR)
        return incline_fail_at(builder->ctx, node, "a key must be plain text");
    return node_append(builder->ctx, parent, node);
}

/* libfyaml's marks leave the quotes out. */
static bool is_quoted(struct fy_event *event)
{
    if (!event->scalar.value)
        return false;
    enum fy_scalar_style style = fy_token_scalar_style(event->scalar.value);
    return style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
}

static void set_place(struct builder *builder, struct incline_node *node, struct fy_event *event)
{
    const struct fy_mark *start = fy_event_start_mark(event);
    const struct fy_mark *end = fy_event_end_mark(event);
    size_t last = builder->source->length;
    node->start = start && start->input_pos < last ? start->input_pos : builder->end;
    node->length = 1;
    if (start && end && node->kind == INCLINE_NODE_SCALAR && end->input_pos > node->start)
        node->length = end->input_pos - node->start;
    if (node->kind == INCLINE_NODE_SCALAR && is_quoted(event) && node->start > 0) {
        node->start--;
        node->length += 2;
    }
    builder->end = node->start + node->length < last ? node->start + node->length : last;
}

static enum incline_status refuse_decoration(struct builder *builder, struct fy_token *anchor,
                                             struct fy_token *tag)
{
    if (anchor)
        return fail_sign(builder, fy_token_start_mark(anchor),
                         "anchors (&name) are not allowed: write the value out");
    if (tag)
        return fail_mark(builder, fy_token_start_mark(tag), 1,
                         "tags (!name) are not allowed: types are known by the key");
    return INCLINE_OK;
}

static enum incline_status take_scalar(struct builder *builder, struct fy_event *event)
{
    enum incline_status status =
        refuse_decoration(builder, event->scalar.anchor, event->scalar.tag);
    if (status != INCLINE_OK)
        return status;
    size_t length = 0;
    const char *text = event->scalar.value ? fy_token_get_text(event->scalar.value, &length) : "";
    if (!text || memchr(text, '\0', length))
        return fail_mark(builder, fy_event_start_mark(event), 1,
                         "a zero byte is not allowed in text");
    struct incline_node *node = NULL;
    status = node_create(builder->ctx, builder->doc, builder->source, INCLINE_NODE_SCALAR, &node);
    if (status == INCLINE_OK)
        status = incline_alloc(builder->ctx, length + 1, 1, &node->text);
    if (status != INCLINE_OK)
        return status;
    memcpy(node->text, text, length);
    set_place(builder, node, event);
    return attach(builder, node);
}

static enum incline_status open_collection(struct builder *builder, struct fy_event *event,
                                           enum incline_node_kind kind)
{
    bool is_mapping = kind == INCLINE_NODE_MAPPING;
    enum incline_status status = refuse_decoration(
        builder, is_mapping ? event->mapping_start.anchor : event->sequence_start.anchor,
        is_mapping ? event->mapping_start.tag : event->sequence_start.tag);
    if (status != INCLINE_OK)
        return status;
    if (builder->depth == DEPTH_MAX)
        return fail_mark(builder, fy_event_start_mark(event), 1, "nested more than 64 deep");
    struct incline_node *node = NULL;
    status = node_create(builder->ctx, builder->doc, builder->source, kind, &node);
    if (status != INCLINE_OK)
        return status;
    set_place(builder, node, event);
    status = attach(builder, node);
    builder->open[builder->depth++] = node;
    return status;
}

static enum incline_status close_collection(struct builder *builder)
{
    struct incline_node *node = builder->open[--builder->depth];
    return node->kind == INCLINE_NODE_MAPPING ? check_double_keys(builder->ctx, node) : INCLINE_OK;
}

static enum incline_status take_event(struct builder *builder, struct fy_event *event)
{
    switch (event->type) {
    case FYET_SCALAR:
        return take_scalar(builder, event);
    case FYET_MAPPING_START:
        return open_collection(builder, event, INCLINE_NODE_MAPPING);
    case FYET_SEQUENCE_START:
        return open_collection(builder, event, INCLINE_NODE_SEQUENCE);
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        return close_collection(builder);
    case FYET_ALIAS:
        return fail_sign(builder, fy_event_start_mark(event),
                         "aliases (*name) are not allowed: write the value out");
    case FYET_DOCUMENT_START:
        if (builder->root)
            return fail_mark(builder, fy_event_start_mark(event), 3,
                             "a second document: only one is allowed in a file");
        return INCLINE_OK;
    default:
        return INCLINE_OK;
    }
}

/* What libfyaml found wrong: the first error that it collected. */
static enum incline_status fail_syntax(struct builder *builder, struct fy_diag *diag)
{
    void *at = NULL;
    const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &at);
    if (!error || error->line < 1 || error->column < 1)
        return fail_in(builder->ctx, builder->source, builder->end, 1, "cannot be read as YAML");
    struct place place = {(size_t)error->line, (size_t)error->column};
    return fail_in(builder->ctx, builder->source, offset_of(builder->source, place), 1, error->msg);
}

static enum incline_status take_events(struct builder *builder, struct fy_parser *parser,
                                       struct fy_diag *diag)
{
    enum incline_status status = INCLINE_OK;
    struct fy_event *event;
    while (status == INCLINE_OK && (event = fy_parser_parse(parser)) != NULL) {
        status = take_event(builder, event);
        fy_parser_event_free(parser, event);
    }
    if (status == INCLINE_OK && fy_parser_get_stream_error(parser))
        status = fail_syntax(builder, diag);
    return status;
}

/* libfyaml would print to stderr otherwise; the texts come from its list of errors. */
static void discard_output(struct fy_diag *diag, void *user, const char *text, size_t length)
{
    (void)diag;
    (void)user;
    (void)text;
    (void)length;
}

static struct fy_diag *diag_create(void)
{
    struct fy_diag_cfg config;
    fy_diag_cfg_default(&config);
    config.fp = NULL;
    config.output_fn = discard_output;
    config.colorize = false;
    struct fy_diag *diag = fy_diag_create(&config);
    if (diag)
        fy_diag_set_collect_errors(diag, true);
    return diag;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/* Reads a source into nodes of doc; *root is NULL when there is nothing in it. */
static enum incline_status parse_source(struct incline_context *ctx, struct incline_document *doc,
                                        const struct source *source, struct incline_node **root)
{
    struct builder builder = {.ctx = ctx, .doc = doc, .source = source};
    struct fy_parser *parser = NULL;
    struct fy_diag *diag = NULL;
    enum incline_status status = check_characters(ctx, source);
    if (status != INCLINE_OK)
        goto out;
    status = INCLINE_ERROR_MEMORY;
    diag = diag_create();
    if (!diag)
        goto out;
    bool json = !source->is_setting && ends_with(source->name, ".json");
    struct fy_parse_cfg config = {.flags = json ? FYPCF_JSON_FORCE : FYPCF_JSON_NONE, .diag = diag};
    parser = fy_parser_create(&config);
    if (!parser || fy_parser_set_string(parser, source->text, source->length) != 0)
        goto out;
    status = take_events(&builder, parser, diag);
    *root = builder.root;
out:
    if (parser)
        fy_parser_destroy(parser);
    if (diag)
        fy_diag_destroy(diag);
    return status == INCLINE_ERROR_MEMORY ? incline_fail(ctx, status, "out of memory") : status;
}

/* ---- Documents ---------------------------------------------------------------------------------
 */

/* Takes *text, also on failure. */
static enum incline_status add_source(struct incline_context *ctx, struct incline_document *doc,
                                      const char *name, char **text, size_t length,
                                      struct source **out)
{
    struct source *source = NULL;
    enum incline_status status = incline_alloc(ctx, 1, sizeof *source, &source);
    if (status != INCLINE_OK) {
        incline_free(text);
        return status;
    }
    source->text = *text;
    source->length = length;
    source->next = doc->sources;
    doc->sources = source;
    *text = NULL;
    *out = source;
    return incline_strdup(ctx, name, &source->name);
}

/* Takes *text, also on failure. */
static enum incline_status document_create(struct incline_context *ctx, const char *name,
                                           char **text, size_t length,
                                           struct incline_document **out)
{
    struct incline_document *doc = NULL;
    struct source *source = NULL;
    enum incline_status status = incline_alloc(ctx, 1, sizeof *doc, &doc);
    if (status != INCLINE_OK) {
        incline_free(text);
        return status;
    }
    status = add_source(ctx, doc, name, text, length, &source);
    if (status == INCLINE_OK) {
        doc->name = source->name;
        status = parse_source(ctx, doc, source, &doc->root);
    }
    if (status != INCLINE_OK)
        incline_document_destroy(&doc);
    *out = doc;
    return status;
}

enum incline_status incline_document_read(struct incline_context *ctx, const char *path,
                                          struct incline_document **out)
{
    char *text = NULL;
    size_t length = 0;
    *out = NULL;
    enum incline_status status = incline_file_read(ctx, path, FILE_BYTES_MAX, &text, &length);
    if (status != INCLINE_OK)
        return status == INCLINE_ERROR_MEMORY ? status : INCLINE_ERROR_CONFIG;
    return document_create(ctx, path, &text, length, out);
}

enum incline_status incline_document_parse(struct incline_context *ctx, const char *name,
                                           const char *text, size_t length,
                                           struct incline_document **out)
{
    char *copy = NULL;
    *out = NULL;
    if (length > FILE_BYTES_MAX)
        return incline_fail(ctx, INCLINE_ERROR_CONFIG, "%s: larger than the limit of %d bytes",
                            name, FILE_BYTES_MAX);
    enum incline_status status = incline_alloc(ctx, length + 1, 1, &copy);
    if (status != INCLINE_OK)
        return status;
    memcpy(copy, text, length);
    return document_create(ctx, name, &copy, length, out);
}

void incline_document_destroy(struct incline_document **doc)
{
    if (!*doc)
        return;
    while ((*doc)->nodes) {
        struct incline_node *node = (*doc)->nodes;
        (*doc)->nodes = node->owned_next;
        incline_free(&node->text);
        incline_free(&node->items);
        incline_free(&node);
    }
    while ((*doc)->sources) {
        struct source *source = (*doc)->sources;
        (*doc)->sources = source->next;
        incline_free(&source->name);
        incline_free(&source->text);
        incline_free(&source);
    }
    incline_free(doc);
}

struct incline_node *incline_document_root(struct incline_document *doc)
{
    return doc->root;
}

const char *incline_document_name(const struct incline_document *doc)
{
    return doc->name;
}

/* ---- Settings ----------------------------------------------------------------------------------
 */

struct setting {
    struct incline_context *ctx;
    struct incline_document *doc;
    const struct source *source;
};

static enum incline_status fail_setting(const struct setting *setting, const char *format, ...)
    INCLINE_PRINTF(2, 3);

static enum incline_status fail_setting(const struct setting *setting, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return fail_in(setting->ctx, setting->source, 0, 1, message);
}

static enum incline_status add_pair(const struct setting *setting, struct incline_node *map,
                                    const char *key, struct incline_node *value)
{
    struct incline_node *node = NULL;
    enum incline_status status =
        scalar_create(setting->ctx, setting->doc, setting->source, key, &node);
    if (status == INCLINE_OK)
        status = node_append(setting->ctx, map, node);
    return status == INCLINE_OK ? node_append(setting->ctx, map, value) : status;
}

/* Turns the bare name at *slot into {name: {}}, and nothing into {}; both keep their place. */
static enum incline_status open_bare_name(const struct setting *setting, struct incline_node **slot)
{
    struct incline_node *name = *slot;
    struct incline_node *map = NULL;
    struct incline_node *empty = NULL;
    enum incline_status status =
        node_create(setting->ctx, setting->doc, name->source, INCLINE_NODE_MAPPING, &map);
    if (status == INCLINE_OK)
        status =
            node_create(setting->ctx, setting->doc, name->source, INCLINE_NODE_MAPPING, &empty);
    if (status != INCLINE_OK)
        return status;
    map->start = empty->start = name->start;
    map->length = empty->length = name->length;
    if (name->text[0] != '\0')
        status = node_append(setting->ctx, map, name);
    if (status == INCLINE_OK && name->text[0] != '\0')
        status = node_append(setting->ctx, map, empty);
    *slot = map;
    return status;
}

static enum incline_status step_sequence(const struct setting *setting, struct incline_node *list,
                                         const char *part, struct incline_node ***slot)
{
    size_t index = 0;
    bool is_number = *part != '\0' && strlen(part) <= 9;
    for (const char *at = part; *at && is_number; at++) {
        is_number = *at >= '0' && *at <= '9';
        index = 10 * index + (size_t)(*at - '0');
    }
    if (!is_number)
        return fail_setting(setting, "'%s' must be a number: it picks an item of a list", part);
    if (index >= list->item_count)
        return fail_setting(setting, "there is no item %zu: the list has %zu, counted from 0",
                            index, list->item_count);
    *slot = &list->items[index];
    return INCLINE_OK;
}

/* The value under part of a mapping; a missing one is made as an empty mapping. */
static enum incline_status step_mapping(const struct setting *setting, struct incline_node *map,
                                        const char *part, struct incline_node ***slot)
{
    if (strcmp(part, "*") == 0) {
        if (incline_node_count(map) != 1)
            return fail_setting(setting, "'*' stands for the only key of a mapping; here are %zu",
                                incline_node_count(map));
        *slot = &map->items[1];
        return INCLINE_OK;
    }
    *slot = find_value(map, part);
    if (*slot)
        return INCLINE_OK;
    struct incline_node *empty = NULL;
    enum incline_status status =
        node_create(setting->ctx, setting->doc, setting->source, INCLINE_NODE_MAPPING, &empty);
    if (status == INCLINE_OK)
        status = add_pair(setting, map, part, empty);
    *slot = find_value(map, part);
    return status;
}

/* Moves *slot from a node to the part of it that the next piece of the path names. */
static enum incline_status step(const struct setting *setting, const char *part,
                                struct incline_node ***slot)
{
    struct incline_node *node = **slot;
    if (*part == '\0')
        return fail_setting(setting, "the path has an empty part");
    if (node->kind == INCLINE_NODE_SEQUENCE)
        return step_sequence(setting, node, part, slot);
    if (node->kind == INCLINE_NODE_SCALAR) {
        bool opens =
            node->text[0] == '\0' || strcmp(part, "*") == 0 || strcmp(part, node->text) == 0;
        if (!opens)
            return fail_setting(setting, "'%s' is not there: the path ends at the value '%.60s'",
                                part, node->text);
        enum incline_status status = open_bare_name(setting, *slot);
        if (status != INCLINE_OK)
            return status;
    }
    return step_mapping(setting, **slot, part, slot);
}

/* Cuts path at its dots, in place, and walks along it. */
static enum incline_status walk(const struct setting *setting, char *path,
                                struct incline_node ***slot)
{
    enum incline_status status = INCLINE_OK;
    char *part = path;
    while (part && status == INCLINE_OK) {
        char *dot = strchr(part, '.');
        if (dot)
            *dot = '\0';
        status = step(setting, part, slot);
        part = dot ? dot + 1 : NULL;
    }
    return status;
}

/* A document with nothing in it starts as an empty mapping. */
static enum incline_status ensure_root(const struct setting *setting)
{
    if (setting->doc->root)
        return INCLINE_OK;
    return node_create(setting->ctx, setting->doc, setting->source, INCLINE_NODE_MAPPING,
                       &setting->doc->root);
}

static enum incline_status add_setting_source(struct incline_context *ctx,
                                              struct incline_document *doc, const char *path,
                                              const char *value, struct source **out)
{
    struct incline_text name;
    char *copy = NULL;
    incline_text_init(&name, ctx);
    incline_text_add(&name, "--set %s=%s", path, value);
    enum incline_status status = incline_text_status(&name);
    if (status == INCLINE_OK)
        status = incline_strdup(ctx, value, &copy);
    if (status == INCLINE_OK)
        status = add_source(ctx, doc, incline_text_get(&name), &copy, strlen(value), out);
    incline_text_finish(&name);
    if (status == INCLINE_OK)
        (*out)->is_setting = true;
    return status;
}

enum incline_status incline_document_set(struct incline_context *ctx, struct incline_document *doc,
                                         const char *path, const char *value)
{
    struct setting setting = {.ctx = ctx, .doc = doc};
    struct source *source = NULL;
    char *parts = NULL;
    struct incline_node *node = NULL;
    enum incline_status status = add_setting_source(ctx, doc, path, value, &source);
    if (status != INCLINE_OK)
        goto out;
    setting.source = source;
    status = parse_source(ctx, doc, source, &node);
    if (status == INCLINE_OK && !node)
        status = scalar_create(ctx, doc, source, "", &node);
    if (status != INCLINE_OK)
        goto out;
    status = ensure_root(&setting);
    if (status != INCLINE_OK)
        goto out;
    status = incline_strdup(ctx, path, &parts);
    if (status != INCLINE_OK)
        goto out;
    struct incline_node **slot = &doc->root;
    status = walk(&setting, parts, &slot);
    if (status == INCLINE_OK)
        *slot = node;
out:
    incline_free(&parts);
    return status;
}

/* ---- Writing -----------------------------------------------------------------------------------
 */

static bool is_word_of_yaml(const char *value)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "null"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(value, words[i]) == 0)
            return true;
    return false;
}

/* Only what every YAML reader takes as this very text. */
static bool is_plain(const char *value)
{
    bool letter = (*value >= 'a' && *value <= 'z') || (*value >= 'A' && *value <= 'Z');
    if (!letter && *value != '/')
        return false;
    for (const char *at = value; *at; at++) {
        bool safe = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                    (*at >= '0' && *at <= '9') || strchr("_-./+", *at);
        if (!safe)
            return false;
    }
    return !is_word_of_yaml(value);
}

void incline_text_add_scalar(struct incline_text *text, const char *value)
{
    if (is_plain(value)) {
        incline_text_add(text, "%s", value);
        return;
    }
    incline_text_add(text, "\"");
    for (const char *at = value; *at; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\')
            incline_text_add(text, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            incline_text_add(text, "\\x%02x", byte);
        else
            incline_text_add_bytes(text, at, 1);
    }
    incline_text_add(text, "\"");
}
