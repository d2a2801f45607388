#include "cli/cli.h"
#include "cli/device_memory.h"
#include "cli/file_output.h"
#include "cli/multi_label_report.h"
#include "cli/report.h"
#include "cli/run_folder.h"

#include <string.h>
#include <strings.h>

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV };

struct eval_options {
    size_t batch, limit, top_k;
    const char *confusion;
};

/* One run of the verb. */
struct evaluation {
    struct cli *cli;
    const struct eval_options *options;
    struct cli_weights weights;
    struct incline_config *config;
    struct incline_dataset *dataset;
    struct incline_device *device;
    struct incline_network *network;
};

/* No ending, or one for text: a picture would be expected under the name of one. */
static bool is_for_text(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash != NULL ? slash : path, '.');
    return dot == NULL || strcasecmp(dot, ".csv") == 0 || strcasecmp(dot, ".txt") == 0;
}

static bool wants_table(const struct eval_options *options)
{
    return options->confusion != NULL && strcmp(options->confusion, "-") == 0;
}

static int check_options(struct cli *cli, const struct eval_options *options)
{
    if (options->confusion == NULL)
        return CLI_EXIT_OK;
    if (wants_table(options) && cli->format != FORMAT_TEXT) {
        cli_error(cli, 0,
                  "eval: --confusion - is for --format text; give it a file, or take "
                  "--format json, which has the matrix");
        return cli_usage_hint(cli);
    }
    if (wants_table(options))
        return CLI_EXIT_OK;
    if (!is_for_text(options->confusion)) {
        cli_error(cli, 0, "eval: --confusion writes CSV: '%s' must end in .csv",
                  options->confusion);
        return cli_usage_hint(cli);
    }
    return cli_check_new_file(cli, options->confusion, cli_confusion_remedy);
}

/* --top-k in the place of the configuration's metrics. */
static int set_top_k(struct cli *cli, size_t top_k)
{
    char *given = cli_text("--top-k %zu", top_k), *value = cli_text("{top_k: %zu}", top_k);
    bool taken = cli_texts_take(&cli->texts, given);
    if (!cli_texts_take(&cli->texts, value) || !taken)
        return cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    return cli_add_setting(cli, "train.metrics", value, given);
}

static int check_confusion(const struct evaluation *evaluation)
{
    struct cli *cli = evaluation->cli;
    if (evaluation->options->confusion == NULL || !incline_config_multi_label(evaluation->config))
        return CLI_EXIT_OK;
    return cli_error(cli, CLI_EXIT_USAGE,
                     "eval: --confusion is for one class an image, and this network was trained "
                     "with data.multi_label: the report has the right and wrong decisions of each "
                     "class, also as --format csv");
}

static int count_classes(const struct incline_config *config)
{
    const struct incline_model_summary *summary = incline_config_summary(config);
    return summary->layers[summary->layer_count - 1].channels;
}

static int check_table(const struct evaluation *evaluation)
{
    int classes = count_classes(evaluation->config);
    if (!wants_table(evaluation->options) || classes <= CLI_CONFUSION_CLASSES)
        return CLI_EXIT_OK;
    return cli_error(evaluation->cli, CLI_EXIT_OTHER,
                     "a confusion matrix of %d classes is too wide to print, at most %d are "
                     "not: write it to a file, --confusion FILE.csv",
                     classes, CLI_CONFUSION_CLASSES);
}

static int load(struct evaluation *evaluation)
{
    struct cli *cli = evaluation->cli;
    const struct incline_dataset_limits limits = {.held_out_only = true};
    const char *source = cli->argument_count > 1 ? cli->arguments[1] : NULL;
    int code = cli_weights_open(cli, cli->arguments[0], &evaluation->weights);
    if (code == CLI_EXIT_OK && evaluation->options->top_k > 0)
        code = set_top_k(cli, evaluation->options->top_k);
    if (code == CLI_EXIT_OK)
        code = cli_weights_load_config(cli, &evaluation->weights, source,
                                       "behind the weights: incline eval WEIGHTS CONFIG",
                                       &evaluation->config);
    if (code == CLI_EXIT_OK)
        code = check_confusion(evaluation);
    if (code == CLI_EXIT_OK)
        code = check_table(evaluation);
    if (code != CLI_EXIT_OK)
        return code;
    enum incline_status status =
        incline_dataset_load(cli->ctx, evaluation->config, &limits, &evaluation->dataset);
    return status == INCLINE_OK ? CLI_EXIT_OK : cli_fail(cli, status);
}

static int open_network(struct evaluation *evaluation)
{
    struct cli *cli = evaluation->cli;
    int code = cli_open_device(cli, &evaluation->device);
    if (code != CLI_EXIT_OK)
        return code;
    enum incline_status status =
        incline_network_create(cli->ctx, evaluation->device, evaluation->config,
                               (int)evaluation->options->batch, &evaluation->network);
    if (status == INCLINE_OK)
        status =
            incline_network_load_weights(cli->ctx, evaluation->network, evaluation->weights.path);
    return status == INCLINE_OK ? CLI_EXIT_OK : cli_fail(cli, status);
}

/* The test images, or the validation images where there are none. The pixels stay the data set's.
 */
static struct incline_images choose_images(const struct evaluation *evaluation, const char **part)
{
    const struct incline_dataset *dataset = evaluation->dataset;
    size_t limit = evaluation->options->limit;
    bool test = dataset->test.count > 0;
    struct incline_images images = test ? dataset->test : dataset->val;
    *part = test ? "test" : "val";
    if (limit > 0 && images.count > limit)
        images.count = limit;
    return images;
}

static int print_report(struct cli *cli, const struct cli_report *report)
{
    static int (*const printers[][2])(struct cli *, const struct cli_report *) = {
        [FORMAT_TEXT] = {cli_report_text, cli_multi_label_text},
        [FORMAT_JSON] = {cli_report_json, cli_multi_label_json},
        [FORMAT_CSV] = {cli_report_csv, cli_multi_label_csv},
    };
    return printers[cli->format][report->evaluation->counts != NULL](cli, report);
}

/* The network failed to evaluate `images` images. */
static int fail(struct evaluation *evaluation, enum incline_status status, size_t images)
{
    int code = cli_fail(evaluation->cli, status);
    const struct incline_workload workload = {
        .work = INCLINE_WORK_EVALUATE, .batch = (int)evaluation->options->batch, .images = images};
    incline_network_destroy(&evaluation->network);
    if (status == INCLINE_ERROR_DEVICE)
        cli_suggest_batch(evaluation->cli, evaluation->device, evaluation->config, &workload);
    return code;
}

static int print_confusion(struct cli *cli, const struct cli_report *report,
                           const struct eval_options *options)
{
    if (options->confusion == NULL)
        return CLI_EXIT_OK;
    return wants_table(options) ? cli_report_confusion_table(cli, report)
                                : cli_report_confusion(cli, report, options->confusion);
}

static int evaluate(struct evaluation *evaluation)
{
    struct cli *cli = evaluation->cli;
    struct incline_evaluation found = {0};
    struct cli_report report = {
        .weights = evaluation->weights.path,
        .evaluation = &found,
        .class_names = (const char *const *)evaluation->dataset->class_names,
    };
    struct incline_images images = choose_images(evaluation, &report.part);
    if (images.count == 0)
        return cli_error(cli, CLI_EXIT_DATA,
                         "%s: no test images there, and data.val keeps none of the training images "
                         "aside; give a folder with t10k-images-idx3-ubyte and "
                         "t10k-labels-idx%d-ubyte: --data DIR",
                         evaluation->dataset->folder,
                         incline_config_multi_label(evaluation->config) ? 2 : 1);
    enum incline_status status =
        incline_network_evaluate(cli->ctx, evaluation->network, &images, &found);
    if (status != INCLINE_OK)
        return fail(evaluation, status, images.count);
    int code = print_report(cli, &report);
    if (code == CLI_EXIT_OK)
        code = print_confusion(cli, &report, evaluation->options);
    incline_evaluation_finish(&found);
    return code;
}

static int run(struct cli *cli, const void *given)
{
    struct evaluation evaluation = {.cli = cli, .options = given};
    int code = check_options(cli, given);
    if (code == CLI_EXIT_OK)
        code = load(&evaluation);
    if (code == CLI_EXIT_OK)
        code = open_network(&evaluation);
    if (code == CLI_EXIT_OK)
        code = evaluate(&evaluation);
    incline_network_destroy(&evaluation.network);
    incline_device_close(&evaluation.device);
    incline_dataset_destroy(&evaluation.dataset);
    incline_config_destroy(&evaluation.config);
    cli_weights_close(&evaluation.weights);
    return code;
}

static const struct cli_option options[] = {
    {"batch-size", 'b', CLI_NUMBER, offsetof(struct eval_options, batch), "N",
     "images at a time (default: as in training)"},
    {"data", 0, CLI_SETTING, 0, "DIR", "folder of the data set", "data.root"},
    {"limit-val", 0, CLI_NUMBER, offsetof(struct eval_options, limit), "N",
     "use the first N images only"},
    {"confusion", 0, CLI_TEXT, offsetof(struct eval_options, confusion), "FILE",
     "write the confusion matrix to a new CSV file, or with - print it below the report, of up "
     "to 20 classes; rows are true classes"},
    {"top-k", 0, CLI_NUMBER, offsetof(struct eval_options, top_k), "K",
     "count images whose class is among the K most probable (default: the configuration's, 5)"},
};

static const char *const aliases[] = {"test", "val", NULL};
static const char *const formats[] = {"text", "json", "csv", NULL};

const struct cli_verb cli_verb_eval = {
    .name = "eval",
    .aliases = aliases,
    .help = "loss, accuracy and a table of classes over the test (or validation) images",
    .arguments = "RUN|WEIGHTS [CONFIG]",
    .examples = "  incline eval runs/2026-11-23-1801-mnist-cnn\n"
                "  incline eval best.safetensors --data fashion-mnist --confusion confusion.csv\n"
                "  incline eval best.safetensors mnist-cnn.yaml --format json\n",
    .min_arguments = 1,
    .max_arguments = 2,
    .formats = formats,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_size = sizeof(struct eval_options),
    .run = run,
};
