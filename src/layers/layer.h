/* What a layer is: a descriptor with an option table and four functions. A layer lives in one .c
 * file named after it, beside one .cl of the same name, and one word in meson.build; those that
 * apply one function to every element share activations.c. */
#ifndef INCLINE_LAYERS_LAYER_H
#define INCLINE_LAYERS_LAYER_H

#include "base/about.h"
#include "base/options.h"
#include "base/shape.h"
#include "device/plan.h"
#include "device/tuning.h"
#include "optimizers/optimizer.h"

enum { INCLINE_PARAMETERS_MAX = 5, INCLINE_INPUTS_MAX = 8 };

/* How a parameter's memory relates to the axes of PyTorch's tensor of that name (for files). */
enum incline_parameter_layout {
    INCLINE_LAYOUT_VECTOR, /* [n] */
    /* [KH][KW][C_in / groups][C_out]; PyTorch: [C_out][C_in / groups][KH][KW] */
    INCLINE_LAYOUT_HWIO,
    INCLINE_LAYOUT_IO, /* [in][out]; PyTorch: [out][in], `in` ordered (c, h, w) after a flatten */
    /* [C] or [H][W][C], a number a feature; PyTorch: [C] or [C][H][W], (c, h, w) after a flatten */
    INCLINE_LAYOUT_FEATURES,
    INCLINE_LAYOUT_COUNT /* one whole number; PyTorch: a scalar of 64 bits */
};

struct incline_parameter {
    const char *role; /* "weight", "bias", "running_mean": the name in files */
    enum incline_parameter_layout layout;
    int dims[4]; /* in memory order; unused ones are 1 */
    int rank;
    size_t elems;
    double fan_in, fan_out; /* for the initialisers */
    int initializer;        /* index into incline_initializer_names */
    double start;           /* where all start from with INCLINE_INITIALIZER_CONSTANT */
    bool is_state;          /* the forward pass of training updates it: there is no gradient */
};

/* A bias, or the scale or slope of single features. */
static inline bool incline_is_bias_or_norm(const struct incline_parameter *parameter)
{
    return parameter->rank == 1 || parameter->layout == INCLINE_LAYOUT_FEATURES;
}

enum { INCLINE_INITIALIZER_CONSTANT = -1 }; /* in place of an index */

enum incline_activation {
    INCLINE_ACTIVATION_NONE,
    INCLINE_ACTIVATION_RELU,
    INCLINE_ACTIVATION_SIGMOID,
    INCLINE_ACTIVATION_TANH,
    INCLINE_ACTIVATION_LEAKY_RELU,
    INCLINE_ACTIVATION_RELU6,
    INCLINE_ACTIVATION_ELU,
    INCLINE_ACTIVATION_SELU,
    INCLINE_ACTIVATION_SOFTPLUS,
    /* The derivative of these does not follow from what they put out, so only a layer of their own
     * applies them. */
    INCLINE_ACTIVATION_GELU,
    INCLINE_ACTIVATION_GELU_TANH,
    INCLINE_ACTIVATION_SILU,
    INCLINE_ACTIVATION_HARD_SWISH
};
extern const char *const incline_activation_names[]; /* "none", ..., "softplus", NULL */

/* Is f'(x) computed from x, and not from y = f(x)? */
static inline bool incline_activation_wants_x(enum incline_activation f)
{
    return f >= INCLINE_ACTIVATION_GELU;
}

/* The alpha of leaky_relu and elu where none is given; 0 for the others. */
float incline_activation_alpha(enum incline_activation f);

/* "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "torch", "zeros", NULL */
extern const char *const incline_initializer_names[];

/* One layer of one network. Filled in by the parser (class, name, options) and by infer (the rest).
 */
struct incline_layer {
    const struct incline_layer_class *class;
    char *name;
    void *options; /* the class's options struct */
    /* The numbers of the layers that it reads; see network/graph.h. None: the one before it. */
    int inputs[INCLINE_INPUTS_MAX], input_count;
    struct incline_shape in, out;
    struct incline_shape others[INCLINE_INPUTS_MAX - 1]; /* joins: of the inputs after the first */
    struct incline_parameter parameters[INCLINE_PARAMETERS_MAX];
    int parameter_count;  /* those that are trained come first */
    int least_images;     /* that a batch of training must have; 0: one */
    double multiply_adds; /* an image, forward */
    char detail[64];      /* "3x3 + relu", for the summary */
    char sources[64]; /* "conv2d_3, relu_1": what `inputs` are, for the summary; cut where too long
                       */
    enum incline_activation activation; /* what the layer is, or what it applies to its sum */
    float alpha;                        /* of that */
    /* Set by graph rewrites; see network/rewrite.h. */
    const struct incline_layer
        *window;                      /* conv2d: the max_pool2d that follows, if it can be fused */
    const struct incline_layer *pool; /* the same, when it is computed inside this conv2d */
    bool absorbed;                    /* its work is done inside another layer or the loss */
    bool reads_pixels;                /* conv2d: picks the images of the batch itself */
    bool is_head;                     /* dense: computed together with the loss */
    bool one_backward;                /* dense: both gradients in one launch */
    /* batch_norm: adds its second input, whose gradient is dy as backward leaves it */
    bool residual;
    /* dense: the conv2d whose flattened output it reads, and whose weight gradient it can compute
     * along with its own; or NULL */
    const struct incline_layer *conv;
};

static inline int incline_layer_input_count(const struct incline_layer *layer)
{
    return layer->input_count > 0 ? layer->input_count : 1;
}

/* The shape of the k-th input. */
static inline struct incline_shape incline_layer_input(const struct incline_layer *layer, int k)
{
    return k == 0 ? layer->in : layer->others[k - 1];
}

/* Of the layer's parameters those with a gradient. */
static inline int incline_layer_trained_count(const struct incline_layer *layer)
{
    int count = 0;
    while (count < layer->parameter_count && !layer->parameters[count].is_state)
        count++;
    return count;
}

/* What the layer puts out: after the pool, if it computes one. */
struct incline_shape incline_layer_output(const struct incline_layer *layer);

/* Of a layer with weights. */
static inline bool incline_layer_has_bias(const struct incline_layer *layer)
{
    return layer->parameter_count > 1;
}

/* Appends ` -D NAME=value`. A name is defined once: of two, compilers warn. */
void incline_define(struct incline_text *defines, const char *name, int value);

/* Defines `name` as the number of the layer's activation, and what cl/activation.h needs besides;
 * layer NULL: none. */
void incline_define_activation(struct incline_text *defines, const char *name,
                               const struct incline_layer *layer);

/* Dimension 0 of every kernel over lanes: NB / LANES items, its group too. */
int incline_lane_items(const struct incline_plan *plan);

/* Sets dimensions 0 and 1 of a kernel over lanes with at least `items` items in dimension 1. */
void incline_launch_over_lanes(struct incline_launch *launch, const struct incline_plan *plan,
                               int items);

/* Sets dimensions 0 and 1 of a kernel that works in phases (cl/phases.h), one group for each of
 * `groups`: on a CPU a group is one item, on a GPU the lanes of a block times up to `share` items.
 */
void incline_launch_in_groups(struct incline_launch *launch, const struct incline_plan *plan,
                              int groups, int share);

/* What tuning calls the layer's work: its shapes, the batch and the detail. */
enum { INCLINE_LAYER_SHAPE_BYTES = 128 };
void incline_layer_write_shape(const struct incline_layer *layer, const struct incline_plan *plan,
                               char shape[INCLINE_LAYER_SHAPE_BYTES]);

/* What the device's tuning chooses for `op` and this layer's shapes: from the first list on devices
 * with several images per work-item, from the second on others. */
const struct incline_tile *incline_layer_tile(const struct incline_layer *layer,
                                              const struct incline_plan *plan, const char *op,
                                              const struct incline_tile *many, size_t many_count,
                                              const struct incline_tile *one, size_t one_count);

struct incline_layer_io;

/* Appends a launch for the layer, whose name is its label unless it has one; takes defines (NULL:
 * none), also on failure. */
enum incline_status incline_layer_launch(struct incline_context *ctx,
                                         const struct incline_layer *layer,
                                         const struct incline_layer_io *io, const char *source,
                                         struct incline_text *defines,
                                         struct incline_launch *launch) INCLINE_MUST_CHECK;

/* The bias that goes with a weight: one number per output channel. */
struct incline_parameter incline_bias_parameter(int channels,
                                                const struct incline_parameter *weight);

/* Appends to problem and returns CONFIG when the inputs of a join differ in shape. */
enum incline_status incline_layer_check_same(const struct incline_layer *layer,
                                             struct incline_text *problem);

/* Appends to problem and returns CONFIG when `elems` numbers are more than a kernel can index. */
enum incline_status incline_check_index(double elems, struct incline_text *problem);

/* Columns of a tensor with the output channels innermost: channels rounded up to whole blocks. */
static inline int incline_columns(int channels)
{
    return (channels + INCLINE_NB - 1) / INCLINE_NB * INCLINE_NB;
}

/* The size of equal tiles, none above `most`, that `count` is divided into. */
static inline int incline_tile(int count, int most)
{
    int tiles = (count + most - 1) / most;
    return (count + tiles - 1) / tiles;
}

/* A new tensor [blocks][shape][NB] f32. Fails with CONFIG above 2^31 - 1 elements, where
 * kernels' indices end. */
enum incline_status incline_activation_tensor(struct incline_context *ctx,
                                              struct incline_plan *plan, const char *name,
                                              size_t elems_per_image,
                                              struct incline_tensor **out) INCLINE_MUST_CHECK;

/* How finished gradients are used by the kernels that finish them. */
enum incline_gradient_use {
    INCLINE_GRADIENT_STORE, /* write the gradient tensor */
    INCLINE_GRADIENT_APPLY, /* update the parameter at once; there is no gradient tensor */
    INCLINE_GRADIENT_NONE   /* there is no way back, and forward saves nothing for it */
};

/* What forward and backward work on. Tensors are [blocks][H][W][C][NB] f32 unless said otherwise.
 */
struct incline_layer_io {
    struct incline_plan *plan;
    int number; /* of the layer in its network: what tells its random numbers from other layers' */
    struct incline_tensor *x, *y;
    struct incline_tensor *dy,
        *dx; /* backward only; dx NULL: nobody needs it. dy may be overwritten */
    /* The inputs and their gradients one by one, for joins; the first are x and dx. */
    struct incline_tensor *xs[INCLINE_INPUTS_MAX], *dxs[INCLINE_INPUTS_MAX];
    bool trains; /* the gradient at y is wanted: here or before */
    struct incline_tensor *parameters[INCLINE_PARAMETERS_MAX];
    struct incline_tensor *gradients[INCLINE_PARAMETERS_MAX]; /* STORE only */
    /* APPLY only: the optimizer's state beside each parameter, NULL past the last */
    struct incline_tensor *states[INCLINE_PARAMETERS_MAX][INCLINE_STATES_MAX];
    bool decays[INCLINE_PARAMETERS_MAX]; /* weight decay applies to the parameter */
    struct incline_tensor *saved; /* made by forward, read by backward (arg-max codes); or NULL */
    enum incline_gradient_use gradient_use;
    const struct incline_optimizer *optimizer; /* of APPLY; NULL: plain gradient descent */
    const struct incline_input *input; /* conv2d with reads_pixels: x is written instead of read */
    struct incline_finish *finish;     /* takes what the weight gradients leave to the step's end */
    /* dense: not NULL when the layer above has already made dy the gradient at the sum, and written
     * it here with the outputs innermost (see delta.h) */
    struct incline_tensor *dz_t;
    /* dense: the conv2d below whose weight gradient this layer is to compute; or NULL */
    struct incline_layer_io *conv;
};

/* Where the images of a batch come from; see cl/gather.cl. */
struct incline_input {
    struct incline_tensor *pixels, *order, *scaling;
};

/* Where a finished gradient goes: the parameter that it updates, with its state, or its own tensor.
 */
struct incline_target {
    struct incline_tensor *tensor, *states[INCLINE_STATES_MAX]; /* NULL past the last state */
    bool decays;
};
struct incline_target incline_gradient_target(const struct incline_layer_io *io, int parameter);

/* What update.h expects of kernels that finish gradients: the target and its state, or its state
 * alone; the numbers of the step; and the defines. optimizer NULL: plain gradient descent. */
void incline_launch_add_target(struct incline_launch *launch, const struct incline_target *target);
void incline_launch_add_states(struct incline_launch *launch, const struct incline_target *target);
void incline_launch_add_rates(struct incline_launch *launch,
                              const struct incline_optimizer *optimizer,
                              enum incline_gradient_use use);
void incline_define_update(struct incline_text *defines, const struct incline_optimizer *optimizer,
                           enum incline_gradient_use use);

struct incline_layer_class {
    const char *name;
    const char *help;
    struct incline_about about;
    struct incline_option_table options; /* size 0: no options */
    int most_inputs;                     /* of a join, which has at least two; 0: no join */
    enum incline_activation activation;  /* of a layer that applies one to every element */
    /* Does the layer put out what it reads? NULL: never. */
    bool (*is_identity)(const struct incline_layer *layer, bool trains);
    /* Checks options against layer->in; sets out, parameters, multiply_adds and detail. On a misfit
     * returns CONFIG with the reason in `problem`. */
    enum incline_status (*infer)(struct incline_layer *layer, struct incline_text *problem);
    /* Appends the launches of one pass to io->plan. NULL: the layer only renames its input. */
    enum incline_status (*forward)(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io);
    enum incline_status (*backward)(struct incline_context *ctx, const struct incline_layer *layer,
                                    struct incline_layer_io *io);
};

/* The class of that name, or NULL; and all of them, in list order. */
const struct incline_layer_class *incline_layer_class_find(const char *name);
extern const struct incline_layer_class *const incline_layer_classes[];
extern const size_t incline_layer_class_count;

#endif
