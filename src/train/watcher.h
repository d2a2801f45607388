/* The watched steps of a training: one of every so many, from the first on. Their figures stay on
 * the device until the metrics are read, too. */
#ifndef INCLINE_TRAIN_WATCHER_H
#define INCLINE_TRAIN_WATCHER_H

#include "incline/train.h"
#include "network/watch.h"
#include "train/watch_judge.h"

struct incline_watcher {
    int every; /* steps; 0: none is watched */
    bool due;  /* the next step that makes an update is watched */
    const struct incline_step_watch *watch;
    struct incline_watch_row *rows; /* of the step read last */
    size_t row_count;
    struct incline_watch_place *places; /* [row_count] where the rows' figures are in a slot */
    /* Of the epoch: when each slot's step was, and what it left. */
    struct incline_watched *steps;
    float *figures;
    size_t enqueued, read;                /* slots, from the first on */
    const struct incline_watched *latest; /* that was read and is in no event yet; or NULL */
    struct incline_watch_judge judge;
};

/* Watched steps that an epoch of `steps` has at most. */
size_t incline_watches_of_epoch(int every, size_t steps);

/* watch, which has `slots`, and the layers, which are the model's, must outlive it. */
enum incline_status incline_watcher_init(struct incline_context *ctx, int every,
                                         const struct incline_step_watch *watch,
                                         const struct incline_layer *layers, size_t layer_count,
                                         size_t slots,
                                         struct incline_watcher *watcher) INCLINE_MUST_CHECK;
void incline_watcher_finish(struct incline_watcher *watcher);

void incline_watcher_begin_epoch(struct incline_watcher *watcher);

/* Whether the step before which `earlier` were made is watched: it is due, or one before it was,
 * and it makes an update. */
bool incline_watcher_takes(struct incline_watcher *watcher, long long earlier, bool updates);

/* Takes the next step that is enqueued and watched; its rows are not looked at. Returns its slot.
 */
int incline_watcher_enqueue(struct incline_watcher *watcher, const struct incline_watched *when);

/* Waits for the watched steps enqueued so far, and for each one logs what is wrong, adds its lines
 * to watch.csv in the folder, and calls callbacks->watched. Does nothing where no step is watched.
 */
enum incline_status
incline_watcher_read(struct incline_context *ctx, struct incline_watcher *watcher,
                     const char *folder,
                     const struct incline_train_callbacks *callbacks) INCLINE_MUST_CHECK;

/* Appends an event for the latest watched step that was read, unless it has one. */
enum incline_status incline_watcher_record(struct incline_context *ctx,
                                           struct incline_watcher *watcher,
                                           const char *folder) INCLINE_MUST_CHECK;

#endif
