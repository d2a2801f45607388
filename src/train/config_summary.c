/* The table of a model's layers. */
#include "train/config_inner.h"

#include "base/memory.h"

static void fill_row(const struct incline_layer *layer, struct incline_layer_summary *row)
{
    row->name = layer->name;
    row->type = layer->class->name;
    row->detail = layer->detail;
    row->sources = layer->sources;
    row->height = layer->out.height;
    row->width = layer->out.width;
    row->channels = layer->out.channels;
    row->flat = layer->out.height == 1 && layer->out.width == 1;
    row->multiply_adds = layer->multiply_adds;
    for (int i = 0; i < layer->parameter_count; i++)
        *(layer->parameters[i].is_state ? &row->state : &row->parameters) +=
            layer->parameters[i].elems;
}

enum incline_status incline_config_summarize(struct incline_context *ctx,
                                             struct incline_config *config)
{
    const struct incline_model *model = &config->model;
    enum incline_status status =
        incline_alloc(ctx, model->layer_count, sizeof *config->rows, &config->rows);
    if (status != INCLINE_OK)
        return status;
    config->summary = (struct incline_model_summary){
        .name = model->name,
        .height = model->input.height,
        .width = model->input.width,
        .channels = model->input.channels,
        .layer_count = model->layer_count,
        .layers = config->rows,
    };
    for (size_t i = 0; i < model->layer_count; i++) {
        fill_row(&model->layers[i], &config->rows[i]);
        config->summary.parameters += config->rows[i].parameters;
        config->summary.state += config->rows[i].state;
        config->summary.multiply_adds += config->rows[i].multiply_adds;
    }
    return INCLINE_OK;
}

const struct incline_model_summary *incline_config_summary(const struct incline_config *config)
{
    return &config->summary;
}
