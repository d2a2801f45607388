/* The learning rate over a training: `incline summary --schedule`. */
#ifndef INCLINE_CLI_SCHEDULE_OUTPUT_H
#define INCLINE_CLI_SCHEDULE_OUTPUT_H

#include "cli/cli.h"

/* epoch_steps: steps of an epoch, which only the data tells; 0: an example. */
int cli_print_schedule(struct cli *cli, const struct incline_config *config, size_t epoch_steps);
int cli_print_schedule_json(struct cli *cli, const struct incline_config *config,
                            size_t epoch_steps);

#endif
