/* Loss and hits of a network over a set of images: for validation while training, and for eval. */
#ifndef INCLINE_TRAIN_EVALUATOR_H
#define INCLINE_TRAIN_EVALUATOR_H

#include "incline/data.h"
#include "network/step.h"
#include "train/config.h"

struct incline_evaluator;

struct incline_scores {
    double loss;     /* mean over the images, weighted where the loss weights it */
    double accuracy; /* 0 .. 1; with several classes an image, share of the decisions */
    double top_k;    /* 0 .. 1; with several classes an image, share of those right in all */
};

/* Takes images and parameters to device, once. config and parameters must outlive it. rewrites: set
 * of enum incline_rewrite. */
enum incline_status incline_evaluator_create(
    struct incline_context *ctx, struct incline_device *device, const struct incline_config *config,
    const struct incline_parameters *parameters, const struct incline_images *images, int batch,
    unsigned rewrites, struct incline_evaluator **out) INCLINE_MUST_CHECK;
void incline_evaluator_destroy(struct incline_evaluator **evaluator);

/* Asked before each step of a run; true ends it. */
struct incline_stop_check {
    bool (*is_due)(void *cookie);
    void *cookie;
};

/* Runs over all images with the parameters as they are now. Waits now and then, so that the queue
 * stays short. check may be NULL. *complete: not ended by check; only then *out is set. */
enum incline_status incline_evaluator_run(struct incline_context *ctx,
                                          struct incline_evaluator *evaluator,
                                          const struct incline_stop_check *check,
                                          struct incline_scores *out,
                                          bool *complete) INCLINE_MUST_CHECK;

/* After a run: the class that scored highest, for every image, [count] int; where images show
 * several classes [count][classes] bytes, 1 for those found. */
enum incline_status incline_evaluator_classes(struct incline_context *ctx,
                                              const struct incline_evaluator *evaluator,
                                              void *classes) INCLINE_MUST_CHECK;

/* The feed of a set of images as config wants its bytes turned into numbers. */
enum incline_status incline_images_feed(struct incline_context *ctx, struct incline_device *device,
                                        const struct incline_config *config,
                                        const struct incline_images *images,
                                        struct incline_feed **out) INCLINE_MUST_CHECK;

/* Slots of cl/finish.cl. */
struct incline_metrics_slot {
    float loss_sum, hits, near_hits, answers, weight;
};

/* Sums `count` slots, in double precision. */
struct incline_scores incline_metrics_scores(const struct incline_metrics_slot *slots,
                                             size_t count);

#endif
