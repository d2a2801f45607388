#include "base/text.h"

#include "base/memory.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whole numbers below this have no exponent: 1000, not 1e+03. */
#define WRITTEN_OUT_MAX 1e15

enum { QUOTED_BYTES_MAX = 60, NEAR_WORD_MAX = 48 };

void incline_text_init(struct incline_text *text, struct incline_context *ctx)
{
    *text = (struct incline_text){.ctx = ctx};
}

void incline_text_finish(struct incline_text *text)
{
    incline_free(&text->bytes);
    incline_text_init(text, text->ctx);
}

/* Makes room for `more` bytes and the terminator. */
static bool reserve(struct incline_text *text, size_t more)
{
    size_t wanted;
    if (text->failed || incline_add_overflows(text->length, more, &wanted) ||
        incline_add_overflows(wanted, 1, &wanted)) {
        text->failed = true;
        return false;
    }
    if (wanted <= text->capacity)
        return true;
    if (wanted < 2 * text->capacity)
        wanted = 2 * text->capacity;
    if (incline_grow(text->ctx, &text->bytes, &text->capacity, wanted, 1) != INCLINE_OK)
        text->failed = true;
    return !text->failed;
}

void incline_text_add_bytes(struct incline_text *text, const char *bytes, size_t length)
{
    if (!reserve(text, length))
        return;
    if (length > 0)
        memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void incline_text_add(struct incline_text *text, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    if (length < 0) {
        text->failed = true;
    } else if (reserve(text, (size_t)length)) {
        vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(args);
}

const char *incline_text_get(const struct incline_text *text)
{
    return text->bytes ? text->bytes : "";
}

enum incline_status incline_text_status(struct incline_text *text)
{
    return text->failed ? incline_fail(text->ctx, INCLINE_ERROR_MEMORY, "out of memory")
                        : INCLINE_OK;
}

enum incline_status incline_text_take(struct incline_text *text, char **out)
{
    incline_text_add_bytes(text, "", 0);
    enum incline_status status = incline_text_status(text);
    if (status != INCLINE_OK)
        return status;
    *out = text->bytes;
    incline_text_init(text, text->ctx);
    return INCLINE_OK;
}

static const char *skip_digits(const char *at)
{
    while (incline_is_digit(*at))
        at++;
    return at;
}

/* strtod() alone would also take "inf", "0x1p3" and leading spaces. */
static bool is_decimal(const char *text)
{
    const char *at = text + (*text == '+' || *text == '-');
    const char *whole = skip_digits(at);
    size_t digits = (size_t)(whole - at);
    at = whole;
    if (*at == '.') {
        const char *fraction = skip_digits(at + 1);
        digits += (size_t)(fraction - at) - 1;
        at = fraction;
    }
    if (digits == 0)
        return false;
    if (*at == 'e' || *at == 'E') {
        at += 1 + (at[1] == '+' || at[1] == '-');
        const char *exponent = skip_digits(at);
        if (exponent == at)
            return false;
        at = exponent;
    }
    return *at == '\0';
}

/* The thread's locale may use a decimal comma; these two switch it to "C" and back. */
static locale_t enter_c_locale(locale_t *before)
{
    locale_t c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (c != (locale_t)0)
        *before = uselocale(c);
    return c;
}

static void leave_c_locale(locale_t c, locale_t before)
{
    if (c == (locale_t)0)
        return;
    uselocale(before);
    freelocale(c);
}

bool incline_parse_double(const char *text, double *out)
{
    if (!is_decimal(text))
        return false;
    locale_t before = (locale_t)0;
    locale_t c = enter_c_locale(&before);
    *out = strtod(text, NULL);
    leave_c_locale(c, before);
    return true;
}

void incline_text_add_double(struct incline_text *text, double value)
{
    char buffer[40];
    locale_t before = (locale_t)0;
    locale_t c = enter_c_locale(&before);
    snprintf(buffer, sizeof buffer, "%.0f", fabs(value) < WRITTEN_OUT_MAX ? value : 0);
    for (int digits = 1; digits <= 17 && strtod(buffer, NULL) != value; digits++)
        snprintf(buffer, sizeof buffer, "%.*g", digits, value);
    leave_c_locale(c, before);
    incline_text_add(text, "%s", buffer);
}

size_t incline_utf8_length(const char *at, size_t left)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = left > 0 ? (unsigned char)at[0] : 0xff;
    if (first < 0x80)
        return 1;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || length > left)
        return 0;
    unsigned code = first & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (!incline_is_utf8_tail(at[i]))
            return 0;
        code = code << 6 | ((unsigned char)at[i] & 0x3fu);
    }
    bool wrong = code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff);
    return wrong ? 0 : length;
}

bool incline_is_utf8(const char *text)
{
    size_t left = strlen(text), length = 1;
    for (; left > 0 && length > 0; text += length, left -= length)
        length = incline_utf8_length(text, left);
    return length > 0;
}

int incline_control_at(const char *at, size_t left)
{
    unsigned char first = (unsigned char)at[0], second = left > 1 ? (unsigned char)at[1] : 0;
    if (first < 0x20 || first == 0x7f)
        return first;
    return first == 0xc2 && second >= 0x80 && second < 0xa0 ? second : -1;
}

bool incline_is_line(const char *text)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length; at++)
        if (incline_control_at(text + at, length - at) >= 0)
            return false;
    return incline_is_utf8(text);
}

void incline_text_add_utf8(struct incline_text *text, const char *value)
{
    size_t left = strlen(value);
    while (left > 0) {
        size_t length = incline_utf8_length(value, left), taken = length > 0 ? length : 1;
        incline_text_add_bytes(text, length > 0 ? value : "?", taken);
        value += taken;
        left -= taken;
    }
}

void incline_text_add_quoted(struct incline_text *text, const char *value)
{
    size_t length = strlen(value);
    bool cut = length > QUOTED_BYTES_MAX;
    if (cut)
        length = QUOTED_BYTES_MAX;
    while (cut && length > 0 && incline_is_utf8_tail(value[length]))
        length--; /* not in the middle of a UTF-8 character */
    incline_text_add(text, "'");
    incline_text_add_bytes(text, value, length);
    incline_text_add(text, cut ? "...'" : "'");
}

bool incline_is_among(const char *word, const char *const *words)
{
    for (; words && *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace, or swap two neighbours, at cost 1 each. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][NEAR_WORD_MAX + 1];
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *last = rows[(i + 2) % 3];
        const size_t *before_last = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = min_size(last[j - 1] + !same, min_size(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = min_size(row[j], before_last[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

const char *incline_did_you_mean(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strlen(word);
    if (length == 0 || length > NEAR_WORD_MAX)
        return NULL;
    size_t best_distance = length / 3 > 0 ? length / 3 : 1;
    const char *best = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strlen(candidates[i]) > NEAR_WORD_MAX)
            continue;
        size_t distance = edit_distance(word, candidates[i]);
        if (distance >= length)
            continue; /* nothing of the word is left */
        if (distance < best_distance || (distance == best_distance && !best)) {
            best_distance = distance;
            best = candidates[i];
        }
    }
    for (size_t i = 0; !best && length >= 3 && i < count; i++)
        if (strncmp(word, candidates[i], length) == 0)
            best = candidates[i];
    return best;
}
