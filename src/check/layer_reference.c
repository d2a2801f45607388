#include "check/layer_reference.h"

#include "layers/pool.h"

#include <math.h>
#include <string.h>

/* The value of an option of the layer. */
static const void *option(const struct incline_layer *layer, const char *name)
{
    const struct incline_option_table *table = &layer->class->options;
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->options[i].name, name) == 0)
            return (const char *)layer->options + table->options[i].offset;
    return NULL;
}

static void prepare_window(struct incline_layer_check *check, const int size[2],
                           const int stride[2], const int dilation[2])
{
    const struct incline_padding *padding = option(check->layer, "padding");
    struct incline_reference_window *window = &check->conv.window;
    int cells[2] = {0, 0};
    for (int axis = 0; axis < 2; axis++)
        cells[axis] = padding->mode == INCLINE_PADDING_SAME       ? INCLINE_REFERENCE_SAME
                      : padding->mode == INCLINE_PADDING_EXPLICIT ? padding->size[axis]
                                                                  : 0;
    *window = incline_reference_dilated(check->layer->in, size, stride, dilation, cells[0]);
    struct incline_reference_window across =
        incline_reference_dilated(check->layer->in, size, stride, dilation, cells[1]);
    window->before[1] = across.before[1];
    window->out[1] = across.out[1];
}

static void prepare_conv2d(struct incline_layer_check *check)
{
    prepare_window(check, option(check->layer, "kernel"), option(check->layer, "stride"),
                   option(check->layer, "dilation"));
    check->conv.channels = check->layer->in.channels;
    check->conv.filters = check->layer->out.channels;
    check->conv.groups = *(const int *)option(check->layer, "groups");
}

static void prepare_dense(struct incline_layer_check *check)
{
    check->conv =
        incline_reference_dense_conv2d(check->layer->in.channels, check->layer->out.channels);
}

static void prepare_pool(struct incline_layer_check *check)
{
    const int *size = option(check->layer, "size"), *given = option(check->layer, "stride");
    int stride[2] = {given[0] ? given[0] : size[0], given[1] ? given[1] : size[1]};
    prepare_window(check, size, stride, (const int[2]){1, 1});
}

static void prepare_avg_pool(struct incline_layer_check *check)
{
    const struct incline_padding *padding = option(check->layer, "padding");
    const int *counts = option(check->layer, "count_padding");
    prepare_pool(check);
    check->padding_counts = *counts == INCLINE_COUNT_AUTO
                                ? padding->mode == INCLINE_PADDING_EXPLICIT
                                : *counts == INCLINE_COUNT_TRUE;
}

/* The window of a global pool is the image. */
static void prepare_global_pool(struct incline_layer_check *check)
{
    const int size[2] = {check->layer->in.height, check->layer->in.width}, stride[2] = {1, 1};
    check->conv.window = incline_reference_window(check->layer->in, size, stride, 0);
}

static void prepare_nothing(struct incline_layer_check *check)
{
    (void)check;
}

/* ---- One element ---- */

static double activated(const struct incline_layer_check *check, double z)
{
    return incline_reference_activation_at(check->layer->activation, (double)check->layer->alpha,
                                           z);
}

static double sum_y(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    const struct incline_chain_values *v = &check->values;
    double z = incline_reference_conv2d_at(&check->conv, v->x, v->parameter[0],
                                           v->parameter_count > 1 ? v->parameter[1] : NULL, index);
    return activated(check, z);
}

static double sum_dx(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return incline_reference_conv2d_data_at(&check->conv, check->values.parameter[0], check->dz,
                                            index);
}

static double sum_dw(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return incline_reference_conv2d_weights_at(&check->conv, check->values.images, check->values.x,
                                               check->dz, index);
}

static size_t rows_of(const struct incline_layer_check *check)
{
    const struct incline_reference_window *window = &check->conv.window;
    return (size_t)check->values.images * (size_t)window->out[0] * (size_t)window->out[1];
}

static double sum_db(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return incline_reference_bias_at(rows_of(check), check->conv.filters, check->dz, index);
}

static double pool_y(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return check->values.x[incline_reference_max_pool2d_at(
        &check->conv.window, check->layer->in.channels, check->values.x, index)];
}

static double pool_dx(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return incline_reference_max_pool2d_data_at(&check->conv.window, check->layer->in.channels,
                                                check->values.x, check->values.dy, index);
}

static double avg_y(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return incline_reference_avg_pool2d_at(&check->conv.window, check->layer->in.channels,
                                           check->padding_counts, check->values.x, index);
}

static double avg_dx(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return incline_reference_avg_pool2d_data_at(&check->conv.window, check->layer->in.channels,
                                                check->padding_counts, check->values.dy, index);
}

static double zero_pad_y(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return incline_reference_zero_pad2d_at(check->layer->in, option(check->layer, "padding"),
                                           check->values.x, index);
}

static double zero_pad_dx(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return incline_reference_zero_pad2d_data_at(check->layer->in, option(check->layer, "padding"),
                                                check->values.dy, index);
}

static double upsample_y(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return incline_reference_upsample_at(check->layer->in, option(check->layer, "factor"),
                                         check->values.x, index);
}

static double upsample_dx(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return incline_reference_upsample_data_at(check->layer->in, option(check->layer, "factor"),
                                              check->values.dy, index);
}

static double elementwise_y(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return activated(check, check->values.x[index]);
}

static double elementwise_dx(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    const struct incline_layer *layer = check->layer;
    const double *from =
        incline_activation_wants_x(layer->activation) ? check->values.x : check->values.y;
    return incline_reference_slope_at(layer->activation, (double)layer->alpha, from[index],
                                      check->values.dy[index]);
}

static size_t slopes_of(const struct incline_layer_check *check)
{
    return check->layer->parameters[0].elems;
}

static double prelu_y(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return incline_reference_prelu_at(slopes_of(check), check->values.x, check->values.parameter[0],
                                      index);
}

static double prelu_dx(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return incline_reference_prelu_data_at(slopes_of(check), check->values.x,
                                           check->values.parameter[0], check->values.dy, index);
}

static double prelu_dw(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    size_t count = (size_t)check->values.images * check->values.in_elems;
    return incline_reference_prelu_weights_at(slopes_of(check), count, check->values.x,
                                              check->values.dy, index);
}

/* A join is checked with all of its inputs the same; see alone(). */
static double add_y(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return incline_layer_input_count(check->layer) * check->values.x[index];
}

static double add_dx(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return incline_layer_input_count(check->layer) * check->values.dy[index];
}

static double concat_y(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    size_t channels = (size_t)check->layer->in.channels, out = (size_t)check->layer->out.channels;
    return check->values.x[index / out * channels + index % channels];
}

static double concat_dx(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    size_t channels = (size_t)check->layer->in.channels, out = (size_t)check->layer->out.channels;
    double sum = 0;
    for (size_t c = index % channels; c < out; c += channels)
        sum += check->values.dy[index / channels * out + c];
    return sum;
}

static double multiply_y(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return check->values.x[index] * check->values.x[index];
}

static double multiply_dx(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return 2 * check->values.x[index] * check->values.dy[index];
}

static double softmax_y(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return incline_reference_softmax_at(check->layer->in.channels, check->values.x, index);
}

static double softmax_dx(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return incline_reference_softmax_data_at(check->layer->in.channels, check->values.y,
                                             check->values.dy, index);
}

/* The layer's parameters are w and b, or neither, then the state. */
static int norm_state(const struct incline_layer_check *check)
{
    return incline_layer_trained_count(check->layer);
}

static struct incline_reference_batch_norm norm_of(const struct incline_layer_check *check)
{
    const struct incline_layer *layer = check->layer;
    bool affine = norm_state(check) > 0;
    return (struct incline_reference_batch_norm){
        .rows = (size_t)check->values.images * (size_t)layer->in.height * (size_t)layer->in.width,
        .channels = (size_t)layer->in.channels,
        .eps = *(const double *)option(layer, "eps"),
        .w = affine ? check->values.parameter[0] : NULL,
        .b = affine ? check->values.parameter[1] : NULL,
    };
}

static double batch_norm_y(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    const struct incline_reference_batch_norm norm = norm_of(check);
    double *const *state = check->values.parameter + norm_state(check);
    size_t c = index % norm.channels;
    if (check->trains)
        return incline_reference_batch_norm_at(&norm, check->values.x, index);
    struct incline_reference_moments moments = {state[0][c], state[1][c]};
    return incline_reference_normalized(&norm, moments, check->values.x, index);
}

static double batch_norm_dx(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    const struct incline_reference_batch_norm norm = norm_of(check);
    return incline_reference_batch_norm_data_at(&norm, check->values.x, check->values.dy, index);
}

static double batch_norm_parameter(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    const struct incline_reference_batch_norm norm = norm_of(check);
    const double *x = check->values.x, *dy = check->values.dy;
    double decay = *(const double *)option(check->layer, "decay");
    double old = check->values.parameter[check->parameter][index];
    int state = norm_state(check);
    if (check->parameter == state)
        return incline_reference_running_mean_at(&norm, x, decay, old, index);
    if (check->parameter == state + 1)
        return incline_reference_running_var_at(&norm, x, decay, old, index);
    if (check->parameter == state + 2)
        return old + 1;
    return check->parameter == 0
               ? incline_reference_batch_norm_weights_at(&norm, x, dy, index)
               : incline_reference_bias_at(norm.rows, (int)norm.channels, dy, index);
}

static struct incline_reference_image_norm image_norm_of(const struct incline_layer_check *check)
{
    const struct incline_layer *layer = check->layer;
    const int *groups = option(layer, "groups"); /* layer_norm has one of all numbers */
    bool affine = layer->parameter_count > 0;
    return (struct incline_reference_image_norm){
        .positions = (size_t)layer->in.height * (size_t)layer->in.width,
        .channels = (size_t)layer->in.channels,
        .groups = groups ? (size_t)*groups : 1,
        .eps = *(const double *)option(layer, "eps"),
        .w = affine ? check->values.parameter[0] : NULL,
        .b = affine ? check->values.parameter[1] : NULL,
        .each = !groups,
    };
}

static double image_norm_y(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    const struct incline_reference_image_norm norm = image_norm_of(check);
    return incline_reference_image_norm_at(&norm, check->values.x, index);
}

static double image_norm_dx(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    const struct incline_reference_image_norm norm = image_norm_of(check);
    return incline_reference_image_norm_data_at(&norm, check->values.x, check->values.dy, index);
}

static double image_norm_dw(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    const struct incline_reference_image_norm norm = image_norm_of(check);
    const struct incline_chain_values *v = &check->values;
    return incline_reference_image_norm_weights_at(&norm, v->images, v->x, v->dy, index);
}

static double image_norm_db(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    const struct incline_reference_image_norm norm = image_norm_of(check);
    return incline_reference_image_norm_bias_at(&norm, check->values.images, check->values.dy,
                                                index);
}

/* By what an element of x is multiplied: units are elements, or channels for all positions. */
static double dropout_factor(const struct incline_layer_check *check, size_t units, size_t index)
{
    struct incline_reference_dropout dropout = {
        .p = *(const double *)option(check->layer, "p"),
        .units = units,
        .seed = check->values.seed,
        .step = (uint32_t)check->values.earlier,
    };
    return incline_reference_dropout_at(&dropout, index / check->values.in_elems,
                                        index % check->values.in_elems % units);
}

static double dropout_y(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return check->values.x[index] * dropout_factor(check, check->values.in_elems, index);
}

static double dropout_dx(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return check->values.dy[index] * dropout_factor(check, check->values.in_elems, index);
}

static double spatial_dropout_y(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return check->values.x[index] * dropout_factor(check, (size_t)check->layer->in.channels, index);
}

static double spatial_dropout_dx(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    return check->values.dy[index] *
           dropout_factor(check, (size_t)check->layer->in.channels, index);
}

/* ---- What one element costs ---- */

static double taps(const struct incline_layer_check *check)
{
    return (double)check->conv.window.size[0] * check->conv.window.size[1];
}

static double sum_y_cost(const struct incline_layer_check *check)
{
    return taps(check) * check->conv.channels / check->conv.groups;
}

/* Every position is looked at. */
static double sum_dx_cost(const struct incline_layer_check *check)
{
    const struct incline_reference_window *window = &check->conv.window;
    return taps(check) * check->conv.filters / check->conv.groups +
           (double)window->out[0] * window->out[1];
}

static double pool_dx_cost(const struct incline_layer_check *check)
{
    const struct incline_reference_window *window = &check->conv.window;
    return taps(check) * taps(check) + (double)window->out[0] * window->out[1];
}

/* Every cell of a row is looked at. */
static double upsample_dx_cost(const struct incline_layer_check *check)
{
    return check->layer->out.height +
           (double)check->layer->out.width * check->layer->out.height / check->layer->in.height;
}

static double channels_cost(const struct incline_layer_check *check)
{
    return 20.0 * check->layer->in.channels;
}

/* Of a sum over the images and their positions. */
static double batch_cost(const struct incline_layer_check *check)
{
    return 3.0 * check->values.images * check->layer->in.height * check->layer->in.width;
}

static double image_cost(const struct incline_layer_check *check)
{
    return 5.0 * (double)check->values.in_elems;
}

static double images_cost(const struct incline_layer_check *check)
{
    return check->values.images * image_cost(check);
}

static double function_cost(const struct incline_layer_check *check)
{
    (void)check;
    return 20;
}

static const struct incline_layer_reference references[] = {
    {"conv2d", prepare_conv2d, sum_y, sum_dx, sum_y_cost, sum_dx_cost, {sum_dw, sum_db}},
    {"dense", prepare_dense, sum_y, sum_dx, sum_y_cost, sum_dx_cost, {sum_dw, sum_db}},
    {"max_pool2d", prepare_pool, pool_y, pool_dx, taps, pool_dx_cost, {NULL}},
    {"avg_pool2d", prepare_avg_pool, avg_y, avg_dx, taps, pool_dx_cost, {NULL}},
    {"global_avg_pool", prepare_global_pool, avg_y, avg_dx, taps, taps, {NULL}},
    {"global_max_pool", prepare_global_pool, pool_y, pool_dx, taps, taps, {NULL}},
    {"zero_pad2d", prepare_nothing, zero_pad_y, zero_pad_dx, function_cost, function_cost, {NULL}},
    {"upsample", prepare_nothing, upsample_y, upsample_dx, function_cost, upsample_dx_cost, {NULL}},
    {"prelu", prepare_nothing, prelu_y, prelu_dx, function_cost, function_cost, {prelu_dw}},
    {"softmax", prepare_nothing, softmax_y, softmax_dx, channels_cost, channels_cost, {NULL}},
    {"add", prepare_nothing, add_y, add_dx, function_cost, function_cost, {NULL}},
    {"concat", prepare_nothing, concat_y, concat_dx, function_cost, function_cost, {NULL}},
    {"multiply", prepare_nothing, multiply_y, multiply_dx, function_cost, function_cost, {NULL}},
    {"batch_norm",
     prepare_nothing,
     batch_norm_y,
     batch_norm_dx,
     batch_cost,
     batch_cost,
     {batch_norm_parameter, batch_norm_parameter, batch_norm_parameter, batch_norm_parameter,
      batch_norm_parameter},
     batch_cost},
    {"layer_norm",
     prepare_nothing,
     image_norm_y,
     image_norm_dx,
     image_cost,
     image_cost,
     {image_norm_dw, image_norm_db},
     images_cost},
    {"group_norm",
     prepare_nothing,
     image_norm_y,
     image_norm_dx,
     image_cost,
     image_cost,
     {image_norm_dw, image_norm_db},
     images_cost},
    {"dropout", prepare_nothing, dropout_y, dropout_dx, function_cost, function_cost, {NULL}},
    {"spatial_dropout",
     prepare_nothing,
     spatial_dropout_y,
     spatial_dropout_dx,
     function_cost,
     function_cost,
     {NULL}},
};

/* Of all layers that apply one function to every element. */
static const struct incline_layer_reference elementwise = {
    NULL, prepare_nothing, elementwise_y, elementwise_dx, function_cost, function_cost, {NULL}};

const struct incline_layer_reference *
incline_layer_reference_find(const struct incline_layer_class *class)
{
    if (class->activation != INCLINE_ACTIVATION_NONE)
        return &elementwise;
    for (size_t i = 0; i < sizeof references / sizeof *references; i++)
        if (strcmp(references[i].class_name, class->name) == 0)
            return &references[i];
    return NULL;
}

double incline_layer_reference_parameter(const void *cookie, size_t index)
{
    const struct incline_layer_check *check = cookie;
    double gradient = check->reference->gradient[check->parameter](check, index);
    if (!check->updates)
        return gradient;
    return check->values.parameter[check->parameter][index] -
           (double)check->values.learning_rate * gradient;
}

double incline_layer_reference_parameter_cost(const struct incline_layer_check *check,
                                              const struct incline_parameter *parameter)
{
    if (check->reference->gradient_cost)
        return check->reference->gradient_cost(check);
    return parameter->fan_in > 0 ? (double)rows_of(check)
                                 : (double)check->values.images * (double)check->values.in_elems /
                                       (double)parameter->elems;
}
