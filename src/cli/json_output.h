/* JSON on stdout. */
#ifndef INCLINE_CLI_JSON_OUTPUT_H
#define INCLINE_CLI_JSON_OUTPUT_H

#include "cli/cli.h"

#include <jansson.h>

/* A JSON text; bytes that are not UTF-8 become '?', so that a file name cannot spoil the output. */
json_t *cli_json_text(const char *text);

/* A number, or null for NaN and infinity, which JSON has not. */
json_t *cli_json_number(double number);

/* Prints value as one JSON document and a newline, and releases it; NULL stands for memory that ran
 * out while it was made. flags as for json_dumps. */
int cli_json_print(struct cli *cli, json_t *value, size_t flags);

#endif
