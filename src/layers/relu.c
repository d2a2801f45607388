/* relu: max(x, 0), element by element. */
#include "layers/elementwise.h"

const struct incline_layer_class incline_relu_class = {
    .name = "relu",
    .help = "max(x, 0)",
    .about =
        {.equation = "y = max(x, 0),   f'(x) = 1 where x > 0, else 0",
         .shapes = "any, kept",
         .pytorch = "ReLU",
         .keras = "ReLU",
         .source =
             "Nair, Hinton 2010, Rectified linear units improve restricted Boltzmann machines"},
    .infer = incline_elementwise_infer,
    .forward = incline_elementwise_forward,
    .backward = incline_elementwise_backward,
};
