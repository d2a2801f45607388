/* Losses: the last step forward and the first step back. See cl/loss.h for the tensors. */
#ifndef INCLINE_LAYERS_LOSS_H
#define INCLINE_LAYERS_LOSS_H

#include "layers/finish.h"

/* What a loss can be told; its option table says which of them, and by what names. */
struct incline_loss_options {
    double number;                        /* label_smoothing, gamma or margin */
    struct incline_doubles class_weights; /* of each class, or of all, or none: all 1; also called
                                           * alpha and pos_weight */
};

struct incline_loss_class {
    const char *name;
    const char *help;
    struct incline_about about;
    /* The layer that may close the network: it is then part of the loss, and turns scores into
     * probabilities. NULL: the scores are taken as they are. */
    const char *closing;
    bool wants_scores;  /* another layer that makes probabilities must not close the network */
    bool weighted_mean; /* the mean over the images is weighted by class_weights */
    bool multi_label;   /* it also takes images that show several classes or none */
    double threshold;   /* multi_label: a score from which on a class counts as shown */
    struct incline_option_table options; /* of struct incline_loss_options; count 0: none */
};

/* The numbers of the classes, which are LOSS in the kernels. */
enum {
    INCLINE_LOSS_CROSS_ENTROPY,
    INCLINE_LOSS_MSE,
    INCLINE_LOSS_FOCAL,
    INCLINE_LOSS_HINGE,
    INCLINE_LOSS_BINARY_CROSS_ENTROPY
};
extern const struct incline_loss_class incline_losses[];
extern const char *const incline_loss_names[]; /* in that order, ended by NULL */

/* A loss with its options, which whoever made it frees with incline_options_finish(). */
struct incline_loss {
    const struct incline_loss_class *class;
    struct incline_loss_options options;
    bool multi_label; /* images show several classes or none; class->multi_label must allow it */
};

/* Takes the scores as they are: for steps whose loss does not matter. */
extern const struct incline_loss incline_plain_loss;

int incline_loss_number(const struct incline_loss *loss);

/* Bytes of one image's label: an int, or with multi_label a byte for each class; also of what is
 * found about the image (image_class in cl/loss.h). */
size_t incline_loss_label_bytes(const struct incline_loss *loss, int classes);

/* What class c weighs. */
double incline_loss_class_weight(const struct incline_loss *loss, int c);

struct incline_loss_io {
    struct incline_plan *plan;
    const struct incline_loss *loss;
    int classes;
    struct incline_tensor *x;  /* scores [blocks][classes][NB] */
    struct incline_tensor *dx; /* gradient of the mean loss, or NULL */
    struct incline_tensor *labels, *order;
    struct incline_tensor *image_class; /* what is found about each image; see cl/loss.h */
    struct incline_figures figures;     /* metrics and top_k; incline_loss_begin() makes the rest */
    struct incline_tensor *class_weights; /* made by incline_loss_begin(); or NULL */
};

/* Makes the tensors that are its own. Appends the sum of the batch's weights where it needs one. */
enum incline_status incline_loss_begin(struct incline_context *ctx,
                                       struct incline_loss_io *io) INCLINE_MUST_CHECK;

/* Adds the macros of cl/loss.h, and the arguments from labels to images of cl/loss.cl and
 * cl/head.cl. */
void incline_loss_define(const struct incline_loss_io *io, bool gradient,
                         struct incline_text *defines);
void incline_loss_add_arguments(const struct incline_loss_io *io, struct incline_launch *launch);

/* Appends the loss of the batch, and leaves the sum of its figures to the step's end. */
enum incline_status incline_loss_plan(struct incline_context *ctx, struct incline_loss_io *io,
                                      struct incline_finish *finish) INCLINE_MUST_CHECK;

#endif
