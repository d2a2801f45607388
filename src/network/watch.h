/* Watching a step: the norms of every parameter, of its gradient and of its update, and the units
 * of each layer that put out nothing but 0 (cl/watch.cl). */
#ifndef INCLINE_NETWORK_WATCH_H
#define INCLINE_NETWORK_WATCH_H

#include "network/graph.h"
#include "network/parameters.h"

enum { INCLINE_WATCH_NORMS = 3 }; /* of a parameter: weights, gradient, update */

/* A layer that is 0 over a half-line of its sum (relu, relu6, hard_swish), where no gradient comes
 * through. Its units are the channels. */
struct incline_watch_units {
    size_t layer; /* in the model */
    /* The layer whose output is looked at: itself, or the pool of a conv2d that may be computed
     * together with it, so that all fusions give the same figures. */
    size_t at;
    int units;
};

struct incline_step_watch {
    size_t parameter_count; /* those that are trained, in the order of incline_parameters */
    struct incline_watch_units *layers;
    size_t layer_count;
    struct incline_buffer *figures; /* [slots][incline_step_watch_width()] f32, as in cl/watch.cl */
    struct incline_buffer *starts;  /* see there; NULL: no layer has such units */
};

/* layers: of the model, without rewrites. Fails with CONFIG when there is nothing to watch. */
enum incline_status incline_step_watch_create(struct incline_context *ctx,
                                              const struct incline_parameters *parameters,
                                              const struct incline_layer *layers,
                                              size_t layer_count, size_t slots,
                                              struct incline_step_watch **out) INCLINE_MUST_CHECK;
void incline_step_watch_destroy(struct incline_step_watch **watch);

/* Numbers of a slot. */
size_t incline_step_watch_width(const struct incline_step_watch *watch);

/* Bytes on the device. */
size_t incline_step_watch_bytes(const struct incline_step_watch *watch);

/* The launches of one plan. */
struct incline_watch_pass {
    const struct incline_step_watch
        *watch; /* NULL: the step is not watched, and nothing is launched */
    struct incline_plan *plan;
    struct incline_tensor *figures, *dead, *old, *sums;
};

/* All parameters in rows; see cl/parameter_rows.h. */
struct incline_watch_rows {
    int count;
    struct incline_tensor *rows, *parameters, *gradients;
    size_t elems; /* that are trained */
};

enum incline_status incline_watch_begin(struct incline_context *ctx,
                                        struct incline_watch_pass *pass) INCLINE_MUST_CHECK;
/* Straight after the forward launches of layer i. */
enum incline_status incline_watch_forward(struct incline_context *ctx,
                                          const struct incline_watch_pass *pass,
                                          const struct incline_graph *graph,
                                          size_t i) INCLINE_MUST_CHECK;
/* Before and after the update from gradients that are stored. */
enum incline_status incline_watch_before(struct incline_context *ctx,
                                         struct incline_watch_pass *pass,
                                         const struct incline_watch_rows *rows) INCLINE_MUST_CHECK;
enum incline_status incline_watch_after(struct incline_context *ctx,
                                        const struct incline_watch_pass *pass,
                                        const struct incline_watch_rows *rows) INCLINE_MUST_CHECK;
/* At the end of the step: what the layers' units come to. */
enum incline_status incline_watch_end(struct incline_context *ctx,
                                      const struct incline_watch_pass *pass) INCLINE_MUST_CHECK;

#endif
