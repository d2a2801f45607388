/* Losses: the last step forward and the first step back. See cl/loss.h for the tensors. */
#ifndef INCLINE_LAYERS_LOSS_H
#define INCLINE_LAYERS_LOSS_H

#include "device/plan.h"

struct incline_loss_class {
    const char *name;
    const char *help;
    const char *source, *kernel;
    bool takes_logits; /* a closing softmax is part of the loss */
};

/* "cross_entropy", "mse", NULL: as the option table of `train.loss` wants them. */
extern const char *const incline_loss_names[];
extern const struct incline_loss_class incline_losses[];

struct incline_loss_io {
    struct incline_plan *plan;
    const struct incline_loss_class *loss;
    int classes;
    struct incline_tensor *x;  /* scores [blocks][classes][NB] */
    struct incline_tensor *dx; /* gradient of the mean loss, or NULL */
    struct incline_tensor *labels, *order;
    struct incline_tensor *image_class; /* best class of each image, at its place in the order */
    struct incline_tensor *metrics;     /* [steps][4] f32; see cl/metrics.cl */
};

/* Appends the loss of the batch and the sum of its figures into the step's slot of metrics. */
enum incline_status incline_loss_plan(struct incline_context *ctx,
                                      const struct incline_loss_io *io) INCLINE_MUST_CHECK;

#endif
