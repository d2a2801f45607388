/* A network to measure: its training step on made-up images, as often as there are candidates. */
#ifndef INCLINE_TUNE_TRIAL_H
#define INCLINE_TUNE_TRIAL_H

#include "network/step.h"
#include "tune/judge.h"

struct incline_tune_spec {
    struct incline_device *device;
    const struct incline_layer *layers;
    size_t layer_count;
    const struct incline_loss *loss;
    unsigned rewrites;
    int batch;
    double (*clock)(void); /* seconds, for the limit of time; NULL: the monotonic clock */
    /* How loaded the machine is; NULL: incline_device_probe_load(). */
    enum incline_status (*probe_load)(struct incline_context *ctx, struct incline_device *device,
                                      double max_seconds, double *cpu_seconds,
                                      double *busy_seconds);
};

/* What all steps share: parameters, images, and room for what comes out. */
struct incline_rig {
    struct incline_context *ctx;
    const struct incline_tune_spec *spec;
    struct incline_parameters *parameters, *gradients;
    struct incline_feed *feed;
    struct incline_buffer *metrics, *image_class;
    float *start;    /* [elems] parameters before the step */
    float *expected; /* [elems + metrics] after the first step made */
    float *found;    /* after a later one */
    size_t elems;
};

enum incline_status incline_rig_init(struct incline_context *ctx,
                                     const struct incline_tune_spec *spec,
                                     struct incline_rig *rig) INCLINE_MUST_CHECK;
void incline_rig_finish(struct incline_rig *rig);

/* The step with the device's candidates of the moment. */
enum incline_status incline_rig_plan(struct incline_rig *rig,
                                     struct incline_step_plan **out) INCLINE_MUST_CHECK;

/* Runs one step from the start and keeps its outcome as what is expected. */
enum incline_status incline_rig_expect(struct incline_rig *rig,
                                       struct incline_step_plan *plan) INCLINE_MUST_CHECK;

/* Runs one step from the start: *same tells whether every parameter and figure has the bits that
 * are expected; with `near`, whether what the step has changed in the parameters is within 1e-5 of
 * what is expected, and so are the figures, both as a whole (L2). */
enum incline_status incline_rig_check(struct incline_rig *rig, struct incline_step_plan *plan,
                                      bool near, bool *same) INCLINE_MUST_CHECK;

/* sqrt(sum (found - expected)^2) <= 1e-5 sqrt(sum (expected - start)^2), in double; false for NaN.
 * start NULL: 0. */
bool incline_is_near(const float *found, const float *expected, const float *start, size_t count);

/* Marks [launches of plan] the launches that differ between two plans: all, when there are not as
 * many in each. Returns how many. */
size_t incline_plans_compare(const struct incline_plan *one, const struct incline_plan *other,
                             bool *differ);

/* Times one step: the seconds on the device of the launches that are marked (NULL: all). With
 * `outside`, and where kernels of another library are among them, whose launches have no clock of
 * ours: the seconds that the host sees the whole step take. */
enum incline_status incline_rig_time(struct incline_rig *rig, struct incline_step_plan *plan,
                                     bool outside, const bool *marked,
                                     double *seconds) INCLINE_MUST_CHECK;

#endif
