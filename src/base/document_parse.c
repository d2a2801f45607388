/* From libfyaml's events to nodes: libfyaml scans and parses, this file refuses what would make
 * YAML a trap and notes where every node came from. */
#include "base/document_inner.h"

#include "base/memory.h"

#include <libfyaml.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

struct builder {
    struct incline_context *ctx;
    struct incline_document *doc;
    const struct incline_source *source;
    struct incline_node *root;
    struct incline_node *open[DEPTH_MAX]; /* collections not yet closed, outermost first */
    size_t depth;
    size_t end; /* of the last node: where an empty value is */
};

static size_t mark_offset(const struct builder *builder, const struct fy_mark *mark)
{
    return mark ? mark->input_pos : builder->end;
}

static enum incline_status fail_mark(const struct builder *builder, const struct fy_mark *mark,
                                     size_t length, const char *message)
{
    return incline_source_fail(builder->ctx, builder->source, mark_offset(builder, mark), length,
                               "%s", message);
}

/* The sign before an anchor's or alias's name, where the message should point. */
static enum incline_status fail_sign(const struct builder *builder, const struct fy_mark *mark,
                                     const char *message)
{
    size_t at = mark_offset(builder, mark);
    if (at > 0 && strchr("&*", builder->source->text[at - 1]))
        at--;
    return incline_source_fail(builder->ctx, builder->source, at, 1, "%s", message);
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
    return incline_node_append(builder->ctx, parent, node);
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
    status = incline_node_create(builder->ctx, builder->doc, builder->source, INCLINE_NODE_SCALAR,
                                 &node);
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
    status = incline_node_create(builder->ctx, builder->doc, builder->source, kind, &node);
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
    return node->kind == INCLINE_NODE_MAPPING ? incline_mapping_check(builder->ctx, node)
                                              : INCLINE_OK;
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
        return incline_source_fail(builder->ctx, builder->source, builder->end, 1,
                                   "cannot be read as YAML");
    struct incline_place place = {(size_t)error->line, (size_t)error->column};
    return incline_source_fail(builder->ctx, builder->source,
                               incline_source_offset(builder->source, place), 1, "%s", error->msg);
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

enum incline_status incline_source_parse(struct incline_context *ctx, struct incline_document *doc,
                                         const struct incline_source *source,
                                         struct incline_node **root)
{
    struct builder builder = {.ctx = ctx, .doc = doc, .source = source};
    struct fy_parser *parser = NULL;
    struct fy_diag *diag = NULL;
    enum incline_status status = incline_source_check(ctx, source);
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
