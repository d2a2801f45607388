/* Softmax over the channels of each position; see cl/softmax.cl. */
#include "layers/layer.h"

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    (void)problem;
    layer->out = layer->in;
    return INCLINE_OK;
}

static enum incline_status launch_pass(struct incline_context *ctx,
                                       const struct incline_layer *layer,
                                       struct incline_layer_io *io, struct incline_launch *launch)
{
    struct incline_text defines;
    incline_text_init(&defines, ctx);
    incline_define(&defines, "POSITIONS", layer->in.height * layer->in.width);
    incline_define(&defines, "CHANNELS", layer->in.channels);
    enum incline_status status = incline_text_status(&defines);
    if (!status) {
        launch->label = layer->name;
        launch->source = "softmax.cl";
        launch->defines = incline_text_get(&defines);
        launch->items = launch->group = incline_lane_items(io->plan);
        launch->second = layer->in.height * layer->in.width;
        launch->third = INCLINE_BLOCKS;
        status = incline_plan_launch(ctx, io->plan, launch);
    }
    incline_text_finish(&defines);
    return status;
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    struct incline_launch launch = {
        .kernel = "softmax_forward",
        .args = {INCLINE_TENSOR(io->x), INCLINE_TENSOR(io->y)},
    };
    return launch_pass(ctx, layer, io, &launch);
}

static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    if (!io->dx)
        return INCLINE_OK;
    struct incline_launch launch = {
        .kernel = "softmax_backward",
        .args = {INCLINE_TENSOR(io->y), INCLINE_TENSOR(io->dy), INCLINE_TENSOR(io->dx)},
    };
    return launch_pass(ctx, layer, io, &launch);
}

const struct incline_layer_class incline_softmax_class = {
    .name = "softmax",
    .help = "e^x / sum of e^x over the channels",
    .about = {.equation =
                  "y[c] = e^x[c] / sum over j of e^x[j], at each position\n"
                  "as the last layer before cross_entropy or focal it becomes part of the loss",
              .shapes = "any, kept",
              .pytorch = "Softmax(dim=1)",
              .keras = "Softmax",
              .source = "Bridle 1990, Probabilistic interpretation of feedforward classification "
                        "network outputs"},
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
