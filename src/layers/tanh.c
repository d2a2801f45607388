/* tanh: hyperbolic tangent, element by element. */
#include "layers/elementwise.h"

const struct incline_layer_class incline_tanh_class = {
    .name = "tanh",
    .help = "hyperbolic tangent",
    .about = {.equation = "y = (e^x - e^-x) / (e^x + e^-x),   f'(x) = 1 - y^2",
              .shapes = "any, kept",
              .pytorch = "Tanh",
              .keras = "Activation(\"tanh\")"},
    .infer = incline_elementwise_infer,
    .forward = incline_elementwise_forward,
    .backward = incline_elementwise_backward,
};
