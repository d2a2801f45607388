#include "layers/layer.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define INCLINE_LAYER(name) extern const struct incline_layer_class incline_##name##_class;
#include "layers/layer_list.h"
#undef INCLINE_LAYER

#define INCLINE_LAYER(name) &incline_##name##_class,
const struct incline_layer_class *const incline_layer_classes[] = {
#include "layers/layer_list.h"
};
#undef INCLINE_LAYER

const size_t incline_layer_class_count =
    sizeof incline_layer_classes / sizeof *incline_layer_classes;

const char *const incline_activation_names[] = {
    "none", "relu", "sigmoid", "tanh", "leaky_relu", "relu6", "elu", "selu", "softplus", NULL};

float incline_activation_alpha(enum incline_activation f)
{
    return f == INCLINE_ACTIVATION_LEAKY_RELU ? 0.01f : f == INCLINE_ACTIVATION_ELU ? 1.0f : 0.0f;
}

const char *const incline_initializer_names[] = {
    "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "torch", "zeros", NULL};

const struct incline_layer_class *incline_layer_class_find(const char *name)
{
    for (size_t i = 0; i < incline_layer_class_count; i++)
        if (strcmp(incline_layer_classes[i]->name, name) == 0)
            return incline_layer_classes[i];
    return NULL;
}

static int initializer_number(const char *name)
{
    int number = 0;
    while (strcmp(incline_initializer_names[number], name) != 0)
        number++;
    return number;
}

struct incline_parameter incline_bias_parameter(int channels,
                                                const struct incline_parameter *weight)
{
    int torch = initializer_number("torch");
    return (struct incline_parameter){
        .role = "bias",
        .layout = INCLINE_LAYOUT_VECTOR,
        .dims = {channels, 1, 1, 1},
        .rank = 1,
        .elems = (size_t)channels,
        .fan_in = weight->fan_in,
        .fan_out = weight->fan_out,
        .initializer = weight->initializer == torch ? torch : initializer_number("zeros"),
    };
}

enum incline_status incline_check_index(double elems, struct incline_text *problem)
{
    if (elems <= INT_MAX)
        return INCLINE_OK;
    incline_text_add(problem, "is too large: %.3g numbers in one tensor, at most 2^31 - 1", elems);
    return INCLINE_ERROR_CONFIG;
}

static inline bool is_defined(const char *defines, const char *name)
{
    size_t length = strlen(name);
    const char *at = strstr(defines, name);
    while (at && (at == defines || at[-1] != ' ' || at[length] != '='))
        at = strstr(at + 1, name);
    return at != NULL;
}

void incline_define(struct incline_text *defines, const char *name, int value)
{
    assert(!is_defined(incline_text_get(defines), name));
    incline_text_add(defines, " -D %s=%d", name, value);
}

void incline_define_activation(struct incline_text *defines, const char *name,
                               const struct incline_layer *layer)
{
    enum incline_activation f = layer ? layer->activation : INCLINE_ACTIVATION_NONE;
    int bits = 0;
    incline_define(defines, name, (int)f);
    if (f != INCLINE_ACTIVATION_LEAKY_RELU && f != INCLINE_ACTIVATION_ELU)
        return;
    memcpy(&bits, &layer->alpha, sizeof bits);
    incline_define(defines, "ALPHA_BITS", bits);
}

struct incline_target incline_gradient_target(const struct incline_layer_io *io, int parameter)
{
    struct incline_target target = {.decays = io->decays[parameter]};
    if (io->gradient_use != INCLINE_GRADIENT_APPLY) {
        target.tensor = io->gradients[parameter];
        return target;
    }
    target.tensor = io->parameters[parameter];
    memcpy(target.states, io->states[parameter], sizeof target.states);
    return target;
}

void incline_launch_add_states(struct incline_launch *launch, const struct incline_target *target)
{
    for (int i = 0; i < INCLINE_STATES_MAX && target->states[i]; i++)
        incline_launch_add_tensor(launch, target->states[i]);
}

void incline_launch_add_target(struct incline_launch *launch, const struct incline_target *target)
{
    incline_launch_add_tensor(launch, target->tensor);
    incline_launch_add_states(launch, target);
}

static bool is_plain(const struct incline_optimizer *optimizer, enum incline_gradient_use use)
{
    return use != INCLINE_GRADIENT_APPLY || incline_optimizer_is_plain(optimizer);
}

void incline_launch_add_rates(struct incline_launch *launch,
                              const struct incline_optimizer *optimizer,
                              enum incline_gradient_use use)
{
    if (is_plain(optimizer, use))
        incline_launch_add(launch, (struct incline_arg)INCLINE_LEARNING_RATE);
    else
        incline_launch_add(launch, (struct incline_arg)INCLINE_RATES_ARG);
}

void incline_define_update(struct incline_text *defines, const struct incline_optimizer *optimizer,
                           enum incline_gradient_use use)
{
    incline_define(defines, "APPLY", use == INCLINE_GRADIENT_APPLY);
    if (is_plain(optimizer, use))
        return;
    incline_define(defines, "OPTIMIZER", incline_optimizer_number(optimizer->class));
    incline_define(defines, "VARIANT", incline_optimizer_variant(optimizer));
    incline_define(defines, "STATES", incline_optimizer_states(optimizer));
}

int incline_lane_items(const struct incline_plan *plan)
{
    return INCLINE_NB / incline_device_lanes(incline_plan_device(plan));
}

/* Items of dimension 1 in a group of a GPU, where dimension 0 has the NB lanes: 128 work-items. */
enum { GROUP_SECOND = 8 };

static bool one_lane(const struct incline_plan *plan)
{
    return incline_device_lanes(incline_plan_device(plan)) == 1;
}

void incline_launch_over_lanes(struct incline_launch *launch, const struct incline_plan *plan,
                               int items)
{
    launch->items = launch->group = incline_lane_items(plan);
    launch->second = items;
    launch->second_group = one_lane(plan) ? GROUP_SECOND : 1;
}

void incline_launch_in_groups(struct incline_launch *launch, const struct incline_plan *plan,
                              int groups, int share)
{
    bool shared = incline_device_shares_phases(incline_plan_device(plan));
    launch->items = launch->group = shared ? INCLINE_NB : 1;
    launch->second = groups;
    launch->second_group = shared ? share : 1;
    launch->second_groups = true;
}

enum incline_status incline_layer_launch(struct incline_context *ctx,
                                         const struct incline_layer *layer,
                                         const struct incline_layer_io *io, const char *source,
                                         struct incline_text *defines,
                                         struct incline_launch *launch)
{
    enum incline_status status = defines ? incline_text_status(defines) : INCLINE_OK;
    if (!status) {
        if (!launch->label)
            launch->label = layer->name;
        launch->source = source;
        launch->defines = defines ? incline_text_get(defines) : NULL;
        status = incline_plan_launch(ctx, io->plan, launch);
    }
    if (defines)
        incline_text_finish(defines);
    return status;
}

void incline_layer_write_shape(const struct incline_layer *layer, const struct incline_plan *plan,
                               char shape[INCLINE_LAYER_SHAPE_BYTES])
{
    snprintf(shape, INCLINE_LAYER_SHAPE_BYTES, "in=%dx%dx%d out=%dx%dx%d images=%d %s",
             layer->in.height, layer->in.width, layer->in.channels, layer->out.height,
             layer->out.width, layer->out.channels, incline_plan_tuned_batch(plan), layer->detail);
}

const struct incline_tile *incline_layer_tile(const struct incline_layer *layer,
                                              const struct incline_plan *plan, const char *op,
                                              const struct incline_tile *many, size_t many_count,
                                              const struct incline_tile *one, size_t one_count)
{
    char shape[INCLINE_LAYER_SHAPE_BYTES];
    bool gpu = one_lane(plan);
    incline_layer_write_shape(layer, plan, shape);
    return incline_tuning_choose(incline_plan_device(plan), op, shape, gpu ? one : many,
                                 gpu ? one_count : many_count);
}

struct incline_shape incline_layer_output(const struct incline_layer *layer)
{
    return layer->pool ? layer->pool->out : layer->out;
}

enum incline_status incline_activation_tensor(struct incline_context *ctx,
                                              struct incline_plan *plan, const char *name,
                                              size_t elems_per_image, struct incline_tensor **out)
{
    size_t images = (size_t)incline_plan_blocks(plan) * INCLINE_NB;
    if (elems_per_image > (size_t)INT_MAX / images)
        return incline_fail(ctx, INCLINE_ERROR_CONFIG,
                            "%s: %zu numbers an image times a batch of %d exceed 2^31 - 1 in one "
                            "tensor; use a smaller batch (-b)",
                            name, elems_per_image, incline_plan_batch(plan));
    return incline_plan_tensor(ctx, plan, name, elems_per_image * images * sizeof(float), out);
}

static void tell_difference(struct incline_shape first, struct incline_shape second,
                            struct incline_text *problem)
{
    incline_text_add(problem, "its inputs differ in shape: %dx%dx%d and %dx%dx%d: ", first.height,
                     first.width, first.channels, second.height, second.width, second.channels);
    if (first.height != second.height || first.width != second.width)
        incline_text_add(problem,
                         "a stride, a pool or too little padding on one way makes it smaller");
    else
        incline_text_add(problem,
                         "`conv2d: {filters: %d, kernel: 1}` behind the second, which is the "
                         "shortcut of a residual, makes them one",
                         first.channels);
}

enum incline_status incline_layer_check_same(const struct incline_layer *layer,
                                             struct incline_text *problem)
{
    struct incline_shape first = layer->in;
    for (int k = 1; k < incline_layer_input_count(layer); k++) {
        struct incline_shape other = incline_layer_input(layer, k);
        if (other.height == first.height && other.width == first.width &&
            other.channels == first.channels)
            continue;
        tell_difference(first, other, problem);
        return INCLINE_ERROR_CONFIG;
    }
    return INCLINE_OK;
}
