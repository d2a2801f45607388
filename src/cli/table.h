/* A table of texts, columns as wide as their widest cell. */
#ifndef INCLINE_CLI_TABLE_H
#define INCLINE_CLI_TABLE_H

#include "cli/cli.h"

#include <stdio.h>

enum { CLI_TABLE_COLUMNS = 24 };

struct cli_table {
    const char *align; /* one letter a column: 'l' or 'r' */
    struct cli_texts cells;
    bool failed;
};

/* align outlives the table. */
void cli_table_init(struct cli_table *table, const char *align);

/* Copies one cell per column of align; the cells are made printable. */
void cli_table_add(struct cli_table *table, const char *const *cells);

/* Prints all rows, each behind indent, and frees the table. */
int cli_table_finish(struct cli_table *table, struct cli *cli, const char *indent);

/* The same on stderr, as talk. */
int cli_table_say(struct cli_table *table, struct cli *cli, const char *indent);

/* Writes all rows to file as a Markdown table, the first as its head, and frees the table. A column
 * with nothing below its head is left out. */
int cli_table_finish_markdown(struct cli_table *table, struct cli *cli, FILE *file);

#endif
