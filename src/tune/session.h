/* One tuning of one network on one device. */
#ifndef INCLINE_TUNE_SESSION_H
#define INCLINE_TUNE_SESSION_H

#include "incline/tune.h"
#include "tune/trial.h"

/* As incline_tune(), for the network of spec; options->batch is not looked at. */
enum incline_status incline_tune_network(struct incline_context *ctx,
                                         const struct incline_tune_spec *spec,
                                         const struct incline_tune_options *options,
                                         struct incline_tune_result *out) INCLINE_MUST_CHECK;

#endif
