/* A curve drawn with characters. */
#ifndef INCLINE_CLI_TEXT_PLOT_H
#define INCLINE_CLI_TEXT_PLOT_H

#include "cli/cli.h"

enum { CLI_PLOT_COLUMNS = 64, CLI_PLOT_ROWS = 12 };

/* Prints the values, none below 0, one a column, from 0 to the largest; first and last stand below
 * the ends of the axis, and name behind it. */
void cli_plot_print(struct cli *cli, const double values[CLI_PLOT_COLUMNS], const char *first,
                    const char *last, const char *name);

#endif
