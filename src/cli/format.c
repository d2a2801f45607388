#include "cli/format.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double unit_seconds(char unit)
{
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    default:
        return 0;
    }
}

/* strtod alone would take signs, blanks, "inf" and hexadecimal. */
static bool parse_decimal(const char **cursor, double *number)
{
    const char *start = *cursor;
    if (!isdigit((unsigned char)start[0]) && start[0] != '.')
        return false;
    size_t length = strspn(start, "0123456789.");
    char *end;
    *number = strtod(start, &end);
    if (end != start + length)
        return false;
    *cursor = end;
    return true;
}

bool cli_parse_duration(const char *text, double *seconds)
{
    double total = 0, number;
    const char *cursor = text;
    do {
        if (!parse_decimal(&cursor, &number))
            return false;
        bool plain = *cursor == '\0' && strpbrk(text, "smh") == NULL;
        double unit = plain ? 1 : unit_seconds(*cursor);
        if (unit == 0)
            return false;
        total += number * unit;
        if (!plain)
            cursor++;
    } while (*cursor != '\0');
    if (!(total > 0) || !isfinite(total))
        return false;
    *seconds = total;
    return true;
}

bool cli_parse_ratio(const char *text, double *ratio)
{
    bool begins = isdigit((unsigned char)text[0]) || text[0] == '.';
    if (!begins || text[strspn(text, "0123456789.eE+-")] != '\0')
        return false;
    char *end;
    double number = strtod(text, &end);
    if (*end != '\0' || !(number > 0) || !isfinite(number))
        return false;
    *ratio = number;
    return true;
}

bool cli_parse_number(const char *text, size_t max, size_t *number)
{
    if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, NULL, 10);
    if (errno != 0 || value < 1 || value > max)
        return false;
    *number = (size_t)value;
    return true;
}

const char *cli_format_count(struct cli_figure *figure, unsigned long long count)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", count);
    char *out = figure->text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return figure->text;
}

const char *cli_format_bytes(struct cli_figure *figure, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    while (bytes >= 1023.5 && unit + 1 < sizeof units / sizeof units[0]) {
        bytes /= 1024;
        unit++;
    }
    int decimals = unit > 0 && bytes < 99.95 ? 1 : 0;
    snprintf(figure->text, sizeof figure->text, "%.*f %s", decimals, bytes, units[unit]);
    return figure->text;
}

const char *cli_format_short(struct cli_figure *figure, double number)
{
    static const char *const units[] = {"", " k", " M", " G", " T"};
    size_t unit = 0;
    while (number >= 999.5 && unit + 1 < sizeof units / sizeof units[0]) {
        number /= 1000;
        unit++;
    }
    int decimals = unit == 0 || number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2;
    snprintf(figure->text, sizeof figure->text, "%.*f%s", decimals, number, units[unit]);
    return figure->text;
}

/* Negative and unthinkably long times are shown as the nearest thinkable one. */
static long whole_seconds(double seconds)
{
    return lround(fmin(fmax(seconds, 0), 1e9));
}

const char *cli_format_clock(struct cli_figure *figure, double seconds)
{
    long whole = whole_seconds(seconds);
    if (whole < 60)
        snprintf(figure->text, sizeof figure->text, "%lds", whole);
    else if (whole < 3600)
        snprintf(figure->text, sizeof figure->text, "%ldm%02lds", whole / 60, whole % 60);
    else
        snprintf(figure->text, sizeof figure->text, "%ldh%02ldm", whole / 3600, whole / 60 % 60);
    return figure->text;
}

const char *cli_format_time(struct cli_figure *figure, double seconds)
{
    long whole = whole_seconds(seconds);
    if (seconds < 0.995)
        snprintf(figure->text, sizeof figure->text, "%.2f s", fmax(seconds, 0));
    else if (seconds < 9.95)
        snprintf(figure->text, sizeof figure->text, "%.1f s", seconds);
    else if (whole < 120)
        snprintf(figure->text, sizeof figure->text, "%ld s", whole);
    else if (whole < 3600)
        snprintf(figure->text, sizeof figure->text, "%ld min %02ld s", whole / 60, whole % 60);
    else
        snprintf(figure->text, sizeof figure->text, "%ld h %02ld min", whole / 3600,
                 whole / 60 % 60);
    return figure->text;
}

const char *cli_format_step(struct cli_figure *figure, double seconds)
{
    if (seconds < 0.001)
        snprintf(figure->text, sizeof figure->text, "%.0fus/step", seconds * 1e6);
    else if (seconds < 0.9995)
        snprintf(figure->text, sizeof figure->text, "%.1fms/step", seconds * 1e3);
    else
        snprintf(figure->text, sizeof figure->text, "%.1fs/step", fmin(seconds, 1e9));
    return figure->text;
}

const char *cli_format_epoch(struct cli_figure *figure, int epoch, int epochs)
{
    if (epochs > 0)
        snprintf(figure->text, sizeof figure->text, "%d/%d", epoch, epochs);
    else
        snprintf(figure->text, sizeof figure->text, "%d", epoch);
    return figure->text;
}

const char *cli_format_metric(struct cli_figure *figure, double value)
{
    if (isnan(value))
        value = (double)NAN; /* without the sign that some have */
    bool fixed = value == 0 || (fabs(value) >= 1e-3 && fabs(value) < 1e6) || !isfinite(value);
    snprintf(figure->text, sizeof figure->text, fixed ? "%.4f" : "%.4e", value);
    return figure->text;
}

static bool is_greater(float a, float b)
{
    return isnan(a) ? !isnan(b) : a > b;
}

int cli_find_greatest(const float *values, const bool *used, int count)
{
    int greatest = -1;
    for (int i = 0; i < count; i++) {
        if (!used[i] && (greatest < 0 || is_greater(values[i], values[greatest])))
            greatest = i;
    }
    return greatest;
}

enum { WORD_MAX = 64 };

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Edit distance in which two neighbours that changed places count once (optimal string alignment).
 * Words are at most WORD_MAX long. rows: the table's row of a[i], a[i - 1] and a[i - 2], in turn.
 */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t a_length = strlen(a), b_length = strlen(b);
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3], *before = rows[(i + 2) % 3], *before_that = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replaced = before[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = smallest(replaced, before[j] + 1, row[j - 1] + 1);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before_that[j - 2] + 1 < row[j])
                row[j] = before_that[j - 2] + 1;
        }
    }
    return rows[a_length % 3][b_length];
}

const char *cli_suggest(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strlen(word);
    if (length == 0 || length > WORD_MAX)
        return NULL;
    size_t limit = length / 3 > 1 ? length / 3 : 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strlen(candidates[i]) > WORD_MAX)
            continue;
        size_t distance = edit_distance(word, candidates[i]);
        if (distance > limit)
            continue;
        nearest = candidates[i];
        if (distance == 0)
            break;
        limit = distance - 1;
    }
    return nearest;
}

static bool continues_character(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

size_t cli_text_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += !continues_character(*text);
    return width;
}

/* Bytes of the first `width` characters. */
static size_t prefix_bytes(const char *text, size_t width)
{
    size_t bytes = 0, characters = 0;
    for (; text[bytes] != '\0'; bytes++) {
        if (!continues_character(text[bytes]) && characters++ == width)
            break;
    }
    return bytes;
}

void cli_clip(char *out, size_t size, const char *text, size_t width)
{
    if (cli_text_width(text) <= width) {
        snprintf(out, size, "%s", text);
        return;
    }
    size_t kept = width > 3 ? prefix_bytes(text, width - 3) : 0;
    snprintf(out, size, "%.*s...", (int)kept, text);
}

void cli_make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F)
            *text = '?';
    }
}

/* The end of `:digits` at text, or NULL. */
static const char *skip_colon_number(const char *text)
{
    if (text[0] != ':' || !isdigit((unsigned char)text[1]))
        return NULL;
    return text + 1 + strspn(text + 1, "0123456789");
}

bool cli_has_place(const char *text)
{
    for (const char *colon = text; *colon != '\0' && *colon != '\n'; colon++) {
        const char *end = skip_colon_number(colon);
        if (end != NULL)
            end = skip_colon_number(end);
        if (end != NULL && colon > text && end[0] == ':' && end[1] == ' ')
            return true;
    }
    return false;
}

/* Copies text between `open` and `close` quotes, putting `instead` in the place of `special`. */
static char *quote(const char *text, const char *mark, char special, const char *instead)
{
    size_t specials = 0, length = strlen(text);
    for (size_t i = 0; i < length; i++)
        specials += text[i] == special;
    char *copy = malloc(length + specials * strlen(instead) + 2 * strlen(mark) + 1);
    if (copy == NULL)
        return NULL;
    char *out = copy + sprintf(copy, "%s", mark);
    for (; *text != '\0'; text++) {
        if (*text == special)
            out += sprintf(out, "%s", instead);
        else
            *out++ = *text;
    }
    sprintf(out, "%s", mark);
    return copy;
}

char *cli_quote_csv(const char *text)
{
    bool plain = strpbrk(text, ",\"\r\n") == NULL;
    return quote(text, plain ? "" : "\"", '"', "\"\"");
}

char *cli_quote_shell(const char *text)
{
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                               "-_./:,+@%=";
    bool plain = text[0] != '\0' && text[strspn(text, safe)] == '\0';
    return quote(text, plain ? "" : "'", '\'', "'\\''");
}

char *cli_escape_tabs(const char *text)
{
    char *copy = malloc(2 * strlen(text) + 1);
    if (copy == NULL)
        return NULL;
    char *out = copy;
    for (; *text != '\0'; text++) {
        char letter = *text == '\t' ? 't' : *text == '\n' ? 'n' : *text == '\\' ? '\\' : '\0';
        if (letter != '\0')
            *out++ = '\\';
        *out++ = letter != '\0' ? letter : *text;
    }
    *out = '\0';
    return copy;
}
