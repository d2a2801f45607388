/* add: the sum of several layers of one shape, in their order. */
#include "layers/add.h"

enum { CHUNK = 64 };

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    layer->out = layer->in;
    return incline_layer_check_same(layer, problem);
}

static enum incline_status launch_kernel(struct incline_context *ctx, struct incline_plan *plan,
                                         const char *label, size_t elems, const char *kernel,
                                         struct incline_tensor *from, struct incline_tensor *to)
{
    struct incline_text defines;
    struct incline_launch launch = {
        .label = label,
        .source = "add.cl",
        .kernel = kernel,
        .items = incline_lane_items(plan),
        .group = incline_lane_items(plan),
        .second = (int)((elems + CHUNK - 1) / CHUNK),
        .third = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(from), INCLINE_TENSOR(to)},
    };
    incline_text_init(&defines, ctx);
    incline_define(&defines, "ELEMS", (int)elems);
    incline_define(&defines, "CHUNK", CHUNK);
    launch.defines = incline_text_get(&defines);
    enum incline_status status = incline_text_status(&defines);
    if (!status)
        status = incline_plan_launch(ctx, plan, &launch);
    incline_text_finish(&defines);
    return status;
}

enum incline_status incline_add_to(struct incline_context *ctx, struct incline_plan *plan,
                                   const char *label, size_t elems, struct incline_tensor *x,
                                   struct incline_tensor *y)
{
    return launch_kernel(ctx, plan, label, elems, "add_to", x, y);
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    size_t elems = incline_shape_elems(layer->out);
    enum incline_status status = INCLINE_OK;
    for (int k = 0; !status && k < incline_layer_input_count(layer); k++)
        status = launch_kernel(ctx, io->plan, layer->name, elems, k == 0 ? "add_copy" : "add_to",
                               io->xs[k], io->y);
    return status;
}

static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    size_t elems = incline_shape_elems(layer->out);
    enum incline_status status = INCLINE_OK;
    for (int k = 0; !status && k < incline_layer_input_count(layer); k++)
        if (io->dxs[k])
            status =
                launch_kernel(ctx, io->plan, layer->name, elems, "add_copy", io->dy, io->dxs[k]);
    return status;
}

const struct incline_layer_class incline_add_class = {
    .name = "add",
    .help = "sum of the layers named by `from`, all of one shape",
    .about = {.equation = "y = a + b + ...",
              .shapes = "inputs of one shape, kept",
              .pytorch = "a + b",
              .keras = "Add"},
    .most_inputs = INCLINE_INPUTS_MAX,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
