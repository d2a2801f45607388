/* `incline bench --compare` and `--fail-below`: rows beside those of an earlier run. */
#ifndef INCLINE_CLI_BENCH_COMPARE_H
#define INCLINE_CLI_BENCH_COMPARE_H

#include "cli/bench_rows.h"

/* *stored = the rows of a file that --format json or jsonl wrote. DATA when it is none. */
int cli_bench_load(struct cli *cli, const char *path, json_t **stored);

/* Gives each row that was measured before, on a device of the same name, the keys before and now
 * (rates) and change (now / before - 1). Returns how many. */
size_t cli_bench_compare(json_t *rows, const json_t *stored);

/* CHECK, after a line for each, when a row's rate is below ratio times the one before. */
int cli_bench_judge(struct cli *cli, const json_t *rows, double ratio);

/* "nothing in PATH has the same op, model, mode, batch and device; it holds ...", to be freed; NULL
 * when memory ran out. */
char *cli_bench_name_stored(const json_t *stored, const char *path);

#endif
