/* The memory of a workload with a set of fusions other than all; see incline/network.h. */
#ifndef INCLINE_TRAIN_MEMORY_NEED_H
#define INCLINE_TRAIN_MEMORY_NEED_H

#include "incline/network.h"

/* As incline_memory_plan(). rewrites: set of enum incline_rewrite. */
enum incline_status
incline_memory_survey(struct incline_context *ctx, struct incline_device *device,
                      const struct incline_config *config, const struct incline_workload *workload,
                      unsigned rewrites, struct incline_memory_need *out) INCLINE_MUST_CHECK;

#endif
