/* Two-dimensional convolution; see cl/conv2d.cl for the equations. */
#include "layers/conv2d_groups.h"
#include "layers/delta.h"
#include "layers/pool_code.h"
#include "layers/window.h"

#include <stdio.h>

struct options {
    int filters;
    int kernel[2], stride[2];
    struct incline_padding padding;
    int dilation[2], groups;
    bool bias;
    int init;
    int activation;
};

/* Parts of the weight gradient: enough for many cores, few enough to add up quickly, and together
 * no more than so many numbers. The order of the sum depends on them, so they depend on the layer's
 * shapes alone. With groups each part costs another sum, over the images of a block. */
enum { PARTS_MAX = 256, GROUPED_PARTS_MAX = 64, PIECES_ELEMS_MAX = 1 << 17 };

int incline_conv2d_groups(const struct incline_layer *layer)
{
    const struct options *options = layer->options;
    return options->groups;
}

/* Cells from the first of a window to its last. */
static void measure_reach(const struct options *options, int reach[2])
{
    for (int axis = 0; axis < 2; axis++)
        reach[axis] = (options->kernel[axis] - 1) * options->dilation[axis] + 1;
}

static enum incline_status place(const struct incline_layer *layer, struct incline_window *window,
                                 struct incline_text *problem)
{
    const struct options *options = layer->options;
    int reach[2];
    measure_reach(options, reach);
    enum incline_status status =
        incline_window_infer(layer->in, reach, options->stride, &options->padding, window, problem);
    if (status && (options->dilation[0] > 1 || options->dilation[1] > 1))
        incline_text_add(problem, ": kernel %dx%d with dilation %dx%d; use less, or more padding",
                         options->kernel[0], options->kernel[1], options->dilation[0],
                         options->dilation[1]);
    else if (status)
        incline_text_add(problem, "; use a smaller kernel, or more padding");
    return status;
}

static enum incline_status check_groups(const struct incline_layer *layer,
                                        struct incline_text *problem)
{
    const struct options *options = layer->options;
    bool of_input = layer->in.channels % options->groups != 0;
    if (!of_input && options->filters % options->groups == 0)
        return INCLINE_OK;
    incline_text_add(problem,
                     "groups %d does not divide its %d %s; it must divide input channels and "
                     "filters",
                     options->groups, of_input ? layer->in.channels : options->filters,
                     of_input ? "input channels" : "filters");
    return INCLINE_ERROR_CONFIG;
}

/* "3x3, dilation 2x2, 4 groups + relu" */
static void write_detail(struct incline_layer *layer)
{
    const struct options *options = layer->options;
    char dilation[32] = "", groups[24] = "";
    if (options->dilation[0] > 1 || options->dilation[1] > 1)
        snprintf(dilation, sizeof dilation, ", dilation %dx%d", options->dilation[0],
                 options->dilation[1]);
    if (options->groups > 1)
        snprintf(groups, sizeof groups, ", %d groups", options->groups);
    snprintf(layer->detail, sizeof layer->detail, "%dx%d%s%s%s%s", options->kernel[0],
             options->kernel[1], dilation, groups, options->activation ? " + " : "",
             options->activation ? incline_activation_names[options->activation] : "");
}

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    const struct options *options = layer->options;
    struct incline_window window;
    enum incline_status status = check_groups(layer, problem);
    if (!status)
        status = place(layer, &window, problem);
    if (status)
        return status;
    layer->out = (struct incline_shape){window.out[0], window.out[1], options->filters};
    layer->activation = (enum incline_activation)options->activation;
    layer->alpha = incline_activation_alpha(layer->activation);

    double taps = (double)options->kernel[0] * options->kernel[1];
    int channels = layer->in.channels / options->groups;
    status = incline_check_index(taps * channels * incline_columns(options->filters), problem);
    if (status)
        return status;
    struct incline_parameter *weight = &layer->parameters[0];
    *weight = (struct incline_parameter){
        .role = "weight",
        .layout = INCLINE_LAYOUT_HWIO,
        .dims = {options->kernel[0], options->kernel[1], channels, options->filters},
        .rank = 4,
        .elems = (size_t)taps * (size_t)channels * (size_t)options->filters,
        .fan_in = taps * channels, /* both fans by the tensor's shape, as PyTorch and Keras */
        .fan_out = taps * options->filters,
        .initializer = options->init,
    };
    layer->parameter_count = 1;
    if (options->bias)
        layer->parameters[layer->parameter_count++] =
            incline_bias_parameter(options->filters, weight);
    layer->multiply_adds = (double)weight->elems * layer->out.height * layer->out.width;
    write_detail(layer);
    return INCLINE_OK;
}

/* Rows of a part: the weights', and the bias's. */
static int rows_of(const struct incline_layer *layer)
{
    const int *dims = layer->parameters[0].dims;
    return dims[0] * dims[1] * dims[2] + incline_layer_has_bias(layer);
}

/* Windows in a part. */
static int share_of(const struct incline_layer *layer)
{
    int most = PIECES_ELEMS_MAX / (rows_of(layer) * incline_columns(layer->out.channels));
    int limit = incline_conv2d_groups(layer) > 1 ? GROUPED_PARTS_MAX : PARTS_MAX;
    int parts = most < 1 ? 1 : most > limit ? limit : most;
    return (incline_pool_windows(layer) + parts - 1) / parts;
}

static int count_tiles(int count, int tile)
{
    return (count + tile - 1) / tile;
}

int incline_conv2d_parts(const struct incline_layer *layer)
{
    return count_tiles(incline_pool_windows(layer), share_of(layer));
}

/* Tiles of at most so many channels, of one group or of whole groups; see cl/conv2d.h. */
static int channel_tile(int groups, int channels, int most)
{
    int each = channels / groups;
    return most < each ? incline_tile(each, most) : each * incline_tile(groups, most / each);
}

static int channel_tiles(int groups, int channels, int tile)
{
    int each = channels / groups;
    return tile < each ? groups * count_tiles(each, tile) : count_tiles(channels, tile);
}

/* What an item of the passes to y and to dx sums at once: channels, and neighbours in a row. */
struct patch {
    int channels, wide;
};

/* Candidates of both by lanes, each with channels at most and wide: sums, a factor and `wide`
 * operands have to fit in the registers, 32 with 16 lanes and 16 with fewer. */
enum { CANDIDATES = 8 };
static const struct incline_tile lanes_16[CANDIDATES] = {{{8, 3}}, {{16, 1}}, {{12, 2}}, {{6, 4}},
                                                         {{8, 2}}, {{12, 1}}, {{8, 1}},  {{4, 1}}};
static const struct incline_tile lanes_8[CANDIDATES] = {{{6, 2}}, {{12, 1}}, {{4, 3}}, {{8, 1}},
                                                        {{4, 2}}, {{6, 1}},  {{4, 1}}, {{2, 1}}};
static const struct incline_tile lanes_1[CANDIDATES] = {{{4, 1}}, {{8, 1}}, {{2, 1}},  {{1, 1}},
                                                        {{6, 1}}, {{3, 1}}, {{12, 1}}, {{16, 1}}};
/* with a pool; its sums are twice as many */
static const struct incline_tile pooled[CANDIDATES] = {{{4, 1}},  {{8, 1}}, {{6, 1}}, {{10, 1}},
                                                       {{12, 1}}, {{3, 1}}, {{2, 1}}, {{5, 1}}};

static const struct incline_tile *candidates(const struct incline_plan *plan)
{
    int lanes = incline_device_lanes(incline_plan_device(plan));
    return lanes == INCLINE_NB ? lanes_16 : lanes > 1 ? lanes_8 : lanes_1;
}

/* `channels` of the layer, and a width that fits in x at least once. */
static struct patch make_patch(const struct incline_layer *layer, const struct incline_tile *tile,
                               int channels)
{
    const struct options *options = layer->options;
    int reach[2];
    measure_reach(options, reach);
    bool fits = (tile->values[1] - 1) * options->stride[1] + reach[1] <= layer->in.width;
    return (struct patch){channel_tile(options->groups, channels, tile->values[0]),
                          fits ? tile->values[1] : 1};
}

static struct patch forward_patch(const struct incline_layer *layer,
                                  const struct incline_plan *plan)
{
    const struct incline_tile *many = layer->pool ? pooled : candidates(plan);
    const struct incline_tile *tile =
        incline_layer_tile(layer, plan, layer->pool ? "conv2d_pool_forward" : "conv2d_forward",
                           many, CANDIDATES, lanes_1, CANDIDATES);
    return make_patch(layer, tile, layer->out.channels);
}

/* Tiles that an item owns, which take turns at so many terms of their sums: those and what they
 * read fit in the nearest cache together. With fewer than LONG_TERMS channels all that one reads
 * does. */
enum { WALK_TILES = 8, WALK_TERMS = 32, LONG_TERMS = 64 };

static int walk_of(const struct incline_layer *layer, const struct patch *patch, int channels)
{
    bool walks = incline_conv2d_groups(layer) == 1 && !layer->pool && patch->wide > 1 &&
                 channels >= LONG_TERMS;
    return walks ? WALK_TILES : 1;
}

static int forward_walk(const struct incline_layer *layer, const struct patch *patch)
{
    return layer->reads_pixels ? 1 : walk_of(layer, patch, layer->in.channels);
}

static int backward_walk(const struct incline_layer *layer, const struct patch *patch)
{
    return walk_of(layer, patch, layer->out.channels);
}

/* The candidate's numbers: TILE_RUN at most, TILE_K, and 1 when all kernel rows are one tile where
 * they are few. */
static struct incline_conv2d_tile weight_tile(const struct incline_layer *layer,
                                              const struct incline_plan *plan)
{
    static const struct incline_tile many[] = {{{9, 2, 1}}, {{16, 1, 1}}, {{8, 2, 0}},
                                               {{8, 1, 0}}, {{12, 1, 0}}, {{4, 4, 0}},
                                               {{6, 2, 0}}, {{4, 2, 0}}};
    static const struct incline_tile one[] = {{{9, 1, 1}}, {{16, 1, 1}}, {{8, 1, 0}}, {{4, 1, 0}},
                                              {{6, 1, 0}}, {{3, 1, 0}},  {{2, 1, 0}}, {{12, 1, 0}}};
    const struct options *options = layer->options;
    if (options->groups > 1)
        return incline_conv2d_groups_tile(layer, plan);
    const struct incline_tile *tile =
        incline_layer_tile(layer, plan, "conv2d_backward_weights", many, sizeof many / sizeof *many,
                           one, sizeof one / sizeof *one);
    int lanes = incline_device_lanes(incline_plan_device(plan));
    int run = options->kernel[1] * layer->in.channels, wish = tile->values[1];
    while (incline_columns(options->filters) % (wish * lanes) != 0)
        wish /= 2;
    if (tile->values[2] && options->kernel[0] * run * wish <= 20)
        return (struct incline_conv2d_tile){options->kernel[0], run, wish};
    return (struct incline_conv2d_tile){1, channel_tile(options->kernel[1], run, tile->values[0]),
                                        wish};
}

void incline_conv2d_define(const struct incline_layer *layer, const struct incline_plan *plan,
                           struct incline_text *defines)
{
    const struct options *options = layer->options;
    struct incline_shape out = incline_layer_output(layer);
    struct incline_conv2d_tile tile = weight_tile(layer, plan);
    struct patch patch = forward_patch(layer, plan);
    struct incline_window window = {0};
    (void)place(layer, &window, defines);
    incline_define(defines, "IN_H", layer->in.height);
    incline_define(defines, "IN_W", layer->in.width);
    incline_define(defines, "IN_C", layer->in.channels);
    incline_define(defines, "OUT_H", layer->out.height);
    incline_define(defines, "OUT_W", layer->out.width);
    incline_define(defines, "OUT_C", layer->out.channels);
    incline_define(defines, "KERNEL_H", options->kernel[0]);
    incline_define(defines, "KERNEL_W", options->kernel[1]);
    incline_define(defines, "STRIDE_H", window.stride[0]);
    incline_define(defines, "STRIDE_W", window.stride[1]);
    incline_define(defines, "DILATION_H", options->dilation[0]);
    incline_define(defines, "DILATION_W", options->dilation[1]);
    incline_define(defines, "GROUPS", options->groups);
    incline_define(defines, "PAD_TOP", window.before[0]);
    incline_define(defines, "PAD_LEFT", window.before[1]);
    incline_define(defines, "HAS_BIAS", incline_layer_has_bias(layer));
    incline_define_activation(defines, "ACTIVATION", layer);
    incline_pool_define(layer->pool, "POOL", defines);
    incline_pool_define(layer->window, "WINDOW", defines);
    incline_define(defines, "POOLED_H", out.height);
    incline_define(defines, "POOLED_W", out.width);
    incline_define(defines, "OUT_COLUMNS", incline_columns(out.channels));
    incline_define(defines, "TILE_OUT", patch.channels);
    incline_define(defines, "WIDE_OUT", patch.wide);
    incline_define(defines, "TILE_KH", tile.kernel_rows);
    incline_define(defines, "TILE_RUN", tile.run);
    incline_define(defines, "TILE_K", tile.across);
    incline_define(defines, "SHARE", share_of(layer));
}

/* A stride or a pool lies between neighbours in a row of dx and those of z: then single cells. */
static struct patch data_patch(const struct incline_layer *layer, const struct incline_tile *tile)
{
    const struct options *options = layer->options;
    struct patch patch = make_patch(layer, tile, layer->in.channels);
    if (options->stride[1] > 1 || layer->pool)
        patch.wide = 1;
    return patch;
}

static struct patch backward_patch(const struct incline_layer *layer,
                                   const struct incline_plan *plan)
{
    const struct incline_tile *tile = incline_layer_tile(
        layer, plan, "conv2d_backward_data", candidates(plan), CANDIDATES, lanes_1, CANDIDATES);
    return data_patch(layer, tile);
}

/* For the kernels that do not read it: with the first guess they share its program. */
static struct patch unread_patch(const struct incline_layer *layer, const struct incline_plan *plan)
{
    return data_patch(layer, candidates(plan));
}

static bool trains(const struct incline_layer_io *io)
{
    return io->gradient_use != INCLINE_GRADIENT_NONE;
}

static enum incline_status launch_kernel(struct incline_context *ctx,
                                         const struct incline_layer *layer,
                                         struct incline_layer_io *io, bool input, struct patch back,
                                         struct incline_launch *launch)
{
    struct patch out = forward_patch(layer, io->plan);
    struct incline_text defines;
    incline_text_init(&defines, ctx);
    incline_conv2d_define(layer, io->plan, &defines);
    incline_define(&defines, "TILE_IN", back.channels);
    incline_define(&defines, "WIDE_IN", back.wide);
    incline_define(&defines, "WALK_OUT", forward_walk(layer, &out));
    incline_define(&defines, "WALK_IN", backward_walk(layer, &back));
    incline_define(&defines, "WALK_TERMS", WALK_TERMS);
    incline_define(&defines, "INPUT", input);
    incline_define(&defines, "TRAINS", trains(io));
    return incline_layer_launch(ctx, layer, io, "conv2d.cl", &defines, launch);
}

static void add_input(const struct incline_input *input, struct incline_launch *launch)
{
    incline_launch_add_tensor(launch, input->pixels);
    incline_launch_add_tensor(launch, input->order);
    incline_launch_add_tensor(launch, input->scaling);
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    enum { SHARE = 8 }; /* of a group on a GPU, channel tiles at a time */
    bool input = layer->reads_pixels;
    struct incline_shape out = incline_layer_output(layer);
    struct patch patch = forward_patch(layer, io->plan);
    int tiles = channel_tiles(incline_conv2d_groups(layer), out.channels, patch.channels);
    int walks = count_tiles(tiles, forward_walk(layer, &patch));
    struct incline_launch launch = {.kernel = "conv2d_forward", .third = INCLINE_BLOCKS};
    if (input) {
        incline_launch_in_groups(&launch, io->plan, out.height, SHARE);
        add_input(io->input, &launch);
    } else {
        incline_launch_over_lanes(&launch, io->plan, out.height * walks);
    }
    if (!input || trains(io))
        incline_launch_add_tensor(&launch, io->x);
    incline_launch_add_tensor(&launch, io->parameters[0]);
    if (incline_layer_has_bias(layer))
        incline_launch_add_tensor(&launch, io->parameters[1]);
    incline_launch_add_tensor(&launch, io->y);
    if (layer->pool) {
        enum incline_status status = incline_pool_codes(ctx, layer->pool, io, &launch);
        if (status)
            return status;
    }
    if (input) {
        incline_launch_add(&launch, (struct incline_arg)INCLINE_FIRST);
        incline_launch_add(&launch, (struct incline_arg)INCLINE_IMAGES);
    }
    return launch_kernel(ctx, layer, io, input, unread_patch(layer, io->plan), &launch);
}

bool incline_conv2d_can_read_pixels(const struct incline_layer *layer)
{
    const struct options *options = layer->options;
    int reach[2];
    measure_reach(options, reach);
    size_t pool_height = layer->pool ? (size_t)(layer->out.height / layer->pool->out.height) : 1;
    size_t rows = (pool_height - 1) * (size_t)options->stride[0] + (size_t)reach[0];
    size_t row = (size_t)layer->in.width * (size_t)layer->in.channels;
    return rows * row * INCLINE_NB * sizeof(float) <= INCLINE_SCRATCH_BYTES;
}

static enum incline_status plan_data_gradient(struct incline_context *ctx,
                                              const struct incline_layer *layer,
                                              struct incline_layer_io *io)
{
    struct patch back = backward_patch(layer, io->plan);
    int tiles = channel_tiles(incline_conv2d_groups(layer), layer->in.channels, back.channels);
    int walks = count_tiles(tiles, backward_walk(layer, &back));
    struct incline_launch launch = {.kernel = "conv2d_backward_data", .third = INCLINE_BLOCKS};
    incline_launch_over_lanes(&launch, io->plan, layer->in.height * walks);
    incline_launch_add_tensor(&launch, io->dy);
    if (layer->pool)
        incline_launch_add_tensor(&launch, io->saved);
    incline_launch_add_tensor(&launch, io->parameters[0]);
    incline_launch_add_tensor(&launch, io->dx);
    return launch_kernel(ctx, layer, io, false, back, &launch);
}

enum incline_status incline_conv2d_pieces(struct incline_context *ctx,
                                          const struct incline_layer *layer,
                                          struct incline_layer_io *io, struct incline_tensor **out)
{
    size_t elems = (size_t)rows_of(layer) * (size_t)incline_columns(layer->out.channels);
    return incline_plan_tensor(ctx, io->plan, layer->name,
                               (size_t)incline_conv2d_parts(layer) * elems * sizeof(float), out);
}

enum incline_status incline_conv2d_finish(struct incline_context *ctx,
                                          const struct incline_layer *layer,
                                          struct incline_layer_io *io,
                                          struct incline_tensor *pieces)
{
    int rows = rows_of(layer), columns = incline_columns(layer->out.channels);
    bool bias = incline_layer_has_bias(layer);
    struct incline_unfinished gradient = {
        .piece = pieces,
        .parts = incline_conv2d_parts(layer),
        .stride = rows * columns,
        .rows = rows - bias,
        .columns = columns,
        .channels = layer->out.channels,
        .target = incline_gradient_target(io, 0),
    };
    enum incline_status status = incline_finish_gradient(ctx, io->finish, layer->name, &gradient);
    if (status || !bias)
        return status;
    gradient.offset = gradient.rows * columns;
    gradient.rows = 1;
    gradient.target = incline_gradient_target(io, 1);
    return incline_finish_gradient(ctx, io->finish, layer->name, &gradient);
}

/* Tiles that an item of the weight gradient walks through, where there are `others` items for each:
 * on a CPU as many as leave some items for each core, so that few read the same numbers again. */
static int weight_walk(const struct incline_plan *plan, int tiles, int others)
{
    enum { ITEMS = 4 }; /* for each core */
    struct incline_device *device = incline_plan_device(plan);
    int wanted = count_tiles(ITEMS * incline_device_get_info(device)->compute_units, others);
    return incline_device_lanes(device) == 1 ? 1 : count_tiles(tiles, wanted);
}

/* Windows whose numbers fit in a core's cache while it walks through tiles: at most a row. */
static int weight_stretch(const struct incline_layer *layer)
{
    enum { CACHE_BYTES = 512 << 10 };
    const struct options *options = layer->options;
    int columns = layer->window ? layer->window->out.width : layer->out.width;
    size_t row =
        (size_t)options->kernel[0] *
        incline_shape_elems((struct incline_shape){1, layer->in.width, layer->in.channels});
    row += incline_shape_elems((struct incline_shape){1, layer->out.width, layer->out.channels});
    size_t fit = CACHE_BYTES * (size_t)columns / (row * INCLINE_NB * sizeof(float));
    return fit < 1 ? 1 : fit < (size_t)columns ? (int)fit : columns;
}

static enum incline_status plan_weight_parts(struct incline_context *ctx,
                                             const struct incline_layer *layer,
                                             struct incline_layer_io *io,
                                             const struct incline_delta *delta,
                                             struct incline_tensor *pieces)
{
    const struct options *options = layer->options;
    struct incline_conv2d_tile tile = weight_tile(layer, io->plan);
    int lanes = incline_device_lanes(incline_plan_device(io->plan));
    int run = options->kernel[1] * layer->in.channels, parts = incline_conv2d_parts(layer);
    int tiles =
        options->kernel[0] / tile.kernel_rows * channel_tiles(options->kernel[1], run, tile.run);
    int columns = incline_columns(layer->out.channels), across = columns / (lanes * tile.across);
    int walk = weight_walk(io->plan, tiles, across * parts);
    struct incline_launch launch = {.kernel = "conv2d_backward_weights", .third = parts};
    incline_launch_over_lanes(&launch, io->plan, count_tiles(tiles, walk));
    launch.items = across;
    launch.group = lanes > 1 ? 1 : INCLINE_NB;
    incline_launch_add_tensor(&launch, io->x);
    incline_launch_add_tensor(&launch, delta->dz_t);
    if (layer->pool)
        incline_launch_add_tensor(&launch, delta->code_t);
    incline_launch_add_tensor(&launch, pieces);
    incline_launch_add_int(&launch, walk);
    incline_launch_add_int(&launch, walk > 1 ? weight_stretch(layer) : share_of(layer));
    incline_launch_add(&launch, (struct incline_arg)INCLINE_IMAGES);
    return launch_kernel(ctx, layer, io, false, unread_patch(layer, io->plan), &launch);
}

/* The data gradient comes before the weights': it needs the weights as they were in the forward
 * pass. */
static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    bool grouped = incline_conv2d_groups(layer) > 1;
    struct incline_delta delta = {0};
    struct incline_tensor *pieces;
    enum incline_status status =
        grouped ? incline_conv2d_groups_delta(ctx, layer, io)
                : incline_delta_plan(ctx, layer, incline_layer_output(layer), io, &delta);
    if (!status && io->dx)
        status = plan_data_gradient(ctx, layer, io);
    if (!status)
        status = incline_conv2d_pieces(ctx, layer, io, &pieces);
    if (!status)
        status = grouped ? incline_conv2d_groups_weights(ctx, layer, io, pieces)
                         : plan_weight_parts(ctx, layer, io, &delta, pieces);
    return status ? status : incline_conv2d_finish(ctx, layer, io, pieces);
}

#define PLACE(member) offsetof(struct options, member)

static const struct incline_option options[] = {
    {"filters", INCLINE_OPTION_INT, PLACE(filters), NULL, 1, 65536, NULL, "output channels"},
    {"kernel", INCLINE_OPTION_PAIR, PLACE(kernel), NULL, 1, 1024, NULL, "window, in cells"},
    {"stride", INCLINE_OPTION_PAIR, PLACE(stride), "1", 1, 1024, NULL,
     "step of the window, in cells"},
    {"padding", INCLINE_OPTION_PADDING, PLACE(padding), "valid", 0, 1024, NULL,
     "valid, same (Keras, ONNX SAME_UPPER), or cells at each end"},
    {"dilation", INCLINE_OPTION_PAIR, PLACE(dilation), "1", 1, 1024, NULL,
     "cells from one of the window to the next"},
    {"groups", INCLINE_OPTION_INT, PLACE(groups), "1", 1, 65536, NULL,
     "parts of the channels, each convolved alone; as many as channels: depthwise"},
    {"bias", INCLINE_OPTION_BOOL, PLACE(bias), "true", 0, 0, NULL, "add a number per filter"},
    {"init", INCLINE_OPTION_CHOICE, PLACE(init), "glorot_uniform", 0, 0, incline_initializer_names,
     "start of the weights; the bias starts at 0 (torch: as PyTorch)"},
    {"activation", INCLINE_OPTION_CHOICE, PLACE(activation), "none", 0, 0, incline_activation_names,
     "applied to the result; others are layers of their own"},
};

const struct incline_layer_class incline_conv2d_class = {
    .name = "conv2d",
    .help = "two-dimensional convolution",
    .about =
        {.equation =
             "z[oh][ow][k] = b[k] + sum over kh, kw, c < C / groups of\n"
             "    w[kh][kw][c][k] x[oh SH + kh DH - PT][ow SW + kw DW - PL][g C / groups + c]\n"
             "with g = floor(k groups / filters)\n"
             "y = f(z); cells outside x count as 0\n"
             "fan_in = KH KW C / groups, fan_out = KH KW filters, as PyTorch and Keras",
         .shapes = "HxWxC -> OHxOWxfilters",
         .pytorch = "Conv2d",
         .keras = "Conv2D",
         .source =
             "LeCun et al. 1989, Backpropagation applied to handwritten zip code recognition"},
    .options = {options, sizeof options / sizeof *options, "filters", sizeof(struct options)},
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
