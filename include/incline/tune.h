/* Tuning: measures which shapes of its kernels a network runs best on a device, and keeps the
 * result in the user's cache folder. It changes speed, never results: a candidate counts only when
 * it gives the same bits as the first. */
#ifndef INCLINE_TUNE_H
#define INCLINE_TUNE_H

#include "incline/config.h"
#include "incline/device.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

enum incline_tune_mode {
    INCLINE_TUNE_OFF,   /* what was measured before is used, nothing is measured */
    INCLINE_TUNE_QUICK, /* only what was never measured, a few candidates of each, 5 s in all */
    INCLINE_TUNE_FULL   /* everything, all candidates */
};

/* Where tuning stands. */
struct incline_tune_progress {
    int done, candidates; /* looked at so far, and in all */
    double seconds;       /* since the start */
    const char *op;       /* "dense_forward" */
};

struct incline_tune_options {
    enum incline_tune_mode mode;
    int batch;                   /* images a step; 0: as the configuration says */
    const char *no_fuse;         /* fusions to leave out, as in incline_train_options */
    double max_seconds;          /* 0: no limit but the 5 s of QUICK */
    volatile sig_atomic_t *stop; /* not 0: end after this candidate; may be NULL */
    void *cookie;
    void (*progress)(void *cookie, const struct incline_tune_progress *progress); /* or NULL */
};

/* What was found for one operation of one shape. Texts are owned by the result. */
struct incline_tune_row {
    char *op, *shape; /* "dense_forward", "in=5408 out=128 images=128" */
    char first[48],
        best[48]; /* the numbers of the first candidate and of the best: "16", "2 9 20" */
    double first_seconds, best_seconds; /* medians, of the launches that differ */
    int candidates;                     /* that there are */
    int compared;                       /* with the best so far, by the clock */
    int dropped;                        /* wrong results, or none at all */
    bool noisy;                         /* the timings scatter too much to be kept */
};

struct incline_tune_result {
    size_t count;
    struct incline_tune_row *rows;
    int known;        /* operations that were measured before and left alone */
    bool out_of_time; /* some candidates were not looked at */
    bool loaded;      /* the machine is busy with other work: used for now, but not kept */
    size_t stored;    /* rows that were kept for later */
    double seconds;
    /* Of a training step, on the device; before 0: nothing was tried, for a quick tuning of a busy
     * machine, or one that took half of the time for the first step; after 0: there was no time. */
    double step_before_seconds, step_after_seconds;
};

/* Tunes the training step of config on the device, on made-up images. The device uses what is found
 * at once. Errors: those of making and running the step, and ARGUMENT for a fusion in no_fuse that
 * is none; that a candidate fails is no error. That results cannot be kept is said in the log. Free
 * *out with incline_tune_finish(), also after a failure. */
INCLINE_API enum incline_status incline_tune(struct incline_context *ctx,
                                             struct incline_device *device,
                                             const struct incline_config *config,
                                             const struct incline_tune_options *options,
                                             struct incline_tune_result *out) INCLINE_MUST_CHECK;
INCLINE_API void incline_tune_finish(struct incline_tune_result *result);

#endif
