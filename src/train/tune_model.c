/* incline/tune.h: tunes what a configuration describes. */
#include "incline/tune.h"

#include "network/rewrite.h"
#include "train/config.h"
#include "tune/session.h"

enum incline_status incline_tune(struct incline_context *ctx, struct incline_device *device,
                                 const struct incline_config *config,
                                 const struct incline_tune_options *options,
                                 struct incline_tune_result *out)
{
    INCLINE_REQUIRE(ctx, ctx && device && config && options && options->batch >= 0 && out);
    struct incline_tune_spec spec = {
        .device = device,
        .layers = config->model.layers,
        .layer_count = config->model.layer_count,
        .loss = &config->train.loss,
        .batch = options->batch > 0 ? options->batch : config->train.batch_size,
    };
    *out = (struct incline_tune_result){0};
    enum incline_status status = incline_rewrites_without(ctx, options->no_fuse, &spec.rewrites);
    return status ? status : incline_tune_network(ctx, &spec, options, out);
}
