#include "cli/bench_compare.h"
#include "cli/bench_output.h"
#include "cli/device_list.h"
#include "cli/device_memory.h"
#include "cli/file_output.h"
#include "cli/number_list.h"
#include "cli/progress.h"
#include "cli/signals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int default_repeats = 5, default_warmups = 2;
static const double default_min_seconds = 0.3;
static const char default_model[] = "mnist-cnn";

/* A network or a layer is held against the reference before it is timed; see incline/check.h. */
static enum incline_status verify(struct incline_context *ctx, struct incline_device *device,
                                  const struct incline_config *config, int batch,
                                  enum incline_bench_mode mode, void *cookie, bool *right,
                                  char *text, size_t text_bytes)
{
    const struct incline_check_options options = {
        .batch = batch,
        .inference = mode == INCLINE_BENCH_INFER,
    };
    struct incline_check_result result;
    bool before;
    (void)cookie;
    enum incline_status status =
        incline_check_once(ctx, device, config, &options, &result, &before);
    *right = status == INCLINE_OK && result.failed == 0;
    snprintf(text, text_bytes, "%s", status == INCLINE_OK ? result.first_failure : "");
    return status;
}

struct bench_options {
    struct cli_numbers batches; /* none: the configuration's */
    unsigned modes, ops;        /* sets of the words below */
    size_t repeats;             /* 0: the default */
    struct cli_count warmups;
    bool no_warmup;
    double min_seconds, delay_seconds; /* likewise */
    bool per_layer, describe;
    struct cli_files exports;
    const char *compare;
    double fail_below;
};

static const char *const modes[] = {
    [INCLINE_BENCH_TRAIN] = "train", [INCLINE_BENCH_INFER] = "infer", NULL};

enum op { OP_PEAK, OP_BANDWIDTH, OP_LAUNCH, OP_CONV, OP_GEMM, OP_POOL, OP_ACTIVATION, OPS };
static const char *const ops[] = {"peak", "bandwidth", "launch",     "conv",
                                  "gemm", "pool",      "activation", NULL};

struct bench {
    struct cli *cli;
    const struct bench_options *options;
    struct cli_progress progress;
    struct cli_bench_run run;
    struct cli_devices devices;
    double peaks[CLI_DEVICES_MAX]; /* FLOP/s of each; 0: not measured */
    json_t *stored;                /* of --compare, or NULL */
    json_t *rows;
    int code; /* of the first measurement that came to nothing */
};

/* ---- options ---- */

static int refuse(struct cli *cli, const char *text)
{
    cli_error(cli, 0, "bench: %s", text);
    cli_say(cli, "See 'incline bench --help'.");
    return CLI_EXIT_USAGE;
}

static int check_exports(struct cli *cli, const struct cli_files *exports)
{
    for (size_t i = 0; i < exports->count; i++) {
        enum cli_bench_format format;
        if (cli_bench_format_of(exports->items[i], &format))
            continue;
        cli_error(cli, 0, "bench: --export: '%s' does not end in .md, .csv, .json or .jsonl",
                  exports->items[i]);
        cli_say(cli, "See 'incline bench --help'.");
        return CLI_EXIT_USAGE;
    }
    return CLI_EXIT_OK;
}

static int check_options(struct cli *cli, const struct bench_options *options)
{
    if (options->fail_below > 0 && options->compare == NULL)
        return refuse(cli, "--fail-below needs --compare FILE.json to compare with");
    if (options->no_warmup && options->warmups.given)
        return refuse(cli, "--warmup and --no-warmup exclude each other");
    if (options->per_layer && options->ops != 0 && cli->argument_count == 0)
        return refuse(cli, "--per-layer needs a MODEL when --ops is given");
    int code = check_exports(cli, &options->exports);
    for (size_t i = 0; code == CLI_EXIT_OK && i < options->exports.count; i++)
        code = cli_check_writable(cli, options->exports.items[i]);
    return code;
}

static void set_timing(struct bench *bench)
{
    const struct bench_options *options = bench->options;
    bench->run.timing = (struct incline_bench_timing){
        .repeats = options->repeats > 0 ? (int)options->repeats : default_repeats,
        .warmups = options->no_warmup       ? 0
                   : options->warmups.given ? (int)options->warmups.value
                                            : default_warmups,
        .min_seconds = options->min_seconds > 0 ? options->min_seconds : default_min_seconds,
        .delay_seconds = options->delay_seconds,
        .stop = cli_stop_flag(),
    };
}

/* ---- measuring ---- */

static int add_row(struct bench *bench, json_t *row)
{
    if (row == NULL || json_array_append_new(bench->rows, row) != 0)
        return cli_error(bench->cli, CLI_EXIT_OTHER, "out of memory");
    return CLI_EXIT_OK;
}

static void remember(struct bench *bench, int code)
{
    if (bench->code == CLI_EXIT_OK)
        bench->code = code;
}

/* Ends the run, but keeps its rows. */
static int stop(struct bench *bench)
{
    incline_error_clear(bench->cli->ctx);
    return CLI_EXIT_SIGNAL + (int)*cli_stop_flag();
}

/* A step that is too large or that a device cannot do leaves the next ones; everything else ends
 * the run. */
static int add_failure(struct bench *bench, const struct cli_bench_subject *subject,
                       enum incline_status status)
{
    if (*cli_stop_flag() != 0) /* a compiler in the process fails when the signal meets it */
        return stop(bench);
    int code = cli_fail(bench->cli, status);
    if (status != INCLINE_ERROR_DEVICE && status != INCLINE_ERROR_BUILD &&
        status != INCLINE_ERROR_UNSUPPORTED && status != INCLINE_ERROR_CONFIG)
        return code;
    remember(bench, code);
    return add_row(bench, cli_bench_failed_row(&bench->run, subject));
}

enum { NAME_BYTES = 160 };

/* "mnist-cnn, train, batch 128", or the name of a limit. */
static const char *name_subject(const struct cli_bench_subject *subject, char name[NAME_BYTES])
{
    if (subject->model != NULL)
        snprintf(name, NAME_BYTES, "%.100s, %s, batch %d", subject->model, modes[subject->mode],
                 subject->batch);
    else
        snprintf(name, NAME_BYTES, "%s", subject->op);
    return name;
}

static void say_what(struct bench *bench, const struct cli_bench_subject *subject)
{
    char name[NAME_BYTES];
    cli_progress_say(&bench->progress, "measuring %s, on %s", name_subject(subject, name),
                     subject->device->name);
}

static void say_if_unsteady(struct bench *bench, const struct cli_bench_subject *subject,
                            const struct incline_bench_samples *samples)
{
    static const double limit = 0.1;
    char name[NAME_BYTES];
    if (samples->mean > 0 && samples->deviation > limit * samples->mean)
        cli_say(bench->cli, "%s, on %s: the runs differ by %.0f %% (is the machine busy?)",
                name_subject(subject, name), subject->device->name,
                100 * samples->deviation / samples->mean);
}

static void say_if_wrong(struct bench *bench, const struct cli_bench_subject *subject,
                         enum incline_bench_state state, const char *problem)
{
    char name[NAME_BYTES];
    if (state != INCLINE_BENCH_FAILED_CHECK)
        return;
    remember(bench, CLI_EXIT_CHECK);
    cli_error(bench->cli, 0, "bench: %s, on %s failed its check, so it gets no figure%s%s",
              name_subject(subject, name), subject->device->name, problem[0] != '\0' ? ": " : "",
              problem);
}

static int measure_fact(struct bench *bench, size_t which, enum incline_bench_fact_kind kind)
{
    struct cli_bench_subject subject = {.op = incline_bench_fact_name(kind),
                                        .device = &bench->devices.items[which]};
    struct incline_bench_fact fact = {0};
    struct incline_device *device = NULL;
    if (*cli_stop_flag() != 0)
        return stop(bench);
    say_what(bench, &subject);
    enum incline_status status = cli_open_listed(bench->cli, subject.device, &device);
    if (status == INCLINE_OK)
        status = incline_bench_device(bench->cli->ctx, device, kind, &bench->run.timing, &fact);
    int code = status != INCLINE_OK
                   ? add_failure(bench, &subject, status)
                   : add_row(bench, cli_bench_fact_row(&bench->run, &subject, kind, &fact));
    if (status == INCLINE_OK) {
        say_if_unsteady(bench, &subject, &fact.samples);
        say_if_wrong(bench, &subject, fact.state, "");
    }
    if (kind == INCLINE_BENCH_PEAK)
        bench->peaks[which] = fact.best_rate;
    incline_bench_fact_finish(&fact);
    incline_device_close(&device);
    return code;
}

static bool is_wanted(const struct bench *bench, enum incline_bench_fact_kind kind)
{
    static const enum op of[INCLINE_BENCH_FACTS] = {OP_PEAK, OP_BANDWIDTH, OP_BANDWIDTH, OP_LAUNCH,
                                                    OP_LAUNCH};
    return (bench->options->ops & 1u << of[kind]) != 0 ||
           (kind == INCLINE_BENCH_PEAK && bench->options->per_layer);
}

static int measure_facts(struct bench *bench)
{
    int code = CLI_EXIT_OK;
    for (size_t i = 0; i < bench->devices.count; i++) {
        for (int kind = 0; kind < INCLINE_BENCH_FACTS && code == CLI_EXIT_OK; kind++) {
            if (is_wanted(bench, (enum incline_bench_fact_kind)kind))
                code = measure_fact(bench, i, (enum incline_bench_fact_kind)kind);
        }
    }
    return code;
}

/* What is measured at every batch size, in every mode, on every device. */
struct target {
    const struct incline_config *config; /* of a network; or else */
    const struct incline_bench_op *op;
};

static int add_result(struct bench *bench, const struct cli_bench_subject *subject,
                      const struct incline_bench_result *result, double peak)
{
    struct cli_bench_subject layer = *subject;
    int code = add_row(bench, cli_bench_network_row(&bench->run, subject, result, peak));
    layer.op = "layer";
    for (size_t i = 0; i < result->layer_count && code == CLI_EXIT_OK; i++)
        code = add_row(bench, cli_bench_layer_row(&bench->run, &layer, &result->layers[i], peak));
    say_if_unsteady(bench, subject, &result->step);
    say_if_wrong(bench, subject, result->state, result->problem);
    return code;
}

static void suggest_batch(struct bench *bench, struct incline_device *device,
                          const struct incline_config *config,
                          const struct cli_bench_subject *subject)
{
    const struct incline_workload workload = {
        .work = subject->mode == INCLINE_BENCH_TRAIN ? INCLINE_WORK_TRAIN : INCLINE_WORK_PREDICT,
        .batch = subject->batch,
    };
    cli_suggest_batch(bench->cli, device, config, &workload);
}

/* Opens its device anew, so that it pays for its own programs. */
static int measure_step(struct bench *bench, const struct target *target, size_t which,
                        struct cli_bench_subject subject)
{
    struct incline_bench_options options = {
        .timing = bench->run.timing,
        .mode = subject.mode,
        .batch = subject.batch,
        .per_layer = bench->options->per_layer,
        .verify = verify,
    };
    struct incline_bench_result result = {0};
    struct incline_device *device = NULL;
    struct incline_context *ctx = bench->cli->ctx;
    if (*cli_stop_flag() != 0)
        return stop(bench);
    subject.device = &bench->devices.items[which];
    say_what(bench, &subject);
    enum incline_status status = cli_open_listed(bench->cli, subject.device, &device);
    if (status == INCLINE_OK)
        status = target->op != NULL
                     ? incline_bench_layer_op(ctx, device, target->op, &options, &result)
                     : incline_bench_network(ctx, device, target->config, &options, &result);
    int code = status == INCLINE_OK ? add_result(bench, &subject, &result, bench->peaks[which])
                                    : add_failure(bench, &subject, status);
    if (status == INCLINE_ERROR_DEVICE && device != NULL && target->config != NULL)
        suggest_batch(bench, device, target->config, &subject);
    incline_bench_result_finish(&result);
    incline_device_close(&device);
    return code;
}

static int measure_devices(struct bench *bench, const struct target *target,
                           struct cli_bench_subject subject)
{
    int code = CLI_EXIT_OK;
    for (size_t i = 0; i < bench->devices.count && code == CLI_EXIT_OK; i++)
        code = measure_step(bench, target, i, subject);
    return code;
}

/* Devices are innermost, so that rows to be compared lie side by side. */
static int measure_modes(struct bench *bench, const struct target *target,
                         struct cli_bench_subject subject)
{
    const struct cli_numbers *batches = &bench->options->batches;
    unsigned wanted = bench->options->modes;
    int code = CLI_EXIT_OK;
    for (int mode = 0; modes[mode] != NULL; mode++) {
        if (wanted == 0 ? mode != INCLINE_BENCH_TRAIN : (wanted & 1u << mode) == 0)
            continue;
        subject.mode = (enum incline_bench_mode)mode;
        if (batches->count == 0)
            code = measure_devices(bench, target, subject);
        for (size_t i = 0; i < batches->count && code == CLI_EXIT_OK; i++) {
            subject.batch = (int)batches->items[i];
            code = measure_devices(bench, target, subject);
        }
        if (code != CLI_EXIT_OK)
            return code;
    }
    return CLI_EXIT_OK;
}

static int measure_ops(struct bench *bench)
{
    int code = CLI_EXIT_OK;
    for (const struct incline_bench_op *op = incline_bench_ops(); op->op != NULL; op++) {
        struct target target = {.op = op};
        for (int i = OP_CONV; i < OPS && code == CLI_EXIT_OK; i++) {
            if ((bench->options->ops & 1u << i) == 0 || strcmp(ops[i], op->op) != 0)
                continue;
            code = measure_modes(bench, &target,
                                 (struct cli_bench_subject){.op = op->op,
                                                            .model = op->shape,
                                                            .batch = INCLINE_BENCH_OP_BATCH});
        }
    }
    return code;
}

static int measure_model(struct bench *bench, const char *source)
{
    struct cli *cli = bench->cli;
    struct incline_config *config = NULL;
    enum incline_status status =
        incline_config_load(cli->ctx, source, cli->settings.items, cli->settings.count, &config);
    if (status != INCLINE_OK)
        return cli_fail(cli, status);
    struct target target = {.config = config};
    int code = measure_modes(bench, &target,
                             (struct cli_bench_subject){
                                 .op = "network",
                                 .model = incline_config_model_name(config),
                                 .batch = incline_config_batch_size(config),
                             });
    incline_config_destroy(&config);
    return code;
}

/* The model in argument i, without arguments the default one; NULL past the last. */
static const char *get_model(const struct bench *bench, size_t i)
{
    const struct cli *cli = bench->cli;
    if (cli->argument_count == 0)
        return i == 0 && bench->options->ops == 0 ? default_model : NULL;
    return i < cli->argument_count ? cli->arguments[i] : NULL;
}

static bool is_repeated(const struct bench *bench, size_t i)
{
    for (size_t before = 0; before < i; before++) {
        if (strcmp(get_model(bench, before), get_model(bench, i)) == 0)
            return true;
    }
    return false;
}

static int measure_models(struct bench *bench)
{
    int code = CLI_EXIT_OK;
    for (size_t i = 0; code == CLI_EXIT_OK && get_model(bench, i) != NULL; i++) {
        if (!is_repeated(bench, i))
            code = measure_model(bench, get_model(bench, i));
    }
    return code;
}

/* ---- before measuring: what is wrong should not show up after minutes ---- */

/* Loads each model, and calls check, if there is one, with its configuration. */
static int check_configs(struct bench *bench,
                         int (*check)(struct bench *bench, const struct incline_config *config,
                                      struct incline_device *device),
                         struct incline_device *device)
{
    struct cli *cli = bench->cli;
    int code = CLI_EXIT_OK;
    for (size_t i = 0; code == CLI_EXIT_OK && get_model(bench, i) != NULL; i++) {
        struct incline_config *config = NULL;
        enum incline_status status = incline_config_load(
            cli->ctx, get_model(bench, i), cli->settings.items, cli->settings.count, &config);
        if (status != INCLINE_OK)
            code = cli_fail(cli, status);
        else if (check != NULL)
            code = check(bench, config, device);
        incline_config_destroy(&config);
    }
    return code;
}

static int largest_batch(const struct cli_numbers *batches)
{
    size_t largest = 0;
    for (size_t i = 0; i < batches->count; i++)
        largest = batches->items[i] > largest ? batches->items[i] : largest;
    return (int)largest;
}

/* A tensor of the largest batch may have more elements than any device can index. */
static int check_size(struct bench *bench, const struct incline_config *config,
                      struct incline_device *device)
{
    unsigned wanted = bench->options->modes;
    bool train = wanted == 0 || (wanted & 1u << INCLINE_BENCH_TRAIN) != 0;
    const struct incline_workload workload = {
        .work = train ? INCLINE_WORK_TRAIN : INCLINE_WORK_PREDICT,
        .batch = largest_batch(&bench->options->batches),
    };
    struct incline_memory_need need;
    enum incline_status status =
        incline_memory_plan(bench->cli->ctx, device, config, &workload, &need);
    if (status == INCLINE_ERROR_CONFIG)
        return cli_fail(bench->cli, status);
    incline_error_clear(bench->cli->ctx); /* its row tells of everything else */
    return CLI_EXIT_OK;
}

static int check_sizes(struct bench *bench)
{
    int code = CLI_EXIT_OK;
    for (size_t i = 0; code == CLI_EXIT_OK && i < bench->devices.count; i++) {
        struct incline_device *device = NULL;
        enum incline_status status = cli_open_listed(bench->cli, &bench->devices.items[i], &device);
        code = status == INCLINE_OK ? check_configs(bench, check_size, device)
                                    : cli_fail(bench->cli, status);
        incline_device_close(&device);
    }
    return code;
}

/* ---- the end ---- */

static void say_sentence(void *cookie, const char *text)
{
    cli_say(cookie, "%s", text);
}

static int write_out(struct bench *bench)
{
    struct cli *cli = bench->cli;
    const struct cli_files *exports = &bench->options->exports;
    int code = cli_bench_print(cli, &bench->run, bench->rows, (enum cli_bench_format)cli->format);
    if (cli->format != CLI_BENCH_MARKDOWN)
        cli_bench_rank(bench->rows, say_sentence, cli);
    for (size_t i = 0; i < exports->count && code == CLI_EXIT_OK; i++)
        code = cli_bench_export(cli, &bench->run, bench->rows, exports->items[i]);
    return code;
}

/* To compare nothing is no success where a limit was set. */
static int report_nothing(struct bench *bench)
{
    char *text = cli_bench_name_stored(bench->stored, bench->options->compare);
    int code = CLI_EXIT_OK;
    if (text == NULL)
        code = cli_error(bench->cli, CLI_EXIT_OTHER, "out of memory");
    else if (bench->options->fail_below > 0)
        code = cli_error(bench->cli, CLI_EXIT_CHECK, "bench: --fail-below: %s", text);
    else
        cli_say(bench->cli, "%s", text);
    free(text);
    return code;
}

static int finish(struct bench *bench)
{
    const struct bench_options *options = bench->options;
    size_t compared = bench->stored != NULL ? cli_bench_compare(bench->rows, bench->stored) : 0;
    int code = write_out(bench);
    if (code == CLI_EXIT_OK && bench->stored != NULL && compared == 0)
        code = report_nothing(bench);
    else if (code == CLI_EXIT_OK && options->fail_below > 0)
        code = cli_bench_judge(bench->cli, bench->rows, options->fail_below);
    return code != CLI_EXIT_OK && bench->code == CLI_EXIT_OK ? code : bench->code;
}

static int measure_all(struct bench *bench)
{
    int code = cli_find_devices(bench->cli, &bench->devices);
    if (code == CLI_EXIT_OK)
        code = check_sizes(bench);
    if (code == CLI_EXIT_OK)
        code = measure_facts(bench);
    if (code == CLI_EXIT_OK)
        code = measure_ops(bench);
    if (code == CLI_EXIT_OK)
        code = measure_models(bench);
    return code;
}

static void describe(struct cli *cli)
{
    cli_print(
        cli,
        "A model: whole steps with synthetic images and labels that lie on the device; no data is\n"
        "read. train: gather, forward, loss, backward, update, with a learning rate of 0. infer:\n"
        "gather, forward, probabilities, which stay on the device.\n"
        "  images/s   mean and deviation over the repeats; wall time\n"
        "  device ms  the device's own clock, launches of one step added up, median of several\n"
        "  GFLOP/s    two for each multiply-add of conv2d and dense, three times that in training\n"
        "  build ms   compiling the programs; first ms: the first step, where some drivers "
        "compile\n"
        "--per-layer: device time by the label of the launches; a fused launch counts where its\n"
        "label says. GFLOP/s leaves out the input's gradient of the first trained layer, which is\n"
        "never computed. of peak: of the peak measured in the same run.\n\n"
        "--ops:\n"
        "  peak        independent fused multiply-adds in registers, all compute units\n"
        "  bandwidth   copy (b = a) and triad (a = b + s c) of arrays beyond the caches; bytes "
        "read\n"
        "              and written are counted once\n"
        "  launch      a kernel of one work-item: queued in a row, and waited for one by one\n"
        "  conv, gemm, pool, activation\n"
        "              single layers, unfused, of the shapes in the table; train adds backward "
        "with\n"
        "              the input's gradient and the update\n\n"
        "A repeat does its work as often as it takes to last --min-time, and the queue is drained\n"
        "before each reading of the clock. What fails its check gets no figure (exit code 7).\n");
}

static int run(struct cli *cli, const void *given)
{
    struct bench bench = {.cli = cli, .options = given};
    if (bench.options->describe) {
        describe(cli);
        return CLI_EXIT_OK;
    }
    int code = check_options(cli, bench.options);
    if (code == CLI_EXIT_OK)
        code = check_configs(&bench, NULL, NULL);
    if (code == CLI_EXIT_OK && bench.options->compare != NULL)
        code = cli_bench_load(cli, bench.options->compare, &bench.stored);
    if (code != CLI_EXIT_OK)
        return code;
    set_timing(&bench);
    incline_bench_environment_read(&bench.run.environment);
    bench.rows = json_array();
    cli_progress_init(&bench.progress, cli);
    cli_signals_install_measuring();
    code = measure_all(&bench);
    cli_clear_line(cli);
    if (code == CLI_EXIT_OK)
        code = finish(&bench);
    else if (json_array_size(bench.rows) > 0)
        (void)finish(&bench);
    json_decref(bench.rows);
    json_decref(bench.stored);
    return code;
}

static const struct cli_option options[] = {
    {"batch-size", 'b', CLI_NUMBERS, offsetof(struct bench_options, batches), "LIST",
     "images a step: 32,64 or 32-128+32 or 32-512*2 (default: as configured)"},
    {"mode", 0, CLI_WORDS, offsetof(struct bench_options, modes), "LIST",
     "train, infer, or both with a comma (default: train)", NULL, modes},
    {"repeat", 'r', CLI_NUMBER, offsetof(struct bench_options, repeats), "N",
     "timed repeats (default: 5)"},
    {"warmup", 0, CLI_COUNT, offsetof(struct bench_options, warmups), "N",
     "untimed repeats before them (default: 2)"},
    {"no-warmup", 0, CLI_FLAG, offsetof(struct bench_options, no_warmup), NULL, "none: --warmup 0"},
    {"min-time", 0, CLI_DURATION, offsetof(struct bench_options, min_seconds), "TIME",
     "a repeat lasts at least this long (default: 0.3s)"},
    {"delay", 0, CLI_DURATION, offsetof(struct bench_options, delay_seconds), "TIME",
     "pause before each repeat"},
    {"per-layer", 0, CLI_FLAG, offsetof(struct bench_options, per_layer), NULL,
     "device time and share of the measured peak, layer by layer"},
    {"ops", 0, CLI_WORDS, offsetof(struct bench_options, ops), "LIST",
     "measure instead: peak, bandwidth, launch, conv, gemm, pool, activation", NULL, ops},
    {"set", 's', CLI_ASSIGNMENT, 0, "PATH=VALUE", "change any value of the configurations"},
    {"export", 0, CLI_FILES, offsetof(struct bench_options, exports), "FILE",
     "also write FILE.md, .csv, .json or .jsonl; repeatable"},
    {"compare", 0, CLI_TEXT, offsetof(struct bench_options, compare), "FILE",
     "show rates before, now and the change; FILE as --format json wrote it"},
    {"fail-below", 0, CLI_RATIO, offsetof(struct bench_options, fail_below), "RATIO",
     "exit code 7 when a rate is below RATIO times the one in --compare"},
    {"describe", 0, CLI_FLAG, offsetof(struct bench_options, describe), NULL,
     "say what is measured and how, and measure nothing"},
};

const struct cli_verb cli_verb_bench = {
    .name = "bench",
    .help = "measure how fast devices train and classify",
    .notes = "MODEL is a configuration file or a built-in name (default: mnist-cnn). Images and\n"
             "labels are made up, on the device: no data set is needed.\n",
    .arguments = "[MODEL...]",
    .examples = "  incline bench\n"
                "  incline bench -d all -b 32,128 --mode train,infer mnist-cnn my.yaml\n"
                "  incline bench --per-layer\n"
                "  incline bench --ops peak,bandwidth,launch\n"
                "  incline bench --export before.json\n"
                "  incline bench --compare before.json --fail-below 0.95\n",
    .min_arguments = 0,
    .max_arguments = 64,
    .several_devices = true,
    .formats = cli_bench_formats,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_size = sizeof(struct bench_options),
    .run = run,
};
