/* Which steps of an epoch update the parameters, and what their moving average takes of it: pure
 * functions of where training stands. */
#ifndef INCLINE_TRAIN_UPDATES_H
#define INCLINE_TRAIN_UPDATES_H

#include "device/plan.h"
#include "train/config.h"

/* An epoch: its images in batches, of which the last may be short. `accumulate` batches, or those
 * that are left at the end, make an update. */
struct incline_epoch_updates {
    size_t images, batch;
    int accumulate; /* 0 is as 1 */
};

/* Updates of an epoch. */
long long incline_epoch_updates_count(const struct incline_epoch_updates *epoch);

/* Where a step, from 0, of an epoch, from 1, stands. */
struct incline_accumulation incline_epoch_updates_at(const struct incline_epoch_updates *epoch,
                                                     size_t step, int number);

/* What the average takes of the parameters after `updates` earlier updates, of which an epoch has
 * so many: all until and with the first of ema->from_epoch. */
float incline_ema_share(const struct incline_ema *ema, long long updates, long long epoch_updates);

#endif
