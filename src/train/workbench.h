/* What training holds on a device: the images, the parameters with the state of their optimizer,
 * and the plan of a step. */
#ifndef INCLINE_TRAIN_WORKBENCH_H
#define INCLINE_TRAIN_WORKBENCH_H

#include "incline/data.h"
#include "network/step.h"
#include "train/config.h"

struct incline_workbench_spec {
    struct incline_device *device;
    const struct incline_config *config; /* network, loss, optimizer, seed, metrics */
    const struct incline_images *images; /* copied to the device */
    int batch;
    size_t slots;        /* steps whose figures have room in `metrics` */
    size_t watches;      /* watched steps whose figures have room; 0: no step is watched */
    unsigned rewrites;   /* set of enum incline_rewrite */
    bool averages;       /* keeps a moving average of the parameters */
    const char *weights; /* file to start from; NULL: fresh weights by the configuration's seed */
};

struct incline_workbench {
    struct incline_feed *feed;
    struct incline_buffer *metrics;     /* [slots] struct incline_metrics_slot */
    struct incline_buffer *image_class; /* [images] int */
    struct incline_parameters *parameters;
    struct incline_parameters *gradients; /* NULL: none are stored */
    struct incline_parameters *total;     /* of several steps; NULL: each makes an update */
    struct incline_parameters *average;   /* moving; at first the parameters; NULL: there is none */
    struct incline_optimizer_state state;
    struct incline_step_plan *plan;
    struct incline_step_watch *watch;     /* NULL: no step is watched */
    struct incline_step_plan *watch_plan; /* of a watched step: the same bits, and the figures */
};

/* The parameters that training is for: the average, where there is one. */
static inline const struct incline_parameters *
incline_workbench_outcome(const struct incline_workbench *bench)
{
    return bench->average ? bench->average : bench->parameters;
}

/* Fills *out, which starts as zero and is to be destroyed on failure too. spec->device and
 * spec->config must outlive it. Fails as incline_train() does before its first step. */
enum incline_status incline_workbench_create(struct incline_context *ctx,
                                             const struct incline_workbench_spec *spec,
                                             struct incline_workbench *out) INCLINE_MUST_CHECK;
void incline_workbench_destroy(struct incline_workbench *bench);

#endif
