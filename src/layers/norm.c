#include "layers/norm.h"

enum { CHUNKS_MAX = 64 };

void incline_norm_add_parameter(struct incline_layer *layer, const char *role, bool each,
                                double start, bool is_state)
{
    struct incline_shape in = layer->in;
    bool is_image = each && in.height * in.width > 1;
    layer->parameters[layer->parameter_count++] = (struct incline_parameter){
        .role = role,
        .layout = INCLINE_LAYOUT_FEATURES,
        .dims = {is_image ? in.height : in.channels, is_image ? in.width : 1,
                 is_image ? in.channels : 1, 1},
        .rank = is_image ? 3 : 1,
        .elems = is_image ? incline_shape_elems(in) : (size_t)in.channels,
        .initializer = INCLINE_INITIALIZER_CONSTANT,
        .start = start,
        .is_state = is_state,
    };
}

void incline_norm_add_affine(struct incline_layer *layer, bool each)
{
    incline_norm_add_parameter(layer, "weight", each, 1, false);
    incline_norm_add_parameter(layer, "bias", each, 0, false);
}

int incline_norm_chunk(int count, int least)
{
    int chunk = (count + CHUNKS_MAX - 1) / CHUNKS_MAX;
    return chunk > least ? chunk : least;
}

int incline_norm_tile(const struct incline_plan *plan)
{
    return incline_device_lanes(incline_plan_device(plan)) > 1 ? 8 : 1;
}

enum incline_status incline_norm_gradients(struct incline_context *ctx,
                                           const struct incline_layer *layer,
                                           const struct incline_layer_io *io, int units,
                                           struct incline_tensor **out)
{
    size_t bytes = 2 * (size_t)incline_columns(units) * sizeof(float);
    return incline_plan_tensor(ctx, io->plan, layer->name, bytes, out);
}

enum incline_status incline_norm_finish(struct incline_context *ctx,
                                        const struct incline_layer *layer,
                                        struct incline_layer_io *io, int units,
                                        struct incline_tensor *gradients)
{
    int columns = incline_columns(units);
    enum incline_status status = INCLINE_OK;
    for (int i = 0; !status && i < incline_layer_trained_count(layer); i++) {
        struct incline_unfinished gradient = {
            .piece = gradients,
            .parts = 1,
            .stride = columns,
            .offset = i * columns,
            .rows = 1,
            .columns = columns,
            .channels = units,
            .target = incline_gradient_target(io, i),
        };
        status = incline_finish_gradient(ctx, io->finish, layer->name, &gradient);
    }
    return status;
}
