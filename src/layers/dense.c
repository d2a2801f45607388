/* Fully connected layer; see cl/dense.cl for the equations. */
#include "device/tuning.h"
#include "gemm/gemm.h"
#include "layers/delta.h"
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

static bool has_bias(const struct incline_layer *layer)
{
    return layer->parameter_count > 1;
}

/* Tiles; see cl/dense.cl. On a CPU an item walks through all columns or blocks, so that what it has
 * in the first cache stays there; on a GPU each has an item of its own. */
struct tiles {
    int out, in, rows, vectors;
};

/* Sums that an item makes at once, at most; equal shares of the whole are cut from these. */
static const struct incline_tile tile_choices[] = {{{16}}, {{12}}, {{8}}, {{14}}, {{10}}, {{6}}};

enum { SHAPE_BYTES = 96 };

static void write_shape(const struct incline_layer *layer, const struct incline_plan *plan,
                        char shape[SHAPE_BYTES])
{
    snprintf(shape, SHAPE_BYTES, "in=%d out=%d images=%d", layer->in.channels,
             layer->out.channels, incline_plan_batch(plan));
}

static int choose_tile(const struct incline_layer *layer, const struct incline_plan *plan,
                       const char *op, int count)
{
    char shape[SHAPE_BYTES];
    write_shape(layer, plan, shape);
    const struct incline_tile *tile =
        incline_tuning_choose(incline_plan_device(plan), op, shape, tile_choices,
                              sizeof tile_choices / sizeof *tile_choices);
    return incline_tile(count, tile->values[0]);
}

static struct tiles tiles_of(const struct incline_layer *layer, const struct incline_plan *plan)
{
    return (struct tiles){
        .out = choose_tile(layer, plan, "dense_forward", layer->out.channels),
        .in = choose_tile(layer, plan, "dense_backward_data", layer->in.channels),
        .rows = choose_tile(layer, plan, "dense_backward_weights", layer->in.channels),
        .vectors = 1,
    };
}

static bool walks(const struct incline_plan *plan)
{
    return incline_device_lanes(incline_plan_device(plan)) > 1;
}

static enum incline_status launch_kernel(struct incline_context *ctx,
                                         const struct incline_layer *layer,
                                         struct incline_layer_io *io, struct incline_launch *launch)
{
    struct tiles tiles = tiles_of(layer, io->plan);
    struct incline_text defines;
    incline_text_init(&defines, ctx);
    incline_define(&defines, "IN", layer->in.channels);
    incline_define(&defines, "OUT", layer->out.channels);
    incline_define(&defines, "COLUMNS", incline_columns(layer->out.channels));
    incline_define(&defines, "HAS_BIAS", has_bias(layer));
    incline_define(&defines, "ACTIVATION", (int)layer->activation);
    incline_define(&defines, "TILE_OUT", tiles.out);
    incline_define(&defines, "TILE_IN", tiles.in);
    incline_define(&defines, "TILE_ROWS", tiles.rows);
    incline_define(&defines, "TILE_V", tiles.vectors);
    incline_define(&defines, "APPLY", io->gradient_use == INCLINE_GRADIENT_APPLY);
    enum incline_status status = incline_text_status(&defines);
    if (!status) {
        launch->label = layer->name;
        launch->source = "dense.cl";
        launch->defines = incline_text_get(&defines);
        status = incline_plan_launch(ctx, io->plan, launch);
    }
    incline_text_finish(&defines);
    return status;
}

static enum incline_status plan_forward(struct incline_context *ctx,
                                        const struct incline_layer *layer,
                                        struct incline_layer_io *io)
{
    int tile = tiles_of(layer, io->plan).out;
    struct incline_launch launch = {
        .kernel = "dense_forward",
        .items = incline_lane_items(io->plan),
        .group = incline_lane_items(io->plan),
        .second = INCLINE_BLOCKS,
        .third = (layer->out.channels + tile - 1) / tile,
    };
    incline_launch_add_tensor(&launch, io->x);
    incline_launch_add_tensor(&launch, io->parameters[0]);
    if (has_bias(layer))
        incline_launch_add_tensor(&launch, io->parameters[1]);
    incline_launch_add_tensor(&launch, io->y);
    return launch_kernel(ctx, layer, io, &launch);
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    enum incline_gemm gemm;
    char shape[SHAPE_BYTES];
    write_shape(layer, io->plan, shape);
    enum incline_status status =
        incline_gemm_choice(ctx, incline_plan_device(io->plan), shape, &gemm);
    if (status)
        return status;
    return gemm == INCLINE_GEMM_CLBLAST ? incline_dense_gemm_forward(ctx, layer, io)
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
    int tile = tiles_of(layer, io->plan).in;
    struct incline_launch launch = {
        .kernel = "dense_backward_data",
        .items = incline_lane_items(io->plan),
        .group = incline_lane_items(io->plan),
        .second = walks(io->plan) ? 1 : INCLINE_BLOCKS,
        .third = (layer->in.channels + tile - 1) / tile,
        .args = {INCLINE_TENSOR(io->dy), INCLINE_TENSOR(io->parameters[0]), INCLINE_TENSOR(io->dx),
                 INCLINE_IMAGES},
    };
    return launch_kernel(ctx, layer, io, &launch);
}

static struct incline_tensor *gradient_target(const struct incline_layer_io *io, int parameter)
{
    return io->gradient_use == INCLINE_GRADIENT_APPLY ? io->parameters[parameter]
                                                      : io->gradients[parameter];
}

static enum incline_status plan_weight_gradient(struct incline_context *ctx,
                                                const struct incline_layer *layer,
                                                struct incline_layer_io *io,
                                                struct incline_tensor *dz_t)
{
    if (uses_gemm(io))
        return incline_dense_gemm_weight_gradient(ctx, layer, io, dz_t);
    struct tiles tiles = tiles_of(layer, io->plan);
    int lanes = incline_device_lanes(incline_plan_device(io->plan));
    int vectors = incline_columns(layer->out.channels) / (lanes * tiles.vectors);
    struct incline_launch launch = {
        .kernel = "dense_backward_weights",
        .items = walks(io->plan) ? 1 : vectors,
        .group = incline_lane_items(io->plan),
        .second = (layer->in.channels + tiles.rows - 1) / tiles.rows,
        .args = {INCLINE_TENSOR(io->x), INCLINE_TENSOR(dz_t),
                 INCLINE_TENSOR(gradient_target(io, 0)), INCLINE_LEARNING_RATE, INCLINE_IMAGES},
    };
    return launch_kernel(ctx, layer, io, &launch);
}

static enum incline_status plan_bias_gradient(struct incline_context *ctx,
                                              const struct incline_layer *layer,
                                              struct incline_layer_io *io,
                                              struct incline_tensor *dz_t)
{
    int lanes = incline_device_lanes(incline_plan_device(io->plan));
    struct incline_launch launch = {
        .kernel = "dense_backward_bias",
        .items = incline_columns(layer->out.channels) / lanes,
        .group = incline_lane_items(io->plan),
        .args = {INCLINE_TENSOR(dz_t), INCLINE_TENSOR(gradient_target(io, 1)),
                 INCLINE_LEARNING_RATE, INCLINE_IMAGES},
    };
    return launch_kernel(ctx, layer, io, &launch);
}

/* The data gradient comes first: it needs the weights as they were in the forward pass. */
static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    struct incline_delta delta;
    enum incline_status status = incline_delta_plan(ctx, layer, layer->out, io, &delta);
    if (status)
        return status;
    if (io->dx) {
        status = plan_data_gradient(ctx, layer, io, delta.dz_t);
        if (status)
            return status;
    }
    status = plan_weight_gradient(ctx, layer, io, delta.dz_t);
    if (status || !has_bias(layer))
        return status;
    return plan_bias_gradient(ctx, layer, io, delta.dz_t);
}

#define PLACE(member) offsetof(struct options, member)

static const struct incline_option options[] = {
    {"units", INCLINE_OPTION_INT, PLACE(units), NULL, 1, 1 << 24, NULL, "output features"},
    {"bias", INCLINE_OPTION_BOOL, PLACE(bias), "true", 0, 0, NULL, "add a number per unit"},
    {"init", INCLINE_OPTION_CHOICE, PLACE(init), "glorot_uniform", 0, 0, incline_initializer_names,
     "start of the weights; the bias starts at 0 (torch: as PyTorch)"},
    {"activation", INCLINE_OPTION_CHOICE, PLACE(activation), "none", 0, 0, incline_activation_names,
     "applied to the result"},
};

const struct incline_layer_class incline_dense_class = {
    .name = "dense",
    .help = "fully connected layer",
    .options = {options, sizeof options / sizeof *options, "units", sizeof(struct options)},
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
