#include "cli/device_list.h"
#include "cli/format.h"
#include "cli/json_output.h"
#include "cli/progress.h"
#include "cli/table.h"

#include <stdio.h>
#include <string.h>

enum format { FORMAT_TEXT, FORMAT_JSON };

struct check_options {
    bool full;
};

/* One run of the verb. */
struct checking {
    struct cli *cli;
    const struct check_options *options;
    struct cli_progress progress;
    struct cli_table table; /* of the network under way; text */
    json_t *rows;           /* of everything; JSON */
    const struct incline_device_info *device;
    const char *network;
    size_t passed, failed, skipped;
    double seconds;
    bool out_of_memory;
    int code; /* the first one that is not OK */
};

static const char *const verdicts[] = {
    [INCLINE_CHECK_PASSED] = "ok",
    [INCLINE_CHECK_FAILED] = "FAIL",
    [INCLINE_CHECK_SKIPPED] = "skipped",
};

static void note_code(struct checking *checking, int code)
{
    if (checking->code == CLI_EXIT_OK)
        checking->code = code;
}

static const char *format_error(char out[16], double error)
{
    if (error == 0)
        return strcpy(out, "0");
    snprintf(out, 16, "%.1e", error);
    return out;
}

static void add_text_row(struct checking *checking, const struct incline_check_row *row)
{
    char l2[16] = "-", largest[16] = "-", limit[16];
    if (row->verdict != INCLINE_CHECK_SKIPPED) {
        format_error(l2, row->l2);
        format_error(largest, row->largest);
    }
    snprintf(limit, sizeof limit, "%.0e", row->limit);
    cli_table_add(&checking->table, (const char *[]){row->op, row->tensor, row->shape, l2, largest,
                                                     limit, verdicts[row->verdict]});
}

static json_t *row_to_json(const struct checking *checking, const struct incline_check_row *row)
{
    bool skipped = row->verdict == INCLINE_CHECK_SKIPPED;
    return json_pack(
        "{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:s, s:o}",
        "device_index", checking->device->index, "device", cli_json_text(checking->device->name),
        "driver", cli_json_text(checking->device->driver), "network",
        cli_json_text(checking->network), "op", cli_json_text(row->op), "kernels",
        cli_json_text(row->kernels), "tensor", cli_json_text(row->tensor), "shape",
        cli_json_text(row->shape), "elements", (json_int_t)row->elements, "compared",
        (json_int_t)row->compared, "l2", skipped ? json_null() : cli_json_number(row->l2),
        "largest", skipped ? json_null() : cli_json_number(row->largest), "limit",
        cli_json_number(row->limit), "verdict", verdicts[row->verdict], "problem",
        cli_json_text(row->problem));
}

static void say_failure(const struct checking *checking, const struct incline_check_row *row)
{
    cli_error(checking->cli, 0, "%s FAILED on device #%d %s%s%s, tensor %s, %s%s%s", row->op,
              checking->device->index, checking->device->name, row->kernels[0] ? ", kernel " : "",
              row->kernels, row->tensor, row->shape, row->problem[0] ? ": " : "", row->problem);
}

static void on_row(void *cookie, const struct incline_check_row *row)
{
    struct checking *checking = cookie;
    if (checking->cli->format == FORMAT_JSON)
        checking->out_of_memory |=
            json_array_append_new(checking->rows, row_to_json(checking, row)) != 0;
    else
        add_text_row(checking, row);
    if (row->verdict == INCLINE_CHECK_FAILED)
        say_failure(checking, row);
    else if (row->verdict == INCLINE_CHECK_SKIPPED)
        cli_say(checking->cli, "%s skipped: %s", row->op, row->problem);
}

static void begin_table(struct checking *checking)
{
    cli_table_init(&checking->table, "lllrrrl");
    cli_table_add(&checking->table,
                  (const char *[]){"op", "tensor", "shape", "L2 error", "largest", "limit", ""});
}

static int end_table(struct checking *checking)
{
    struct cli *cli = checking->cli;
    cli_print(cli, "\n%s\n", checking->network);
    return cli_table_finish(&checking->table, cli, "  ");
}

static void check_network(struct checking *checking, struct incline_device *device,
                          const struct incline_config *config)
{
    struct cli *cli = checking->cli;
    struct incline_check_result result = {0};
    struct incline_check_options options = {
        .full = checking->options->full,
        .products = true,
        .row = on_row,
        .cookie = checking,
    };
    checking->network = incline_config_model_name(config);
    begin_table(checking);
    cli_progress_say(&checking->progress, "checking %s, on %s", checking->network,
                     checking->device->name);
    enum incline_status status = incline_check(cli->ctx, device, config, &options, &result);
    cli_clear_line(cli);
    checking->passed += result.passed;
    checking->failed += result.failed;
    checking->skipped += result.skipped;
    checking->seconds += result.seconds;
    if (cli->format == FORMAT_TEXT)
        note_code(checking, end_table(checking));
    else
        cli_texts_finish(&checking->table.cells);
    if (status != INCLINE_OK)
        note_code(checking, cli_fail(cli, status));
}

static void check_source(struct checking *checking, struct incline_device *device,
                         const char *source, const char *text)
{
    struct incline_config *config = NULL;
    struct incline_context *ctx = checking->cli->ctx;
    enum incline_status status = text != NULL
                                     ? incline_config_parse(ctx, "built in", text, NULL, 0, &config)
                                     : incline_config_load(ctx, source, NULL, 0, &config);
    if (status == INCLINE_OK)
        check_network(checking, device, config);
    else
        note_code(checking, cli_fail(checking->cli, status));
    incline_config_destroy(&config);
}

static void check_device(struct checking *checking, struct incline_device *device)
{
    struct cli *cli = checking->cli;
    const char *const *networks = incline_check_networks();
    checking->device = incline_device_get_info(device);
    if (cli->format == FORMAT_TEXT)
        cli_print(cli, "device   #%d %s (%s, %s, driver %s)\n", checking->device->index,
                  checking->device->name, checking->device->type, checking->device->platform_name,
                  checking->device->driver);
    for (size_t i = 0; i < cli->argument_count; i++)
        check_source(checking, device, cli->arguments[i], NULL);
    for (size_t i = 0; cli->argument_count == 0 && networks[i] != NULL; i++)
        check_source(checking, device, NULL, networks[i]);
    if (cli->argument_count == 0)
        check_source(checking, device, incline_builtin_names()[0], NULL);
}

static void check_listed(struct checking *checking, const struct incline_device_info *info)
{
    struct incline_device *device = NULL;
    enum incline_status status = cli_open_listed(checking->cli, info, &device);
    if (status == INCLINE_OK)
        check_device(checking, device);
    else
        note_code(checking, cli_fail(checking->cli, status));
    incline_device_close(&device);
}

static void check_devices(struct checking *checking, const struct cli_devices *devices)
{
    for (size_t i = 0; i < devices->count; i++) {
        if (i > 0 && checking->cli->format == FORMAT_TEXT)
            cli_print(checking->cli, "\n");
        check_listed(checking, &devices->items[i]);
    }
}

/* Everything that is printed when all is done; the exit code. */
static int finish(struct checking *checking)
{
    struct cli *cli = checking->cli;
    struct cli_figure time;
    if (checking->out_of_memory)
        note_code(checking, cli_error(cli, CLI_EXIT_OTHER, "out of memory"));
    if (cli->format == FORMAT_JSON)
        note_code(checking, cli_json_print(cli, checking->rows, JSON_INDENT(2)));
    else if (checking->passed + checking->failed > 0)
        cli_print(cli, "\n%zu of %zu comparisons ok", checking->passed,
                  checking->passed + checking->failed);
    if (cli->format == FORMAT_TEXT && checking->skipped > 0)
        cli_print(cli, ", %zu skipped", checking->skipped);
    if (cli->format == FORMAT_TEXT && checking->passed + checking->failed > 0)
        cli_print(cli, ", %s\n", cli_format_time(&time, checking->seconds));
    if (checking->failed == 0)
        return checking->code;
    cli_say(cli, "A device that computes wrong numbers trains nothing: try another one "
                 "(incline devices) or another driver version, and report it.");
    return CLI_EXIT_CHECK;
}

/* What is no model is refused before anything is checked. */
static int try_models(struct cli *cli)
{
    enum incline_status status = INCLINE_OK;
    for (size_t i = 0; i < cli->argument_count && status == INCLINE_OK; i++) {
        struct incline_config *config = NULL;
        status = incline_config_load(cli->ctx, cli->arguments[i], NULL, 0, &config);
        incline_config_destroy(&config);
    }
    return status == INCLINE_OK ? CLI_EXIT_OK : cli_fail(cli, status);
}

static int run(struct cli *cli, const void *given)
{
    struct checking checking = {.cli = cli, .options = given, .code = CLI_EXIT_OK};
    struct cli_devices devices;
    int code = try_models(cli);
    if (code == CLI_EXIT_OK)
        code = cli_find_devices(cli, &devices);
    if (code != CLI_EXIT_OK)
        return code;
    if (cli->format == FORMAT_JSON && (checking.rows = json_array()) == NULL)
        return cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    cli_progress_init(&checking.progress, cli);
    check_devices(&checking, &devices);
    return finish(&checking);
}

static const struct cli_option options[] = {
    {"full", 0, CLI_FLAG, offsetof(struct check_options, full), NULL,
     "compare every element, not a sample of the large tensors"},
};

static const char *const formats[] = {"text", "json", NULL};

const struct cli_verb cli_verb_check = {
    .name = "check",
    .help = "hold every operation on a device against double precision on the host",
    .arguments = "[MODEL...]",
    .examples = "  incline check                      # networks with every kind of layer\n"
                "  incline check my.yaml -d all       # what this network runs, on each device\n"
                "  incline check mnist-cnn --full --format json\n",
    .max_arguments = 1000,
    .several_devices = true,
    .formats = formats,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_size = sizeof(struct check_options),
    .run = run,
};
