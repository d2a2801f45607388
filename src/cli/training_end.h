/* What `train` says when a training has ended by itself. */
#ifndef INCLINE_CLI_TRAINING_END_H
#define INCLINE_CLI_TRAINING_END_H

#include "cli/training.h"

/* Why it ended, which epoch is kept, how long it took. */
void cli_training_say_end(const struct cli_training *training);

/* "3/10", the epoch in which training stopped. */
struct cli_figure;
const char *cli_format_last_epoch(struct cli_figure *figure, const struct incline_config *config,
                                  const struct incline_train_result *result);

/* Of an epoch that was stopped: its figures so far, as there is no line for it. */
void cli_say_so_far(struct cli *cli, const struct incline_train_result *result);

#endif
