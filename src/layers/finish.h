/* The end of a step (cl/finish.cl): weight gradients that the backward pass leaves in pieces, and
 * the figures of the batch. They are either finished as soon as they are added or, fused, all in
 * the last launches of the step. */
#ifndef INCLINE_LAYERS_FINISH_H
#define INCLINE_LAYERS_FINISH_H

#include "layers/layer.h"

enum { INCLINE_FINISH_GRADIENTS_MAX = 6 }; /* of one launch; as many as cl/finish.cl has */

/* One gradient [rows][channels]. */
struct incline_unfinished {
    /* parts > 0: piece, from element `offset` on, holds `parts` summands, `stride` elements apart,
     * each [rows][columns].  parts 0: piece [images][columns] is a dense layer's dz_t, and the
     * gradient is its product with x [blocks][rows][NB], or with 1 when x is NULL. */
    struct incline_tensor *piece, *x;
    int parts, stride, offset, rows, columns, channels;
    struct incline_target target; /* incline_gradient_target() */
};

/* The figures of a batch; see cl/finish.cl. */
struct incline_figures {
    struct incline_tensor *image_loss, *image_rank;
    struct incline_tensor *weight_sum; /* NULL: all images weigh the same */
    struct incline_tensor *metrics;    /* NULL: there are no figures */
    int top_k;                         /* how many best classes may hold the true one */
    int decisions; /* of each image, where it may show several classes; 0: it shows one */
};

struct incline_finish {
    struct incline_plan *plan;
    bool fused; /* wait until incline_finish_all() */
    enum incline_gradient_use gradient_use;
    const struct incline_optimizer *optimizer; /* of APPLY; NULL: plain gradient descent */
    struct incline_unfinished gradients[INCLINE_FINISH_GRADIENTS_MAX];
    int count;
    struct incline_figures figures; /* those that wait */
};

/* Adds a gradient of the layer called label. */
enum incline_status
incline_finish_gradient(struct incline_context *ctx, struct incline_finish *finish,
                        const char *label,
                        const struct incline_unfinished *gradient) INCLINE_MUST_CHECK;

/* Adds the figures of the batch. */
enum incline_status
incline_finish_figures(struct incline_context *ctx, struct incline_finish *finish,
                       const struct incline_figures *figures) INCLINE_MUST_CHECK;

/* Appends the launches of all that waits. To be called once, after the backward pass. */
enum incline_status incline_finish_all(struct incline_context *ctx,
                                       struct incline_finish *finish) INCLINE_MUST_CHECK;

#endif
