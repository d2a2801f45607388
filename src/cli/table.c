#include "cli/table.h"

#include "cli/format.h"

#include <stdlib.h>
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

static void put_cell(FILE *file, const char *cell, char align, size_t width, bool last)
{
    int blanks = (int)(width - cli_text_width(cell));
    if (align == 'r')
        fprintf(file, "%*s%s", blanks, "", cell);
    else
        fprintf(file, "%s%*s", cell, last ? 0 : blanks, "");
    fputs(last ? "\n" : "  ", file);
}

/* The width of each column's widest cell, the first `skip` cells left out. */
static void find_widths(const struct cli_table *table, size_t skip, size_t *widths)
{
    size_t columns = strlen(table->align);
    memset(widths, 0, CLI_TABLE_COLUMNS * sizeof *widths);
    for (size_t i = skip; i < table->cells.count; i++) {
        size_t width = cli_text_width(table->cells.items[i]);
        if (width > widths[i % columns])
            widths[i % columns] = width;
    }
}

static void put_rows(const struct cli_table *table, FILE *file, const char *indent)
{
    size_t widths[CLI_TABLE_COLUMNS];
    size_t columns = strlen(table->align);
    find_widths(table, 0, widths);
    for (size_t i = 0; i < table->cells.count; i++) {
        size_t column = i % columns;
        if (column == 0)
            fputs(indent, file);
        put_cell(file, table->cells.items[i], table->align[column], widths[column],
                 column + 1 == columns);
    }
}

/* All rows, allocated; frees the table. NULL when memory ran out, which it says. */
static char *take_text(struct cli_table *table, struct cli *cli, const char *indent)
{
    char *text = NULL;
    size_t length = 0;
    FILE *file = table->failed ? NULL : open_memstream(&text, &length);
    if (file != NULL)
        put_rows(table, file, indent);
    if (file == NULL || fclose(file) != 0) {
        free(text);
        text = NULL;
        cli_error(cli, 0, "out of memory");
    }
    cli_texts_finish(&table->cells);
    return text;
}

int cli_table_finish(struct cli_table *table, struct cli *cli, const char *indent)
{
    char *text = take_text(table, cli, indent);
    if (text == NULL)
        return CLI_EXIT_OTHER;
    cli_print(cli, "%s", text);
    free(text);
    return CLI_EXIT_OK;
}

int cli_table_say(struct cli_table *table, struct cli *cli, const char *indent)
{
    char *text = take_text(table, cli, indent);
    if (text == NULL)
        return CLI_EXIT_OTHER;
    size_t length = strlen(text);
    cli_say(cli, "%.*s", (int)(length > 0 ? length - 1 : 0), text); /* which ends the last line */
    free(text);
    return CLI_EXIT_OK;
}

/* A bar would end the cell. */
static void write_cell(FILE *file, const char *cell, char align, size_t width)
{
    int blanks = (int)(width - cli_text_width(cell));
    fprintf(file, " %*s", align == 'r' ? blanks : 0, "");
    for (; *cell != '\0'; cell++)
        fputc(*cell == '|' ? '/' : *cell, file);
    fprintf(file, "%*s |", align == 'r' ? 0 : blanks, "");
}

static void write_rule(FILE *file, char align, size_t width)
{
    for (size_t i = 0; i < width + 1; i++)
        fputc('-', file);
    fputs(align == 'r' ? ":|" : "-|", file);
}

static void write_markdown(const struct cli_table *table, FILE *file)
{
    size_t widths[CLI_TABLE_COLUMNS], bodies[CLI_TABLE_COLUMNS];
    size_t columns = strlen(table->align), lines = table->cells.count / columns;
    find_widths(table, 0, widths);
    find_widths(table, columns, bodies);
    for (size_t line = 0; line < lines; line++) {
        fputc('|', file);
        for (size_t i = 0; i < columns; i++) {
            if (bodies[i] > 0)
                write_cell(file, table->cells.items[line * columns + i], table->align[i],
                           widths[i]);
        }
        fputs(line == 0 ? "\n|" : "\n", file);
        for (size_t i = 0; i < columns && line == 0; i++) {
            if (bodies[i] > 0)
                write_rule(file, table->align[i], widths[i]);
        }
        fputs(line == 0 ? "\n" : "", file);
    }
}

int cli_table_finish_markdown(struct cli_table *table, struct cli *cli, FILE *file)
{
    int code = CLI_EXIT_OK;
    if (table->failed)
        code = cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    else
        write_markdown(table, file);
    cli_texts_finish(&table->cells);
    return code;
}
