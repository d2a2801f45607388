#include "cli/bench_output.h"

#include "cli/format.h"
#include "cli/table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const cli_bench_formats[] = {"md", "csv", "json", "jsonl", NULL};

bool cli_bench_format_of(const char *path, enum cli_bench_format *format)
{
    const char *dot = strrchr(path, '.');
    for (int i = 0; dot != NULL && cli_bench_formats[i] != NULL; i++) {
        if (strcmp(dot + 1, cli_bench_formats[i]) == 0) {
            *format = (enum cli_bench_format)i;
            return true;
        }
    }
    return false;
}

/* ---- cells ---- */

enum { CELL_BYTES = 96 };
typedef char cell[CELL_BYTES];

static bool has(const json_t *row, const char *key)
{
    return json_is_number(json_object_get(row, key));
}

/* value x factor, "" when the row has none. */
static const char *figure(cell out, const json_t *row, const char *key, double factor, int decimals)
{
    out[0] = '\0';
    if (has(row, key))
        snprintf(out, CELL_BYTES, "%.*f", decimals, cli_bench_number(row, key) * factor);
    return out;
}

static const char *milliseconds(cell out, const json_t *row, const char *key)
{
    return figure(out, row, key, 1e-6, 3);
}

/* "" for a pass that the layer has no launch in. */
static const char *pass(cell out, const json_t *row, const char *key)
{
    return cli_bench_number(row, key) > 0 ? milliseconds(out, row, key) : strcpy(out, "");
}

static const char *percent(cell out, const json_t *row, const char *key)
{
    out[0] = '\0';
    if (has(row, key))
        snprintf(out, CELL_BYTES, "%.1f %%", 100 * cli_bench_number(row, key));
    return out;
}

static const char *change(cell out, const json_t *row)
{
    out[0] = '\0';
    if (has(row, "change"))
        snprintf(out, CELL_BYTES, "%+.1f %%", 100 * cli_bench_number(row, "change"));
    return out;
}

/* As many decimals as show two digits of the deviation, whole numbers at least. */
static int count_decimals(double deviation)
{
    int decimals = 1 - (int)floor(log10(deviation));
    return decimals < 0 ? 0 : decimals > 4 ? 4 : decimals;
}

static int decimals_of_value(double value)
{
    return fabs(value) < 1 ? 4 : fabs(value) < 100 ? 2 : fabs(value) < 10000 ? 1 : 0;
}

/* A single run has no deviation. */
static const char *with_deviation(cell out, double value, double deviation)
{
    if (deviation > 0)
        snprintf(out, CELL_BYTES, "%.*f ± %.*f", count_decimals(deviation), value,
                 count_decimals(deviation), deviation);
    else
        snprintf(out, CELL_BYTES, "%.*f", decimals_of_value(value), value);
    return out;
}

static const char *rate(cell out, const json_t *row)
{
    snprintf(out, CELL_BYTES, "%s", cli_bench_text(row, "state"));
    if (has(row, "images_per_s"))
        with_deviation(out, cli_bench_number(row, "images_per_s"),
                       cli_bench_number(row, "rate_stddev"));
    return out;
}

/* The device's name, with its number where rows have another device of that name. */
static const char *device(cell out, const json_t *row, const json_t *rows)
{
    const char *name = cli_bench_text(row, "device");
    bool ambiguous = false;
    size_t i;
    json_t *other;
    json_array_foreach(rows, i, other)
    {
        ambiguous |= strcmp(cli_bench_text(other, "device"), name) == 0 &&
                     !json_equal(json_object_get(other, "device_index"),
                                 json_object_get(row, "device_index"));
    }
    cli_clip(out, CELL_BYTES - 16, name, 40);
    if (ambiguous)
        snprintf(out + strlen(out), 16, " #%.0f", cli_bench_number(row, "device_index"));
    return out;
}

static bool is_layer(const json_t *row)
{
    return strcmp(cli_bench_text(row, "op"), "layer") == 0;
}

static bool is_fact(const json_t *row)
{
    return !json_is_string(json_object_get(row, "model"));
}

/* ---- Markdown ---- */

static void add_step(struct cli_table *table, const json_t *row, const json_t *rows)
{
    cell name, batch, images, step, time, flops, share, launches, build, first, before, now, more;
    struct cli_figure parameters = {""};
    if (has(row, "params"))
        cli_format_short(&parameters, cli_bench_number(row, "params"));
    cli_table_add(
        table,
        (const char *[]){
            cli_bench_text(row, "model"), parameters.text, device(name, row, rows),
            figure(batch, row, "batch", 1, 0), cli_bench_text(row, "mode"), rate(images, row),
            milliseconds(step, row, "avg_ns"), milliseconds(time, row, "device_ns"),
            figure(flops, row, "gflops", 1, 1), percent(share, row, "peak_share"),
            figure(launches, row, "launches", 1, 0), milliseconds(build, row, "build_ns"),
            milliseconds(first, row, "first_step_ns"), figure(before, row, "before", 1, 1),
            figure(now, row, "now", 1, 1), change(more, row)});
}

static int write_steps(struct cli *cli, FILE *file, const json_t *rows)
{
    struct cli_table table;
    size_t i, count = 0;
    json_t *row;
    cli_table_init(&table, "lrlrlrrrrrrrrrrr");
    cli_table_add(&table, (const char *[]){"model", "params", "device", "batch", "mode", "images/s",
                                           "ms/step", "device ms", "GFLOP/s", "of peak", "launches",
                                           "build ms", "first ms", "before", "now", "change"});
    json_array_foreach(rows, i, row)
    {
        if (is_layer(row) || is_fact(row))
            continue;
        add_step(&table, row, rows);
        count++;
    }
    if (count > 0)
        return cli_table_finish_markdown(&table, cli, file);
    cli_texts_finish(&table.cells);
    return CLI_EXIT_OK;
}

static const char *fact(cell out, const json_t *row)
{
    cell value;
    double deviation = cli_bench_number(row, "rate_stddev");
    if (has(row, "gflops"))
        snprintf(out, CELL_BYTES, "%.60s GFLOP/s",
                 with_deviation(value, cli_bench_number(row, "gflops"), deviation));
    else if (has(row, "gb_per_s"))
        snprintf(out, CELL_BYTES, "%.60s GB/s",
                 with_deviation(value, cli_bench_number(row, "gb_per_s"), deviation));
    else if (has(row, "avg_ns"))
        snprintf(out, CELL_BYTES, "%.60s us",
                 with_deviation(value, cli_bench_number(row, "avg_ns") * 1e-3,
                                cli_bench_number(row, "stddev_ns") * 1e-3));
    else
        snprintf(out, CELL_BYTES, "%s", cli_bench_text(row, "state"));
    return out;
}

static int write_facts(struct cli *cli, FILE *file, const json_t *rows)
{
    struct cli_table table;
    size_t i, count = 0;
    json_t *row;
    cli_table_init(&table, "llrrrr");
    cli_table_add(&table,
                  (const char *[]){"device", "limit", "measured", "before", "now", "change"});
    json_array_foreach(rows, i, row)
    {
        cell name, value, before, now, more;
        if (!is_fact(row))
            continue;
        cli_table_add(&table,
                      (const char *[]){device(name, row, rows), cli_bench_text(row, "op"),
                                       fact(value, row), figure(before, row, "before", 1, 1),
                                       figure(now, row, "now", 1, 1), change(more, row)});
        count++;
    }
    if (count > 0)
        return cli_table_finish_markdown(&table, cli, file);
    cli_texts_finish(&table.cells);
    return CLI_EXIT_OK;
}

static void add_layer(struct cli_table *table, const json_t *row, double step_ns)
{
    cell forward, loss, backward, update, flops, peak, share = "";
    if (step_ns > 0)
        snprintf(share, CELL_BYTES, "%.1f %%", 100 * cli_bench_number(row, "device_ns") / step_ns);
    cli_table_add(
        table, (const char *[]){cli_bench_text(row, "layer"), cli_bench_text(row, "covers"),
                                pass(forward, row, "forward_ns"), pass(loss, row, "loss_ns"),
                                pass(backward, row, "backward_ns"), pass(update, row, "update_ns"),
                                figure(flops, row, "gflops", 1, 1),
                                percent(peak, row, "peak_share"), share});
}

/* The layers of the step in row `first`, which follow it; returns the row after them. */
static int write_layers(struct cli *cli, FILE *file, const json_t *rows, size_t first)
{
    const json_t *step = json_array_get(rows, first);
    struct cli_table table;
    cell name;
    double total = 0;
    size_t end = first + 1;
    for (; end < json_array_size(rows) && is_layer(json_array_get(rows, end)); end++)
        total += cli_bench_number(json_array_get(rows, end), "device_ns");
    if (end == first + 1)
        return CLI_EXIT_OK;
    fprintf(file, "\n%s, %s, batch %.0f, on %s; device time in ms:\n\n",
            cli_bench_text(step, "model"), cli_bench_text(step, "mode"),
            cli_bench_number(step, "batch"), device(name, step, rows));
    cli_table_init(&table, "llrrrrrrr");
    cli_table_add(&table, (const char *[]){"launches of", "which is", "forward", "loss", "backward",
                                           "update", "GFLOP/s", "of peak", "of step"});
    for (size_t i = first + 1; i < end; i++)
        add_layer(&table, json_array_get(rows, i), total);
    return cli_table_finish_markdown(&table, cli, file);
}

static int write_all_layers(struct cli *cli, FILE *file, const json_t *rows)
{
    int code = CLI_EXIT_OK;
    for (size_t i = 0; i < json_array_size(rows) && code == CLI_EXIT_OK; i++) {
        if (!is_layer(json_array_get(rows, i)))
            code = write_layers(cli, file, rows, i);
    }
    return code;
}

static void write_sentence(void *cookie, const char *text)
{
    fprintf(cookie, "\n%s\n", text);
}

static void write_footer(FILE *file, const struct cli_bench_run *run, const json_t *rows)
{
    const struct incline_bench_environment *environment = &run->environment;
    const char *driver = cli_bench_text(json_array_get(rows, 0), "driver");
    bool several = false;
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) several |= strcmp(cli_bench_text(row, "driver"), driver) != 0;
    fprintf(file, "\nincline %s%s%s%s, %s%s", environment->version,
            environment->commit[0] != '\0' ? " (" : "", environment->commit,
            environment->commit[0] != '\0' ? ")" : "",
            environment->clblast[0] != '\0' ? "CLBlast " : "without CLBlast", environment->clblast);
    if (!several && driver[0] != '\0')
        fprintf(file, ", driver %s", driver);
    fprintf(file,
            "; %d run%s of at least %g s after %d warm-up run%s, queue drained before each "
            "clock read\n",
            run->timing.repeats, run->timing.repeats == 1 ? "" : "s", run->timing.min_seconds,
            run->timing.warmups, run->timing.warmups == 1 ? "" : "s");
}

static bool has_both(const json_t *rows)
{
    size_t i, facts = 0, steps = 0;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        facts += is_fact(row);
        steps += !is_fact(row);
    }
    return facts > 0 && steps > 0;
}

static int write_markdown(struct cli *cli, FILE *file, const struct cli_bench_run *run,
                          const json_t *rows)
{
    int code = write_facts(cli, file, rows);
    if (has_both(rows))
        fputc('\n', file);
    if (code == CLI_EXIT_OK)
        code = write_steps(cli, file, rows);
    if (code == CLI_EXIT_OK)
        code = write_all_layers(cli, file, rows);
    cli_bench_rank(rows, write_sentence, file);
    write_footer(file, run, rows);
    return code;
}

/* ---- CSV and JSON ---- */

static int write_csv_value(struct cli *cli, FILE *file, json_t *value)
{
    bool plain = json_is_string(value);
    char *text = json_is_null(value) ? cli_text("%s", "")
                 : plain
                     ? cli_text("%s", json_string_value(value))
                     : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(12));
    char *quoted = text != NULL ? cli_quote_csv(text) : NULL;
    bool failed = quoted == NULL || fputs(quoted, file) == EOF;
    free(text);
    free(quoted);
    return failed ? cli_error(cli, CLI_EXIT_OTHER, "out of memory") : CLI_EXIT_OK;
}

static int write_csv(struct cli *cli, FILE *file, const json_t *rows)
{
    size_t i;
    json_t *row;
    int code = CLI_EXIT_OK;
    for (size_t k = 0; cli_bench_keys[k] != NULL; k++)
        fprintf(file, "%s%s", k > 0 ? "," : "", cli_bench_keys[k]);
    fputc('\n', file);
    json_array_foreach(rows, i, row)
    {
        for (size_t k = 0; cli_bench_keys[k] != NULL && code == CLI_EXIT_OK; k++) {
            fputs(k > 0 ? "," : "", file);
            code = write_csv_value(cli, file, json_object_get(row, cli_bench_keys[k]));
        }
        fputc('\n', file);
    }
    return code;
}

static int write_json(struct cli *cli, FILE *file, const json_t *value, size_t flags)
{
    if (json_dumpf(value, file, flags | JSON_REAL_PRECISION(12)) != 0)
        return cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    fputc('\n', file);
    return CLI_EXIT_OK;
}

static int write_json_lines(struct cli *cli, FILE *file, const json_t *rows)
{
    size_t i;
    json_t *row;
    int code = CLI_EXIT_OK;
    json_array_foreach(rows, i, row)
    {
        if (code == CLI_EXIT_OK)
            code = write_json(cli, file, row, JSON_COMPACT);
    }
    return code;
}

static int write_rows(struct cli *cli, FILE *file, const struct cli_bench_run *run,
                      const json_t *rows, enum cli_bench_format format)
{
    switch (format) {
    case CLI_BENCH_MARKDOWN:
        return write_markdown(cli, file, run, rows);
    case CLI_BENCH_CSV:
        return write_csv(cli, file, rows);
    case CLI_BENCH_JSON:
        return write_json(cli, file, rows, JSON_INDENT(2));
    case CLI_BENCH_JSONL:
        return write_json_lines(cli, file, rows);
    }
    return CLI_EXIT_OTHER;
}

int cli_bench_print(struct cli *cli, const struct cli_bench_run *run, const json_t *rows,
                    enum cli_bench_format format)
{
    char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);
    if (file == NULL)
        return cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    int code = write_rows(cli, file, run, rows, format);
    if (fclose(file) != 0)
        code = cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    if (code == CLI_EXIT_OK)
        cli_print(cli, "%s", text);
    free(text);
    return code;
}

int cli_bench_export(struct cli *cli, const struct cli_bench_run *run, const json_t *rows,
                     const char *path)
{
    enum cli_bench_format format = CLI_BENCH_MARKDOWN;
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return cli_error(cli, CLI_EXIT_OTHER, "cannot write %s: %s", path, strerror(errno));
    (void)cli_bench_format_of(path, &format);
    int code = write_rows(cli, file, run, rows, format);
    errno = 0;
    bool failed = ferror(file) != 0;
    failed |= fclose(file) != 0;
    if (failed && code == CLI_EXIT_OK)
        code = cli_error(cli, CLI_EXIT_OTHER, "cannot write %s: %s", path,
                         errno != 0 ? strerror(errno) : "write error");
    return code;
}

/* ---- the ranking ---- */

static bool is_ranked(const json_t *row)
{
    return has(row, "images_per_s") && !is_layer(row);
}

/* The fastest of the rows that measure what `row` does; NULL when one before it does so too. */
static const json_t *find_fastest(const json_t *rows, const json_t *row)
{
    const json_t *fastest = NULL;
    size_t i;
    json_t *other;
    json_array_foreach(rows, i, other)
    {
        if (!is_ranked(other) || !cli_bench_same_work(row, other))
            continue;
        if (fastest == NULL && other != row)
            return NULL;
        if (fastest == NULL || cli_bench_rate(other) > cli_bench_rate(fastest))
            fastest = other;
    }
    return fastest;
}

static bool same_device(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "device_index"), json_object_get(b, "device_index"));
}

static void say_ratio(const json_t *rows, const json_t *fast, const json_t *slow,
                      void (*say)(void *cookie, const char *text), void *cookie)
{
    cell fast_name, slow_name, ratio;
    double a = cli_bench_rate(fast), b = cli_bench_rate(slow);
    double error =
        a / b *
        hypot(cli_bench_number(fast, "rate_stddev") / a, cli_bench_number(slow, "rate_stddev") / b);
    snprintf(ratio, sizeof ratio, error > 0 ? "%.2f ± %.2f" : "%.2f", a / b, error);
    char *text =
        cli_text("%s %s %s at batch %.0f %s times as fast as %s.", device(fast_name, fast, rows),
                 strcmp(cli_bench_text(fast, "mode"), "train") == 0 ? "trains" : "classifies with",
                 cli_bench_text(fast, "model"), cli_bench_number(fast, "batch"), ratio,
                 device(slow_name, slow, rows));
    if (text != NULL)
        say(cookie, text);
    free(text);
}

void cli_bench_rank(const json_t *rows, void (*say)(void *cookie, const char *text), void *cookie)
{
    size_t i, k;
    json_t *row, *other;
    json_array_foreach(rows, i, row)
    {
        const json_t *fastest = is_ranked(row) ? find_fastest(rows, row) : NULL;
        if (fastest == NULL)
            continue;
        json_array_foreach(rows, k, other)
        {
            if (!same_device(fastest, other) && is_ranked(other) && cli_bench_same_work(row, other))
                say_ratio(rows, fastest, other, say, cookie);
        }
    }
}
