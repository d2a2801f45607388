/* sigmoid: 1 / (1 + e^-x), element by element. */
#include "layers/elementwise.h"

const struct incline_layer_class incline_sigmoid_class = {
    .name = "sigmoid",
    .help = "1 / (1 + e^-x)",
    .infer = incline_elementwise_infer,
    .forward = incline_elementwise_forward,
    .backward = incline_elementwise_backward,
};
