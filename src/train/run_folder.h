/* The folder that a training leaves behind:
 *   config.yaml       everything, defaults filled in
 *   environment.json  version, device, driver, variables that matter, the data set with checksums
 *   log.csv           one line an epoch: time and data_wait in seconds, lr, loss, ...
 *   watch.csv         of each watched step a line for each parameter, and one for each layer
 *                     without any that has units which can die
 *   events.jsonl      start, step and watch (one a second), checkpoint, epoch, warning, end; one
 *                     JSON object a line
 *   weights/last.safetensors, weights/best.safetensors */
#ifndef INCLINE_TRAIN_RUN_FOLDER_H
#define INCLINE_TRAIN_RUN_FOLDER_H

#include "base/text.h"
#include "incline/data.h"
#include "incline/train.h"

/* Fails with IO when the folder that options name exists and may be neither overwritten nor
 * numbered; changes nothing. */
enum incline_status
incline_run_folder_check(struct incline_context *ctx,
                         const struct incline_train_options *options) INCLINE_MUST_CHECK;

/* Creates the folder that options name, with config.yaml, environment.json, the head of log.csv and
 * the start event. *path: its name, allocated. Of several callers with one name only one gets it,
 * and keeps it until it gives *lock to incline_folder_unlock(), against those that overwrite; one
 * of these sets a run that was there aside (earlier_run.h). On failure, a new folder is removed
 * again and an earlier run brought back. */
enum incline_status incline_run_folder_start(struct incline_context *ctx,
                                             const struct incline_train_options *options,
                                             const struct incline_config *config,
                                             const struct incline_device *device,
                                             const struct incline_dataset *dataset, char **path,
                                             int *lock) INCLINE_MUST_CHECK;

/* Adds the lines of watch.csv for a watched step, and appends such lines to the file. */
void incline_run_folder_write_watched(const struct incline_watched *watched,
                                      struct incline_text *lines);
enum incline_status
incline_run_folder_append_watched(struct incline_context *ctx, const char *path,
                                  struct incline_text *lines) INCLINE_MUST_CHECK;

/* Each of these also appends the warnings that were logged since the one before. */

/* Appends a step event to events.jsonl: figures of the epoch so far. */
enum incline_status
incline_run_folder_step(struct incline_context *ctx, const char *path,
                        const struct incline_progress *progress) INCLINE_MUST_CHECK;

/* Appends a watch event: the figures of a watched step. */
enum incline_status
incline_run_folder_watch(struct incline_context *ctx, const char *path,
                         const struct incline_watched *watched) INCLINE_MUST_CHECK;

/* Appends an epoch to log.csv and events.jsonl. */
enum incline_status
incline_run_folder_epoch(struct incline_context *ctx, const char *path,
                         const struct incline_progress *progress) INCLINE_MUST_CHECK;

/* Appends a checkpoint event to events.jsonl: weights, a path below the folder, were written. */
enum incline_status incline_run_folder_checkpoint(struct incline_context *ctx, const char *path,
                                                  const struct incline_progress *progress,
                                                  const char *weights) INCLINE_MUST_CHECK;

/* Appends the end event: how it ended ("done", "early-stop", "max-time", "interrupted",
 * "diverged", "failed"). */
enum incline_status incline_run_folder_end(struct incline_context *ctx, const char *path,
                                           const char *how,
                                           long long total_step) INCLINE_MUST_CHECK;

#endif
