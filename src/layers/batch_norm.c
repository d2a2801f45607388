/* Batch normalization; see cl/batch_norm.cl for the equations. */
#include "layers/norm.h"

struct options {
    double eps, decay;
    bool affine;
};

/* Where the parameters are in the layer's; those of the state come after the affine two. */
enum { WEIGHT, BIAS, AFFINE_COUNT };
enum { RUNNING_MEAN, RUNNING_VAR, BATCHES };

static int affine_count(const struct incline_layer *layer)
{
    const struct options *options = layer->options;
    return options->affine ? AFFINE_COUNT : 0;
}

static int positions_of(const struct incline_layer *layer)
{
    return layer->in.height * layer->in.width;
}

enum { CHUNK_MIN = 64 }; /* positions */

static int chunk_of(const struct incline_layer *layer)
{
    return incline_norm_chunk(positions_of(layer), CHUNK_MIN);
}

static int chunks_of(const struct incline_layer *layer)
{
    return incline_norm_chunks(positions_of(layer), chunk_of(layer));
}

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    (void)problem;
    layer->out = layer->in;
    layer->least_images = positions_of(layer) == 1 ? 2 : 1;
    layer->parameter_count = 0;
    if (affine_count(layer) > 0)
        incline_norm_add_affine(layer, false);
    incline_norm_add_parameter(layer, "running_mean", false, 0, true);
    incline_norm_add_parameter(layer, "running_var", false, 1, true);
    layer->parameters[layer->parameter_count++] = (struct incline_parameter){
        .role = "num_batches_tracked",
        .layout = INCLINE_LAYOUT_COUNT,
        .dims = {1, 1, 1, 1},
        .elems = 1,
        .initializer = INCLINE_INITIALIZER_CONSTANT,
        .is_state = true,
    };
    return INCLINE_OK;
}

static void add_affine(const struct incline_layer *layer, const struct incline_layer_io *io,
                       int count, struct incline_launch *launch)
{
    for (int i = 0; i < count && i < affine_count(layer); i++)
        incline_launch_add_tensor(launch, io->parameters[i]);
}

static void add_state(const struct incline_layer *layer, const struct incline_layer_io *io,
                      int count, struct incline_launch *launch)
{
    for (int i = 0; i < count; i++)
        incline_launch_add_tensor(launch, io->parameters[affine_count(layer) + i]);
}

static void add_sizes(const struct incline_layer *layer, struct incline_launch *launch)
{
    incline_launch_add_int(launch, positions_of(layer));
    incline_launch_add_int(launch, layer->in.channels);
    incline_launch_add_int(launch, chunk_of(layer));
}

/* What a kernel does of what is fused with the layer. The others share one program. */
enum fused { FUSED_NOTHING = 0, FUSED_ACTIVATION = 1, FUSED_RESIDUAL = 2 };

static enum incline_status launch_kernel(struct incline_context *ctx,
                                         const struct incline_layer *layer,
                                         const struct incline_layer_io *io, unsigned fused,
                                         struct incline_launch *launch)
{
    struct incline_text defines;
    incline_text_init(&defines, ctx);
    incline_define(&defines, "AFFINE", affine_count(layer) > 0);
    incline_define(&defines, "RESIDUAL", layer->residual && fused & FUSED_RESIDUAL);
    incline_define_activation(&defines, "ACTIVATION", fused & FUSED_ACTIVATION ? layer : NULL);
    incline_define(&defines, "TILE_C", incline_norm_tile(io->plan));
    return incline_layer_launch(ctx, layer, io, "batch_norm.cl", &defines, launch);
}

/* Of a kernel whose items own tiles of channels. */
static enum incline_status launch_tiles(struct incline_context *ctx,
                                        const struct incline_layer *layer,
                                        const struct incline_layer_io *io, unsigned fused,
                                        struct incline_launch *launch)
{
    int tile = incline_norm_tile(io->plan), tiles = (layer->in.channels + tile - 1) / tile;
    incline_launch_over_lanes(launch, io->plan, tiles * chunks_of(layer));
    launch->third = INCLINE_BLOCKS;
    return launch_kernel(ctx, layer, io, fused, launch);
}

static enum incline_status make_parts(struct incline_context *ctx,
                                      const struct incline_layer *layer,
                                      const struct incline_layer_io *io,
                                      struct incline_tensor **parts)
{
    size_t elems = 2 * (size_t)chunks_of(layer) * (size_t)layer->in.channels;
    return incline_activation_tensor(ctx, io->plan, layer->name, elems, parts);
}

static enum incline_status plan_sums(struct incline_context *ctx, const struct incline_layer *layer,
                                     struct incline_layer_io *io, struct incline_tensor *parts)
{
    struct incline_launch launch = {
        .kernel = "batch_norm_sums",
        .args = {INCLINE_TENSOR(io->x), INCLINE_TENSOR(parts)},
    };
    add_sizes(layer, &launch);
    return launch_tiles(ctx, layer, io, FUSED_NOTHING, &launch);
}

/* Makes io->saved. */
static enum incline_status plan_statistics(struct incline_context *ctx,
                                           const struct incline_layer *layer,
                                           struct incline_layer_io *io,
                                           struct incline_tensor *parts)
{
    const struct options *options = layer->options;
    size_t bytes = 3 * (size_t)layer->in.channels * sizeof(float);
    struct incline_launch launch = {
        .kernel = "batch_norm_statistics",
        .args = {INCLINE_TENSOR(io->x), INCLINE_TENSOR(parts)},
    };
    enum incline_status status = incline_plan_tensor(ctx, io->plan, layer->name, bytes, &io->saved);
    if (status)
        return status;
    add_state(layer, io, BATCHES + 1, &launch);
    incline_launch_add_tensor(&launch, io->saved);
    add_sizes(layer, &launch);
    incline_launch_add_float(&launch, options->eps);
    incline_launch_add_float(&launch, options->decay);
    incline_launch_add_float(&launch, 1 - options->decay);
    incline_launch_add(&launch, (struct incline_arg)INCLINE_IMAGES);
    incline_launch_in_groups(&launch, io->plan, layer->in.channels, INCLINE_NORM_SHARE);
    return launch_kernel(ctx, layer, io, FUSED_NOTHING, &launch);
}

static void add_inputs(const struct incline_layer *layer, const struct incline_layer_io *io,
                       struct incline_launch *launch)
{
    incline_launch_add_tensor(launch, io->x);
    if (layer->residual)
        incline_launch_add_tensor(launch, io->xs[1]);
}

static enum incline_status plan_apply(struct incline_context *ctx,
                                      const struct incline_layer *layer,
                                      struct incline_layer_io *io)
{
    struct incline_launch launch = {.kernel = "batch_norm_forward"};
    add_inputs(layer, io, &launch);
    add_affine(layer, io, AFFINE_COUNT, &launch);
    incline_launch_add_tensor(&launch, io->saved);
    incline_launch_add_tensor(&launch, io->y);
    add_sizes(layer, &launch);
    return launch_tiles(ctx, layer, io, FUSED_ACTIVATION | FUSED_RESIDUAL, &launch);
}

static enum incline_status evaluate(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    const struct options *options = layer->options;
    struct incline_launch launch = {.kernel = "batch_norm_evaluate"};
    add_inputs(layer, io, &launch);
    add_affine(layer, io, AFFINE_COUNT, &launch);
    add_state(layer, io, RUNNING_VAR + 1, &launch);
    incline_launch_add_tensor(&launch, io->y);
    add_sizes(layer, &launch);
    incline_launch_add_float(&launch, options->eps);
    return launch_tiles(ctx, layer, io, FUSED_ACTIVATION | FUSED_RESIDUAL, &launch);
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    struct incline_tensor *parts;
    if (io->gradient_use == INCLINE_GRADIENT_NONE)
        return evaluate(ctx, layer, io);
    enum incline_status status = make_parts(ctx, layer, io, &parts);
    if (!status)
        status = plan_sums(ctx, layer, io, parts);
    if (!status)
        status = plan_statistics(ctx, layer, io, parts);
    return status ? status : plan_apply(ctx, layer, io);
}

/* With an activation, io->dy becomes the gradient before it. */
static enum incline_status plan_backward_sums(struct incline_context *ctx,
                                              const struct incline_layer *layer,
                                              struct incline_layer_io *io,
                                              struct incline_tensor *parts)
{
    struct incline_launch launch = {
        .kernel = "batch_norm_backward_sums",
        .args = {INCLINE_TENSOR(io->x)},
    };
    if (layer->activation != INCLINE_ACTIVATION_NONE)
        incline_launch_add_tensor(&launch, io->y);
    incline_launch_add_tensor(&launch, io->dy);
    incline_launch_add_tensor(&launch, io->saved);
    incline_launch_add_tensor(&launch, parts);
    add_sizes(layer, &launch);
    return launch_tiles(ctx, layer, io, FUSED_ACTIVATION, &launch);
}

static enum incline_status plan_gradients(struct incline_context *ctx,
                                          const struct incline_layer *layer,
                                          struct incline_layer_io *io, struct incline_tensor *parts,
                                          struct incline_tensor *gradients)
{
    int columns = incline_columns(layer->in.channels);
    struct incline_launch launch = {
        .kernel = "batch_norm_gradients",
        .args = {INCLINE_TENSOR(parts), INCLINE_TENSOR(io->saved), INCLINE_TENSOR(gradients)},
    };
    add_sizes(layer, &launch);
    incline_launch_add_int(&launch, columns);
    incline_launch_add(&launch, (struct incline_arg)INCLINE_IMAGES);
    incline_launch_in_groups(&launch, io->plan, columns, INCLINE_NORM_SHARE);
    return launch_kernel(ctx, layer, io, FUSED_NOTHING, &launch);
}

static enum incline_status plan_data_gradient(struct incline_context *ctx,
                                              const struct incline_layer *layer,
                                              struct incline_layer_io *io,
                                              struct incline_tensor *gradients)
{
    struct incline_launch launch = {
        .kernel = "batch_norm_backward_data",
        .args = {INCLINE_TENSOR(io->x), INCLINE_TENSOR(io->dy)},
    };
    add_affine(layer, io, 1, &launch);
    incline_launch_add_tensor(&launch, io->saved);
    incline_launch_add_tensor(&launch, gradients);
    incline_launch_add_tensor(&launch, io->dx);
    add_sizes(layer, &launch);
    incline_launch_add_int(&launch, incline_columns(layer->in.channels));
    incline_launch_add(&launch, (struct incline_arg)INCLINE_IMAGES);
    return launch_tiles(ctx, layer, io, FUSED_NOTHING, &launch);
}

static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    struct incline_tensor *parts, *gradients;
    enum incline_status status = make_parts(ctx, layer, io, &parts);
    if (!status)
        status = incline_norm_gradients(ctx, layer, io, layer->in.channels, &gradients);
    if (!status)
        status = plan_backward_sums(ctx, layer, io, parts);
    if (!status)
        status = plan_gradients(ctx, layer, io, parts, gradients);
    if (!status && io->dx)
        status = plan_data_gradient(ctx, layer, io, gradients);
    return status ? status : incline_norm_finish(ctx, layer, io, layer->in.channels, gradients);
}

#define PLACE(member) offsetof(struct options, member)

static const struct incline_option options[] = {
    {"eps", INCLINE_OPTION_DOUBLE, PLACE(eps), "1e-5", 1e-12, 1, NULL,
     "added to the variance before its root is taken"},
    {"decay", INCLINE_OPTION_DOUBLE, PLACE(decay), "0.9", 0, 1, NULL,
     "share of the old value that the running mean and variance keep in a step"},
    {"affine", INCLINE_OPTION_BOOL, PLACE(affine), "true", 0, 0, NULL,
     "scale each channel and add a number to it, both trained"},
};

static const struct incline_refused_word refused[] = {
    {"momentum", "its meaning differs between frameworks; write decay, the share of the old value "
                 "(Keras' momentum, 1 - PyTorch's momentum)"},
    {NULL, NULL},
};

const struct incline_layer_class incline_batch_norm_class = {
    .name = "batch_norm",
    .help = "each channel to mean 0 and variance 1 over the batch",
    .about =
        {.equation =
             "y = w (x - mean) / sqrt(var + eps) + b, channel by channel\n"
             "training: mean and var of the batch's images and positions; they move the running\n"
             "    ones: running = decay running + (1 - decay) new, with the unbiased variance\n"
             "evaluation: the running ones",
         .shapes = "any, kept; a vector has its features as channels",
         .pytorch = "BatchNorm2d, BatchNorm1d",
         .keras = "BatchNormalization",
         .source = "Ioffe, Szegedy 2015, Batch normalization: accelerating deep network training"},
    .options = {options, sizeof options / sizeof *options, NULL, sizeof(struct options), refused},
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
