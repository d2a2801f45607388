/* The rows of `incline bench` as Markdown, CSV, JSON or JSON lines. */
#ifndef INCLINE_CLI_BENCH_OUTPUT_H
#define INCLINE_CLI_BENCH_OUTPUT_H

#include "cli/bench_rows.h"

#include <stdio.h>

enum cli_bench_format {
    CLI_BENCH_MARKDOWN,
    CLI_BENCH_CSV,
    CLI_BENCH_JSON, /* an array of rows */
    CLI_BENCH_JSONL /* one row a line */
};

/* "md", "csv", "json", "jsonl", NULL: for --format, and the extensions of files. */
extern const char *const cli_bench_formats[];

/* false when the path has none of the extensions. */
bool cli_bench_format_of(const char *path, enum cli_bench_format *format);

int cli_bench_print(struct cli *cli, const struct cli_bench_run *run, const json_t *rows,
                    enum cli_bench_format format);
int cli_bench_export(struct cli *cli, const struct cli_bench_run *run, const json_t *rows,
                     const char *path);

/* Calls say with "A trains MODEL at batch N 2.00 ± 0.10 times as fast as B." for the fastest device
 * of each measurement and every other one. */
void cli_bench_rank(const json_t *rows, void (*say)(void *cookie, const char *text), void *cookie);

#endif
