/* The run in a folder that a training overwrites. It waits in FOLDER/previous, itself a run folder,
 * until the new run has saved weights; a training that comes to nothing leaves the folder as it
 * was. After a crash it is still there. Only the files of a run are touched. */
#ifndef INCLINE_TRAIN_EARLIER_RUN_H
#define INCLINE_TRAIN_EARLIER_RUN_H

#include "base/error.h"

#include <stdbool.h>

/* Moves the files of the run in folder to folder/previous; *found: there were any. What a crash
 * left in folder/previous is brought back before. Fails with IO, and then changes nothing. */
enum incline_status incline_earlier_run_set_aside(struct incline_context *ctx, const char *folder,
                                                  bool *found) INCLINE_MUST_CHECK;

/* A file in folder that is named as a run's is, where folder is none of a run: what overwriting
 * would lose; or NULL. A run has events.jsonl. */
const char *incline_earlier_run_find_alien(const char *folder);

/* true when folder/previous holds a run. */
bool incline_earlier_run_is_aside(const char *folder);

/* Puts the files back in the place of the new run's. */
enum incline_status incline_earlier_run_bring_back(struct incline_context *ctx,
                                                   const char *folder) INCLINE_MUST_CHECK;

/* Removes what a crash left of the run's files that were being written, FILE.tmp-PID-N (base/file.h).
 * The folder must be the caller's (incline_folder_lock). Cannot fail, as below. */
void incline_earlier_run_sweep(const char *folder);

/* Removes folder/previous. Files that are left behind do no harm, so it cannot fail. */
void incline_earlier_run_drop(const char *folder);

#endif
