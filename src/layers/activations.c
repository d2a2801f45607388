/* The layers that are one function: relu, sigmoid, tanh and the like. What they compute is in
 * cl/activation.h, how they are launched in elementwise.c. */
#include "layers/elementwise.h"

#include <stdio.h>

struct alpha_options {
    double alpha;
};

/* Not below 0, where y would no longer tell on which side of 0 x was. */
#define ALPHA(fallback, text)                                                                      \
    {                                                                                              \
        "alpha", INCLINE_OPTION_DOUBLE, offsetof(struct alpha_options, alpha), fallback, 0, 1000,  \
            NULL, text                                                                             \
    }

static enum incline_status infer_alpha(struct incline_layer *layer, struct incline_text *problem)
{
    const struct alpha_options *options = layer->options;
    enum incline_status status = incline_elementwise_infer(layer, problem);
    layer->alpha = (float)options->alpha;
    snprintf(layer->detail, sizeof layer->detail, "%g", options->alpha);
    return status;
}

static const struct incline_option leaky_relu_options[] = {ALPHA("0.01", "slope below 0")};
static const struct incline_option elu_options[] = {ALPHA("1", "y far below 0 is -alpha")};

enum approximate { APPROXIMATE_NONE, APPROXIMATE_TANH };

struct gelu_options {
    int approximate;
};

static const char *const approximate_names[] = {"none", "tanh", NULL};

static enum incline_status infer_gelu(struct incline_layer *layer, struct incline_text *problem)
{
    const struct gelu_options *options = layer->options;
    enum incline_status status = incline_elementwise_infer(layer, problem);
    if (options->approximate == APPROXIMATE_TANH) {
        layer->activation = INCLINE_ACTIVATION_GELU_TANH;
        snprintf(layer->detail, sizeof layer->detail, "tanh");
    }
    return status;
}

static const struct incline_option gelu_options[] = {
    {"approximate", INCLINE_OPTION_CHOICE, offsetof(struct gelu_options, approximate), "none", 0, 0,
     approximate_names, "tanh: the older formula in its place, off by up to 0.0005"},
};

/* With alpha 0 it is relu, also in that no gradient passes where y is 0: 0 times NaN would be NaN.
 */
static enum incline_status infer_leaky_relu(struct incline_layer *layer,
                                            struct incline_text *problem)
{
    enum incline_status status = infer_alpha(layer, problem);
    if (layer->alpha == 0)
        layer->activation = INCLINE_ACTIVATION_RELU;
    return status;
}

#define ACTIVATION(name_, number)                                                                  \
    .name = #name_, .activation = number, .forward = incline_elementwise_forward,                  \
    .backward = incline_elementwise_backward

const struct incline_layer_class incline_relu_class = {
    ACTIVATION(relu, INCLINE_ACTIVATION_RELU),
    .help = "max(x, 0)",
    .about =
        {.equation = "y = max(x, 0),   f'(x) = 1 where x > 0, else 0",
         .shapes = "any, kept",
         .pytorch = "ReLU",
         .keras = "ReLU",
         .source =
             "Nair, Hinton 2010, Rectified linear units improve restricted Boltzmann machines"},
    .infer = incline_elementwise_infer,
};

const struct incline_layer_class incline_sigmoid_class = {
    ACTIVATION(sigmoid, INCLINE_ACTIVATION_SIGMOID),
    .help = "1 / (1 + e^-x)",
    .about = {.equation = "y = 1 / (1 + e^-x),   f'(x) = y (1 - y)",
              .shapes = "any, kept",
              .pytorch = "Sigmoid",
              .keras = "Activation(\"sigmoid\")"},
    .infer = incline_elementwise_infer,
};

const struct incline_layer_class incline_tanh_class = {
    ACTIVATION(tanh, INCLINE_ACTIVATION_TANH),
    .help = "hyperbolic tangent",
    .about = {.equation = "y = (e^x - e^-x) / (e^x + e^-x),   f'(x) = 1 - y^2",
              .shapes = "any, kept",
              .pytorch = "Tanh",
              .keras = "Activation(\"tanh\")"},
    .infer = incline_elementwise_infer,
};

const struct incline_layer_class incline_leaky_relu_class = {
    ACTIVATION(leaky_relu, INCLINE_ACTIVATION_LEAKY_RELU),
    .help = "x above 0, alpha x below",
    .about = {.equation = "y = x where x > 0, else alpha x,   f'(x) = 1 where x > 0, else alpha",
              .shapes = "any, kept",
              .pytorch = "LeakyReLU",
              .keras = "LeakyReLU, whose slope is 0.3",
              .source = "Maas, Hannun, Ng 2013, Rectifier nonlinearities improve neural network "
                        "acoustic models"},
    .options = {leaky_relu_options, 1, "alpha", sizeof(struct alpha_options)},
    .infer = infer_leaky_relu,
};

const struct incline_layer_class incline_relu6_class = {
    ACTIVATION(relu6, INCLINE_ACTIVATION_RELU6),
    .help = "x between 0 and 6",
    .about = {.equation = "y = min(max(x, 0), 6),   f'(x) = 1 where 0 < x < 6, else 0",
              .shapes = "any, kept",
              .pytorch = "ReLU6",
              .keras = "ReLU(max_value=6)",
              .source = "Howard et al. 2017, MobileNets"},
    .infer = incline_elementwise_infer,
};

const struct incline_layer_class incline_elu_class = {
    ACTIVATION(elu, INCLINE_ACTIVATION_ELU),
    .help = "x above 0, alpha (e^x - 1) below",
    .about = {.equation = "y = x where x > 0, else alpha (e^x - 1)\n"
                          "f'(x) = 1 where x > 0, else y + alpha",
              .shapes = "any, kept",
              .pytorch = "ELU",
              .keras = "ELU",
              .source = "Clevert, Unterthiner, Hochreiter 2015, Fast and accurate deep network "
                        "learning by exponential linear units"},
    .options = {elu_options, 1, "alpha", sizeof(struct alpha_options)},
    .infer = infer_alpha,
};

const struct incline_layer_class incline_selu_class = {
    ACTIVATION(selu, INCLINE_ACTIVATION_SELU),
    .help = "elu that keeps mean 0 and variance 1",
    .about = {.equation =
                  "y = s x where x > 0, else s a (e^x - 1),   s = 1.0507..., a = 1.6732...\n"
                  "f'(x) = s where x > 0, else y + s a",
              .shapes = "any, kept",
              .pytorch = "SELU",
              .keras = "Activation(\"selu\")",
              .source = "Klambauer et al. 2017, Self-normalizing neural networks"},
    .infer = incline_elementwise_infer,
};

const struct incline_layer_class incline_softplus_class = {
    ACTIVATION(softplus, INCLINE_ACTIVATION_SOFTPLUS),
    .help = "ln(1 + e^x)",
    .about = {.equation = "y = ln(1 + e^x),   f'(x) = 1 - e^-y",
              .shapes = "any, kept",
              .pytorch = "Softplus",
              .keras = "Activation(\"softplus\")"},
    .infer = incline_elementwise_infer,
};

const struct incline_layer_class incline_gelu_class = {
    ACTIVATION(gelu, INCLINE_ACTIVATION_GELU),
    .help = "x times the share of a normal distribution below x",
    .about = {.equation =
                  "y = x P(x),   P(x) = (1 + erf(x / sqrt 2)) / 2\n"
                  "approximate: tanh   P(x) = (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2",
              .shapes = "any, kept",
              .pytorch = "GELU",
              .keras = "Activation(\"gelu\")",
              .source = "Hendrycks, Gimpel 2016, Gaussian error linear units"},
    .options = {gelu_options, 1, "approximate", sizeof(struct gelu_options)},
    .infer = infer_gelu,
};

const struct incline_layer_class incline_silu_class = {
    ACTIVATION(silu, INCLINE_ACTIVATION_SILU),
    .help = "x / (1 + e^-x), also called swish",
    .about = {.equation = "y = x s,   f'(x) = s (1 + x (1 - s)),   s = 1 / (1 + e^-x)",
              .shapes = "any, kept",
              .pytorch = "SiLU",
              .keras = "Activation(\"swish\")",
              .source = "Ramachandran, Zoph, Le 2017, Searching for activation functions"},
    .infer = incline_elementwise_infer,
};

const struct incline_layer_class incline_hard_swish_class = {
    ACTIVATION(hard_swish, INCLINE_ACTIVATION_HARD_SWISH),
    .help = "silu made of straight lines",
    .about = {.equation = "y = x min(max(x + 3, 0), 6) / 6\n"
                          "f'(x) = 0 where x <= -3, 1 where x >= 3, else x / 3 + 1 / 2",
              .shapes = "any, kept",
              .pytorch = "Hardswish",
              .source = "Howard et al. 2019, Searching for MobileNetV3"},
    .infer = incline_elementwise_infer,
};
