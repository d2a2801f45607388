/* What the files of `incline train` share.
 *
 *   verb_train.c     its options, the run, what is said while and after it
 *   train_dry_run.c  --dry-run, and what has room on the device
 *   train_header.c   what is said before the first step
 *   training_end.c   what is said when a training has ended by itself */
#ifndef INCLINE_CLI_TRAINING_H
#define INCLINE_CLI_TRAINING_H

#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/watch_output.h"

struct cli_train_options {
    const char *weights, *out, *name, *no_fuse;
    bool overwrite, overfit_batch, dry_run, unchecked;
    double max_seconds;
    size_t limit_train, limit_val, watch;
    int tune; /* auto, off, quick or full, from 0 */
};

/* One run of the verb, from the parsed options to the end. */
struct cli_training {
    struct cli *cli;
    const struct cli_train_options *options;
    struct incline_config *config;
    struct incline_dataset *dataset;
    struct incline_device *device;
    bool checked_before; /* the cache remembered the check */
    double check_seconds;
    char *weights;       /* file to start from, NULL: none */
    char *folder;        /* asked for; from the start on the one that was made */
    char *quoted_folder; /* for the commands that are suggested */
    struct cli_progress progress;
    struct cli_watch watch;
    struct incline_train_result result;
    char tuned[160]; /* what tuning came to, for the header; "": there was none */
};

/* The images that are validated on; count 0: there are none. */
const struct incline_images *cli_training_held_out(const struct incline_dataset *dataset);

/* Images in a step: a batch is never larger than the training part. */
size_t cli_training_step_images(const struct cli_training *training);

/* Checks what --dry-run promises to; returns an exit code. */
int cli_training_dry_run(const struct cli_training *training);

/* Whether the device's memory suffices. A training that has no room fails at its start. */
bool cli_training_has_room(const struct cli_training *training);

/* Says which batch size has room. */
void cli_training_suggest_batch(const struct cli_training *training);

/* Device, data, model, and what is unusual about the updates. */
void cli_training_say_header(const struct cli_training *training);

#endif
