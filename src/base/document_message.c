/* Where in a text a byte is, and messages that show it with its line and a caret. */
#include "base/document_inner.h"

#include <stdio.h>
#include <string.h>

enum { MESSAGE_BYTES = 1024, SHOWN_COLUMNS = 160 };

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
static void add_caret(struct incline_text *out, const struct incline_source *source, size_t at,
                      size_t length)
{
    size_t start = line_start(source, at);
    size_t end = at;
    while (end < source->length && source->text[end] != '\n' && source->text[end] != '\r')
        end++;
    if (start == 0 && end >= 3 && has_byte_order_mark(source))
        start = 3;
    size_t shown = end - start < SHOWN_COLUMNS ? end - start : SHOWN_COLUMNS;
    if (at < start || at - start > shown)
        return; /* a line too long to show */
    incline_text_add(out, "\n");
    add_printable(out, source->text + start, shown);
    incline_text_add(out, "\n");
    for (size_t i = start; i < at; i++)
        incline_text_add(out, incline_is_utf8_tail(source->text[i]) ? "" : " ");
    incline_text_add(out, "^");
    for (size_t i = at + 1; i < at + length && i < start + shown; i++)
        incline_text_add(out, incline_is_utf8_tail(source->text[i]) ? "" : "~");
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
