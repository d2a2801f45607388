/* prelu: a leaky_relu whose slope below 0 is learned; see cl/prelu.cl for the equations. */
#include "layers/finish.h"

#include <stdio.h>

struct options {
    bool per_channel;
    double init;
};

/* Elements of an item forward; positions of a slice at least, and slices at most. The order of the
 * sum depends on the slices, so they depend on the layer's shape alone. */
enum { CHUNK = 64, SHARE_MIN = 64, SLICES_MAX = 64 };

/* Slopes, and the elements of an image that share one. */
static int slopes_of(const struct incline_layer *layer)
{
    return (int)layer->parameters[0].elems;
}

static int positions_of(const struct incline_layer *layer)
{
    return (int)incline_shape_elems(layer->in) / slopes_of(layer);
}

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    const struct options *options = layer->options;
    int slopes = options->per_channel ? layer->in.channels : 1;
    (void)problem;
    layer->out = layer->in;
    layer->parameters[0] = (struct incline_parameter){
        .role = "weight",
        .layout = options->per_channel ? INCLINE_LAYOUT_FEATURES : INCLINE_LAYOUT_VECTOR,
        .dims = {slopes, 1, 1, 1},
        .rank = 1,
        .elems = (size_t)slopes,
        .initializer = INCLINE_INITIALIZER_CONSTANT,
        .start = options->init,
    };
    layer->parameter_count = 1;
    if (options->per_channel)
        snprintf(layer->detail, sizeof layer->detail, "per channel");
    return INCLINE_OK;
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    int elems = (int)incline_shape_elems(layer->in);
    struct incline_text defines;
    struct incline_launch launch = {
        .kernel = "prelu_forward",
        .third = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(io->x), INCLINE_TENSOR(io->parameters[0]), INCLINE_TENSOR(io->y),
                 INCLINE_INT(elems), INCLINE_INT(slopes_of(layer))},
    };
    incline_text_init(&defines, ctx);
    incline_define(&defines, "CHUNK", CHUNK);
    incline_launch_over_lanes(&launch, io->plan, (elems + CHUNK - 1) / CHUNK);
    return incline_layer_launch(ctx, layer, io, "prelu.cl", &defines, &launch);
}

/* piece [slices NB][columns]: the gradient of the slopes, summed over the blocks and a slice. */
static enum incline_status plan_gradients(struct incline_context *ctx,
                                          const struct incline_layer *layer,
                                          struct incline_layer_io *io, int share, int slices,
                                          struct incline_tensor *piece)
{
    struct incline_text defines;
    struct incline_launch launch = {
        .kernel = "prelu_backward",
        .third = slices,
        .args = {INCLINE_TENSOR(io->x), INCLINE_TENSOR(io->dy), INCLINE_TENSOR(io->parameters[0]),
                 INCLINE_TENSOR(piece)},
    };
    if (io->dx)
        incline_launch_add_tensor(&launch, io->dx);
    incline_launch_add_int(&launch, positions_of(layer));
    incline_launch_add_int(&launch, slopes_of(layer));
    incline_launch_add_int(&launch, share);
    incline_launch_add(&launch, (struct incline_arg)INCLINE_IMAGES);
    incline_text_init(&defines, ctx);
    incline_define(&defines, "CHUNK", CHUNK);
    incline_define(&defines, "WANTS_DX", io->dx != NULL);
    incline_launch_over_lanes(&launch, io->plan, incline_columns(slopes_of(layer)));
    return incline_layer_launch(ctx, layer, io, "prelu.cl", &defines, &launch);
}

static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    int positions = positions_of(layer), columns = incline_columns(slopes_of(layer));
    int least = (positions + SLICES_MAX - 1) / SLICES_MAX;
    int share = least > SHARE_MIN ? least : SHARE_MIN;
    int slices = (positions + share - 1) / share;
    struct incline_unfinished gradient = {
        .parts = slices * INCLINE_NB,
        .stride = columns,
        .rows = 1,
        .columns = columns,
        .channels = slopes_of(layer),
        .target = incline_gradient_target(io, 0),
    };
    size_t bytes = (size_t)gradient.parts * (size_t)columns * sizeof(float);
    enum incline_status status =
        incline_plan_tensor(ctx, io->plan, layer->name, bytes, &gradient.piece);
    if (!status)
        status = plan_gradients(ctx, layer, io, share, slices, gradient.piece);
    return status ? status : incline_finish_gradient(ctx, io->finish, layer->name, &gradient);
}

#define PLACE(member) offsetof(struct options, member)

static const struct incline_option options[] = {
    {"per_channel", INCLINE_OPTION_BOOL, PLACE(per_channel), "false", 0, 0, NULL,
     "a slope for each channel, not one for all"},
    {"init", INCLINE_OPTION_DOUBLE, PLACE(init), "0.25", -1000, 1000, NULL, "start of the slopes"},
};

const struct incline_layer_class incline_prelu_class = {
    .name = "prelu",
    .help = "leaky_relu whose slope below 0 is learned",
    .about = {.equation = "y = x where x > 0, else w x\n"
                          "dx = dy where x > 0, else w dy,   dw = sum of dy x where x <= 0",
              .shapes = "HxWxC, kept;   weight C with per_channel, else 1",
              .pytorch = "PReLU(C), PReLU()",
              .keras = "PReLU(shared_axes=[1, 2])",
              .source = "He et al. 2015, Delving deep into rectifiers"},
    .options = {options, sizeof options / sizeof *options, NULL, sizeof(struct options)},
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
