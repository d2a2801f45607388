#include "layers/image_norm.h"

/* Numbers of a group and positions in a chunk, at least. */
enum { NUMBERS_MIN = 256, POSITIONS_MIN = 64 };

/* One pass over a layer. */
struct pass {
    struct incline_context *ctx;
    const struct incline_layer *layer;
    struct incline_layer_io *io;
    const struct incline_image_norm *norm;
    struct incline_tensor *parts, *means;
};

void incline_image_norm_infer(struct incline_layer *layer, const struct incline_image_norm *norm)
{
    layer->out = layer->in;
    layer->parameter_count = 0;
    if (norm->affine)
        incline_norm_add_affine(layer, norm->each);
}

static int positions_of(const struct incline_layer *layer)
{
    return layer->in.height * layer->in.width;
}

static int chunk_of(const struct pass *pass)
{
    int numbers = (int)incline_shape_elems(pass->layer->in) / pass->norm->groups;
    return incline_norm_chunk(numbers, NUMBERS_MIN);
}

static int chunks_of(const struct pass *pass)
{
    int numbers = (int)incline_shape_elems(pass->layer->in) / pass->norm->groups;
    return incline_norm_chunks(numbers, chunk_of(pass));
}

static enum incline_status launch_kernel(const struct pass *pass, struct incline_launch *launch)
{
    struct incline_text defines, source;
    incline_text_init(&defines, pass->ctx);
    incline_text_init(&source, pass->ctx);
    incline_text_add(&source, "%s.cl", pass->layer->class->name);
    incline_define(&defines, "AFFINE", pass->norm->affine ? 1 + pass->norm->each : 0);
    incline_define(&defines, "TILE_C", incline_norm_tile(pass->io->plan));
    enum incline_status status = incline_layer_launch(pass->ctx, pass->layer, pass->io,
                                                      incline_text_get(&source), &defines, launch);
    if (!status)
        status = incline_text_status(&source);
    incline_text_finish(&source);
    return status;
}

/* A kernel with an item for each chunk of a group, or for each group. */
static enum incline_status launch_groups(const struct pass *pass, int items,
                                         struct incline_launch *launch)
{
    incline_launch_over_lanes(launch, pass->io->plan, items);
    launch->third = INCLINE_BLOCKS;
    return launch_kernel(pass, launch);
}

static void add_w(const struct pass *pass, int count, struct incline_launch *launch)
{
    for (int i = 0; i < count && pass->norm->affine; i++)
        incline_launch_add_tensor(launch, pass->io->parameters[i]);
}

static void add_sizes(const struct pass *pass, struct incline_launch *launch)
{
    incline_launch_add_int(launch, positions_of(pass->layer));
    incline_launch_add_int(launch, pass->layer->in.channels);
    incline_launch_add_int(launch, pass->norm->groups);
    incline_launch_add_int(launch, chunk_of(pass));
}

static int chunk_items(const struct pass *pass)
{
    return pass->norm->groups * chunks_of(pass);
}

/* Two numbers for each image and `count`. */
static enum incline_status make_pairs(const struct pass *pass, int count,
                                      struct incline_tensor **out)
{
    return incline_activation_tensor(pass->ctx, pass->io->plan, pass->layer->name,
                                     2 * (size_t)count, out);
}

static enum incline_status plan_sums(struct pass *pass)
{
    enum incline_status status = make_pairs(pass, chunk_items(pass), &pass->parts);
    if (status)
        return status;
    struct incline_launch launch = {
        .kernel = "image_norm_sums",
        .args = {INCLINE_TENSOR(pass->io->x), INCLINE_TENSOR(pass->parts)},
    };
    add_sizes(pass, &launch);
    return launch_groups(pass, chunk_items(pass), &launch);
}

static enum incline_status plan_statistics(struct pass *pass)
{
    enum incline_status status = make_pairs(pass, pass->norm->groups, &pass->io->saved);
    if (status)
        return status;
    struct incline_launch launch = {
        .kernel = "image_norm_statistics",
        .args = {INCLINE_TENSOR(pass->parts), INCLINE_TENSOR(pass->io->saved)},
    };
    add_sizes(pass, &launch);
    incline_launch_add_float(&launch, pass->norm->eps);
    return launch_groups(pass, pass->norm->groups, &launch);
}

static enum incline_status plan_apply(const struct pass *pass)
{
    struct incline_launch launch = {.kernel = "image_norm_forward",
                                    .args = {INCLINE_TENSOR(pass->io->x)}};
    add_w(pass, 2, &launch);
    incline_launch_add_tensor(&launch, pass->io->saved);
    incline_launch_add_tensor(&launch, pass->io->y);
    add_sizes(pass, &launch);
    return launch_groups(pass, chunk_items(pass), &launch);
}

enum incline_status incline_image_norm_forward(struct incline_context *ctx,
                                               const struct incline_layer *layer,
                                               struct incline_layer_io *io,
                                               const struct incline_image_norm *norm)
{
    struct pass pass = {.ctx = ctx, .layer = layer, .io = io, .norm = norm};
    enum incline_status status = plan_sums(&pass);
    if (!status)
        status = plan_statistics(&pass);
    return status ? status : plan_apply(&pass);
}

static enum incline_status plan_backward_sums(struct pass *pass)
{
    enum incline_status status = make_pairs(pass, chunk_items(pass), &pass->parts);
    if (status)
        return status;
    struct incline_launch launch = {
        .kernel = "image_norm_backward_sums",
        .args = {INCLINE_TENSOR(pass->io->x), INCLINE_TENSOR(pass->io->dy)},
    };
    add_w(pass, 1, &launch);
    incline_launch_add_tensor(&launch, pass->io->saved);
    incline_launch_add_tensor(&launch, pass->parts);
    add_sizes(pass, &launch);
    return launch_groups(pass, chunk_items(pass), &launch);
}

static enum incline_status plan_means(struct pass *pass)
{
    enum incline_status status = make_pairs(pass, pass->norm->groups, &pass->means);
    if (status)
        return status;
    struct incline_launch launch = {
        .kernel = "image_norm_backward_means",
        .args = {INCLINE_TENSOR(pass->parts), INCLINE_TENSOR(pass->io->saved),
                 INCLINE_TENSOR(pass->means)},
    };
    add_sizes(pass, &launch);
    return launch_groups(pass, pass->norm->groups, &launch);
}

static enum incline_status plan_data_gradient(struct pass *pass)
{
    enum incline_status status = plan_backward_sums(pass);
    if (!status)
        status = plan_means(pass);
    if (status)
        return status;
    struct incline_launch launch = {
        .kernel = "image_norm_backward_data",
        .args = {INCLINE_TENSOR(pass->io->x), INCLINE_TENSOR(pass->io->dy)},
    };
    add_w(pass, 1, &launch);
    incline_launch_add_tensor(&launch, pass->io->saved);
    incline_launch_add_tensor(&launch, pass->means);
    incline_launch_add_tensor(&launch, pass->io->dx);
    add_sizes(pass, &launch);
    return launch_groups(pass, chunk_items(pass), &launch);
}

/* How w divides an image: into units of one number each, and the positions that share it. */
struct division {
    int units, positions, chunk, tiles;
};

static struct division division_of(const struct pass *pass)
{
    struct division division = {(int)pass->layer->parameters[0].elems, 1, 0, 0};
    int tile = incline_norm_tile(pass->io->plan);
    division.positions = (int)incline_shape_elems(pass->layer->in) / division.units;
    division.chunk = incline_norm_chunk(division.positions, POSITIONS_MIN);
    division.tiles = (division.units + tile - 1) / tile *
                     incline_norm_chunks(division.positions, division.chunk);
    return division;
}

static enum incline_status plan_weight_sums(struct pass *pass, struct division division)
{
    int chunks = incline_norm_chunks(division.positions, division.chunk);
    enum incline_status status = make_pairs(pass, division.units * chunks, &pass->parts);
    if (status)
        return status;
    struct incline_launch launch = {
        .kernel = "image_norm_backward_weights",
        .args = {INCLINE_TENSOR(pass->io->x), INCLINE_TENSOR(pass->io->dy),
                 INCLINE_TENSOR(pass->io->saved), INCLINE_TENSOR(pass->parts)},
    };
    incline_launch_add_int(&launch, division.positions);
    incline_launch_add_int(&launch, division.units);
    incline_launch_add_int(&launch, division.chunk);
    incline_launch_add_int(&launch, pass->layer->in.channels);
    incline_launch_add_int(&launch, pass->norm->groups);
    return launch_groups(pass, division.tiles, &launch);
}

static enum incline_status plan_weight_gradients(struct pass *pass)
{
    struct division division = division_of(pass);
    struct incline_tensor *gradients;
    int columns = incline_columns(division.units);
    enum incline_status status = plan_weight_sums(pass, division);
    if (!status)
        status =
            incline_norm_gradients(pass->ctx, pass->layer, pass->io, division.units, &gradients);
    if (status)
        return status;
    struct incline_launch launch = {
        .kernel = "image_norm_gradients",
        .args = {INCLINE_TENSOR(pass->parts), INCLINE_TENSOR(gradients),
                 INCLINE_INT(division.positions), INCLINE_INT(division.units),
                 INCLINE_INT(division.chunk), INCLINE_INT(columns), INCLINE_IMAGES},
    };
    incline_launch_in_groups(&launch, pass->io->plan, columns, INCLINE_NORM_SHARE);
    status = launch_kernel(pass, &launch);
    return status
               ? status
               : incline_norm_finish(pass->ctx, pass->layer, pass->io, division.units, gradients);
}

enum incline_status incline_image_norm_backward(struct incline_context *ctx,
                                                const struct incline_layer *layer,
                                                struct incline_layer_io *io,
                                                const struct incline_image_norm *norm)
{
    struct pass pass = {.ctx = ctx, .layer = layer, .io = io, .norm = norm};
    enum incline_status status = INCLINE_OK;
    if (io->dx)
        status = plan_data_gradient(&pass);
    return status || !norm->affine ? status : plan_weight_gradients(&pass);
}
