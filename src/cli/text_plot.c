#include "cli/text_plot.h"

#include <stdio.h>
#include <string.h>

enum { LABEL_BYTES = 16, TOP = CLI_PLOT_ROWS - 1 };

static double largest(const double *values)
{
    double top = 0;
    for (int i = 0; i < CLI_PLOT_COLUMNS; i++)
        top = values[i] > top ? values[i] : top;
    return top;
}

static int row_of(double value, double top)
{
    return top > 0 ? (int)(value / top * TOP + 0.5) : 0;
}

static void print_row(struct cli *cli, const double *values, double top, int row)
{
    char line[CLI_PLOT_COLUMNS + 1], label[LABEL_BYTES] = "";
    for (int i = 0; i < CLI_PLOT_COLUMNS; i++)
        line[i] = row_of(values[i], top) == row ? '*' : ' ';
    size_t length = CLI_PLOT_COLUMNS;
    while (length > 0 && line[length - 1] == ' ')
        length--;
    line[length] = '\0';
    if (row == TOP || row == 0)
        snprintf(label, sizeof label, "%.4g", top * row / TOP);
    cli_print(cli, "  %10s |%s\n", label, line);
}

void cli_plot_print(struct cli *cli, const double values[CLI_PLOT_COLUMNS], const char *first,
                    const char *last, const char *name)
{
    char axis[CLI_PLOT_COLUMNS + 1];
    double top = largest(values);
    for (int row = TOP; row >= 0; row--)
        print_row(cli, values, top, row);
    memset(axis, '-', sizeof axis - 1);
    axis[sizeof axis - 1] = '\0';
    cli_print(cli, "  %10s +%s\n", "", axis);
    cli_print(cli, "  %10s  %-*s%*s  %s\n", "", CLI_PLOT_COLUMNS / 2, first, CLI_PLOT_COLUMNS / 2,
              last, name);
}
