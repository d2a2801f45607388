/* Normalization of each image over groups of its channels. */
#include "layers/image_norm.h"

#include <stdio.h>

struct options {
    int groups;
    double eps;
    bool affine;
};

static struct incline_image_norm norm_of(const struct incline_layer *layer)
{
    const struct options *options = layer->options;
    return (struct incline_image_norm){options->groups, options->eps, options->affine, false};
}

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    const struct incline_image_norm norm = norm_of(layer);
    if (layer->in.channels % norm.groups != 0) {
        incline_text_add(problem, "its %d channels cannot be divided into %d groups",
                         layer->in.channels, norm.groups);
        return INCLINE_ERROR_CONFIG;
    }
    incline_image_norm_infer(layer, &norm);
    snprintf(layer->detail, sizeof layer->detail, "%d", norm.groups);
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
    {"groups", INCLINE_OPTION_INT, PLACE(groups), NULL, 1, 65536, NULL,
     "groups of neighbouring channels; they must divide the channels"},
    {"eps", INCLINE_OPTION_DOUBLE, PLACE(eps), "1e-5", 1e-12, 1, NULL,
     "added to the variance before its root is taken"},
    {"affine", INCLINE_OPTION_BOOL, PLACE(affine), "true", 0, 0, NULL,
     "scale each channel and add a number to it, both trained"},
};

const struct incline_layer_class incline_group_norm_class = {
    .name = "group_norm",
    .help = "groups of channels of each image to mean 0 and variance 1",
    .about = {.equation = "y = w (x - mean) / sqrt(var + eps) + b, mean and var over the positions "
                          "and channels of\n"
                          "    a group in the image; w and b have a number a channel",
              .shapes =
                  "any, kept; a vector has its features as channels: before a flatten, groups\n"
                  "    are the same as PyTorch's, behind one they are not",
              .pytorch = "GroupNorm",
              .keras = "GroupNormalization",
              .source = "Wu, He 2018, Group normalization"},
    .options = {options, sizeof options / sizeof *options, "groups", sizeof(struct options), NULL},
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
