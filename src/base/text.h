/* A growing string, for messages and generated text, and numbers to and from text. Memory failure
 * is remembered and reported once, by incline_text_status(). */
#ifndef INCLINE_BASE_TEXT_H
#define INCLINE_BASE_TEXT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct incline_text {
    struct incline_context *ctx;
    char *bytes; /* always terminated once something was added; NULL before */
    size_t length;
    size_t capacity;
    bool failed;
};

void incline_text_init(struct incline_text *text, struct incline_context *ctx);
void incline_text_finish(struct incline_text *text);
void incline_text_add(struct incline_text *text, const char *format, ...) INCLINE_PRINTF(2, 3);
void incline_text_add_bytes(struct incline_text *text, const char *bytes, size_t length);

/* Adds the shortest decimal text that reads back as exactly value, with a point in every locale. */
void incline_text_add_double(struct incline_text *text, double value);

/* Adds value; each byte that is not UTF-8 becomes '?'. */
void incline_text_add_utf8(struct incline_text *text, const char *value);

/* Adds 'value' in single quotes for a message; a long value is cut. */
void incline_text_add_quoted(struct incline_text *text, const char *value);

/* The text so far, "" when empty; owned by text. */
const char *incline_text_get(const struct incline_text *text);

/* *out = the text, to be freed with incline_free; text is empty afterwards. Fails with MEMORY. */
enum incline_status incline_text_take(struct incline_text *text, char **out) INCLINE_MUST_CHECK;

/* OK, or MEMORY when an addition failed. */
enum incline_status incline_text_status(struct incline_text *text) INCLINE_MUST_CHECK;

/* Reads all of text as a decimal number ("1", "-0.5", "1e-4") in every locale; false when it is
 * none. What is too large becomes infinite. */
bool incline_parse_double(const char *text, double *out);

/* Letters and digits of ASCII, in every locale. */
static inline bool incline_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool incline_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* true for a byte of a UTF-8 character after its first. */
static inline bool incline_is_utf8_tail(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Bytes of the UTF-8 character that begins at `at`, of which `left` bytes are there; 0 when there
 * is none: a wrong byte, a longer form than needed, a surrogate. */
size_t incline_utf8_length(const char *at, size_t left);

/* true when all of text is UTF-8. */
bool incline_is_utf8(const char *text);

/* The control character that begins at `at`, of which `left` bytes are there; tabs and line ends
 * are some. -1: there is none. */
int incline_control_at(const char *at, size_t left);

/* true when all of text is UTF-8 without control characters. */
bool incline_is_line(const char *text);

/* true when word is one of words (NULL-terminated, or NULL for none). */
bool incline_is_among(const char *word, const char *const *words);

/* The candidate nearest to word in edit distance, or else the first that begins with word; NULL
 * when none is near enough to be meant (distance at most a third of the word's length, at least 1;
 * a beginning of at least 3 letters). For the distance, upper and lower case are the same. */
const char *incline_did_you_mean(const char *word, const char *const *candidates, size_t count);

#endif
