/* Normalization of each image over all of its numbers, as PyTorch's LayerNorm of [C, H, W]. */
#include "layers/image_norm.h"

struct options {
    double eps;
    bool affine;
};

static struct incline_image_norm norm_of(const struct incline_layer *layer)
{
    const struct options *options = layer->options;
    return (struct incline_image_norm){1, options->eps, options->affine, true};
}

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    const struct incline_image_norm norm = norm_of(layer);
    (void)problem;
    incline_image_norm_infer(layer, &norm);
    return INCLINE_OK;
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    const struct incline_image_norm norm = norm_of(layer);
    return incline_image_norm_forward(ctx, layer, io, &norm);
}

static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    const struct incline_image_norm norm = norm_of(layer);
    return incline_image_norm_backward(ctx, layer, io, &norm);
}

#define PLACE(member) offsetof(struct options, member)

static const struct incline_option options[] = {
    {"eps", INCLINE_OPTION_DOUBLE, PLACE(eps), "1e-5", 1e-12, 1, NULL,
     "added to the variance before its root is taken"},
    {"affine", INCLINE_OPTION_BOOL, PLACE(affine), "true", 0, 0, NULL,
     "scale each number of an image and add one to it, both trained"},
};

const struct incline_layer_class incline_layer_norm_class = {
    .name = "layer_norm",
    .help = "each image to mean 0 and variance 1",
    .about =
        {.equation =
             "y = w (x - mean) / sqrt(var + eps) + b, mean and var over all H W C numbers of the\n"
             "    image; w and b have as many",
         .shapes = "any, kept",
         .pytorch = "LayerNorm([C, H, W]), after a flatten LayerNorm(C)",
         .keras = "LayerNormalization, axis=[1, 2, 3]; its default axis is the channels alone",
         .source = "Ba, Kiros, Hinton 2016, Layer normalization"},
    .options = {options, sizeof options / sizeof *options, NULL, sizeof(struct options), NULL},
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
