/* From the layers of a network to a step plan. */
#ifndef INCLINE_NETWORK_STEP_H
#define INCLINE_NETWORK_STEP_H

#include "layers/loss.h"
#include "network/feed.h"
#include "network/update.h"

enum incline_step_mode {
    INCLINE_STEP_TRAIN,    /* forward, loss, backward, update */
    INCLINE_STEP_EVALUATE, /* forward, loss */
    INCLINE_STEP_PREDICT   /* forward, probabilities */
};

struct incline_step_plan; /* a plan with the rewritten layers it was made from */

struct incline_step_spec {
    struct incline_device *device;
    const struct incline_layer *layers;
    size_t layer_count;
    const struct incline_loss *loss;
    enum incline_step_mode mode;
    unsigned rewrites; /* set of enum incline_rewrite */
    int batch;
    int tuned_batch; /* see incline_plan_tune_for(); 0: batch */
    const struct incline_parameters *parameters;
    /* TRAIN: they are stored, which incline_stores_gradients() may demand; NULL: they are applied
     * as they are finished */
    const struct incline_parameters *gradients;
    /* TRAIN where several steps make an update, which is made from this; NULL: each makes one */
    const struct incline_parameters *total;
    const struct incline_parameters *average;    /* TRAIN; moving, of the parameters; NULL: none */
    const struct incline_optimizer *optimizer;   /* TRAIN; NULL: plain gradient descent */
    const struct incline_optimizer_state *state; /* TRAIN; of the optimizer; NULL: it keeps none */
    const struct incline_feed *feed;
    struct incline_buffer *metrics;         /* [steps][5] f32; TRAIN, EVALUATE */
    int top_k;                              /* of the metrics; TRAIN, EVALUATE */
    struct incline_buffer *image_class;     /* as cl/loss.h has it; TRAIN, EVALUATE */
    const struct incline_step_watch *watch; /* TRAIN with gradients; NULL: it is not watched */
    /* Whose memory it uses where that suffices; see incline_plan_borrow(). NULL: it has its own */
    struct incline_step_plan *lender;
    bool measure; /* only find out the memory of a step: nothing is built, the plan cannot run */
};

/* Whether a step of training with these rewrites and this optimizer needs room for gradients. */
bool incline_stores_gradients(unsigned rewrites, const struct incline_optimizer *optimizer);

/* Makes, places, builds and binds the plan. Everything in spec must outlive it. */
enum incline_status incline_step_plan_create(struct incline_context *ctx,
                                             const struct incline_step_spec *spec,
                                             struct incline_step_plan **out) INCLINE_MUST_CHECK;
void incline_step_plan_destroy(struct incline_step_plan **plan);

/* Enqueues one step, whose rates it finds from the learning rate and the updates before, and whose
 * share from its images; does not wait. */
enum incline_status incline_step_run(struct incline_context *ctx, struct incline_step_plan *plan,
                                     const struct incline_step *step) INCLINE_MUST_CHECK;

/* PREDICT: reads the probabilities of the last step's images, [images][classes]. Waits. */
enum incline_status incline_step_read_probabilities(struct incline_context *ctx,
                                                    const struct incline_step_plan *plan,
                                                    int images,
                                                    float *probabilities) INCLINE_MUST_CHECK;

/* Device bytes for activations, their gradients and what an update reads besides. */
size_t incline_step_plan_bytes(const struct incline_step_plan *plan);

/* The launches behind it, borrowed: for timing and listing. */
struct incline_plan *incline_step_plan_launches(struct incline_step_plan *plan);

#endif
