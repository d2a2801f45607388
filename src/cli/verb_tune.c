#include "cli/cli.h"
#include "cli/device_memory.h"
#include "cli/format.h"
#include "cli/json_output.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/table.h"

#include <stdio.h>
#include <string.h>

enum format { FORMAT_TEXT, FORMAT_JSON };

struct tune_options {
    bool quick;
    double max_seconds;
};

/* One run of the verb. */
struct tuning {
    struct cli *cli;
    const struct tune_options *options;
    struct incline_device *device;
    struct cli_progress progress;
    double left_seconds; /* of --max-time; 0: no limit */
    json_t *models;      /* with --format json */
};

static void on_progress(void *cookie, const struct incline_tune_progress *state)
{
    struct tuning *tuning = cookie;
    char text[128];
    snprintf(text, sizeof text, "tuning kernels  %d of %d candidates  %.1f s  %s", state->done,
             state->candidates, state->seconds, state->op);
    cli_progress_note(&tuning->progress, text);
}

static const char *format_ms(struct cli_figure *figure, double seconds)
{
    snprintf(figure->text, sizeof figure->text, "%.3f ms", 1e3 * seconds);
    return figure->text;
}

/* "6 of 6, 1 wrong, noisy" */
static void describe(const struct incline_tune_row *row, char text[64])
{
    int length = snprintf(text, 64, "%d of %d", row->compared + 1, row->candidates);
    if (row->dropped > 0)
        length += snprintf(text + length, 64 - (size_t)length, ", %d dropped", row->dropped);
    if (row->noisy)
        snprintf(text + length, 64 - (size_t)length, ", noisy");
}

/* Is anything better than the first guess? */
static bool changes(const struct incline_tune_row *row)
{
    return strcmp(row->first, row->best) != 0;
}

static void add_row(struct cli_table *table, const struct incline_tune_row *row)
{
    struct cli_figure first, best;
    char compared[64];
    bool timed = row->compared > 0;
    bool changed = changes(row);
    describe(row, compared);
    const char *cells[] = {row->op,    row->shape,
                           row->first, timed ? format_ms(&first, row->first_seconds) : "-",
                           row->best,  timed && changed ? format_ms(&best, row->best_seconds) : "-",
                           compared};
    cli_table_add(table, cells);
}

static int print_rows(struct cli *cli, const struct incline_tune_result *result)
{
    static const char *const heads[] = {"operation", "shape", "first",     "time",
                                        "best",      "time",  "candidates"};
    struct cli_table table;
    if (result->count == 0)
        return CLI_EXIT_OK;
    cli_table_init(&table, "lllrlrl");
    cli_table_add(&table, heads);
    for (size_t i = 0; i < result->count; i++)
        add_row(&table, &result->rows[i]);
    return cli_table_finish(&table, cli, "  ");
}

static const char *fate(const struct incline_tune_result *result)
{
    if (result->step_before_seconds <= 0)
        return result->loaded
                   ? "nothing tried: the machine is busy with other work; try again when "
                     "it is idle"
                   : "nothing tried: building the kernels took too long";
    if (result->loaded)
        return "not kept: the machine is busy with other work, so the figures say little; try "
               "again "
               "when it is idle";
    if (result->stored < result->count)
        return "kept, but for what was disturbed, not reached or could not be written";
    return "kept";
}

static bool any_changes(const struct incline_tune_result *result)
{
    for (size_t i = 0; i < result->count; i++)
        if (changes(&result->rows[i]))
            return true;
    return false;
}

static void print_end(struct cli *cli, const struct incline_tune_result *result)
{
    struct cli_figure before, after;
    if (!any_changes(result) && result->step_before_seconds > 0)
        cli_print(cli, "first guesses are best; ");
    else if (result->step_after_seconds > 0)
        cli_print(cli, "a step takes %s, before %s; ",
                  format_ms(&after, result->step_after_seconds),
                  format_ms(&before, result->step_before_seconds));
    cli_print(cli, "%s\n", fate(result));
}

static int print_text(struct cli *cli, const char *name, int batch,
                      const struct incline_tune_result *result)
{
    struct cli_figure time;
    cli_print(cli, "%s at batch %d: %zu operations in %s", name, batch, result->count,
              cli_format_time(&time, result->seconds));
    if (result->known > 0)
        cli_print(cli, ", %d known before", result->known);
    if (*cli_stop_flag() != 0)
        cli_print(cli, ", stopped");
    else if (result->out_of_time)
        cli_print(cli, ", out of time");
    cli_print(cli, "\n");
    int code = print_rows(cli, result);
    if (code == CLI_EXIT_OK && result->count > 0)
        print_end(cli, result);
    return code;
}

static json_t *row_to_json(const struct incline_tune_row *row)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:f, s:f, s:i, s:i, s:i, s:b}", "op", row->op, "shape",
                     row->shape, "first", row->first, "best", row->best, "first_seconds",
                     row->first_seconds, "best_seconds", row->best_seconds, "candidates",
                     row->candidates, "compared", row->compared, "dropped", row->dropped, "noisy",
                     (int)row->noisy);
}

static json_t *rows_to_json(const struct incline_tune_result *result)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < result->count && rows != NULL; i++) {
        if (json_array_append_new(rows, row_to_json(&result->rows[i])) != 0) {
            json_decref(rows);
            rows = NULL;
        }
    }
    return rows;
}

static int add_json(struct tuning *tuning, const char *name, int batch,
                    const struct incline_tune_result *result)
{
    const struct incline_device_info *info = incline_device_get_info(tuning->device);
    json_t *value = json_pack(
        "{s:o, s:i, s:o, s:o, s:f, s:f, s:f, s:i, s:b, s:b, s:I, s:o}", "model",
        cli_json_text(name), "batch_size", batch, "device", cli_json_text(info->name), "platform",
        cli_json_text(info->platform_name), "seconds", result->seconds, "step_before_seconds",
        result->step_before_seconds, "step_after_seconds", result->step_after_seconds, "known",
        result->known, "out_of_time", (int)result->out_of_time, "loaded", (int)result->loaded,
        "stored", (json_int_t)result->stored, "operations", rows_to_json(result));
    if (value == NULL || json_array_append_new(tuning->models, value) != 0)
        return cli_error(tuning->cli, CLI_EXIT_OTHER, "out of memory");
    return CLI_EXIT_OK;
}

static int fail(const struct tuning *tuning, const struct incline_config *config,
                enum incline_status status)
{
    const struct incline_workload workload = {.work = INCLINE_WORK_TRAIN};
    int code = cli_fail(tuning->cli, status);
    if (status == INCLINE_ERROR_DEVICE)
        cli_suggest_batch(tuning->cli, tuning->device, config, &workload);
    return code;
}

static int tune_config(struct tuning *tuning, const struct incline_config *config)
{
    struct cli *cli = tuning->cli;
    const char *name = incline_config_model_name(config);
    struct incline_tune_result result;
    const struct incline_tune_options request = {
        .mode = tuning->options->quick ? INCLINE_TUNE_QUICK : INCLINE_TUNE_FULL,
        .max_seconds = tuning->left_seconds,
        .stop = cli_stop_flag(),
        .cookie = tuning,
        .progress = on_progress,
    };
    enum incline_status status = incline_tune(cli->ctx, tuning->device, config, &request, &result);
    cli_clear_line(cli);
    int code, batch = incline_config_batch_size(config);
    if (status != INCLINE_OK)
        code = fail(tuning, config, status);
    else if (cli->format == FORMAT_JSON)
        code = add_json(tuning, name, batch, &result);
    else
        code = print_text(cli, name, batch, &result);
    if (tuning->options->max_seconds > 0)
        tuning->left_seconds -= result.seconds;
    incline_tune_finish(&result);
    return code;
}

static int tune_model(struct tuning *tuning, const char *source)
{
    struct cli *cli = tuning->cli;
    struct incline_config *config = NULL;
    enum incline_status status =
        incline_config_load(cli->ctx, source, cli->settings.items, cli->settings.count, &config);
    if (status != INCLINE_OK)
        return cli_fail(cli, status);
    int code = tune_config(tuning, config);
    incline_config_destroy(&config);
    return code;
}

static bool has_time(const struct tuning *tuning)
{
    return *cli_stop_flag() == 0 && (tuning->options->max_seconds <= 0 || tuning->left_seconds > 0);
}

/* Without arguments: the first built-in model. */
static int tune_all(struct tuning *tuning)
{
    struct cli *cli = tuning->cli;
    const char *const first[] = {incline_builtin_names()[0], NULL};
    const char *const *sources = cli->argument_count > 0 ? cli->arguments : first;
    int code = CLI_EXIT_OK;
    for (size_t i = 0; code == CLI_EXIT_OK && sources[i] != NULL && has_time(tuning); i++)
        code = tune_model(tuning, sources[i]);
    if (code == CLI_EXIT_OK && *cli_stop_flag() != 0)
        code = CLI_EXIT_SIGNAL + (int)*cli_stop_flag();
    return code;
}

static int run(struct cli *cli, const void *given)
{
    const struct tune_options *options = given;
    struct tuning tuning = {.cli = cli, .options = options, .left_seconds = options->max_seconds};
    int code = cli_open_device(cli, &tuning.device);
    if (code != CLI_EXIT_OK)
        return code;
    tuning.models = json_array();
    cli_progress_init(&tuning.progress, cli);
    cli_signals_install();
    code = tune_all(&tuning);
    if (cli->format == FORMAT_JSON && tuning.models != NULL &&
        (code == CLI_EXIT_OK || code > CLI_EXIT_SIGNAL))
        (void)cli_json_print(cli, json_incref(tuning.models), JSON_INDENT(2));
    json_decref(tuning.models);
    incline_device_close(&tuning.device);
    return code;
}

static const struct cli_option options[] = {
    {"batch-size", 'b', CLI_SETTING, 0, "N", "images a step", "train.batch_size"},
    {"set", 's', CLI_ASSIGNMENT, 0, "PATH=VALUE", "change any value of the configuration"},
    {"quick", 0, CLI_FLAG, offsetof(struct tune_options, quick), NULL,
     "only what was never measured, a few candidates of each, 5 s a model"},
    {"max-time", 0, CLI_DURATION, offsetof(struct tune_options, max_seconds), "TIME",
     "stop and keep what was found after 30s, 10m, 1h"},
};

static const char *const formats[] = {"text", "json", NULL};

const struct cli_verb cli_verb_tune = {
    .name = "tune",
    .help = "measure which kernel shapes suit a device, and keep them for later runs",
    .arguments = "[CONFIG...]",
    .examples = "  incline tune\n"
                "  incline tune mnist-cnn my.yaml -d gpu\n"
                "  incline tune my.yaml -b 256 --max-time 1m\n",
    .min_arguments = 0,
    .max_arguments = 64,
    .formats = formats,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_size = sizeof(struct tune_options),
    .run = run,
};
