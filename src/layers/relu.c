/* relu: max(x, 0), element by element. */
#include "layers/elementwise.h"

const struct incline_layer_class incline_relu_class = {
    .name = "relu",
    .help = "max(x, 0)",
    .infer = incline_elementwise_infer,
    .forward = incline_elementwise_forward,
    .backward = incline_elementwise_backward,
};
