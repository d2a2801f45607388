/* Where in a text a byte is, and messages that show it with its line and a caret. */
#include "base/document_inner.h"

#include <stdio.h>
#include <string.h>

enum { MESSAGE_BYTES = 1024, SHOWN_COLUMNS = 74, COLUMNS_BEFORE = 50 };

static bool has_byte_order_mark(const struct incline_source *source)
{
    return strncmp(source->text, "\xef\xbb\xbf", 3) == 0;
}

static size_t line_start(const struct incline_source *source, size_t at)
{
    while (at > 0 && source->text[at - 1] != '\n')
        at--;
    return at;
}

struct incline_place incline_source_place(const struct incline_source *source, size_t at)
{
    struct incline_place place = {1, 1};
    size_t start = line_start(source, at);
    for (size_t i = 0; i < start; i++)
        place.line += source->text[i] == '\n';
    for (size_t i = start; i < at; i++)
        place.column += !incline_is_utf8_tail(source->text[i]);
    if (start == 0 && at >= 3 && has_byte_order_mark(source))
        place.column--; /* a byte order mark is no column */
    return place;
}

size_t incline_source_offset(const struct incline_source *source, struct incline_place place)
{
    size_t at = 0;
    for (size_t line = 1; line < place.line && at < source->length; at++)
        line += source->text[at] == '\n';
    for (size_t column = 1; column < place.column; column++) {
        if (at >= source->length || source->text[at] == '\n')
            break;
        do
            at++;
        while (at < source->length && incline_is_utf8_tail(source->text[at]));
    }
    return at;
}

/* The end of the character at `at`; a byte that is none counts as one. */
static size_t next_character(const char *text, size_t at, size_t end)
{
    size_t length = incline_utf8_length(text + at, end - at);
    return at + (length > 0 ? length : 1);
}

static size_t count_columns(const char *text, size_t at, size_t end)
{
    size_t columns = 0;
    for (; at < end; at = next_character(text, at, end))
        columns++;
    return columns;
}

static size_t skip_columns(const char *text, size_t at, size_t end, size_t columns)
{
    for (; at < end && columns > 0; columns--)
        at = next_character(text, at, end);
    return at;
}

/* Controls beyond ASCII, and characters that turn the direction of writing or cannot be seen. */
static bool is_hidden(const char *at, size_t length)
{
    const unsigned char *b = (const unsigned char *)at;
    unsigned code = length == 2   ? (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu)
                    : length == 3 ? (b[0] & 0x0fu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu)
                                  : 0;
    return (code >= 0x80 && code <= 0x9f) || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0xfeff;
}

/* What would move a terminal's cursor, change its colours or deceive the eye is shown as '?'. */
static void add_printable(struct incline_text *out, const char *bytes, size_t length)
{
    for (size_t at = 0, end; at < length; at = end) {
        unsigned char byte = (unsigned char)bytes[at];
        end = next_character(bytes, at, length);
        if (byte == '\t')
            incline_text_add(out, " ");
        else if (byte < 0x20 || byte == 0x7f || incline_utf8_length(bytes + at, length - at) == 0 ||
                 is_hidden(bytes + at, end - at))
            incline_text_add(out, "?");
        else
            incline_text_add_bytes(out, bytes + at, end - at);
    }
}

/* The source line of `at`, or what is around it of a long one, and below it ^~~~ under `length`
 * bytes from there. */
static void add_caret(struct incline_text *out, const struct incline_source *source, size_t at,
                      size_t length)
{
    const char *text = source->text;
    size_t start = line_start(source, at), end = at;
    while (end < source->length && text[end] != '\n' && text[end] != '\r')
        end++;
    if (start == 0 && end >= 3 && has_byte_order_mark(source))
        start = 3;
    if (at < start)
        return;
    size_t from = start, before = count_columns(text, start, at);
    if (before > COLUMNS_BEFORE && count_columns(text, start, end) > SHOWN_COLUMNS)
        from = skip_columns(text, start, at, before - COLUMNS_BEFORE);
    size_t to = skip_columns(text, from, end, SHOWN_COLUMNS);
    incline_text_add(out, from > start ? "\n..." : "\n");
    add_printable(out, text + from, to - from);
    incline_text_add(out, to < end ? "...\n" : "\n");
    incline_text_add(out, "%*s^", (int)count_columns(text, from, at) + (from > start ? 3 : 0), "");
    size_t marked = at + length < to ? at + length : to;
    for (size_t i = 1; i < count_columns(text, at, marked); i++)
        incline_text_add(out, "~");
}

/* Where it is, what is wrong, and the line with a caret. */
static enum incline_status fail_in(struct incline_context *ctx, const struct incline_source *source,
                                   size_t at, size_t length, const char *message)
{
    struct incline_text text;
    incline_text_init(&text, ctx);
    add_printable(&text, source->name, strlen(source->name));
    incline_text_add(&text, ":");
    if (!source->is_setting) {
        struct incline_place place = incline_source_place(source, at);
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

enum incline_status incline_source_fail(struct incline_context *ctx,
                                        const struct incline_source *source, size_t at,
                                        size_t length, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char message[MESSAGE_BYTES];
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return fail_in(ctx, source, at, length, message);
}

enum incline_status incline_fail_at(struct incline_context *ctx, struct incline_node *node,
                                    const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char message[MESSAGE_BYTES];
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return fail_in(ctx, node->source, node->start, node->length, message);
}
