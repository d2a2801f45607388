#include "cli/format.h"
#include "cli/run_folder.h"
#include "cli/signals.h"
#include "cli/training.h"
#include "cli/training_end.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* auto: what INCLINE_TUNE says, or else quick */
static const char *const tune_choices[] = {"auto", "off", "quick", "full", NULL};

/* ---- preparation ---- */

static int check_fusions(struct cli *cli, const char *list)
{
    if (incline_fusions_check(cli->ctx, list) == INCLINE_OK)
        return CLI_EXIT_OK;
    cli_error(cli, 0, "train: --no-fuse: %s", incline_error_text(cli->ctx));
    incline_error_clear(cli->ctx);
    return cli_usage_hint(cli);
}

static int check_options(struct cli *cli, const struct cli_train_options *options)
{
    if (options->out != NULL && options->name != NULL)
        return cli_error(cli, CLI_EXIT_USAGE,
                         "train: --out is the whole folder; --name with it has no meaning");
    if (options->out != NULL && options->out[0] == '\0')
        return cli_error(cli, CLI_EXIT_USAGE, "train: --out needs the name of a folder");
    if (options->name != NULL && (options->name[0] == '\0' || strchr(options->name, '/') != NULL))
        return cli_error(cli, CLI_EXIT_USAGE,
                         "train: --name takes a name without '/'; --out takes a folder");
    return check_fusions(cli, options->no_fuse);
}

static int load(struct cli_training *training)
{
    struct cli *cli = training->cli;
    struct incline_dataset_limits limits = {training->options->limit_train,
                                            training->options->limit_val};
    enum incline_status status = incline_config_load(
        cli->ctx, cli->arguments[0], cli->settings.items, cli->settings.count, &training->config);
    if (status == INCLINE_OK)
        status = incline_devices_prepare(cli->ctx); /* while the data is read */
    if (status == INCLINE_OK)
        status = incline_dataset_load(cli->ctx, training->config, &limits, &training->dataset);
    if (status != INCLINE_OK)
        return cli_fail(cli, status);
    if (training->options->weights != NULL) {
        int code = cli_find_weights(cli, training->options->weights, &training->weights);
        if (code != CLI_EXIT_OK)
            return code;
    }
    return cli_open_device(cli, &training->device);
}

static int choose_folder(struct cli_training *training)
{
    const struct cli_train_options *options = training->options;
    const char *name =
        options->name != NULL ? options->name : incline_config_model_name(training->config);
    training->folder =
        options->out != NULL ? cli_text("%s", options->out) : cli_new_run_folder(name);
    return training->folder != NULL ? CLI_EXIT_OK
                                    : cli_error(training->cli, CLI_EXIT_OTHER, "out of memory");
}

/* The name that the run folder has got. */
static void take_folder(struct cli_training *training, const char *made)
{
    char *folder = cli_text("%s", made);
    if (folder != NULL) {
        free(training->folder);
        training->folder = folder;
    }
    training->quoted_folder = cli_quote_shell(training->folder);
}

static const char *quoted_folder(const struct cli_training *training)
{
    return training->quoted_folder != NULL ? training->quoted_folder : training->folder;
}

/* ---- what is said while and after ---- */

static void on_start(void *cookie, const char *run_folder)
{
    take_folder(cookie, run_folder);
    cli_training_say_header(cookie);
}

static void on_first_step(void *cookie, double seconds)
{
    struct cli_training *training = cookie;
    struct cli_figure figure;
    if (training->cli->common.verbose > 0)
        cli_say(training->cli, "first step after %s", cli_format_time(&figure, seconds));
}

static void on_tick(void *cookie, const struct incline_progress *state)
{
    struct cli_training *training = cookie;
    cli_progress_tick(&training->progress, state);
}

static void on_epoch_end(void *cookie, const struct incline_progress *state)
{
    struct cli_training *training = cookie;
    cli_progress_epoch(&training->progress, state);
    cli_watch_say(&training->watch, training->cli);
}

static void on_watched(void *cookie, const struct incline_watched *watched)
{
    struct cli_training *training = cookie;
    cli_watch_take(&training->watch, watched);
}

static void on_saved(void *cookie, const struct incline_progress *state, const char *weights)
{
    struct cli_training *training = cookie;
    struct cli_figure epoch;
    cli_say(training->cli, "Saved at step %lld (epoch %s) -> %s", state->total_step,
            cli_format_epoch(&epoch, state->epoch, state->epochs), weights);
}

static void say_counters(const struct cli_training *training)
{
    const struct incline_train_result *result = &training->result;
    const struct incline_device_counters *first = &result->first_step, *last = &result->last_step;
    if (training->cli->common.verbose == 0 || result->steps_done < 1)
        return;
    cli_say(training->cli,
            "after the first step: %" PRIu64 " launches, %" PRIu64 " allocations, %" PRIu64
            " program builds, %" PRIu64 " blocking calls, %" PRIu64
            " waits behind the window in %lld steps",
            last->launches - first->launches, last->allocations - first->allocations,
            last->program_builds - first->program_builds,
            last->blocking_calls - first->blocking_calls, last->window_waits - first->window_waits,
            result->steps_done - 1);
}

static int say_end(const struct cli_training *training)
{
    cli_training_say_end(training);
    say_counters(training);
    if (training->dataset->test.count > 0 || training->dataset->val.count > 0)
        cli_say(training->cli, "Next: incline eval %s", quoted_folder(training));
    return CLI_EXIT_OK;
}

static int say_interrupted(const struct cli_training *training)
{
    const struct incline_train_result *result = &training->result;
    struct cli *cli = training->cli;
    struct cli_figure epoch;
    int number = (int)*cli_stop_flag();
    incline_error_clear(cli->ctx);
    if (result->steps_done == 0)
        cli_say(cli, "Stopped before the first step.");
    else
        cli_say(cli,
                "Saved at step %lld (epoch %s).  Go on from these weights: incline train "
                "%s/config.yaml --weights %s/weights/last.safetensors",
                result->steps_done, cli_format_last_epoch(&epoch, training->config, result),
                quoted_folder(training), quoted_folder(training));
    if (result->steps_done > 0)
        cli_say_so_far(cli, result);
    say_counters(training);
    return number != 0 ? CLI_EXIT_SIGNAL + number : CLI_EXIT_OTHER;
}

/* After a file could not be written: what there is nevertheless, and what can be done. */
static void say_kept(const struct cli_training *training)
{
    char *last = cli_text("%s/weights/last.safetensors", training->folder);
    bool kept = last != NULL && access(last, F_OK) == 0;
    if (training->result.steps_done > 0)
        cli_say(training->cli, "%s%s.  Free some space there, or choose another folder (--out).",
                kept ? "The weights saved last are kept in " : "No weights were saved",
                kept ? last : "");
    free(last);
}

static void on_tuning(void *cookie, const struct incline_tune_progress *state)
{
    struct cli_training *training = cookie;
    char text[128];
    snprintf(text, sizeof text, "tuning kernels  %d of %d  %.1f s", state->done, state->candidates,
             state->seconds);
    cli_progress_note(&training->progress, text);
}

static void on_tuned(void *cookie, const struct incline_tune_result *result)
{
    struct cli_training *training = cookie;
    struct cli_figure time;
    char step[80] = "";
    size_t changed = 0; /* operations for which the first guess was not the best */
    size_t bytes = sizeof training->tuned;
    if (result->step_before_seconds <= 0) {
        snprintf(training->tuned, bytes, "left out: %s",
                 result->loaded ? "the machine is busy" : "building the kernels took too long");
        return;
    }
    for (size_t i = 0; i < result->count; i++)
        changed += strcmp(result->rows[i].first, result->rows[i].best) != 0;
    if (changed > 0 && result->step_after_seconds > 0)
        snprintf(step, sizeof step, ", a step %.3f ms on the device (before %.3f ms)",
                 1e3 * result->step_after_seconds, 1e3 * result->step_before_seconds);
    snprintf(training->tuned, bytes, "%zu operations in %s, %zu changed%s%s%s", result->count,
             cli_format_time(&time, result->seconds), changed, step,
             result->out_of_time ? ", out of time" : "",
             result->loaded ? ", not kept: the machine is busy" : "");
}

/* ---- the run ---- */

static int refuse_device(const struct cli_training *training,
                         const struct incline_check_result *result)
{
    struct cli *cli = training->cli;
    const struct incline_device_info *info = incline_device_get_info(training->device);
    cli_error(cli, 0, "%s", result->first_failure);
    cli_say(cli,
            "%zu of %zu comparisons with the host failed, so nothing was trained. Details: incline "
            "check -d %d %s. Choose another device with -d (incline devices lists them), or train "
            "all the same with --unchecked.",
            result->failed, result->failed + result->passed, info->index, cli->arguments[0]);
    return CLI_EXIT_CHECK;
}

/* Once for each device, driver, version and network; see incline/check.h. */
static int check_device(struct cli_training *training)
{
    struct cli *cli = training->cli;
    const struct incline_check_options options = {.batch = (int)cli_training_step_images(training)};
    struct incline_check_result result;
    struct cli_figure time;
    if (training->options->unchecked || !cli_training_has_room(training))
        return CLI_EXIT_OK;
    cli_progress_note(&training->progress, "checking the device");
    enum incline_status status = incline_check_once(cli->ctx, training->device, training->config,
                                                    &options, &result, &training->checked_before);
    if (status != INCLINE_OK) {
        int code = cli_fail(cli, status);
        if (status == INCLINE_ERROR_DEVICE)
            cli_say(cli, "This was the check before the training; --unchecked leaves it out.");
        return code;
    }
    if (result.failed > 0)
        return refuse_device(training, &result);
    training->check_seconds = training->checked_before ? 0 : result.seconds;
    if (cli->common.verbose > 0 && !training->checked_before)
        cli_say(cli, "checked %zu tensors against double precision in %s", result.passed,
                cli_format_time(&time, result.seconds));
    return CLI_EXIT_OK;
}

static int choose_tuning(struct cli *cli, int choice, enum incline_tune_mode *mode)
{
    static const enum incline_tune_mode modes[] = {INCLINE_TUNE_QUICK, INCLINE_TUNE_OFF,
                                                   INCLINE_TUNE_QUICK, INCLINE_TUNE_FULL};
    const char *word = getenv("INCLINE_TUNE");
    if (choice == 0 && word != NULL && word[0] != '\0') {
        while (tune_choices[choice] != NULL && strcmp(tune_choices[choice], word) != 0)
            choice++;
        if (tune_choices[choice] == NULL)
            return cli_error(cli, CLI_EXIT_USAGE,
                             "INCLINE_TUNE=%.40s is none of auto, off, quick, full", word);
    }
    *mode = modes[choice];
    return CLI_EXIT_OK;
}

static int train(struct cli_training *training)
{
    struct cli *cli = training->cli;
    const struct cli_train_options *options = training->options;
    struct incline_train_options request = {
        .folder = training->folder,
        .overwrite = options->overwrite,
        .unique = options->out == NULL && !options->overwrite,
        .weights = training->weights,
        .no_fuse = options->no_fuse,
        .max_seconds = options->max_seconds,
        .watch = (int)options->watch,
        .overfit_batch = options->overfit_batch,
        .stop = cli_stop_flag(),
        .save = cli_save_flag(),
        .callbacks = {.cookie = training,
                      .tuning = on_tuning,
                      .tuned = on_tuned,
                      .started = on_start,
                      .first_step = on_first_step,
                      .tick = on_tick,
                      .epoch_end = on_epoch_end,
                      .watched = on_watched,
                      .saved = on_saved},
    };
    int code = choose_tuning(cli, options->tune, &request.tune);
    if (code != CLI_EXIT_OK)
        return code;
    cli_progress_init(&training->progress, cli);
    code = check_device(training);
    if (code != CLI_EXIT_OK)
        return code;
    cli_progress_note(&training->progress, "preparing kernels and data");
    cli_signals_install();
    enum incline_status status = incline_train(cli->ctx, training->device, training->config,
                                               training->dataset, &request, &training->result);
    if (status == INCLINE_OK || status == INCLINE_ERROR_INTERRUPTED)
        cli_progress_finish(&training->progress);
    cli_watch_say(&training->watch, cli); /* of an epoch that was not completed */
    if (status == INCLINE_OK)
        return say_end(training);
    if (status == INCLINE_ERROR_INTERRUPTED)
        return say_interrupted(training);
    code = cli_fail(cli, status);
    if (status == INCLINE_ERROR_DEVICE)
        cli_training_suggest_batch(training);
    if (status == INCLINE_ERROR_IO)
        say_kept(training);
    return code;
}

static int prepare_and_train(struct cli_training *training)
{
    int code = load(training);
    if (code != CLI_EXIT_OK)
        return code;
    if (training->options->dry_run)
        return cli_training_dry_run(training);
    code = choose_folder(training);
    return code == CLI_EXIT_OK ? train(training) : code;
}

static int run(struct cli *cli, const void *given)
{
    struct cli_training training = {.cli = cli, .options = given};
    int code = check_options(cli, given);
    if (code == CLI_EXIT_OK)
        code = prepare_and_train(&training);
    cli_watch_finish(&training.watch);
    free(training.quoted_folder);
    free(training.weights);
    free(training.folder);
    incline_device_close(&training.device);
    incline_dataset_destroy(&training.dataset);
    incline_config_destroy(&training.config);
    return code;
}

static const struct cli_option options[] = {
    {"epochs", 'e', CLI_SETTING, 0, "N", "passes over the training images, or until_converged",
     "train.epochs"},
    {"batch-size", 'b', CLI_SETTING, 0, "N", "images a step", "train.batch_size"},
    {"lr", 0, CLI_SETTING, 0, "X", "learning rate", "train.optimizer.*.lr"},
    {"seed", 0, CLI_SETTING, 0, "N", "seed of weights and order", "train.seed"},
    {"set", 's', CLI_ASSIGNMENT, 0, "PATH=VALUE", "change any value of the configuration"},
    {"data", 0, CLI_SETTING, 0, "DIR", "folder of the data set", "data.root"},
    {"weights", 0, CLI_TEXT, offsetof(struct cli_train_options, weights), "RUN|FILE",
     "start from these weights, of a run the best"},
    {"out", 0, CLI_TEXT, offsetof(struct cli_train_options, out), "DIR",
     "run folder (default: runs/<time>-<name>)"},
    {"name", 0, CLI_TEXT, offsetof(struct cli_train_options, name), "NAME",
     "name of the run (default: the model's)"},
    {"overwrite", 0, CLI_FLAG, offsetof(struct cli_train_options, overwrite), NULL,
     "replace the run in an existing folder, once this one has saved weights"},
    {"max-time", 0, CLI_DURATION, offsetof(struct cli_train_options, max_seconds), "TIME",
     "stop and save after 30s, 10m, 1h"},
    {"limit-train", 0, CLI_NUMBER, offsetof(struct cli_train_options, limit_train), "N",
     "use the first N training images only"},
    {"limit-val", 0, CLI_NUMBER, offsetof(struct cli_train_options, limit_val), "N",
     "use the first N validation images only"},
    {"watch", 0, CLI_NUMBER, offsetof(struct cli_train_options, watch), "N",
     "every N steps show the norms of each layer's weights, gradients and updates, and its dead "
     "units"},
    {"overfit-batch", 0, CLI_FLAG, offsetof(struct cli_train_options, overfit_batch), NULL,
     "train on the first batch only, again and again"},
    {"dry-run", 0, CLI_FLAG, offsetof(struct cli_train_options, dry_run), NULL,
     "check configuration, data, model and memory, and stop"},
    {"no-fuse", 0, CLI_TEXT, offsetof(struct cli_train_options, no_fuse), "NAME,...|all",
     "leave fusions of kernels out, to find a fault in a device: activation, pool, update, input, "
     "head, dense_backward, dense_conv2d, finish, residual"},
    {"unchecked", 0, CLI_FLAG, offsetof(struct cli_train_options, unchecked), NULL,
     "do not check the device's arithmetic first"},
    {"tune", 0, CLI_CHOICE, offsetof(struct cli_train_options, tune), "WHEN",
     "measure kernel shapes first: auto, off, quick (at most 5 s, new shapes only), full", NULL,
     tune_choices},
    {"patience", 0, CLI_SETTING, 0, "N",
     "stop early after N validations without a better val_loss (train.early_stop.watch)",
     "train.early_stop.patience"},
    {"val-every", 0, CLI_SETTING, 0, "N", "validate after every N epochs", "train.val_every"},
};

static const char *const formats[] = {"text", NULL};

const struct cli_verb cli_verb_train = {
    .name = "train",
    .help = "train a classifier as a configuration says, and keep a run folder",
    .arguments = "CONFIG",
    .examples =
        "  incline train mnist-cnn.yaml\n"
        "  incline train mnist-cnn -e 3 --lr 0.05 --name quick\n"
        "  incline train my.yaml -s train.optimizer.sgd.lr=0.1 --max-time 10m\n"
        "  incline train my.yaml -e until_converged --patience 5 -s train.schedule=plateau\n"
        "  incline train my.yaml --dry-run\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .formats = formats,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_size = sizeof(struct cli_train_options),
    .run = run,
};
