/* Graph rewrites: named fusions that make fewer launches of the same arithmetic. Each fires
 * wherever its pattern occurs, changes no bit, and can be switched off. */
#ifndef INCLINE_NETWORK_REWRITE_H
#define INCLINE_NETWORK_REWRITE_H

#include "layers/layer.h"

enum incline_rewrite {
    INCLINE_REWRITE_ACTIVATION = 1, /* conv2d, dense or batch_norm + an activation by its output */
    INCLINE_REWRITE_POOL = 2,       /* conv2d of short sums + max_pool2d that tiles its input */
    INCLINE_REWRITE_UPDATE = 4,     /* weight gradient + optimizer */
    INCLINE_REWRITE_INPUT = 8,      /* picking the images of a batch + first conv2d */
    INCLINE_REWRITE_HEAD = 16,      /* last dense + loss + the way back through both */
    INCLINE_REWRITE_DENSE_BACKWARD = 32, /* both gradients of a dense */
    INCLINE_REWRITE_DENSE_CONV2D =
        64,                         /* backward of a dense + weight gradient of the conv2d below */
    INCLINE_REWRITE_FINISH = 128,   /* all small sums at the end of a step */
    INCLINE_REWRITE_RESIDUAL = 256, /* batch_norm + add of it and another layer */
    INCLINE_REWRITE_ALL = 511
};

/* "activation", "pool", ... of one rewrite, and back; NULL and 0 when there is none. */
const char *incline_rewrite_name(unsigned rewrite);
unsigned incline_rewrite_find(const char *name);

/* *out = all rewrites but those in list: "head,input", "all"; NULL or "" leaves none out.
 * Errors: ARGUMENT, naming the word that is none and what there is. */
enum incline_status incline_rewrites_without(struct incline_context *ctx, const char *list,
                                             unsigned *out) INCLINE_MUST_CHECK;

/* Applies RESIDUAL, ACTIVATION, POOL, DENSE_BACKWARD and DENSE_CONV2D, as far as the set `which`
 * has them, to layers: those whose work another one does now are marked absorbed. The layers must
 * stay where they are, since some point at others. The rest concern what is around the layers: the
 * step plan reads UPDATE and FINISH, and calls the functions below. */
void incline_rewrite_layers(struct incline_layer *layers, size_t count, unsigned which);

/* The pool after layers[i] where that is a conv2d, which may have an activation in between, when it
 * can be computed window by window; otherwise NULL. */
const struct incline_layer *incline_rewrite_window(const struct incline_layer *layers, size_t count,
                                                   size_t i);

/* INPUT and HEAD: mark the first and the last layer that works, where they are such. */
void incline_rewrite_input(struct incline_layer *layers, size_t count);
void incline_rewrite_head(struct incline_layer *layers, size_t count);

/* Whether the layer has work of its own: flatten has none, an absorbed layer neither. */
static inline bool incline_layer_works(const struct incline_layer *layer)
{
    return layer->class->forward && !layer->absorbed;
}

#endif
