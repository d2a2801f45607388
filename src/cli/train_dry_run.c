#include "cli/device_memory.h"
#include "cli/format.h"
#include "cli/training.h"

const struct incline_images *cli_training_held_out(const struct incline_dataset *dataset)
{
    return dataset->val_is_test ? &dataset->test : &dataset->val;
}

static void print_steps(const struct cli_training *training)
{
    struct cli_figure epoch, all;
    size_t batch = (size_t)incline_config_batch_size(training->config);
    size_t steps = (training->dataset->train.count + batch - 1) / batch;
    size_t epochs = (size_t)incline_config_epochs(training->config);
    cli_print(training->cli, "steps: %s an epoch, %s in all.  Nothing was trained or written.\n",
              cli_format_count(&epoch, steps),
              epochs > 0 ? cli_format_count(&all, steps * epochs) : "no limit");
}

static void print_data_ok(const struct cli_training *training)
{
    const struct incline_dataset *dataset = training->dataset;
    const size_t others[] = {dataset->val.count, dataset->test.count};
    struct cli_figure figure;
    cli_print(training->cli, "config ok    data ok (%s",
              cli_format_count(&figure, dataset->train.count));
    for (size_t i = 0; i < 2; i++) {
        if (others[i] > 0)
            cli_print(training->cli, " + %s", cli_format_count(&figure, others[i]));
    }
    cli_print(training->cli, " images, %d classes)    model ok%s\n", dataset->classes,
              training->weights != NULL ? "    weights ok" : "");
}

size_t cli_training_step_images(const struct cli_training *training)
{
    size_t batch = (size_t)incline_config_batch_size(training->config);
    return batch < training->dataset->train.count ? batch : training->dataset->train.count;
}

static void print_device(struct cli *cli, const struct incline_device_info *info,
                         const struct incline_memory_need *need)
{
    struct cli_figure there;
    cli_print(cli, "; #%d %s %s", info->index, cli_format_bytes(&there, (double)info->memory_bytes),
              incline_memory_fits(info, need) ? "ok" : "too small");
}

/* The device that was chosen, and where none was asked for, the others there are. */
static void print_devices(const struct cli_training *training,
                          const struct incline_memory_need *need)
{
    struct cli *cli = training->cli;
    const struct incline_device_info *chosen = incline_device_get_info(training->device);
    struct incline_device_list *list = NULL;
    print_device(cli, chosen, need);
    if (cli_device_selector(cli) != NULL)
        return;
    if (incline_devices_list(cli->ctx, &list) != INCLINE_OK)
        incline_error_clear(cli->ctx); /* they are only a hint */
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        const struct incline_device_info *info = &list->devices[i];
        if (info->index >= 0 && info->same_as < 0 && info->index != chosen->index &&
            info->index != chosen->same_as)
            print_device(cli, info, need);
    }
    incline_devices_free(&list);
}

static struct incline_workload workload_of(const struct cli_training *training)
{
    return (struct incline_workload){
        .work = INCLINE_WORK_TRAIN,
        .images = training->dataset->train.count,
        .val_images = cli_training_held_out(training->dataset)->count,
        .watch = (int)training->options->watch,
    };
}

static enum incline_status plan_memory(const struct cli_training *training,
                                       struct incline_memory_need *need, bool *fits)
{
    const struct incline_device_info *info = incline_device_get_info(training->device);
    struct incline_workload workload = workload_of(training);
    enum incline_status status = incline_memory_plan(training->cli->ctx, training->device,
                                                     training->config, &workload, need);
    *fits = status == INCLINE_OK && incline_memory_fits(info, need);
    return status;
}

void cli_training_suggest_batch(const struct cli_training *training)
{
    struct incline_workload workload = workload_of(training);
    cli_suggest_batch(training->cli, training->device, training->config, &workload);
}

/* Loads the weights to start from into a network that nothing is done with. */
static int try_weights(const struct cli_training *training)
{
    struct cli *cli = training->cli;
    struct incline_network *network = NULL;
    if (training->weights == NULL)
        return CLI_EXIT_OK;
    enum incline_status status =
        incline_network_create(cli->ctx, training->device, training->config, 0, &network);
    if (status == INCLINE_OK)
        status = incline_network_load_weights(cli->ctx, network, training->weights);
    incline_network_destroy(&network);
    return status == INCLINE_OK ? CLI_EXIT_OK : cli_fail(cli, status);
}

int cli_training_dry_run(const struct cli_training *training)
{
    struct cli *cli = training->cli;
    const struct incline_device_info *info = incline_device_get_info(training->device);
    struct incline_memory_need need;
    struct cli_figure needed, there, largest;
    bool fits;
    int code = try_weights(training);
    if (code != CLI_EXIT_OK)
        return code;
    enum incline_status status = plan_memory(training, &need, &fits);
    if (status != INCLINE_OK)
        return cli_fail(cli, status);
    print_data_ok(training);
    cli_print(cli, "memory at batch %zu: %s needed", cli_training_step_images(training),
              cli_format_bytes(&needed, (double)need.total));
    print_devices(training, &need);
    cli_print(cli, "\n");
    print_steps(training);
    if (fits)
        return CLI_EXIT_OK;
    cli_format_bytes(&largest, (double)info->max_alloc_bytes);
    if (need.total <= info->memory_bytes)
        cli_error(cli, 0,
                  "the device has too little memory: it allows %s in one buffer, and %s are needed",
                  largest.text, cli_format_bytes(&needed, (double)need.largest));
    else
        cli_error(cli, 0, "the device has too little memory: %s, at most %s in one buffer",
                  cli_format_bytes(&there, (double)info->memory_bytes), largest.text);
    cli_training_suggest_batch(training);
    return CLI_EXIT_DEVICE;
}

bool cli_training_has_room(const struct cli_training *training)
{
    struct incline_memory_need need;
    bool fits;
    if (plan_memory(training, &need, &fits) != INCLINE_OK)
        incline_error_clear(training->cli->ctx);
    return fits;
}
