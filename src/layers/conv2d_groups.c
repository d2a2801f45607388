#include "layers/conv2d_groups.h"

enum { GROUP_TILES = 8 }; /* of the weight gradient, for a work-group */

/* Sums of a tile: as many as the registers hold, and local memory of GROUP_TILES tiles. */
static int most_sums(const struct incline_plan *plan)
{
    return incline_device_lanes(incline_plan_device(plan)) == INCLINE_NB ? 20 : 10;
}

/* The whole filter where it is small, else a part of one row; filters of one group share x. */
struct incline_conv2d_tile incline_conv2d_groups_tile(const struct incline_layer *layer,
                                                      const struct incline_plan *plan)
{
    const int *dims = layer->parameters[0].dims;
    int filters = layer->out.channels / incline_conv2d_groups(layer), most = most_sums(plan);
    int run = dims[1] * dims[2], across = filters % 4 == 0 ? 4 : filters % 2 == 0 ? 2 : 1;
    if (dims[0] * run * across <= most)
        return (struct incline_conv2d_tile){dims[0], run, across};
    return (struct incline_conv2d_tile){1, incline_tile(run, most / across), across};
}

static enum incline_status launch_kernel(struct incline_context *ctx,
                                         const struct incline_layer *layer,
                                         const struct incline_layer_io *io,
                                         struct incline_launch *launch)
{
    struct incline_text defines;
    incline_text_init(&defines, ctx);
    incline_conv2d_define(layer, io->plan, &defines);
    incline_define(&defines, "GROUP_TILES", GROUP_TILES);
    return incline_layer_launch(ctx, layer, io, "conv2d_groups.cl", &defines, launch);
}

enum incline_status incline_conv2d_groups_delta(struct incline_context *ctx,
                                                const struct incline_layer *layer,
                                                struct incline_layer_io *io)
{
    struct incline_launch launch = {
        .kernel = "conv2d_groups_delta",
        .items = incline_lane_items(io->plan),
        .group = incline_lane_items(io->plan),
        .second = incline_layer_output(layer).height,
        .third = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(io->dy), INCLINE_TENSOR(io->y)},
    };
    if (layer->activation == INCLINE_ACTIVATION_NONE)
        return INCLINE_OK;
    return launch_kernel(ctx, layer, io, &launch);
}

enum incline_status incline_conv2d_groups_weights(struct incline_context *ctx,
                                                  const struct incline_layer *layer,
                                                  struct incline_layer_io *io,
                                                  struct incline_tensor *pieces)
{
    const int *dims = layer->parameters[0].dims;
    struct incline_conv2d_tile tile = incline_conv2d_groups_tile(layer, io->plan);
    int runs = (dims[1] * dims[2] + tile.run - 1) / tile.run;
    int tiles = dims[0] / tile.kernel_rows * runs * (dims[3] / tile.across);
    struct incline_launch launch = {
        .kernel = "conv2d_groups_backward_weights",
        .third = incline_conv2d_parts(layer),
        .args = {INCLINE_TENSOR(io->x), INCLINE_TENSOR(io->dy)},
    };
    incline_launch_in_groups(&launch, io->plan, (tiles + GROUP_TILES - 1) / GROUP_TILES,
                             GROUP_TILES);
    if (layer->pool)
        incline_launch_add_tensor(&launch, io->saved);
    incline_launch_add_tensor(&launch, pieces);
    incline_launch_add(&launch, (struct incline_arg)INCLINE_IMAGES);
    return launch_kernel(ctx, layer, io, &launch);
}
