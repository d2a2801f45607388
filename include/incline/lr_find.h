/* Finding a learning rate: some steps of training with a rate that grows from step to step, until
 * the loss rises for good (Smith 2017, Cyclical learning rates for training neural networks,
 * section 3.3). The weights are thrown away. */
#ifndef INCLINE_LR_FIND_H
#define INCLINE_LR_FIND_H

#include "incline/config.h"
#include "incline/data.h"
#include "incline/device.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct incline_lr_find_options {
    double from, to; /* the rate of the first and of the last step; 0 < from < to <= 1e30 */
    int steps;       /* at least 10; rate of step i: from (to / from)^(i / (steps - 1)) */
    volatile sig_atomic_t *stop; /* not 0: stop, return INTERRUPTED; may be NULL */
    void *cookie;
    void (*progress)(void *cookie, int done, int steps); /* now and then; or NULL */
};

struct incline_lr_point {
    double learning_rate;
    double loss;   /* of the step's batches (train.accumulate), before its update */
    double smooth; /* running mean of loss, what came long ago counting less */
};

struct incline_lr_find_result {
    size_t count; /* steps done; fewer than asked for when the loss rose for good or was NaN */
    struct incline_lr_point *points;
    bool rose;       /* ended by a loss 4 times the lowest, or no number */
    bool found;      /* the loss fell somewhere; the two below are set */
    double steepest; /* where the smoothed loss falls fastest against the logarithm of the rate */
    double lowest;   /* where it is lowest; training wants at most a tenth of it */
};

/* Runs the test on the training images of dataset with config's network, loss, optimizer, batch
 * size and seed. What is passed is borrowed; free *out with incline_lr_find_finish(), on failure
 * too. Fails with INTERRUPTED, when *out tells of the steps so far, and as incline_train() does
 * before its first step; ARGUMENT for a range or number of steps as above. */
INCLINE_API enum incline_status
incline_lr_find(struct incline_context *ctx, struct incline_device *device,
                const struct incline_config *config, const struct incline_dataset *dataset,
                const struct incline_lr_find_options *options,
                struct incline_lr_find_result *out) INCLINE_MUST_CHECK;

INCLINE_API void incline_lr_find_finish(struct incline_lr_find_result *result);

#endif
