/* The public way to a data set: the parts of the configuration that matter to it. */
#include "data/dataset.h"
#include "train/config.h"

enum incline_status incline_dataset_load(struct incline_context *ctx,
                                         const struct incline_config *config,
                                         const struct incline_dataset_limits *limits,
                                         struct incline_dataset **out)
{
    if (!ctx || !config || !out)
        return incline_fail(ctx, INCLINE_ERROR_ARGUMENT,
                            "incline_dataset_load: context, config and out are needed");
    const struct incline_model *model = &config->model;
    struct incline_shape output =
        model->layer_count > 0 ? model->layers[model->layer_count - 1].out : model->input;
    return incline_dataset_read(ctx, &config->data, model->input, (int)incline_shape_elems(output),
                                limits, out);
}
