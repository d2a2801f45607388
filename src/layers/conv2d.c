/* Two-dimensional convolution; see cl/conv2d.cl for the equations. */
#include "device/tuning.h"
#include "layers/delta.h"
#include "layers/pool_code.h"
#include "layers/window.h"

#include <stdio.h>

struct options {
    int filters;
    int kernel[2], stride[2];
    struct incline_padding padding;
    bool bias;
    int init;
    int activation;
};

/* Partial sums of the weight gradient: enough for the cores, few enough to add up quickly. The
 * order of the sum depends on this number, so it depends on nothing but the batch. */
enum { PARTS_MAX = 8 };

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    const struct options *options = layer->options;
    const struct incline_shape in = layer->in;
    struct incline_window window;
    enum incline_status status = incline_window_infer(in, options->kernel, options->stride,
                                                      &options->padding, &window, problem);
    if (status)
        return status;
    layer->out = (struct incline_shape){window.out[0], window.out[1], options->filters};
    layer->activation = (enum incline_activation)options->activation;

    double taps = (double)options->kernel[0] * options->kernel[1];
    status = incline_check_index(taps * in.channels * incline_columns(options->filters) * PARTS_MAX,
                                 problem);
    if (status)
        return status;
    struct incline_parameter *weight = &layer->parameters[0];
    *weight = (struct incline_parameter){
        .role = "weight",
        .layout = INCLINE_LAYOUT_HWIO,
        .dims = {options->kernel[0], options->kernel[1], in.channels, options->filters},
        .rank = 4,
        .elems = (size_t)taps * (size_t)in.channels * (size_t)options->filters,
        .fan_in = taps * in.channels,
        .fan_out = taps * options->filters,
        .initializer = options->init,
    };
    layer->parameter_count = 1;
    if (options->bias)
        layer->parameters[layer->parameter_count++] =
            incline_bias_parameter(options->filters, weight);
    layer->multiply_adds = (double)weight->elems * layer->out.height * layer->out.width;
    snprintf(layer->detail, sizeof layer->detail, "%dx%d%s%s", options->kernel[0],
             options->kernel[1], options->activation ? " + " : "",
             options->activation ? incline_activation_names[options->activation] : "");
    return INCLINE_OK;
}

/* What the layer puts out: after the pool, if it computes one. */
static struct incline_shape output_of(const struct incline_layer *layer)
{
    return layer->pool ? layer->pool->out : layer->out;
}

static bool has_bias(const struct incline_layer *layer)
{
    return layer->parameter_count > 1;
}

static int parts_of(const struct incline_plan *plan)
{
    int blocks = incline_plan_blocks(plan);
    return blocks < PARTS_MAX ? blocks : PARTS_MAX;
}

/* Tiles; see cl/conv2d.cl. */
struct tiles {
    int out, in, kernel_rows, run, vectors;
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct incline_tile *choose(const struct incline_layer *layer,
                                         const struct incline_plan *plan, const char *op,
                                         const struct incline_tile *candidates, size_t count)
{
    const struct options *options = layer->options;
    struct incline_shape out = output_of(layer);
    char shape[160];
    snprintf(shape, sizeof shape, "in=%dx%dx%d kernel=%dx%d stride=%dx%d out=%dx%dx%d images=%d",
             layer->in.height, layer->in.width, layer->in.channels, options->kernel[0],
             options->kernel[1], options->stride[0], options->stride[1], out.height, out.width,
             out.channels, incline_plan_batch(plan));
    return incline_tuning_choose(incline_plan_device(plan), op, shape, candidates, count);
}

/* Output channels that an item sums at once, at most; with a pool it keeps the best ones too. */
static int choose_out(const struct incline_layer *layer, const struct incline_plan *plan)
{
    static const struct incline_tile plain[] = {{{16}}, {{12}}, {{8}}, {{10}}, {{6}}};
    static const struct incline_tile pooled[] = {{{8}}, {{6}}, {{10}}, {{4}}, {{12}}};
    const struct incline_tile *tile =
        layer->pool ? choose(layer, plan, "conv2d_forward_pool", pooled, COUNT(pooled))
                    : choose(layer, plan, "conv2d_forward", plain, COUNT(plain));
    return incline_tile(layer->out.channels, tile->values[0]);
}

static int choose_in(const struct incline_layer *layer, const struct incline_plan *plan)
{
    static const struct incline_tile tiles[] = {{{16}}, {{12}}, {{8}}, {{6}}};
    return incline_tile(layer->in.channels,
                        choose(layer, plan, "conv2d_backward_data", tiles, COUNT(tiles))->values[0]);
}

/* Vectors along k, cells of a kernel row at most, and sums up to which all kernel rows are taken at
 * once. */
static const struct incline_tile *choose_weights(const struct incline_layer *layer,
                                                 const struct incline_plan *plan)
{
    static const struct incline_tile tiles[] = {{{2, 9, 20}}, {{1, 16, 20}}, {{2, 6, 12}},
                                                {{1, 12, 12}}, {{1, 9, 9}},  {{2, 4, 8}}};
    return choose(layer, plan, "conv2d_backward_weights", tiles, COUNT(tiles));
}

static struct tiles tiles_of(const struct incline_layer *layer, const struct incline_plan *plan)
{
    const struct options *options = layer->options;
    const int *weights = choose_weights(layer, plan)->values;
    int lanes = incline_device_lanes(incline_plan_device(plan));
    int run = options->kernel[1] * layer->in.channels;
    bool pairs = lanes > 1 && incline_columns(options->filters) % (2 * lanes) == 0;
    struct tiles tiles = {
        .out = choose_out(layer, plan),
        .in = choose_in(layer, plan),
        .kernel_rows = 1,
        .vectors = pairs ? weights[0] : 1,
    };
    tiles.run = incline_tile(run, pairs || weights[0] == 1 ? weights[1] : 16);
    if (options->kernel[0] * run * tiles.vectors <= weights[2]) {
        tiles.kernel_rows = options->kernel[0];
        tiles.run = run;
    }
    return tiles;
}

static void define_all(const struct incline_layer *layer, const struct incline_plan *plan,
                       struct incline_text *defines)
{
    const struct options *options = layer->options;
    struct incline_shape out = output_of(layer);
    struct tiles tiles = tiles_of(layer, plan);
    struct incline_window window = {0};
    (void)incline_window_infer(layer->in, options->kernel, options->stride, &options->padding,
                               &window, defines);
    incline_define(defines, "IN_H", layer->in.height);
    incline_define(defines, "IN_W", layer->in.width);
    incline_define(defines, "IN_C", layer->in.channels);
    incline_define(defines, "OUT_H", layer->out.height);
    incline_define(defines, "OUT_W", layer->out.width);
    incline_define(defines, "OUT_C", layer->out.channels);
    incline_define(defines, "KERNEL_H", window.size[0]);
    incline_define(defines, "KERNEL_W", window.size[1]);
    incline_define(defines, "STRIDE_H", window.stride[0]);
    incline_define(defines, "STRIDE_W", window.stride[1]);
    incline_define(defines, "PAD_TOP", window.before[0]);
    incline_define(defines, "PAD_LEFT", window.before[1]);
    incline_define(defines, "HAS_BIAS", has_bias(layer));
    incline_define(defines, "ACTIVATION", (int)layer->activation);
    if (layer->pool) {
        incline_pool_define(layer->pool, defines);
    } else {
        incline_define(defines, "POOL_H", 1);
        incline_define(defines, "POOL_W", 1);
    }
    incline_define(defines, "POOLED_H", out.height);
    incline_define(defines, "POOLED_W", out.width);
    incline_define(defines, "COLUMNS", incline_columns(out.channels));
    incline_define(defines, "TILE_OUT", tiles.out);
    incline_define(defines, "TILE_IN", tiles.in);
    incline_define(defines, "TILE_KH", tiles.kernel_rows);
    incline_define(defines, "TILE_RUN", tiles.run);
    incline_define(defines, "TILE_V", tiles.vectors);
    incline_define(defines, "PARTS", parts_of(plan));
}

static enum incline_status launch_kernel(struct incline_context *ctx,
                                         const struct incline_layer *layer,
                                         struct incline_layer_io *io, struct incline_launch *launch)
{
    struct incline_text defines;
    incline_text_init(&defines, ctx);
    define_all(layer, io->plan, &defines);
    enum incline_status status = incline_text_status(&defines);
    if (!status) {
        launch->label = layer->name;
        launch->source = "conv2d.cl";
        launch->defines = incline_text_get(&defines);
        status = incline_plan_launch(ctx, io->plan, launch);
    }
    incline_text_finish(&defines);
    return status;
}

static int count_tiles(int count, int tile)
{
    return (count + tile - 1) / tile;
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    struct incline_shape out = output_of(layer);
    struct tiles tiles = tiles_of(layer, io->plan);
    struct incline_launch launch = {
        .kernel = "conv2d_forward",
        .items = incline_lane_items(io->plan),
        .group = incline_lane_items(io->plan),
        .second = out.height * count_tiles(out.channels, tiles.out),
        .third = INCLINE_BLOCKS,
    };
    incline_launch_add_tensor(&launch, io->x);
    incline_launch_add_tensor(&launch, io->parameters[0]);
    if (has_bias(layer))
        incline_launch_add_tensor(&launch, io->parameters[1]);
    incline_launch_add_tensor(&launch, io->y);
    if (layer->pool) {
        size_t codes = incline_shape_elems(out) * (size_t)incline_plan_blocks(io->plan) *
                       INCLINE_NB * incline_pool_code_bytes(layer->pool);
        enum incline_status status =
            incline_plan_tensor(ctx, io->plan, layer->name, codes, &io->saved);
        if (status)
            return status;
        incline_launch_add_tensor(&launch, io->saved);
    }
    return launch_kernel(ctx, layer, io, &launch);
}

static enum incline_status plan_data_gradient(struct incline_context *ctx,
                                              const struct incline_layer *layer,
                                              struct incline_layer_io *io)
{
    struct tiles tiles = tiles_of(layer, io->plan);
    struct incline_launch launch = {
        .kernel = "conv2d_backward_data",
        .items = incline_lane_items(io->plan),
        .group = incline_lane_items(io->plan),
        .second = layer->in.height * count_tiles(layer->in.channels, tiles.in),
        .third = INCLINE_BLOCKS,
    };
    incline_launch_add_tensor(&launch, io->dy);
    if (layer->pool)
        incline_launch_add_tensor(&launch, io->saved);
    incline_launch_add_tensor(&launch, io->parameters[0]);
    incline_launch_add_tensor(&launch, io->dx);
    return launch_kernel(ctx, layer, io, &launch);
}

/* Adds up the parts and applies or stores the result. */
static enum incline_status plan_reduction(struct incline_context *ctx,
                                          const struct incline_layer *layer,
                                          struct incline_layer_io *io,
                                          struct incline_tensor *partial, int parameter, int rows)
{
    struct incline_text defines;
    bool apply = io->gradient_use == INCLINE_GRADIENT_APPLY;
    incline_text_init(&defines, ctx);
    incline_define(&defines, "PARTS", parts_of(io->plan));
    incline_define(&defines, "ROWS", rows);
    incline_define(&defines, "COLUMNS", incline_columns(layer->out.channels));
    incline_define(&defines, "CHANNELS", layer->out.channels);
    incline_define(&defines, "APPLY", apply);
    struct incline_launch launch = {
        .label = layer->name,
        .source = "reduce.cl",
        .kernel = "reduce_parts",
        .defines = incline_text_get(&defines),
        .items = incline_columns(layer->out.channels),
        .group = INCLINE_NB,
        .second = rows,
        .args = {INCLINE_TENSOR(partial),
                 INCLINE_TENSOR(apply ? io->parameters[parameter] : io->gradients[parameter]),
                 INCLINE_LEARNING_RATE},
    };
    enum incline_status status = incline_text_status(&defines);
    if (!status)
        status = incline_plan_launch(ctx, io->plan, &launch);
    incline_text_finish(&defines);
    return status;
}

static enum incline_status plan_weight_gradient(struct incline_context *ctx,
                                                const struct incline_layer *layer,
                                                struct incline_layer_io *io,
                                                const struct incline_delta *delta)
{
    const struct options *options = layer->options;
    struct tiles tiles = tiles_of(layer, io->plan);
    int lanes = incline_device_lanes(incline_plan_device(io->plan));
    int columns = incline_columns(layer->out.channels);
    int run = options->kernel[1] * layer->in.channels, rows = options->kernel[0] * run;
    struct incline_tensor *partial;
    enum incline_status status = incline_plan_tensor(
        ctx, io->plan, layer->name,
        (size_t)parts_of(io->plan) * (size_t)rows * (size_t)columns * sizeof(float), &partial);
    if (status)
        return status;
    struct incline_launch launch = {
        .kernel = "conv2d_backward_weights",
        .items = columns / (lanes * tiles.vectors),
        .group = incline_lane_items(io->plan),
        .second = options->kernel[0] / tiles.kernel_rows * count_tiles(run, tiles.run),
        .third = parts_of(io->plan),
    };
    incline_launch_add_tensor(&launch, io->x);
    incline_launch_add_tensor(&launch, delta->dz_t);
    if (layer->pool)
        incline_launch_add_tensor(&launch, delta->code_t);
    incline_launch_add_tensor(&launch, partial);
    incline_launch_add(&launch, (struct incline_arg)INCLINE_IMAGES);
    status = launch_kernel(ctx, layer, io, &launch);
    if (status)
        return status;
    return plan_reduction(ctx, layer, io, partial, 0, rows);
}

static enum incline_status plan_bias_gradient(struct incline_context *ctx,
                                              const struct incline_layer *layer,
                                              struct incline_layer_io *io,
                                              const struct incline_delta *delta)
{
    int columns = incline_columns(layer->out.channels);
    struct incline_tensor *partial;
    enum incline_status status =
        incline_plan_tensor(ctx, io->plan, layer->name,
                            (size_t)parts_of(io->plan) * (size_t)columns * sizeof(float), &partial);
    if (status)
        return status;
    struct incline_launch launch = {
        .kernel = "conv2d_backward_bias",
        .items = columns / incline_device_lanes(incline_plan_device(io->plan)),
        .group = incline_lane_items(io->plan),
        .second = parts_of(io->plan),
    };
    incline_launch_add_tensor(&launch, delta->dz_t);
    if (layer->pool)
        incline_launch_add_tensor(&launch, delta->code_t);
    incline_launch_add_tensor(&launch, partial);
    incline_launch_add(&launch, (struct incline_arg)INCLINE_IMAGES);
    status = launch_kernel(ctx, layer, io, &launch);
    if (status)
        return status;
    return plan_reduction(ctx, layer, io, partial, 1, 1);
}

/* The data gradient comes first: it needs the weights as they were in the forward pass. */
static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    struct incline_delta delta;
    enum incline_status status = incline_delta_plan(ctx, layer, output_of(layer), io, &delta);
    if (status)
        return status;
    if (io->dx) {
        status = plan_data_gradient(ctx, layer, io);
        if (status)
            return status;
    }
    status = plan_weight_gradient(ctx, layer, io, &delta);
    if (status || !has_bias(layer))
        return status;
    return plan_bias_gradient(ctx, layer, io, &delta);
}

#define PLACE(member) offsetof(struct options, member)

static const struct incline_option options[] = {
    {"filters", INCLINE_OPTION_INT, PLACE(filters), NULL, 1, 65536, NULL, "output channels"},
    {"kernel", INCLINE_OPTION_PAIR, PLACE(kernel), NULL, 1, 1024, NULL, "window, in cells"},
    {"stride", INCLINE_OPTION_PAIR, PLACE(stride), "1", 1, 1024, NULL,
     "step of the window, in cells"},
    {"padding", INCLINE_OPTION_PADDING, PLACE(padding), "valid", 0, 1024, NULL,
     "valid, same (Keras, ONNX SAME_UPPER), or cells at each end"},
    {"bias", INCLINE_OPTION_BOOL, PLACE(bias), "true", 0, 0, NULL, "add a number per filter"},
    {"init", INCLINE_OPTION_CHOICE, PLACE(init), "glorot_uniform", 0, 0, incline_initializer_names,
     "start of the weights; the bias starts at 0 (torch: as PyTorch)"},
    {"activation", INCLINE_OPTION_CHOICE, PLACE(activation), "none", 0, 0, incline_activation_names,
     "applied to the result"},
};

const struct incline_layer_class incline_conv2d_class = {
    .name = "conv2d",
    .help = "two-dimensional convolution",
    .options = {options, sizeof options / sizeof *options, "filters", sizeof(struct options)},
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
