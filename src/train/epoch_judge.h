/* What the figures of an epoch mean for the rest of the training: whether it is the best so far,
 * whether the learning rate falls, whether training ends. */
#ifndef INCLINE_TRAIN_EPOCH_JUDGE_H
#define INCLINE_TRAIN_EPOCH_JUDGE_H

#include "incline/train.h"
#include "train/config.h"

struct incline_epoch_judge {
    const struct incline_train_section *train;
    bool validates;
    int watch; /* what `best` follows */
    bool has_best;
    double best;
    struct incline_patience early_stop, plateau;
    int plateaus;   /* for the schedule */
    bool converged; /* early_stop ends the training */
};

/* validates: there are validation figures. Without them `best` follows the training accuracy.
 * train is borrowed. */
void incline_epoch_judge_init(struct incline_epoch_judge *judge,
                              const struct incline_train_section *train, bool validates);

/* Takes a complete epoch. Sets progress->best, and when it is, what result tells of the best. An
 * epoch without a validation where there are some says nothing. */
void incline_epoch_judge_note(struct incline_epoch_judge *judge, struct incline_progress *progress,
                              struct incline_train_result *result);

/* Whether there is another epoch after this one. */
bool incline_epoch_judge_goes_on(const struct incline_epoch_judge *judge, int epoch);

#endif
