/* Finding, reading, checking and dividing a data set. */
#ifndef INCLINE_DATA_DATASET_H
#define INCLINE_DATA_DATASET_H

#include "base/shape.h"
#include "data/data_options.h"
#include "incline/data.h"

/* Does what incline_dataset_load() says, for a network that takes images of `input` and has
 * `outputs` outputs. limits may be NULL. */
enum incline_status incline_dataset_read(struct incline_context *ctx,
                                         const struct incline_data_options *options,
                                         struct incline_shape input, int outputs,
                                         const struct incline_dataset_limits *limits,
                                         struct incline_dataset **out) INCLINE_MUST_CHECK;

#endif
