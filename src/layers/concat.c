/* concat: the channels of several layers side by side, in their order. */
#include "layers/layer.h"

#include <limits.h>

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    int channels = 0;
    for (int k = 0; k < incline_layer_input_count(layer); k++) {
        struct incline_shape input = incline_layer_input(layer, k);
        if (input.height != layer->in.height || input.width != layer->in.width) {
            incline_text_add(problem,
                             "its inputs differ in height or width: %dx%d and %dx%d: "
                             "a stride, a pool or too little padding on one way makes it smaller",
                             layer->in.height, layer->in.width, input.height, input.width);
            return INCLINE_ERROR_CONFIG;
        }
        if (input.channels > INT_MAX - channels) {
            incline_text_add(problem, "its inputs have too many channels together");
            return INCLINE_ERROR_CONFIG;
        }
        channels += input.channels;
    }
    layer->out = (struct incline_shape){layer->in.height, layer->in.width, channels};
    return INCLINE_OK;
}

/* Copies between the k-th input and its channels of the output. */
static enum incline_status launch_copy(struct incline_context *ctx,
                                       const struct incline_layer *layer,
                                       struct incline_layer_io *io, int k, const char *kernel,
                                       struct incline_tensor *from, struct incline_tensor *to)
{
    struct incline_text defines;
    struct incline_launch launch = {
        .kernel = kernel,
        .third = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(from), INCLINE_TENSOR(to)},
    };
    int positions = layer->out.height * layer->out.width, offset = 0;
    for (int before = 0; before < k; before++)
        offset += incline_layer_input(layer, before).channels;
    incline_launch_over_lanes(&launch, io->plan, positions);
    incline_launch_add_int(&launch, positions);
    incline_launch_add_int(&launch, incline_layer_input(layer, k).channels);
    incline_launch_add_int(&launch, offset);
    incline_launch_add_int(&launch, layer->out.channels);
    incline_text_init(&defines, ctx);
    return incline_layer_launch(ctx, layer, io, "concat.cl", &defines, &launch);
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    enum incline_status status = INCLINE_OK;
    for (int k = 0; !status && k < incline_layer_input_count(layer); k++)
        status = launch_copy(ctx, layer, io, k, "concat_forward", io->xs[k], io->y);
    return status;
}

static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    enum incline_status status = INCLINE_OK;
    for (int k = 0; !status && k < incline_layer_input_count(layer); k++)
        if (io->dxs[k])
            status = launch_copy(ctx, layer, io, k, "concat_backward", io->dy, io->dxs[k]);
    return status;
}

const struct incline_layer_class incline_concat_class = {
    .name = "concat",
    .help = "the channels of the layers named by `from` side by side",
    .about = {.equation = "y[h][w] = a[h][w] followed by b[h][w], ...",
              .shapes = "HxWxC1, HxWxC2, ... -> HxWx(C1 + C2 + ...)",
              .pytorch = "cat(dim=1)",
              .keras = "Concatenate"},
    .most_inputs = INCLINE_INPUTS_MAX,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
