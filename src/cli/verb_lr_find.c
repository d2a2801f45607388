#include "cli/cli.h"
#include "cli/device_memory.h"
#include "cli/format.h"
#include "cli/json_output.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/text_plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum format { FORMAT_TEXT, FORMAT_JSON };

/* The values that options have when they are not given. */
static const double from_default = 1e-5, to_default = 10;
enum { STEPS_DEFAULT = 200, STEPS_FEW = 50 };

struct lr_find_options {
    double from, to;
    size_t steps, limit_train;
};

/* One run of the verb. */
struct finding {
    struct cli *cli;
    struct incline_config *config;
    struct incline_dataset *dataset;
    struct incline_device *device;
    struct cli_progress progress;
    struct incline_lr_find_result result;
};

static void on_progress(void *cookie, int done, int steps)
{
    struct finding *finding = cookie;
    char text[64];
    snprintf(text, sizeof text, "step %d of %d", done, steps);
    cli_progress_note(&finding->progress, text);
}

/* The smoothed loss over the logarithm of the rate. What rises above the first loss is cut off
 * there, so that the fall is seen. */
static void print_plot(struct cli *cli, const struct incline_lr_find_result *result)
{
    double values[CLI_PLOT_COLUMNS], top = 1.25 * result->points[0].smooth;
    char first[32], last[32];
    for (int column = 0; column < CLI_PLOT_COLUMNS; column++) {
        size_t i = (size_t)((double)column / (CLI_PLOT_COLUMNS - 1) * (double)(result->count - 1));
        values[column] = fmin(result->points[i].smooth, top);
    }
    snprintf(first, sizeof first, "%.2g", result->points[0].learning_rate);
    snprintf(last, sizeof last, "%.2g", result->points[result->count - 1].learning_rate);
    cli_plot_print(cli, values, first, last, "learning rate");
}

/* false: memory ran out */
static bool write_quoted(FILE *file, const char *text)
{
    char *quoted = cli_quote_shell(text);
    bool ok = quoted && fputs(quoted, file) >= 0;
    free(quoted);
    return ok;
}

/* The command of a training with what was set here. Its rate is the one where the loss falls
 * fastest, or a tenth of that where it is lowest if that is less. */
static int suggest(const struct finding *finding)
{
    struct cli *cli = finding->cli;
    const struct incline_lr_find_result *result = &finding->result;
    char *line = NULL;
    size_t length;
    FILE *file = open_memstream(&line, &length);
    bool ok =
        file && fputs("Next: incline train ", file) >= 0 && write_quoted(file, cli->arguments[0]);
    for (size_t i = 0; ok && i < cli->settings.count; i++)
        ok = fprintf(file, " -s %s=", cli->settings.items[i].path) > 0 &&
             write_quoted(file, cli->settings.items[i].value);
    if (ok)
        ok = fprintf(file, " --lr %.2g", fmin(result->steepest, result->lowest / 10)) > 0;
    if (file && fclose(file) != 0)
        ok = false;
    if (ok)
        cli_say(cli, "%s", line);
    free(line);
    return ok ? CLI_EXIT_OK : cli_error(cli, CLI_EXIT_OTHER, "out of memory");
}

static int print_text(struct finding *finding)
{
    struct cli *cli = finding->cli;
    const struct incline_lr_find_result *result = &finding->result;
    if (result->count > 1) {
        cli_print(cli, "loss\n");
        print_plot(cli, result);
    }
    if (!result->found)
        return CLI_EXIT_OK; /* tell_lack says it */
    cli_print(cli, "\nThe loss falls fastest at a learning rate of %.2g and is lowest at %.2g.\n",
              result->steepest, result->lowest);
    if (!result->rose && result->lowest > result->points[result->count - 1].learning_rate / 2)
        cli_print(cli, "It did not rise again: a larger --to may show more.\n");
    if (result->count < STEPS_FEW)
        cli_print(cli, "%zu losses are few to judge by: take more --steps%s.\n", result->count,
                  result->rose ? " or a lower --to" : "");
    return suggest(finding);
}

static json_t *points_to_json(const struct incline_lr_find_result *result)
{
    json_t *points = json_array();
    for (size_t i = 0; i < result->count && points != NULL; i++) {
        const struct incline_lr_point *point = &result->points[i];
        json_t *value =
            json_pack("{s:o, s:o, s:o}", "lr", cli_json_number(point->learning_rate), "loss",
                      cli_json_number(point->loss), "smooth", cli_json_number(point->smooth));
        if (json_array_append_new(points, value) != 0) {
            json_decref(points);
            points = NULL;
        }
    }
    return points;
}

static int print_json(struct finding *finding)
{
    const struct incline_lr_find_result *result = &finding->result;
    json_t *value =
        json_pack("{s:o, s:b, s:o, s:o, s:o}", "model",
                  cli_json_text(incline_config_model_name(finding->config)), "rose", result->rose,
                  "steepest", result->found ? cli_json_number(result->steepest) : json_null(),
                  "lowest", result->found ? cli_json_number(result->lowest) : json_null(), "points",
                  points_to_json(result));
    return cli_json_print(finding->cli, value, JSON_INDENT(2));
}

/* In every format: that there is no rate to recommend. */
static int tell_lack(struct finding *finding)
{
    struct cli *cli = finding->cli;
    const struct incline_lr_find_result *result = &finding->result;
    if (result->found)
        return CLI_EXIT_OK;
    if (result->count == 0)
        return cli_error(cli, CLI_EXIT_NUMERIC,
                         "the first loss, before any update, is no number: no rate can mend that");
    return cli_error(cli, CLI_EXIT_NUMERIC,
                     "the loss never fell between the rates %.2g and %.2g; try a lower --from",
                     result->points[0].learning_rate,
                     result->points[result->count - 1].learning_rate);
}

static int load(struct finding *finding, const struct lr_find_options *options)
{
    struct cli *cli = finding->cli;
    const struct incline_dataset_limits limits = {options->limit_train, 1};
    enum incline_status status = incline_config_load(
        cli->ctx, cli->arguments[0], cli->settings.items, cli->settings.count, &finding->config);
    if (status == INCLINE_OK)
        status = incline_devices_prepare(cli->ctx); /* while the data is read */
    if (status == INCLINE_OK)
        status = incline_dataset_load(cli->ctx, finding->config, &limits, &finding->dataset);
    return status == INCLINE_OK ? cli_open_device(cli, &finding->device) : cli_fail(cli, status);
}

static int find(struct finding *finding, const struct lr_find_options *options)
{
    struct cli *cli = finding->cli;
    const struct incline_lr_find_options request = {
        .from = options->from > 0 ? options->from : from_default,
        .to = options->to > 0 ? options->to : to_default,
        .steps = options->steps > 0 ? (int)options->steps : STEPS_DEFAULT,
        .stop = cli_stop_flag(),
        .cookie = finding,
        .progress = on_progress,
    };
    cli_progress_init(&finding->progress, cli);
    enum incline_status status = incline_lr_find(cli->ctx, finding->device, finding->config,
                                                 finding->dataset, &request, &finding->result);
    cli_progress_finish(&finding->progress);
    /* A compiler in the process fails when the signal meets it. */
    bool is_stopped = status != INCLINE_OK && *cli_stop_flag() != 0;
    if (is_stopped)
        incline_error_clear(cli->ctx);
    else if (status != INCLINE_OK)
        return cli_fail(cli, status);
    int code = cli->format == FORMAT_JSON ? print_json(finding) : print_text(finding);
    if (code == CLI_EXIT_OK && is_stopped)
        return CLI_EXIT_SIGNAL + (int)*cli_stop_flag();
    return code == CLI_EXIT_OK ? tell_lack(finding) : code;
}

static int run(struct cli *cli, const void *given)
{
    struct finding finding = {.cli = cli};
    cli_signals_install_measuring();
    int code = load(&finding, given);
    if (code == CLI_EXIT_OK)
        code = find(&finding, given);
    incline_lr_find_finish(&finding.result);
    incline_device_close(&finding.device);
    incline_dataset_destroy(&finding.dataset);
    incline_config_destroy(&finding.config);
    return code;
}

static const struct cli_option options[] = {
    {"from", 0, CLI_RATIO, offsetof(struct lr_find_options, from), "X",
     "learning rate of the first step (default: 1e-5)"},
    {"to", 0, CLI_RATIO, offsetof(struct lr_find_options, to), "X",
     "learning rate of the last step (default: 10)"},
    {"steps", 0, CLI_NUMBER, offsetof(struct lr_find_options, steps), "N",
     "steps between them, at least 10 (default: 200)"},
    {"batch-size", 'b', CLI_SETTING, 0, "N", "images a step", "train.batch_size"},
    {"seed", 0, CLI_SETTING, 0, "N", "seed of weights and order", "train.seed"},
    {"set", 's', CLI_ASSIGNMENT, 0, "PATH=VALUE", "change any value of the configuration"},
    {"data", 0, CLI_SETTING, 0, "DIR", "folder of the data set", "data.root"},
    {"limit-train", 0, CLI_NUMBER, offsetof(struct lr_find_options, limit_train), "N",
     "use the first N training images only"},
};

static const char *const formats[] = {"text", "json", NULL};

const struct cli_verb cli_verb_lr_find = {
    .name = "lr-find",
    .help = "train for some steps with a growing learning rate, and tell which one suits",
    .arguments = "CONFIG",
    .examples = "  incline lr-find mnist-cnn\n"
                "  incline lr-find my.yaml --from 1e-4 --to 1 --steps 400\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .formats = formats,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_size = sizeof(struct lr_find_options),
    .run = run,
};
