/* The optimizer's memory, and the update of all parameters at once from stored gradients
 * (cl/update.cl). */
#ifndef INCLINE_NETWORK_UPDATE_H
#define INCLINE_NETWORK_UPDATE_H

#include "network/parameters.h"
#include "network/watch.h"

/* The tensors that an optimizer keeps beside the parameters, in the layout of those; at first 0. */
struct incline_optimizer_state {
    struct incline_parameters *tensors[INCLINE_STATES_MAX]; /* NULL past the last */
};

/* optimizer NULL: plain gradient descent, which keeps nothing. Finish also after a failure. */
enum incline_status
incline_optimizer_state_init(struct incline_context *ctx, struct incline_device *device,
                             const struct incline_layer *layers, size_t layer_count,
                             const struct incline_optimizer *optimizer,
                             struct incline_optimizer_state *out) INCLINE_MUST_CHECK;
void incline_optimizer_state_finish(struct incline_optimizer_state *state);

struct incline_update {
    struct incline_plan *plan;
    const struct incline_layer *layers;
    const struct incline_parameters *parameters, *gradients;
    const struct incline_optimizer *optimizer;
    const struct incline_optimizer_state *state; /* NULL: there is none */
    struct incline_watch_pass *watch;            /* NULL: the update is not watched */
};

/* Appends the launches. *rows: what they read besides, to be destroyed after the plan. */
enum incline_status incline_update_plan(struct incline_context *ctx,
                                        const struct incline_update *update,
                                        struct incline_buffer **rows) INCLINE_MUST_CHECK;

#endif
