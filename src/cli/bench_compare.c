#include "cli/bench_compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_row(const json_t *value)
{
    return json_is_object(value) && json_is_string(json_object_get(value, "op")) &&
           json_is_string(json_object_get(value, "device"));
}

/* One document: an array of rows, or a row of its own. */
static bool add_document(json_t *stored, json_t *document)
{
    size_t i;
    json_t *row;
    if (is_row(document))
        return json_array_append(stored, document) == 0;
    json_array_foreach(document, i, row)
    {
        if (!is_row(row))
            return false;
    }
    return json_is_array(document) && json_array_extend(stored, document) == 0;
}

static bool at_end(FILE *file)
{
    int c;
    do
        c = getc(file);
    while (c == ' ' || c == '\t' || c == '\n' || c == '\r');
    ungetc(c, file);
    return c == EOF;
}

static bool read_documents(FILE *file, json_t *stored)
{
    bool good = true;
    while (good && !at_end(file)) {
        json_error_t error;
        json_t *document =
            json_loadf(file, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &error);
        good = document != NULL && add_document(stored, document);
        json_decref(document);
    }
    return good && !ferror(file) && json_array_size(stored) > 0;
}

int cli_bench_load(struct cli *cli, const char *path, json_t **stored)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return cli_error(cli, CLI_EXIT_DATA, "cannot read %s: %s", path, strerror(errno));
    *stored = json_array();
    bool good = *stored != NULL && read_documents(file, *stored);
    fclose(file);
    if (good)
        return CLI_EXIT_OK;
    json_decref(*stored);
    *stored = NULL;
    return cli_error(cli, CLI_EXIT_DATA,
                     "%s: not what 'incline bench --format json' or jsonl writes", path);
}

/* Among devices of one name, the one with the same number; or else the first. */
static const json_t *find_before(const json_t *row, const json_t *stored)
{
    const json_t *found = NULL;
    size_t i;
    json_t *old;
    json_array_foreach(stored, i, old)
    {
        if (!cli_bench_same_work(row, old) || !(cli_bench_rate(old) > 0) ||
            strcmp(cli_bench_text(row, "device"), cli_bench_text(old, "device")) != 0)
            continue;
        bool same =
            json_equal(json_object_get(row, "device_index"), json_object_get(old, "device_index"));
        if (found == NULL || same)
            found = old;
        if (same)
            break;
    }
    return found;
}

size_t cli_bench_compare(json_t *rows, const json_t *stored)
{
    size_t i, count = 0;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        double now = cli_bench_rate(row);
        const json_t *old = now > 0 ? find_before(row, stored) : NULL;
        if (old == NULL)
            continue;
        double before = cli_bench_rate(old);
        (void)json_object_set_new(row, "before", json_real(before));
        (void)json_object_set_new(row, "now", json_real(now));
        (void)json_object_set_new(row, "change", json_real(now / before - 1));
        count++;
    }
    return count;
}

static void report_slow(struct cli *cli, const json_t *row, double ratio)
{
    double before = cli_bench_number(row, "before"), now = cli_bench_number(row, "now");
    bool is_step = json_is_string(json_object_get(row, "model"));
    char place[64] = "";
    if (is_step)
        snprintf(place, sizeof place, " %.10s at batch %.0f", cli_bench_text(row, "mode"),
                 cli_bench_number(row, "batch"));
    cli_error(cli, 0, "bench: %s%s on %s: %.1f is %.3f x the stored %.1f, below %g",
              is_step ? cli_bench_text(row, "model") : cli_bench_text(row, "op"), place,
              cli_bench_text(row, "device"), now, now / before, before, ratio);
}

int cli_bench_judge(struct cli *cli, const json_t *rows, double ratio)
{
    size_t i, slow = 0;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        double before = cli_bench_number(row, "before");
        if (!(before > 0))
            continue;
        if (cli_bench_number(row, "now") >= ratio * before)
            continue;
        report_slow(cli, row, ratio);
        slow++;
    }
    return slow > 0 ? CLI_EXIT_CHECK : CLI_EXIT_OK;
}

enum { NAMED_MAX = 3 };

/* text, which is freed, and behind it what the row measured. */
static char *name_row(char *text, const json_t *row, const char *gap)
{
    char work[160] = "";
    if (json_is_string(json_object_get(row, "model")))
        snprintf(work, sizeof work, " %.80s, %.10s, batch %.0f,", cli_bench_text(row, "model"),
                 cli_bench_text(row, "mode"), cli_bench_number(row, "batch"));
    char *longer = text == NULL ? NULL
                                : cli_text("%s%s%s%s on %s", text, gap, cli_bench_text(row, "op"),
                                           work, cli_bench_text(row, "device"));
    free(text);
    return longer;
}

char *cli_bench_name_stored(const json_t *stored, const char *path)
{
    size_t i, count = 0;
    json_t *row;
    char *text =
        cli_text("nothing in %s has the same op, model, mode, batch and device; it holds", path);
    json_array_foreach(stored, i, row)
    {
        if (cli_bench_rate(row) > 0 && count++ < NAMED_MAX)
            text = name_row(text, row, count > 1 ? "; " : " ");
    }
    char *whole = text == NULL         ? NULL
                  : count == 0         ? cli_text("%s no rates", text)
                  : count <= NAMED_MAX ? cli_text("%s", text)
                                       : cli_text("%s; and %zu more", text, count - NAMED_MAX);
    free(text);
    return whole;
}
