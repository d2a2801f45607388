/* Numbers, durations and words as the program reads and writes them. Nothing here prints. */
#ifndef INCLINE_CLI_FORMAT_H
#define INCLINE_CLI_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

/* A short formatted figure; the functions below return the buffer's text. */
struct cli_figure {
    char text[32];
};

/* "30s", "10m", "1h30m", "2.5h", or a plain number of seconds; above 0. */
bool cli_parse_duration(const char *text, double *seconds);

/* A decimal number above 0: "0.95", "1e-5". */
bool cli_parse_ratio(const char *text, double *ratio);

/* Decimal digits only, from 1 to max. */
bool cli_parse_number(const char *text, size_t max, size_t *number);

const char *cli_format_count(struct cli_figure *figure, unsigned long long count); /* "54,000" */
const char *cli_format_bytes(struct cli_figure *figure, double bytes);  /* "136 KiB", "8.0 GiB" */
const char *cli_format_short(struct cli_figure *figure, double number); /* "2.44 M" */
const char *cli_format_clock(struct cli_figure *figure,
                             double seconds);                           /* "4s", "1m02s", "3h05m" */
const char *cli_format_time(struct cli_figure *figure, double seconds); /* "0.42 s", "5 min 12 s" */
const char *cli_format_step(struct cli_figure *figure, double seconds); /* "9.7ms/step" */

const char *cli_format_epoch(struct cli_figure *figure, int epoch,
                             int epochs); /* "3/10"; "3" when there is no limit, epochs 0 */

/* Losses and shares: four decimals, as an exponent when that would show nothing. */
const char *cli_format_metric(struct cli_figure *figure, double value);

/* Index of the greatest of the values that are not used, -1 when all are; the first of equals. NaN
 * counts as the greatest, so that it is seen. */
int cli_find_greatest(const float *values, const bool *used, int count);

/* The candidate nearest to word by edit distance (a swap of neighbours counts once), or NULL when
 * none is near enough to be meant: at most a third of the word's length, at least 1. */
const char *cli_suggest(const char *word, const char *const *candidates, size_t count);

/* Columns that UTF-8 text takes on a terminal, one a character. */
size_t cli_text_width(const char *text);

/* Copies text into out, cut to `width` columns with an ellipsis at the end when it is longer. */
void cli_clip(char *out, size_t size, const char *text, size_t width);

/* Replaces control characters other than newline and tab by '?', so that a file's content cannot
 * steer the terminal. */
void cli_make_printable(char *text);

/* True when text begins with `file:line:column: `. */
bool cli_has_place(const char *text);

/* Allocated copies, to be freed, NULL when memory ran out: for one CSV field, one word of a shell
 * command, one tab-separated field (tab, newline and backslash escaped). */
char *cli_quote_csv(const char *text);
char *cli_quote_shell(const char *text);
char *cli_escape_tabs(const char *text);

#endif
