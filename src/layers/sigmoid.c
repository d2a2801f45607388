/* sigmoid: 1 / (1 + e^-x), element by element. */
#include "layers/elementwise.h"

const struct incline_layer_class incline_sigmoid_class = {
    .name = "sigmoid",
    .help = "1 / (1 + e^-x)",
    .about = {.equation = "y = 1 / (1 + e^-x),   f'(x) = y (1 - y)",
              .shapes = "any, kept",
              .pytorch = "Sigmoid",
              .keras = "Activation(\"sigmoid\")"},
    .infer = incline_elementwise_infer,
    .forward = incline_elementwise_forward,
    .backward = incline_elementwise_backward,
};
