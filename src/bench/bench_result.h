/* What bench_network.c and bench_op.c share: from a plan that is ready to a result. */
#ifndef INCLINE_BENCH_BENCH_RESULT_H
#define INCLINE_BENCH_BENCH_RESULT_H

#include "bench/plan_work.h"
#include "layers/layer.h"

/* What is to be measured. */
struct incline_bench_subject {
    const struct incline_config *config;
    const struct incline_layer *layers;
    size_t layer_count;
    double build_seconds; /* the device's counter before the plan was made */
};

/* Calls options->verify, if there is one, and sets state and problem. Programs that it built are
 * built anew. */
enum incline_status incline_bench_check(struct incline_context *ctx, struct incline_device *device,
                                        const struct incline_config *config,
                                        const struct incline_bench_options *options,
                                        struct incline_bench_result *out) INCLINE_MUST_CHECK;

/* Fills in everything but state, problem and layers, from running work. out->batch is set. */
enum incline_status incline_bench_measure(struct incline_context *ctx,
                                          const struct incline_bench_subject *subject,
                                          const struct incline_bench_options *options,
                                          struct incline_plan_work *work,
                                          struct incline_bench_result *out) INCLINE_MUST_CHECK;

/* Wrong results: forgets the figures. */
void incline_bench_fail_check(struct incline_bench_result *result, const char *problem);

/* Fills in out->layers from the device times of the plan's launches, seconds [launches]. */
enum incline_status incline_bench_group(struct incline_context *ctx,
                                        const struct incline_bench_subject *subject,
                                        enum incline_bench_mode mode,
                                        const struct incline_plan *plan, const double *seconds,
                                        struct incline_bench_result *out) INCLINE_MUST_CHECK;

#endif
