/* multiply: two layers element by element; the second may have one number for each channel instead,
 * which scales that channel (as in squeeze-and-excitation). */
#include "layers/layer.h"

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    struct incline_shape second = incline_layer_input(layer, 1);
    layer->out = layer->in;
    if (second.height == 1 && second.width == 1 && second.channels == layer->in.channels)
        return INCLINE_OK;
    if (layer->in.height == 1 && layer->in.width == 1 && second.channels == layer->in.channels) {
        incline_text_add(problem, "its inputs are %dx%dx%d and %dx%dx%d: the scale comes second",
                         layer->in.height, layer->in.width, layer->in.channels, second.height,
                         second.width, second.channels);
        return INCLINE_ERROR_CONFIG;
    }
    if (second.height == 1 && second.width == 1) {
        incline_text_add(problem, "its scale has %d channels, not %d as what it scales",
                         second.channels, layer->in.channels);
        return INCLINE_ERROR_CONFIG;
    }
    return incline_layer_check_same(layer, problem);
}

static enum incline_status launch_kernel(struct incline_context *ctx,
                                         const struct incline_layer *layer,
                                         struct incline_layer_io *io, const char *kernel,
                                         struct incline_tensor *a, struct incline_tensor *b,
                                         struct incline_tensor *c)
{
    struct incline_shape second = incline_layer_input(layer, 1);
    struct incline_text defines;
    struct incline_launch launch = {
        .kernel = kernel,
        .third = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(a), INCLINE_TENSOR(b), INCLINE_TENSOR(c)},
    };
    incline_launch_over_lanes(&launch, io->plan, layer->in.channels);
    incline_text_init(&defines, ctx);
    incline_define(&defines, "POSITIONS", layer->in.height * layer->in.width);
    incline_define(&defines, "SCALES", second.height * second.width);
    incline_define(&defines, "CHANNELS", layer->in.channels);
    return incline_layer_launch(ctx, layer, io, "multiply.cl", &defines, &launch);
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    return launch_kernel(ctx, layer, io, "multiply_forward", io->xs[0], io->xs[1], io->y);
}

static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    enum incline_status status = INCLINE_OK;
    if (io->dxs[0])
        status = launch_kernel(ctx, layer, io, "multiply_forward", io->dy, io->xs[1], io->dxs[0]);
    if (!status && io->dxs[1])
        status = launch_kernel(ctx, layer, io, "multiply_backward", io->dy, io->xs[0], io->dxs[1]);
    return status;
}

const struct incline_layer_class incline_multiply_class = {
    .name = "multiply",
    .help = "product of two layers named by `from`; the second may have one number a channel",
    .about = {.equation = "y = a b, number by number; b of shape 1x1xC counts for every position",
              .shapes = "HxWxC and HxWxC or 1x1xC -> HxWxC",
              .pytorch = "a * b",
              .keras = "Multiply"},
    .most_inputs = 2,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
