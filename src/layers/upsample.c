/* Enlarging by whole factors, each cell repeated; see cl/upsample.cl for the equations. */
#include "layers/layer.h"

#include <stdio.h>

struct options {
    int factor[2];
};

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    const struct options *options = layer->options;
    double height = (double)layer->in.height * options->factor[0];
    double width = (double)layer->in.width * options->factor[1];
    enum incline_status status = incline_check_index(height * width * layer->in.channels, problem);
    if (status)
        return status;
    layer->out = (struct incline_shape){(int)height, (int)width, layer->in.channels};
    snprintf(layer->detail, sizeof layer->detail, "%dx%d", options->factor[0], options->factor[1]);
    return INCLINE_OK;
}

static enum incline_status launch_kernel(struct incline_context *ctx,
                                         const struct incline_layer *layer,
                                         const struct incline_layer_io *io, const char *kernel,
                                         struct incline_tensor *from, struct incline_tensor *to,
                                         int items)
{
    const struct options *options = layer->options;
    struct incline_launch launch = {
        .kernel = kernel,
        .third = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(from), INCLINE_TENSOR(to), INCLINE_INT(layer->in.height),
                 INCLINE_INT(layer->in.width), INCLINE_INT(layer->in.channels),
                 INCLINE_INT(options->factor[0]), INCLINE_INT(options->factor[1])},
    };
    incline_launch_over_lanes(&launch, io->plan, items);
    return incline_layer_launch(ctx, layer, io, "upsample.cl", NULL, &launch);
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    return launch_kernel(ctx, layer, io, "upsample_forward", io->x, io->y,
                         layer->out.height * layer->out.width);
}

static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    if (!io->dx)
        return INCLINE_OK;
    return launch_kernel(ctx, layer, io, "upsample_backward", io->dy, io->dx,
                         layer->in.height * layer->in.width);
}

static const struct incline_option options[] = {
    {"factor", INCLINE_OPTION_PAIR, offsetof(struct options, factor), NULL, 1, 4096, NULL,
     "how many times as high and wide"},
};

const struct incline_layer_class incline_upsample_class = {
    .name = "upsample",
    .help = "each cell repeated, to a multiple of height and width (nearest neighbour)",
    .about = {.equation = "y[oh][ow][c] = x[floor(oh / FH)][floor(ow / FW)][c]",
              .shapes = "HxWxC -> (H FH)x(W FW)xC",
              .pytorch = "Upsample(mode='nearest')",
              .keras = "UpSampling2D"},
    .options = {options, sizeof options / sizeof *options, "factor", sizeof(struct options)},
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
