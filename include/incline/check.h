/* Does a device compute what the equations say? Every operation of a network, run on the device and
 * held against a reference in double precision on the host. */
#ifndef INCLINE_CHECK_H
#define INCLINE_CHECK_H

#include "incline/config.h"
#include "incline/device.h"

#include <stdbool.h>
#include <stddef.h>

enum incline_check_verdict {
    INCLINE_CHECK_PASSED,
    INCLINE_CHECK_FAILED,
    INCLINE_CHECK_SKIPPED /* this device or build cannot run it, nor will training; problem says why
                           */
};

/* One comparison. Texts are valid during the call that hands it over. */
struct incline_check_row {
    const char *op;      /* "conv2d_1 weight gradient", "whole step, fused" */
    const char *kernels; /* what computed it, "conv2d_backward_weights, reduce_parts"; may be "" */
    const char *tensor;  /* y, dx, dw, db: output and gradients; w, b: after an update; ... */
    const char *shape;   /* "28x28x1 to 26x26x32, 17 images" */
    size_t elements, compared; /* of the tensor; all or a sample of them */
    double l2;                 /* |got - reference| / |reference|, over what was compared */
    double largest; /* largest difference of an element / largest element of the reference */
    double limit;   /* what l2 and largest may be */
    enum incline_check_verdict verdict;
    const char *problem; /* "" or more about a failure: "memory beside y was overwritten" */
};

struct incline_check_options {
    int batch;      /* whose kernels are checked: tuning chooses by it; 0: the configuration's */
    bool inference; /* only what classifying runs: forward passes and probabilities */
    bool full; /* compare every element; otherwise a sample of the large tensors, at bounded cost */
    bool products; /* also the matrix products that this build has but training would not choose */
    void (*row)(void *cookie, const struct incline_check_row *row); /* may be NULL */
    void *cookie;
};

struct incline_check_result {
    size_t passed, failed, skipped; /* rows */
    double seconds;
    char first_failure[600]; /* op, kernels, tensor, shape, device and errors in one line, or "" */
};

/* Checks every operation that training config's network on device, and validating and classifying
 * with it, run: input, each layer's forward pass and gradients, loss and update, each for itself
 * and with the network's own shapes, kernels and (at most 17, one whole and one begun block of)
 * images; then, when all of them are right, one whole step of training with all fusions against the
 * same step with none, and the figures of an evaluation and the probabilities against the scores of
 * a step without fusions. Numbers are random, the same at each call. Works with buffers of its own;
 * waits. Returns OK when the check was made, whatever it found: see out->failed. Fails as kernel
 * builds, launches and allocations do. Limits: relative error 1e-5 as a whole (L2) and of each
 * element relative to the largest one. */
INCLINE_API enum incline_status incline_check(struct incline_context *ctx,
                                              struct incline_device *device,
                                              const struct incline_config *config,
                                              const struct incline_check_options *options,
                                              struct incline_check_result *out) INCLINE_MUST_CHECK;

/* The same, unless the cache folder remembers that this version passed on this device, driver,
 * network and batch: then *before = true and nothing is run. A pass is remembered; a cache that
 * cannot be used is one warning in the log. Kernels from INCLINE_KERNEL_DIR are checked every time.
 */
INCLINE_API enum incline_status
incline_check_once(struct incline_context *ctx, struct incline_device *device,
                   const struct incline_config *config, const struct incline_check_options *options,
                   struct incline_check_result *out, bool *before) INCLINE_MUST_CHECK;

/* Configurations, as text, whose networks have every layer, activation and loss between them, at
 * sizes that fill no tile: what to check when no network is given. NULL-terminated. */
INCLINE_API const char *const *incline_check_networks(void);

#endif
