/* Average pooling; see cl/avg_pool2d.cl for the equations. */
#include "layers/pool.h"

static const char *const count_names[] = {"auto", "true", "false", NULL};

struct options {
    struct incline_pool_options pool;
    int count_padding;
};

/* Do windows that reach into the padding divide by their cells inside x only? */
static bool inside_only(const struct incline_layer *layer, const struct incline_window *window)
{
    const struct options *options = layer->options;
    const int in[2] = {layer->in.height, layer->in.width};
    if (options->count_padding == INCLINE_COUNT_TRUE ||
        (options->count_padding == INCLINE_COUNT_AUTO &&
         options->pool.padding.mode == INCLINE_PADDING_EXPLICIT))
        return false;
    for (int axis = 0; axis < 2; axis++) {
        int last = (window->out[axis] - 1) * window->stride[axis] - window->before[axis];
        if (window->before[axis] > 0 || last + window->size[axis] > in[axis])
            return true;
    }
    return false;
}

/* tensors: those of the kernel; positions: what its work-items own. */
static enum incline_status launch_kernel(struct incline_context *ctx,
                                         const struct incline_layer *layer,
                                         const struct incline_layer_io *io, const char *kernel,
                                         struct incline_tensor *const tensors[2],
                                         struct incline_shape positions)
{
    struct incline_window window = incline_pool_window(layer);
    const int geometry[] = {
        layer->in.height, layer->in.width,  layer->in.channels, window.out[0],
        window.out[1],    window.size[0],   window.size[1],     window.stride[0],
        window.stride[1], window.before[0], window.before[1],   inside_only(layer, &window),
    };
    struct incline_launch launch = {.kernel = kernel, .third = INCLINE_BLOCKS};
    for (int i = 0; i < 2 && tensors[i]; i++)
        incline_launch_add_tensor(&launch, tensors[i]);
    for (size_t i = 0; i < sizeof geometry / sizeof *geometry; i++)
        incline_launch_add_int(&launch, geometry[i]);
    incline_launch_over_lanes(&launch, io->plan, positions.height * positions.width);
    return incline_layer_launch(ctx, layer, io, "avg_pool2d.cl", NULL, &launch);
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    struct incline_tensor *const tensors[] = {io->x, io->y};
    return launch_kernel(ctx, layer, io, "avg_pool2d_forward", tensors, layer->out);
}

static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    struct incline_window window = incline_pool_window(layer);
    struct incline_tensor *const tensors[] = {io->dy, io->dx}, *const in_place[] = {io->dy, NULL};
    enum incline_status status = INCLINE_OK;
    if (!io->dx)
        return INCLINE_OK;
    if (inside_only(layer, &window))
        status = launch_kernel(ctx, layer, io, "avg_pool2d_share", in_place, layer->out);
    return status ? status
                  : launch_kernel(ctx, layer, io, "avg_pool2d_backward", tensors, layer->in);
}

#define PLACE(member) offsetof(struct options, member)

static const struct incline_option options[] = {
    {"size", INCLINE_OPTION_PAIR, PLACE(pool.size), NULL, 1, 4096, NULL, "window, in cells"},
    {"stride", INCLINE_OPTION_PAIR, PLACE(pool.stride), "0", 0, 4096, NULL,
     "step of the window, in cells; 0: its size"},
    {"padding", INCLINE_OPTION_PADDING, PLACE(pool.padding), "valid", 0, 4096, NULL,
     "valid, same, or cells at each end (at most half the window)"},
    {"count_padding", INCLINE_OPTION_CHOICE, PLACE(count_padding), "auto", 0, 0, count_names,
     "does padding count as zeros? auto: a number does (PyTorch), same does not (Keras)"},
};

const struct incline_layer_class incline_avg_pool2d_class = {
    .name = "avg_pool2d",
    .help = "the average of each window, channel by channel",
    .about =
        {.equation =
             "y[oh][ow][c] = (1 / n) sum over the window of x[oh SH + h - PT][ow SW + w - PL][c]\n"
             "n: cells of the window; those inside x alone where padding does not count",
         .shapes = "HxWxC -> OHxOWxC",
         .pytorch = "AvgPool2d (count_include_pad)",
         .keras = "AveragePooling2D"},
    .options = {options, sizeof options / sizeof *options, "size", sizeof(struct options)},
    .infer = incline_pool_infer,
    .forward = forward,
    .backward = backward,
};
