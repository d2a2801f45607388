/* Sliding windows of convolution and pooling: how many fit, and what is padded. */
#ifndef INCLINE_LAYERS_WINDOW_H
#define INCLINE_LAYERS_WINDOW_H

#include "base/options.h"
#include "base/shape.h"

/* Index 0 is the height, 1 the width. */
struct incline_window {
    int size[2], stride[2];
    int before[2]; /* padding at the top and left */
    int out[2];    /* positions */
};

/* Places the window on an input: out = floor((in + before + after - size) / stride) + 1. `same`
 * pads such that out = ceil(in / stride), the odd cell at the end (ONNX SAME_UPPER). Returns CONFIG
 * with the reason in problem when not even one window fits. */
enum incline_status incline_window_infer(struct incline_shape in, const int size[2],
                                         const int stride[2], const struct incline_padding *padding,
                                         struct incline_window *out, struct incline_text *problem);

#endif
