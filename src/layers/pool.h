/* What max_pool2d and avg_pool2d share: a window that slides over each channel. */
#ifndef INCLINE_LAYERS_POOL_H
#define INCLINE_LAYERS_POOL_H

#include "layers/layer.h"
#include "layers/window.h"

/* The options of a pool begin with these. */
struct incline_pool_options {
    int size[2];
    int stride[2]; /* 0: as size */
    struct incline_padding padding;
};

/* Values of avg_pool2d's count_padding. */
enum incline_count_padding { INCLINE_COUNT_AUTO, INCLINE_COUNT_TRUE, INCLINE_COUNT_FALSE };

/* Sets out and detail. Returns CONFIG with the reason in problem when the window does not fit, or
 * could lie in the padding alone. */
enum incline_status incline_pool_infer(struct incline_layer *layer,
                                       struct incline_text *problem) INCLINE_MUST_CHECK;

/* Of a layer that infer has accepted. */
struct incline_window incline_pool_window(const struct incline_layer *layer);

#endif
