#include "cli/format.h"
#include "cli/training.h"

#include <inttypes.h>
#include <stdio.h>

static void say_data(const struct cli_training *training)
{
    const struct incline_dataset *dataset = training->dataset;
    const struct incline_images *images = &dataset->train;
    struct cli_figure train, val;
    const struct incline_images *held_out = cli_training_held_out(dataset);
    char val_text[64] = "";
    if (held_out->count > 0)
        snprintf(val_text, sizeof val_text, "%s %s, ", cli_format_count(&val, held_out->count),
                 dataset->val_is_test ? "val (the test images)" : "val");
    cli_say(training->cli, "data     %s    %s train, %s%d classes, %dx%dx%d", dataset->name,
            cli_format_count(&train, images->count), val_text, dataset->classes, images->channels,
            images->height, images->width);
}

static const char *check_state(const struct cli_training *training)
{
    if (training->options->unchecked)
        return "unchecked";
    return training->checked_before ? "checked before" : "checked ok";
}

/* What is unusual about the updates. */
static void say_updates(const struct cli_training *training)
{
    struct incline_update_summary updates = incline_config_updates(training->config);
    struct cli_figure images;
    if (updates.accumulate > 1)
        cli_say(training->cli, "updates  one for %d batches, %s images", updates.accumulate,
                cli_format_count(&images,
                                 (size_t)updates.accumulate * cli_training_step_images(training)));
    if (updates.averages)
        cli_say(training->cli,
                "average  validated and saved is the moving average of the weights, decay %g",
                updates.ema_decay);
}

void cli_training_say_header(const struct cli_training *training)
{
    struct cli *cli = training->cli;
    const struct incline_device_info *info = incline_device_get_info(training->device);
    const struct incline_model_summary *model = incline_config_summary(training->config);
    struct cli_figure memory, parameters, multiply_adds;
    cli_say(cli, "incline %s    run %s    seed %" PRIu64, incline_version(), training->folder,
            incline_config_seed(training->config));
    cli_say(cli, "device   #%d %s (%s, %s)    %s", info->index, info->name, info->type,
            cli_format_bytes(&memory, (double)info->memory_bytes), check_state(training));
    if (training->tuned[0] != '\0')
        cli_say(cli, "tuning   %s", training->tuned);
    say_data(training);
    say_updates(training);
    cli_say(cli, "model    %s    %s parameters, %s multiply-adds an image\n", model->name,
            cli_format_count(&parameters, model->parameters),
            cli_format_short(&multiply_adds, model->multiply_adds));
}
