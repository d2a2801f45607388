/* Losses: the last step forward and the first step back. See cl/loss.h for the tensors. */
#ifndef INCLINE_LAYERS_LOSS_H
#define INCLINE_LAYERS_LOSS_H

#include "layers/finish.h"

struct incline_loss_class {
    const char *name;
    const char *help;
    bool takes_logits; /* a closing softmax is part of the loss */
};

/* "cross_entropy", "mse", NULL: as the option table of `train.loss` wants them; and the classes,
 * whose numbers in this order are LOSS in the kernels. */
extern const char *const incline_loss_names[];
extern const struct incline_loss_class incline_losses[];
int incline_loss_number(const struct incline_loss_class *loss);

struct incline_loss_io {
    struct incline_plan *plan;
    const struct incline_loss_class *loss;
    int classes;
    struct incline_tensor *x;  /* scores [blocks][classes][NB] */
    struct incline_tensor *dx; /* gradient of the mean loss, or NULL */
    struct incline_tensor *labels, *order;
    struct incline_tensor *image_class; /* best class of each image, at its place in the order */
    struct incline_tensor *metrics;     /* [steps][4] f32; see cl/finish.cl */
};

/* The figures of each image of the batch, on their way to metrics. */
struct incline_figures {
    struct incline_tensor *image_loss, *image_rank;
};
enum incline_status incline_figures_create(struct incline_context *ctx, struct incline_plan *plan,
                                           struct incline_figures *out) INCLINE_MUST_CHECK;

/* Adds the arguments from labels to images of cl/loss.cl and cl/head.cl. */
void incline_loss_add_arguments(const struct incline_loss_io *io,
                                const struct incline_figures *figures,
                                struct incline_launch *launch);

/* Appends the loss of the batch, and leaves the sum of its figures to the step's end. */
enum incline_status incline_loss_plan(struct incline_context *ctx, const struct incline_loss_io *io,
                                      struct incline_finish *finish) INCLINE_MUST_CHECK;

#endif
