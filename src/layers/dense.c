/* Fully connected layer; see cl/dense.cl for the equations. */
#include "layers/dense.h"

#include "gemm/gemm.h"
#include "layers/delta.h"
#include "layers/dense_conv2d.h"
#include "layers/dense_gemm.h"

#include <stdio.h>

struct options {
    int units;
    bool bias;
    int init;
    int activation;
};

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    const struct options *options = layer->options;
    if (layer->in.height != 1 || layer->in.width != 1) {
        incline_text_add(problem,
                         "needs a vector, but its input is %dx%dx%d: put flatten before it",
                         layer->in.height, layer->in.width, layer->in.channels);
        return INCLINE_ERROR_CONFIG;
    }
    enum incline_status status =
        incline_check_index((double)layer->in.channels * options->units, problem);
    if (status)
        return status;
    layer->out = (struct incline_shape){1, 1, options->units};
    layer->activation = (enum incline_activation)options->activation;
    layer->alpha = incline_activation_alpha(layer->activation);
    struct incline_parameter *weight = &layer->parameters[0];
    *weight = (struct incline_parameter){
        .role = "weight",
        .layout = INCLINE_LAYOUT_IO,
        .dims = {layer->in.channels, options->units, 1, 1},
        .rank = 2,
        .elems = (size_t)layer->in.channels * (size_t)options->units,
        .fan_in = layer->in.channels,
        .fan_out = options->units,
        .initializer = options->init,
    };
    layer->parameter_count = 1;
    if (options->bias)
        layer->parameters[layer->parameter_count++] =
            incline_bias_parameter(options->units, weight);
    layer->multiply_adds = (double)weight->elems;
    if (options->activation)
        snprintf(layer->detail, sizeof layer->detail, "+ %s",
                 incline_activation_names[options->activation]);
    return INCLINE_OK;
}

/* See cl/dense.cl. The sums of the forward pass run in slices of this many terms, on every device.
 */
enum { SLICE = 256, GROUP_ROWS = 32, GROUP_SHARE = 16 };

static const struct incline_tile *forward_tile(const struct incline_layer *layer,
                                               const struct incline_plan *plan)
{
    /* TILE_OUT at most, WIDE_BLOCKS */
    static const struct incline_tile many[] = {{{8, 2}},  {{16, 1}}, {{12, 1}}, {{6, 2}},
                                               {{12, 2}}, {{8, 3}},  {{8, 1}},  {{4, 3}}};
    static const struct incline_tile one[] = {{{4, 1}}, {{8, 1}}, {{2, 1}},  {{1, 1}},
                                              {{6, 1}}, {{3, 1}}, {{16, 1}}, {{12, 1}}};
    return incline_layer_tile(layer, plan, "dense_forward", many, sizeof many / sizeof *many, one,
                              sizeof one / sizeof *one);
}

static const struct incline_tile *backward_tile(const struct incline_layer *layer,
                                                const struct incline_plan *plan)
{
    /* TILE_IN, TILE_ROWS, TILE_V */
    static const struct incline_tile many[] = {{{16, 16, 1}}, {{16, 8, 2}}, {{8, 16, 1}},
                                               {{8, 8, 2}},   {{16, 4, 4}}, {{16, 8, 1}},
                                               {{8, 8, 1}},   {{4, 4, 2}}};
    static const struct incline_tile one[] = {{{4, 8, 1}},  {{8, 8, 1}},  {{4, 4, 1}},
                                              {{8, 16, 1}}, {{2, 8, 1}},  {{16, 8, 1}},
                                              {{2, 4, 1}},  {{16, 16, 1}}};
    const struct incline_tile *tile =
        incline_layer_tile(layer, plan, "dense_backward", many, sizeof many / sizeof *many, one,
                           sizeof one / sizeof *one);
    return tile;
}

/* Vectors along the outputs, of which there may be too few for the tile's wish. */
static int vectors_of(const struct incline_layer *layer, const struct incline_plan *plan)
{
    int vectors =
        incline_columns(layer->out.channels) / incline_device_lanes(incline_plan_device(plan));
    int wish = backward_tile(layer, plan)->values[2];
    while (vectors % wish != 0)
        wish /= 2;
    return wish;
}

void incline_dense_define(const struct incline_layer *layer, const struct incline_plan *plan,
                          struct incline_text *defines)
{
    const struct incline_tile *backward = backward_tile(layer, plan);
    incline_define(defines, "IN", layer->in.channels);
    incline_define(defines, "OUT", layer->out.channels);
    incline_define(defines, "COLUMNS", incline_columns(layer->out.channels));
    incline_define(defines, "SLICE", SLICE);
    incline_define(defines, "TILE_ROWS", backward->values[1]);
    incline_define(defines, "TILE_V", vectors_of(layer, plan));
}

void incline_dense_define_forward(const struct incline_layer *layer,
                                  const struct incline_plan *plan, struct incline_text *defines)
{
    const int *values = forward_tile(layer, plan)->values;
    incline_define(defines, "TILE_OUT", incline_tile(layer->out.channels, values[0] * values[1]));
}

static int count_tiles(int count, int tile)
{
    return (count + tile - 1) / tile;
}

static int out_tiles(const struct incline_layer *layer, const struct incline_plan *plan)
{
    int most = forward_tile(layer, plan)->values[0];
    return count_tiles(layer->out.channels, incline_tile(layer->out.channels, most));
}

/* What one item of dense_forward walks through. */
struct walk {
    int tiles, blocks;
};

/* Two items for each compute unit of a CPU, of all blocks where there are tiles enough: the fewer
 * the items, the less is read twice. What a slice reads of the blocks should stay in the second
 * cache. */
static struct walk forward_walk(const struct incline_layer *layer, const struct incline_plan *plan)
{
    enum { ITEMS_A_UNIT = 2, BLOCKS_MAX = 16 };
    struct incline_device *device = incline_plan_device(plan);
    if (incline_device_lanes(device) == 1)
        return (struct walk){1, 1};
    int tiles = out_tiles(layer, plan);
    int blocks = count_tiles(incline_plan_tuned_batch(plan), INCLINE_NB);
    int items = ITEMS_A_UNIT * incline_device_get_info(device)->compute_units;
    int pieces = count_tiles(blocks, BLOCKS_MAX);
    if (tiles * pieces < items)
        pieces = count_tiles(items, tiles);
    int most = tiles * pieces / items;
    return (struct walk){most > 1 ? most : 1, count_tiles(blocks, pieces)};
}

static enum incline_status launch_kernel(struct incline_context *ctx,
                                         const struct incline_layer *layer,
                                         struct incline_layer_io *io, struct incline_launch *launch)
{
    struct walk walk = forward_walk(layer, io->plan);
    const struct incline_tile *tile = forward_tile(layer, io->plan);
    struct incline_text defines;
    incline_text_init(&defines, ctx);
    incline_dense_define(layer, io->plan, &defines);
    incline_define(&defines, "TILE_OUT", incline_tile(layer->out.channels, tile->values[0]));
    incline_define(&defines, "WIDE_BLOCKS", tile->values[1]);
    incline_define(&defines, "TILE_IN", backward_tile(layer, io->plan)->values[0]);
    incline_define(&defines, "HAS_BIAS", incline_layer_has_bias(layer));
    incline_define_activation(&defines, "ACTIVATION", layer);
    incline_define_update(&defines, io->optimizer, io->gradient_use);
    incline_define(&defines, "GROUP_ROWS", GROUP_ROWS);
    incline_define(&defines, "WALK_TILES", walk.tiles);
    incline_define(&defines, "WALK_BLOCKS", walk.blocks);
    return incline_layer_launch(ctx, layer, io, "dense.cl", &defines, launch);
}

static bool is_cpu(const struct incline_plan *plan)
{
    return incline_device_lanes(incline_plan_device(plan)) > 1;
}

/* Does an item walk through all blocks, or all columns, of its rows, as with SOLO of cl/phases.h?
 */
static bool walks(const struct incline_plan *plan)
{
    return !incline_device_shares_phases(incline_plan_device(plan));
}

static enum incline_status plan_forward(struct incline_context *ctx,
                                        const struct incline_layer *layer,
                                        struct incline_layer_io *io)
{
    struct walk walk = forward_walk(layer, io->plan);
    struct incline_launch launch = {
        .kernel = "dense_forward",
        .third = count_tiles(incline_plan_blocks(io->plan), walk.blocks),
    };
    incline_launch_over_lanes(&launch, io->plan,
                              count_tiles(out_tiles(layer, io->plan), walk.tiles));
    incline_launch_add_tensor(&launch, io->x);
    incline_launch_add_tensor(&launch, io->parameters[0]);
    if (incline_layer_has_bias(layer))
        incline_launch_add_tensor(&launch, io->parameters[1]);
    incline_launch_add_tensor(&launch, io->y);
    incline_launch_add(&launch, (struct incline_arg)INCLINE_IMAGES);
    return launch_kernel(ctx, layer, io, &launch);
}

/* The sums of all slices at once, then their sum: a GPU has more work-items than a layer has
 * outputs. */
static enum incline_status plan_forward_in_slices(struct incline_context *ctx,
                                                  const struct incline_layer *layer,
                                                  struct incline_layer_io *io)
{
    int slices = count_tiles(layer->in.channels, SLICE), out = layer->out.channels;
    struct incline_tensor *part;
    enum incline_status status =
        incline_activation_tensor(ctx, io->plan, layer->name, (size_t)slices * (size_t)out, &part);
    if (status)
        return status;
    struct incline_launch launch = {.kernel = "dense_forward_slices", .third = INCLINE_BLOCKS};
    incline_launch_over_lanes(&launch, io->plan, slices * out_tiles(layer, io->plan));
    incline_launch_add_tensor(&launch, io->x);
    incline_launch_add_tensor(&launch, io->parameters[0]);
    if (incline_layer_has_bias(layer))
        incline_launch_add_tensor(&launch, io->parameters[1]);
    incline_launch_add_tensor(&launch, part);
    incline_launch_add(&launch, (struct incline_arg)INCLINE_IMAGES);
    status = launch_kernel(ctx, layer, io, &launch);
    if (status)
        return status;
    struct incline_launch add = {
        .kernel = "dense_forward_add",
        .third = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(part), INCLINE_TENSOR(io->y), INCLINE_IMAGES},
    };
    incline_launch_over_lanes(&add, io->plan, out);
    return launch_kernel(ctx, layer, io, &add);
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    enum incline_gemm gemm;
    char shape[INCLINE_LAYER_SHAPE_BYTES];
    incline_layer_write_shape(layer, io->plan, shape);
    enum incline_status status =
        incline_gemm_choice(ctx, incline_plan_device(io->plan), shape, &gemm);
    if (status)
        return status;
    if (gemm == INCLINE_GEMM_CLBLAST)
        return incline_dense_gemm_forward(ctx, layer, io);
    return !is_cpu(io->plan) && layer->in.channels > SLICE ? plan_forward_in_slices(ctx, layer, io)
                                                           : plan_forward(ctx, layer, io);
}

/* The way that forward chose: only incline_dense_gemm_forward() saves something. */
static bool uses_gemm(const struct incline_layer_io *io)
{
    return io->saved != NULL;
}

static enum incline_status plan_data_gradient(struct incline_context *ctx,
                                              const struct incline_layer *layer,
                                              struct incline_layer_io *io,
                                              struct incline_tensor *dz_t)
{
    if (uses_gemm(io))
        return incline_dense_gemm_data_gradient(ctx, layer, io, dz_t);
    struct incline_launch launch = {
        .kernel = "dense_backward_data",
        .third = walks(io->plan) ? 1 : INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(io->dy), INCLINE_TENSOR(io->parameters[0]), INCLINE_TENSOR(io->dx),
                 INCLINE_IMAGES},
    };
    incline_launch_over_lanes(
        &launch, io->plan,
        count_tiles(layer->in.channels, backward_tile(layer, io->plan)->values[0]));
    return launch_kernel(ctx, layer, io, &launch);
}

static enum incline_status plan_weight_gradient(struct incline_context *ctx,
                                                const struct incline_layer *layer,
                                                struct incline_layer_io *io,
                                                struct incline_tensor *dz_t)
{
    if (uses_gemm(io))
        return incline_dense_gemm_weight_gradient(ctx, layer, io, dz_t);
    int lanes = incline_device_lanes(incline_plan_device(io->plan));
    int vectors = incline_columns(layer->out.channels) / (lanes * vectors_of(layer, io->plan));
    struct incline_target target = incline_gradient_target(io, 0);
    struct incline_launch launch = {
        .kernel = "dense_backward_weights",
        .args = {INCLINE_TENSOR(io->x), INCLINE_TENSOR(dz_t)},
    };
    incline_launch_add_target(&launch, &target);
    incline_launch_add_rates(&launch, io->optimizer, io->gradient_use);
    incline_launch_add(&launch, (struct incline_arg)INCLINE_IMAGES);
    incline_launch_over_lanes(
        &launch, io->plan,
        count_tiles(layer->in.channels, backward_tile(layer, io->plan)->values[1]));
    launch.items = walks(io->plan) ? 1 : vectors;
    return launch_kernel(ctx, layer, io, &launch);
}

/* Both gradients in one launch. */
static enum incline_status plan_gradients(struct incline_context *ctx,
                                          const struct incline_layer *layer,
                                          struct incline_layer_io *io, struct incline_tensor *dz_t)
{
    struct incline_target target = incline_gradient_target(io, 0);
    struct incline_launch launch = {
        .kernel = "dense_backward",
        .args = {INCLINE_TENSOR(io->x), INCLINE_TENSOR(io->dy), INCLINE_TENSOR(dz_t),
                 INCLINE_TENSOR(io->parameters[0])},
    };
    if (io->gradient_use == INCLINE_GRADIENT_STORE)
        incline_launch_add_tensor(&launch, io->gradients[0]);
    incline_launch_add_states(&launch, &target);
    incline_launch_add_tensor(&launch, io->dx);
    incline_launch_add_rates(&launch, io->optimizer, io->gradient_use);
    incline_launch_add(&launch, (struct incline_arg)INCLINE_IMAGES);
    incline_launch_in_groups(&launch, io->plan, count_tiles(layer->in.channels, GROUP_ROWS),
                             GROUP_SHARE);
    return launch_kernel(ctx, layer, io, &launch);
}

enum incline_status incline_dense_bias_gradient(struct incline_context *ctx,
                                                const struct incline_layer *layer,
                                                struct incline_layer_io *io,
                                                struct incline_tensor *dz_t)
{
    if (!incline_layer_has_bias(layer))
        return INCLINE_OK;
    struct incline_unfinished gradient = {
        .piece = dz_t,
        .rows = 1,
        .columns = incline_columns(layer->out.channels),
        .channels = layer->out.channels,
        .target = incline_gradient_target(io, 1),
    };
    return incline_finish_gradient(ctx, io->finish, layer->name, &gradient);
}

static enum incline_status plan_both(struct incline_context *ctx, const struct incline_layer *layer,
                                     struct incline_layer_io *io, struct incline_tensor *dz_t)
{
    enum incline_status status;
    if (io->conv)
        return incline_dense_conv2d_plan(ctx, layer, io, dz_t);
    if (io->dx && layer->one_backward && !uses_gemm(io))
        return plan_gradients(ctx, layer, io, dz_t);
    /* The data gradient comes first: it needs the weights as they were in the forward pass. */
    if (io->dx) {
        status = plan_data_gradient(ctx, layer, io, dz_t);
        if (status)
            return status;
    }
    return plan_weight_gradient(ctx, layer, io, dz_t);
}

static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    struct incline_delta delta = {.dz_t = io->dz_t};
    enum incline_status status = INCLINE_OK;
    if (!delta.dz_t)
        status = incline_delta_plan(ctx, layer, layer->out, io, &delta);
    if (status)
        return status;
    status = plan_both(ctx, layer, io, delta.dz_t);
    if (status)
        return status;
    return incline_dense_bias_gradient(ctx, layer, io, delta.dz_t);
}

#define PLACE(member) offsetof(struct options, member)

static const struct incline_option options[] = {
    {"units", INCLINE_OPTION_INT, PLACE(units), NULL, 1, 1 << 24, NULL, "output features"},
    {"bias", INCLINE_OPTION_BOOL, PLACE(bias), "true", 0, 0, NULL, "add a number per unit"},
    {"init", INCLINE_OPTION_CHOICE, PLACE(init), "glorot_uniform", 0, 0, incline_initializer_names,
     "start of the weights; the bias starts at 0 (torch: as PyTorch)"},
    {"activation", INCLINE_OPTION_CHOICE, PLACE(activation), "none", 0, 0, incline_activation_names,
     "applied to the result; others are layers of their own"},
};

const struct incline_layer_class incline_dense_class = {
    .name = "dense",
    .help = "fully connected layer",
    .about = {.equation = "y[o] = f(b[o] + sum over i of w[i][o] x[i])",
              .shapes = "vector of I -> vector of units",
              .pytorch = "Linear",
              .keras = "Dense"},
    .options = {options, sizeof options / sizeof *options, "units", sizeof(struct options)},
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
