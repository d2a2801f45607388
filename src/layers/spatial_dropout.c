/* Dropout of whole channels; see cl/dropout.cl. */
#include "layers/dropout.h"

static enum incline_status plan_channels(struct incline_context *ctx,
                                         const struct incline_layer *layer,
                                         struct incline_layer_io *io, struct incline_tensor *from,
                                         struct incline_tensor *to)
{
    const struct incline_dropout_pass pass = {from, to, layer->in.height * layer->in.width,
                                              layer->in.channels};
    return incline_dropout_plan(ctx, layer, io, &pass);
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    return plan_channels(ctx, layer, io, io->x, io->y);
}

static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    return io->dx ? plan_channels(ctx, layer, io, io->dy, io->dx) : INCLINE_OK;
}

const struct incline_layer_class incline_spatial_dropout_class = {
    .name = "spatial_dropout",
    .help = "sets whole channels of an image to 0 at random in training",
    .about = {.equation =
                  "training: y = x / (1 - p) with probability 1 - p, otherwise 0, for all of\n"
                  "    an image's channel alike\n"
                  "evaluation: y = x",
              .shapes = "any, kept; a vector has its features as channels",
              .pytorch = "Dropout2d",
              .keras = "SpatialDropout2D",
              .source = "Tompson et al. 2015, Efficient object localization using convolutional "
                        "networks"},
    .options = {incline_dropout_options, 1, "p", sizeof(struct incline_dropout_options), NULL},
    .is_identity = incline_dropout_is_identity,
    .infer = incline_dropout_infer,
    .forward = forward,
    .backward = backward,
};
