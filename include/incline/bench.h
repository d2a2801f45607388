/* Measuring: how fast a device trains and classifies, layer by layer if wanted, and what it could
 * do at most.
 *
 * A measurement is some repeats of the same work. One repeat does the work as many times as it
 * takes to last min_seconds; the number is found by growing it. The queue is drained before each
 * reading of the clock, so a repeat holds all of its work and nothing else. Times are wall time, in
 * seconds, unless called device time, which is the device's own clock. */
#ifndef INCLINE_BENCH_H
#define INCLINE_BENCH_H

#include "incline/config.h"
#include "incline/device.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct incline_bench_timing {
    int repeats;                 /* >= 1 */
    int warmups;                 /* untimed repeats before those, >= 0 */
    double min_seconds;          /* a repeat lasts at least this long, > 0 */
    double delay_seconds;        /* pause before each repeat, so that a device cools down; >= 0 */
    volatile sig_atomic_t *stop; /* not 0: end before the next run; may be NULL */
};

/* Seconds for doing the work once, as each repeat found them. */
struct incline_bench_samples {
    size_t count;
    double *seconds; /* [count] */
    size_t runs;     /* how many times a repeat did the work */
    double mean, deviation;
};
INCLINE_API void incline_bench_samples_finish(struct incline_bench_samples *samples);

/* *mean = sum of values / count; *deviation = sqrt(sum of (value - mean)^2 / (count - 1)), the
 * deviation of a sample, 0 for one value. count >= 1. */
INCLINE_API void incline_bench_statistics(const double *values, size_t count, double *mean,
                                          double *deviation);

/* What is known about the results of what was measured. */
enum incline_bench_state {
    INCLINE_BENCH_CHECKED,     /* the check found them right */
    INCLINE_BENCH_UNCHECKED,   /* nobody looked, but the loss is a number */
    INCLINE_BENCH_FAILED_CHECK /* they are wrong: there are no figures */
};
INCLINE_API const char *incline_bench_state_name(enum incline_bench_state state);

/* ---- A network, or one layer ---- */

enum incline_bench_mode {
    INCLINE_BENCH_TRAIN, /* gather, forward, loss, backward, update */
    INCLINE_BENCH_INFER  /* gather, forward, probabilities; they stay on the device */
};

/* Holds what a network computes on a device against a reference before its speed is believed:
 * *right = whether it agrees; text [text_bytes] says what does not. */
typedef enum incline_status (*incline_bench_verify)(struct incline_context *ctx,
                                                    struct incline_device *device,
                                                    const struct incline_config *config, int batch,
                                                    enum incline_bench_mode mode, void *cookie,
                                                    bool *right, char *text, size_t text_bytes);

struct incline_bench_options {
    struct incline_bench_timing timing;
    enum incline_bench_mode mode;
    int batch;                   /* images in a step; 0: the configuration's */
    bool per_layer;              /* fill in the result's layers */
    incline_bench_verify verify; /* called before anything is timed; NULL: nobody looks */
    void *verify_cookie;
};

/* The launches of a step that carry one label. */
struct incline_bench_layer {
    char name[64];    /* the label: a layer's name, "input", a loss */
    char covers[128]; /* types of the layers it names, "conv2d 3x3 + relu"; "" for others */
    size_t launches;
    double forward, loss, backward, update; /* device seconds of a step, median of several */
    double flops;                           /* of a step, see below */
};

/* Floating point operations are two for each multiply-add of conv2d and dense layers. A step of
 * training counts three passes, forward, data and weight gradients, as is usual; a layer in
 * `layers` only those that are computed. */
struct incline_bench_result {
    enum incline_bench_state state;
    char problem[256]; /* FAILED_CHECK: what is wrong; every figure is 0 then */
    int batch;
    size_t parameters;
    double multiply_adds;              /* an image, forward */
    struct incline_bench_samples step; /* one step */
    double images_per_second, images_per_second_deviation;
    double flops_per_second;
    double device_seconds;     /* of one step: the sum of its launches, median of several */
    double build_seconds;      /* the step's programs, also those that verify has built before */
    double first_step_seconds; /* some drivers compile at the first launch */
    size_t launches;           /* of a step */
    struct incline_bench_layer *layers;
    size_t layer_count;
};
INCLINE_API void incline_bench_result_finish(struct incline_bench_result *result);

/* Times steps of config's network with synthetic images and labels that lie on the device; no data
 * set is read. Weights are config's start values and the learning rate is 0, so that each step does
 * the same work on the same numbers. Free *out with incline_bench_result_finish, also on failure.
 * Errors: those of making a network; those of verify; INTERRUPTED, after *timing.stop was set. */
INCLINE_API enum incline_status
incline_bench_network(struct incline_context *ctx, struct incline_device *device,
                      const struct incline_config *config,
                      const struct incline_bench_options *options,
                      struct incline_bench_result *out) INCLINE_MUST_CHECK;

/* One layer of a standard shape. */
struct incline_bench_op {
    const char *op;     /* "conv", "gemm", "pool", "activation" */
    const char *shape;  /* "conv2d 3x3, 32x32x16 to 16" */
    const char *config; /* the configuration whose first layer it is */
};

enum { INCLINE_BENCH_OP_BATCH = 128 }; /* the batch of options->batch 0 */

/* All of them; ended by op NULL. */
INCLINE_API const struct incline_bench_op *incline_bench_ops(void);

/* Times the layer alone, forward or forward and backward with data gradient and update, unfused, on
 * random numbers. options->per_layer is ignored. As incline_bench_network otherwise. */
INCLINE_API enum incline_status
incline_bench_layer_op(struct incline_context *ctx, struct incline_device *device,
                       const struct incline_bench_op *op,
                       const struct incline_bench_options *options,
                       struct incline_bench_result *out) INCLINE_MUST_CHECK;

/* ---- The device ---- */

enum incline_bench_fact_kind {
    INCLINE_BENCH_PEAK,        /* fused multiply-adds in registers; rate in FLOP/s */
    INCLINE_BENCH_COPY,        /* b = a; rate in bytes/s, read and written ones counted */
    INCLINE_BENCH_TRIAD,       /* a = b + s c; rate in bytes/s, likewise */
    INCLINE_BENCH_LAUNCH,      /* kernels of one work-item, queued in a row; rate in launches/s */
    INCLINE_BENCH_LAUNCH_WAIT, /* each waited for before the next */
    INCLINE_BENCH_FACTS
};

/* "peak", "copy", "triad", "launch", "launch_wait" */
INCLINE_API const char *incline_bench_fact_name(enum incline_bench_fact_kind kind);

struct incline_bench_fact {
    enum incline_bench_state state; /* CHECKED or FAILED_CHECK */
    struct incline_bench_samples samples;
    double work; /* in one run: FLOP, bytes, launches */
    double rate, rate_deviation;
    double best_rate; /* of the fastest repeat: the limit to hold other figures against */
};
INCLINE_API void incline_bench_fact_finish(struct incline_bench_fact *fact);

/* Measures one fact. PEAK is the best of several numbers of independent chains. Free *out with
 * incline_bench_fact_finish, also on failure. Errors: DEVICE, BUILD, MEMORY, INTERRUPTED. */
INCLINE_API enum incline_status
incline_bench_device(struct incline_context *ctx, struct incline_device *device,
                     enum incline_bench_fact_kind kind, const struct incline_bench_timing *timing,
                     struct incline_bench_fact *out) INCLINE_MUST_CHECK;

/* ---- Where it was measured ---- */

/* What the system tells; "" where it does not. */
struct incline_bench_environment {
    char version[32], commit[48]; /* of incline; commit "" when built outside a checkout */
    char os[128], cpu[128];
    char clblast[32]; /* its version, "unknown", or "" in a build without it */
    char time[32];    /* now, UTC, "2026-11-24T09:30:00Z" */
    double load;      /* mean number of running processes over the last minute, -1: not known */
};
INCLINE_API void incline_bench_environment_read(struct incline_bench_environment *out);

#endif
