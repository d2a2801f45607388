#include "cli/device_memory.h"

/* Images in a step of the workload. */
static int step_images(const struct incline_config *config, const struct incline_workload *workload)
{
    int batch = workload->batch > 0 ? workload->batch : incline_config_batch_size(config);
    bool all = workload->images > 0 && workload->images < (size_t)batch;
    return all ? (int)workload->images : batch;
}

void cli_suggest_batch(struct cli *cli, struct incline_device *device,
                       const struct incline_config *config, const struct incline_workload *workload)
{
    int batch;
    if (incline_memory_batch(cli->ctx, device, config, workload, &batch) != INCLINE_OK) {
        incline_error_clear(cli->ctx);
        batch = 0;
    }
    if (batch == 0)
        cli_say(cli, "No batch size fits into the memory of this device.");
    else if (batch < step_images(config, workload))
        cli_say(cli, "A batch of %d fits: -b %d", batch, batch);
}
