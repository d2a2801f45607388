/* Dropout of single elements; see cl/dropout.cl. */
#include "layers/dropout.h"

#include <math.h>
#include <stdio.h>

/* Draws of four an item makes: few items where a draw is one element of four, many where it is a
 * whole channel of them. */
enum { QUADS_OF_ELEMENTS = 16, QUADS_OF_CHANNELS = 1 };

enum incline_status incline_dropout_infer(struct incline_layer *layer, struct incline_text *problem)
{
    const struct incline_dropout_options *options = layer->options;
    (void)problem;
    layer->out = layer->in;
    snprintf(layer->detail, sizeof layer->detail, "%g", options->p);
    return INCLINE_OK;
}

bool incline_dropout_is_identity(const struct incline_layer *layer, bool trains)
{
    const struct incline_dropout_options *options = layer->options;
    return !trains || options->p == 0;
}

/* The smallest word that is kept. */
static uint32_t threshold_of(double p)
{
    return (uint32_t)fmin(round(p * 4294967296.0), 4294967295.0);
}

static void add_arguments(const struct incline_layer *layer, const struct incline_layer_io *io,
                          const struct incline_dropout_pass *pass, int quads,
                          struct incline_launch *launch)
{
    const struct incline_dropout_options *options = layer->options;
    const int sizes[] = {pass->positions, pass->units, quads, io->number,
                         (int)threshold_of(options->p)};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        incline_launch_add_int(launch, sizes[i]);
    incline_launch_add_float(launch, 1 / (1 - options->p));
    incline_launch_add(launch, (struct incline_arg)INCLINE_SEED);
    incline_launch_add(launch, (struct incline_arg)INCLINE_EARLIER);
}

enum incline_status incline_dropout_plan(struct incline_context *ctx,
                                         const struct incline_layer *layer,
                                         struct incline_layer_io *io,
                                         const struct incline_dropout_pass *pass)
{
    int quads = pass->positions > 1 ? QUADS_OF_CHANNELS : QUADS_OF_ELEMENTS;
    struct incline_launch launch = {
        .kernel = "dropout",
        .third = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(pass->from), INCLINE_TENSOR(pass->to)},
    };
    incline_launch_over_lanes(&launch, io->plan, (pass->units + 4 * quads - 1) / (4 * quads));
    add_arguments(layer, io, pass, quads, &launch);
    return incline_layer_launch(ctx, layer, io, "dropout.cl", NULL, &launch);
}

static enum incline_status plan_elements(struct incline_context *ctx,
                                         const struct incline_layer *layer,
                                         struct incline_layer_io *io, struct incline_tensor *from,
                                         struct incline_tensor *to)
{
    const struct incline_dropout_pass pass = {from, to, 1, (int)incline_shape_elems(layer->in)};
    return incline_dropout_plan(ctx, layer, io, &pass);
}

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    return plan_elements(ctx, layer, io, io->x, io->y);
}

static enum incline_status backward(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io)
{
    return io->dx ? plan_elements(ctx, layer, io, io->dy, io->dx) : INCLINE_OK;
}

const struct incline_option incline_dropout_options[1] = {
    {"p", INCLINE_OPTION_DOUBLE, offsetof(struct incline_dropout_options, p), NULL, 0, 0.999, NULL,
     "probability of 0 in training"},
};

const struct incline_layer_class incline_dropout_class = {
    .name = "dropout",
    .help = "sets elements to 0 at random in training",
    .about = {.equation = "training: y = x / (1 - p) with probability 1 - p, otherwise 0\n"
                          "evaluation: y = x",
              .shapes = "any, kept",
              .pytorch = "Dropout",
              .keras = "Dropout",
              .source = "Srivastava et al. 2014, Dropout: a simple way to prevent neural networks "
                        "from overfitting"},
    .options = {incline_dropout_options, 1, "p", sizeof(struct incline_dropout_options), NULL},
    .is_identity = incline_dropout_is_identity,
    .infer = incline_dropout_infer,
    .forward = forward,
    .backward = backward,
};
