/* Layers as a graph: each reads one or several before it, joins such as add several; the first ones
 * read the images, and the last one is the network's output. And the way through it, forward and
 * backward, that the step plan and the checks share. */
#ifndef INCLINE_NETWORK_GRAPH_H
#define INCLINE_NETWORK_GRAPH_H

#include "layers/layer.h"

/* In place of a layer's number: the images. */
enum { INCLINE_GRAPH_IMAGES = -1 };

/* The number of the layer that layers[i] reads as its k-th input, or IMAGES. */
int incline_graph_input(const struct incline_layer *layers, size_t i, int k);

/* The layer that makes what comes out of number i: itself where it works, otherwise one before it,
 * or IMAGES. */
int incline_graph_source(const struct incline_layer *layers, int i);

/* The only layer that reads number i (a layer or IMAGES), or -1 when none does, several do, or it
 * is a join. */
int incline_graph_sole_reader(const struct incline_layer *layers, size_t count, int i);

/* How often what layers[i] puts out, which works, is read: by inputs of layers that work, and as
 * the network's output. */
int incline_graph_reads(const struct incline_layer *layers, size_t count, int i);

/* The only input of layers[i] that works, where layers[i] and those that do not work in between are
 * all that reads it; NULL: the images, or read by others too, or layers[i] is a join. i may be
 * count: the output. */
struct incline_layer *incline_graph_before(struct incline_layer *layers, size_t count, size_t i);

/* The layer of that class over all that the network puts out, behind which nothing works, say its
 * closing softmax; NULL: there is none. */
struct incline_layer *incline_graph_closing(struct incline_layer *layers, size_t count,
                                            const char *class_name);

/* A pass through the layers, which are rewritten, over the launches of one plan. */
struct incline_graph {
    struct incline_plan *plan;
    const struct incline_layer *layers;
    size_t count;
    struct incline_layer_io *io; /* [count]; its x, y, dy and dx are filled in */
    struct incline_tensor *x;    /* the images */
    struct incline_tensor *dx;   /* where their gradient goes; NULL: not wanted */
    bool dx_begun;               /* one of their readers has written dx */
};

/* The tensor that layers[i], or IMAGES, puts out. */
struct incline_tensor *incline_graph_output(const struct incline_graph *graph, int i);

/* Fills in xs and trains of layers[i], after those before it have their y. */
void incline_graph_bind_inputs(struct incline_graph *graph, size_t i);

/* Is the gradient at any input of layers[i] wanted? */
bool incline_graph_wants_dx(const struct incline_graph *graph, size_t i);

/* Makes the tensors for the gradients at the inputs of layers[i] that are wanted: dxs, of which
 * that of a residual is dy. Of the readers of one output, the first on the way back writes its
 * gradient, io->dy of the layer that made it; what the others write is added at their end of the
 * way back. A layer's inputs come in reverse as well: a residual, which an add after the layer
 * read, before what the layer itself reads. */
enum incline_status incline_graph_begin_backward(struct incline_context *ctx,
                                                 struct incline_graph *graph,
                                                 size_t i) INCLINE_MUST_CHECK;

/* The way back through layers[i] where its io->dy is there: the tensors, the layer's launches, the
 * sums. Errors: those of the layer. */
enum incline_status incline_graph_backward(struct incline_context *ctx, struct incline_graph *graph,
                                           size_t i) INCLINE_MUST_CHECK;

#endif
