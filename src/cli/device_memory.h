/* What can be done about a device whose memory is short. */
#ifndef INCLINE_CLI_DEVICE_MEMORY_H
#define INCLINE_CLI_DEVICE_MEMORY_H

#include "cli/cli.h"

/* After a failure: when the device has too little memory for the workload, says which batch size
 * has enough. Nothing else should be on the device. */
void cli_suggest_batch(struct cli *cli, struct incline_device *device,
                       const struct incline_config *config,
                       const struct incline_workload *workload);

#endif
