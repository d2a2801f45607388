/* Max pooling; see cl/max_pool2d.cl for the equations. */
#include "layers/pool.h"
#include "layers/pool_code.h"

/* An arg-max code is the number of a window's cell: one byte up to the first of these sizes, as
 * cl/lanes.h decides too, and two bytes up to the second. */
enum { BYTE_CELLS_MAX = 255, CELLS_MAX = 65536 };

static int cells_of(const struct incline_pool_options *options)
{
    return options->size[0] * options->size[1];
}

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    const struct incline_pool_options *options = layer->options;
    if (cells_of(options) > CELLS_MAX) {
        incline_text_add(problem, "window %dx%d has more than %d cells", options->size[0],
                         options->size[1], CELLS_MAX);
        return INCLINE_ERROR_CONFIG;
    }
    return incline_pool_infer(layer, problem);
}

size_t incline_pool_code_bytes(const struct incline_layer *pool)
{
    return cells_of(pool->options) > BYTE_CELLS_MAX ? 2 : 1;
}

void incline_pool_define(const struct incline_layer *pool, const char *name,
                         struct incline_text *defines)
{
    const struct incline_pool_options *options = pool ? pool->options : NULL;
    incline_text_add(defines, " -D %s_H=%d", name, options ? options->size[0] : 1);
    incline_text_add(defines, " -D %s_W=%d", name, options ? options->size[1] : 1);
}

int incline_pool_windows(const struct incline_layer *conv)
{
    const struct incline_shape out = conv->window ? conv->window->out : conv->out;
    return out.height * out.width;
}

bool incline_pool_tiles_input(const struct incline_layer *pool)
{
    struct incline_window window = incline_pool_window(pool);
    if (window.size[0] * window.size[1] == 1)
        return false; /* to cl/conv2d.cl a pool of one cell is none, and has no codes */
    for (int axis = 0; axis < 2; axis++)
        if (window.stride[axis] != window.size[axis] || window.before[axis] != 0)
            return false;
    return window.out[0] * window.size[0] <= pool->in.height &&
           window.out[1] * window.size[1] <= pool->in.width;
}

static enum incline_status launch_pass(struct incline_context *ctx,
                                       const struct incline_layer *layer,
                                       struct incline_layer_io *io, struct incline_launch *launch)
{
    struct incline_window window = incline_pool_window(layer);
    struct incline_text defines;
    incline_text_init(&defines, ctx);
    incline_define(&defines, "IN_H", layer->in.height);
    incline_define(&defines, "IN_W", layer->in.width);
    incline_define(&defines, "CHANNELS", layer->in.channels);
    incline_define(&defines, "TRAINS", io->gradient_use != INCLINE_GRADIENT_NONE);
    incline_define(&defines, "OUT_H", window.out[0]);
    incline_define(&defines, "OUT_W", window.out[1]);
    incline_pool_define(layer, "POOL", &defines);
    incline_define(&defines, "STRIDE_H", window.stride[0]);
    incline_define(&defines, "STRIDE_W", window.stride[1]);
    incline_define(&defines, "PAD_TOP", window.before[0]);
    incline_define(&defines, "PAD_LEFT", window.before[1]);
    enum incline_status status = incline_text_status(&defines);
    if (!status) {
        launch->label = layer->name;
        launch->source = "max_pool2d.cl";
        launch->defines = incline_text_get(&defines);
        launch->items = launch->group = incline_lane_items(io->plan);
        launch->third = INCLINE_BLOCKS;
        status = incline_plan_launch(ctx, io->plan, launch);
    }
    incline_text_finish(&defines);
    return status;
}

enum incline_status incline_pool_codes(struct incline_context *ctx,
                                       const struct incline_layer *pool,
                                       struct incline_layer_io *io, struct incline_launch *launch)
{
    if (io->gradient_use == INCLINE_GRADIENT_NONE)
        return INCLINE_OK;
    size_t codes =
        incline_shape_elems(pool->out) * (size_t)incline_plan_blocks(io->plan) * INCLINE_NB;
    enum incline_status status = incline_plan_tensor(
        ctx, io->plan, pool->name, codes * incline_pool_code_bytes(pool), &io->saved);
    if (!status)
        incline_launch_add_tensor(launch, io->saved);
    return status;
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    struct incline_launch launch = {
        .kernel = "max_pool2d_forward",
        .second = layer->out.height,
        .args = {INCLINE_TENSOR(io->x), INCLINE_TENSOR(io->y)},
    };
    enum incline_status status = incline_pool_codes(ctx, layer, io, &launch);
    return status ? status : launch_pass(ctx, layer, io, &launch);
}

static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    if (!io->dx)
        return INCLINE_OK;
    struct incline_launch launch = {
        .kernel = "max_pool2d_backward",
        .second = layer->in.height,
        .args = {INCLINE_TENSOR(io->dy), INCLINE_TENSOR(io->saved), INCLINE_TENSOR(io->dx)},
    };
    return launch_pass(ctx, layer, io, &launch);
}

#define PLACE(member) offsetof(struct incline_pool_options, member)

static const struct incline_option options[] = {
    {"size", INCLINE_OPTION_PAIR, PLACE(size), NULL, 1, 4096, NULL,
     "window, in cells; at most 65536 of them"},
    {"stride", INCLINE_OPTION_PAIR, PLACE(stride), "0", 0, 4096, NULL,
     "step of the window, in cells; 0: its size"},
    {"padding", INCLINE_OPTION_PADDING, PLACE(padding), "valid", 0, 4096, NULL,
     "valid, same, or cells at each end (at most half the window)"},
};

const struct incline_layer_class incline_max_pool2d_class = {
    .name = "max_pool2d",
    .help = "the largest number of each window, channel by channel",
    .about = {.equation =
                  "y[oh][ow][c] = max over the window of x[oh SH + h - PT][ow SW + w - PL][c]\n"
                  "the gradient goes to the first of equal maxima; cells outside x never win",
              .shapes = "HxWxC -> OHxOWxC",
              .pytorch = "MaxPool2d",
              .keras = "MaxPooling2D"},
    .options = {options, sizeof options / sizeof *options, "size",
                sizeof(struct incline_pool_options)},
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
