/* Which of several shapes of a kernel a device runs best. The layers name the candidates, best
 * guess first; all give the same bits. What was measured for the device decides, or else the first.
 *
 * Measurements are records (device/tuning_record.h) from the library's own table, data/tuning, and
 * from the user's file `tuning` in the cache folder, which wins. The device remembers what was
 * asked, so that a tuner knows what there is to measure. */
#ifndef INCLINE_DEVICE_TUNING_H
#define INCLINE_DEVICE_TUNING_H

#include "device/device.h"

enum { INCLINE_TILE_VALUES = 4 };

/* One candidate: what its numbers mean is the kernel's affair. Unused ones are 0. */
struct incline_tile {
    int values[INCLINE_TILE_VALUES];
};

/* The candidate to use for `op` ("dense_forward") on work of this shape ("in=5408 out=128
 * images=128"): one of candidates [count], count >= 1. op and candidates are copied. */
const struct incline_tile *incline_tuning_choose(struct incline_device *device, const char *op,
                                                 const char *shape,
                                                 const struct incline_tile *candidates,
                                                 size_t count);

/* Likewise where the candidates after the first sum in another order: near the first's results, but
 * other bits. Only a full tuning looks at them. */
const struct incline_tile *incline_tuning_choose_near(struct incline_device *device, const char *op,
                                                      const char *shape,
                                                      const struct incline_tile *candidates,
                                                      size_t count);

/* ---- For the tuner ---- */

enum incline_tuning_source {
    INCLINE_TUNING_GUESS,   /* nothing was measured: the first candidate */
    INCLINE_TUNING_SHIPPED, /* the library's own table */
    INCLINE_TUNING_STORED,  /* the user's file */
    INCLINE_TUNING_MEASURED /* incline_tuning_set() since the device was opened */
};

/* A question that incline_tuning_choose() was asked. */
struct incline_tuning_question {
    char *op, *shape;
    struct incline_tile *candidates;
    size_t count, chosen;
    enum incline_tuning_source source;
    bool near;   /* by incline_tuning_choose_near() */
    bool asked;  /* since the last incline_tuning_forget_asked() */
    bool misfit; /* a record was there, but its tile is no candidate */
};

size_t incline_tuning_count(const struct incline_device *device);

/* Borrowed; the next question may move it. */
const struct incline_tuning_question *incline_tuning_get(const struct incline_device *device,
                                                         size_t question);

/* Clears `asked` of every question, so that those of one plan can be told from others. */
void incline_tuning_forget_asked(struct incline_device *device);

/* Plans that are made from now on get this candidate. */
void incline_tuning_set(struct incline_device *device, size_t question, size_t candidate,
                        enum incline_tuning_source source);

/* What a measurement found. */
struct incline_tuning_result {
    size_t question;
    size_t best, second;                 /* candidates; second == best: there was no other */
    double best_seconds, second_seconds; /* medians */
};

/* Adds the results to the user's file, in place of records of the same device, op and shape; what
 * else it holds stays, but for damaged lines. Errors: IO, the file or its folder cannot be written;
 * they are refused; or the cache is switched off. */
enum incline_status incline_tuning_store(struct incline_context *ctx,
                                         const struct incline_device *device,
                                         const struct incline_tuning_result *results,
                                         size_t count) INCLINE_MUST_CHECK;

/* Says in the log, once for each, which records could not be used. */
void incline_tuning_log(struct incline_context *ctx, struct incline_device *device);

#endif
