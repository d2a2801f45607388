#include "cli/training_end.h"

#include "cli/format.h"

#include <string.h>

const char *cli_format_last_epoch(struct cli_figure *figure, const struct incline_config *config,
                                  const struct incline_train_result *result)
{
    int epochs = incline_config_epochs(config), done = result->epochs_done;
    return cli_format_epoch(figure, epochs == 0 || done < epochs ? done + 1 : epochs, epochs);
}

void cli_say_so_far(struct cli *cli, const struct incline_train_result *result)
{
    const struct incline_progress *last = &result->last;
    struct cli_figure step, steps, loss, accuracy;
    if (last->step < last->steps)
        cli_say(cli, "Epoch %d up to step %s of %s: loss %s  accuracy %s", last->epoch,
                cli_format_count(&step, (unsigned long long)last->step),
                cli_format_count(&steps, (unsigned long long)last->steps),
                cli_format_metric(&loss, last->loss), cli_format_metric(&accuracy, last->accuracy));
}

static void say_why(struct cli *cli, const struct incline_config *config,
                    const struct incline_train_result *result)
{
    struct incline_pace_summary pace = incline_config_pace(config);
    struct cli_figure epoch;
    if (result->stopped_by_time) {
        cli_say(cli, "\nStopped by --max-time after step %lld (epoch %s).", result->steps_done,
                cli_format_last_epoch(&epoch, config, result));
        cli_say_so_far(cli, result);
    } else if (result->stopped_early) {
        cli_say(cli, "\nStopped early after epoch %d: %s did not get better for %d validation%s.",
                result->epochs_done, pace.watch, pace.patience, pace.patience == 1 ? "" : "s");
    } else if (pace.watch != NULL) {
        cli_say(cli, "\nStopped after the last of %d epochs; early_stop had no reason to.",
                result->epochs_done);
    }
}

static void say_best(struct cli *cli, const struct incline_config *config,
                     const struct incline_train_result *result, const char *folder)
{
    const char *watch = incline_config_pace(config).watch;
    bool is_loss = watch != NULL && strcmp(watch, "val_loss") == 0;
    struct cli_figure best;
    cli_format_metric(&best, is_loss ? result->best_val_loss : result->best_val_accuracy);
    cli_say(cli, "\nBest %s %s at epoch %d -> %s/weights/best.safetensors%s",
            is_loss ? "val_loss" : "val_accuracy", best.text, result->best_epoch, folder,
            result->best_restored ? ", and last.safetensors is the same epoch" : "");
}

static void say_kept(struct cli *cli, const struct incline_config *config,
                     const struct incline_train_result *result, const char *folder)
{
    struct cli_figure loss, accuracy;
    if (result->has_val && result->best_epoch > 0)
        say_best(cli, config, result, folder);
    else if (result->epochs_done > 0)
        cli_say(cli, "\nLast epoch: loss %s, accuracy %s -> %s/weights/last.safetensors",
                cli_format_metric(&loss, result->loss),
                cli_format_metric(&accuracy, result->accuracy), folder);
    else
        cli_say(cli, "\nWeights -> %s/weights/last.safetensors", folder);
}

static void say_time(const struct cli_training *training)
{
    const struct incline_train_result *result = &training->result;
    double check = training->check_seconds;
    struct cli_figure all, checked, train, val, build;
    cli_say(
        training->cli, "Time %s: %s%straining %s, validation %s, kernel builds %s",
        cli_format_time(&all, result->seconds + check),
        check > 0 ? cli_format_time(&checked, check) : "",
        check > 0 ? " check of the device, " : "", cli_format_time(&train, result->train_seconds),
        cli_format_time(&val, result->val_seconds), cli_format_time(&build, result->build_seconds));
}

void cli_training_say_end(const struct cli_training *training)
{
    struct cli *cli = training->cli;
    say_why(cli, training->config, &training->result);
    say_kept(cli, training->config, &training->result, training->folder);
    say_time(training);
}
