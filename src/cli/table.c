#include "cli/table.h"

#include "cli/format.h"

#include <string.h>

void cli_table_init(struct cli_table *table, const char *align)
{
    *table = (struct cli_table){.align = align};
}

void cli_table_add(struct cli_table *table, const char *const *cells)
{
    for (size_t i = 0; table->align[i] != '\0' && !table->failed; i++) {
        if (!cli_texts_take(&table->cells, cli_text("%s", cells[i])))
            table->failed = true;
        else
            cli_make_printable(table->cells.items[table->cells.count - 1]);
    }
}

static void print_cell(struct cli *cli, const char *cell, char align, size_t width, bool last)
{
    int blanks = (int)(width - cli_text_width(cell));
    if (align == 'r')
        cli_print(cli, "%*s%s", blanks, "", cell);
    else
        cli_print(cli, "%s%*s", cell, last ? 0 : blanks, "");
    cli_print(cli, last ? "\n" : "  ");
}

static void print_rows(const struct cli_table *table, struct cli *cli, const char *indent)
{
    size_t widths[CLI_TABLE_COLUMNS] = {0};
    size_t columns = strlen(table->align);
    for (size_t i = 0; i < table->cells.count; i++) {
        size_t width = cli_text_width(table->cells.items[i]);
        if (width > widths[i % columns])
            widths[i % columns] = width;
    }
    for (size_t i = 0; i < table->cells.count; i++) {
        size_t column = i % columns;
        if (column == 0)
            cli_print(cli, "%s", indent);
        print_cell(cli, table->cells.items[i], table->align[column], widths[column],
                   column + 1 == columns);
    }
}

int cli_table_finish(struct cli_table *table, struct cli *cli, const char *indent)
{
    int code = CLI_EXIT_OK;
    if (table->failed)
        code = cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    else
        print_rows(table, cli, indent);
    cli_texts_finish(&table->cells);
    return code;
}
