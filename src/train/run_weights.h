/* The weights in a run folder: last.safetensors and best.safetensors. */
#ifndef INCLINE_TRAIN_RUN_WEIGHTS_H
#define INCLINE_TRAIN_RUN_WEIGHTS_H

#include "incline/data.h"
#include "incline/train.h"
#include "network/parameters.h"
#include "train/config.h"

struct incline_run_weights {
    struct incline_context *ctx;
    const struct incline_dataset *dataset;
    struct incline_config recorded; /* the run's, with a text that tells where the data is */
    const struct incline_parameters *parameters;
    const char *folder;
    char *last_path, *best_path;
    bool has_earlier; /* the run that this one overwrites waits for the first weights */
};

/* Sets weights->recorded. config and dataset are borrowed. */
enum incline_status
incline_run_weights_record(struct incline_run_weights *weights, struct incline_context *ctx,
                           const struct incline_config *config,
                           const struct incline_dataset *dataset) INCLINE_MUST_CHECK;

/* Once the run folder is there. parameters and folder are borrowed. */
enum incline_status incline_run_weights_begin(struct incline_run_weights *weights,
                                              const struct incline_parameters *parameters,
                                              const char *folder) INCLINE_MUST_CHECK;

/* Write one of the files, and the checkpoint event with where progress stands. */
enum incline_status
incline_run_weights_save_last(struct incline_run_weights *weights,
                              const struct incline_progress *progress) INCLINE_MUST_CHECK;
enum incline_status
incline_run_weights_save_best(struct incline_run_weights *weights,
                              const struct incline_progress *progress) INCLINE_MUST_CHECK;

/* The parameters and last.safetensors become those of best.safetensors, which is of the epoch that
 * progress tells. */
enum incline_status
incline_run_weights_restore_best(struct incline_run_weights *weights,
                                 const struct incline_progress *progress) INCLINE_MUST_CHECK;

/* Brings the earlier run back when no weights were written. */
void incline_run_weights_finish(struct incline_run_weights *weights);

#endif
