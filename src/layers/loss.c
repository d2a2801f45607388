#include "layers/loss.h"

#include "base/memory.h"

#define NUMBER offsetof(struct incline_loss_options, number)
#define CLASS_WEIGHTS offsetof(struct incline_loss_options, class_weights)
#define TABLE(options, main_option)                                                                \
    {                                                                                              \
        options, sizeof options / sizeof *options, main_option,                                    \
            sizeof(struct incline_loss_options)                                                    \
    }

enum { WEIGHT_MAX = 1000000 };

static const struct incline_option cross_entropy_options[] = {
    {"label_smoothing", INCLINE_OPTION_DOUBLE, NUMBER, "0", 0, 1, NULL,
     "share of the target that is spread over all classes"},
    {"class_weights", INCLINE_OPTION_DOUBLES, CLASS_WEIGHTS, "[]", 0, WEIGHT_MAX, NULL,
     "how much an image of each class counts; [] for all alike"},
};

static const struct incline_option focal_options[] = {
    {"gamma", INCLINE_OPTION_DOUBLE, NUMBER, "2", 0, 100, NULL,
     "how much less a sure answer counts: (1 - p)^gamma; 0 is cross_entropy"},
    {"alpha", INCLINE_OPTION_DOUBLES, CLASS_WEIGHTS, "[]", 0, WEIGHT_MAX, NULL,
     "factor for the images of each class, or one for all; [] for 1"},
};

static const struct incline_option hinge_options[] = {
    {"margin", INCLINE_OPTION_DOUBLE, NUMBER, "1", 0, WEIGHT_MAX, NULL,
     "by how much the true class should score above the others"},
};

static const struct incline_option binary_cross_entropy_options[] = {
    {"pos_weight", INCLINE_OPTION_DOUBLES, CLASS_WEIGHTS, "[]", 0, WEIGHT_MAX, NULL,
     "how much it counts for each class that an image shows it, or one for all; [] for 1"},
};

const char *const incline_loss_names[] = {"cross_entropy",        "mse", "focal", "hinge",
                                          "binary_cross_entropy", NULL};

/* In the order of the names. */
const struct incline_loss_class incline_losses[] = {
    {.name = "cross_entropy",
     .help = "categorical cross-entropy of the softmax of the last layer's output",
     .about = {.equation = "loss = sum over c of -t[c] ln softmax(x)[c]\n"
                           "t[c] = class_weights[c] ((1 - s) (c is the label) + s / K),  "
                           "s = label_smoothing\n"
                           "mean over the images, each weighing class_weights[label]\n"
                           "a softmax as the last layer becomes part of it",
               .pytorch = "CrossEntropyLoss(weight, label_smoothing)",
               .keras = "CategoricalCrossentropy",
               .source = "label smoothing: Szegedy et al. 2016, Rethinking the Inception "
                         "architecture for computer vision"},
     .closing = "softmax",
     .weighted_mean = true,
     .options = TABLE(cross_entropy_options, NULL)},
    {.name = "mse",
     .help = "mean squared error against the one-hot label",
     .about = {.equation = "loss = (1 / K) sum over c of (x[c] - (c is the label))^2\n"
                           "with data.multi_label (the image shows c)",
               .pytorch = "MSELoss",
               .keras = "MeanSquaredError"},
     .multi_label = true,
     .threshold = 0.5},
    {.name = "focal",
     .help = "cross-entropy times (1 - p)^gamma, p being the true class's probability",
     .about = {.equation = "loss = -alpha[label] (1 - p)^gamma ln p,  p = softmax(x)[label]\n"
                           "a softmax as the last layer becomes part of it",
               .keras = "CategoricalFocalCrossentropy",
               .source = "Lin et al. 2017, Focal loss for dense object detection"},
     .closing = "softmax",
     .options = TABLE(focal_options, "gamma")},
    {.name = "hinge",
     .help = "mean over the other classes of max(0, margin - true class's score + its own)",
     .about = {.equation = "loss = (1 / K) sum over c other than the label of\n"
                           "       max(0, margin - x[label] + x[c])\n"
                           "where a margin is just met, the gradient is 0\n"
                           "a softmax or sigmoid as the last layer is refused",
               .pytorch = "MultiMarginLoss(p=1, margin)",
               .source = "Weston and Watkins 1999, Support vector machines for multi-class "
                         "pattern recognition"},
     .wants_scores = true,
     .options = TABLE(hinge_options, "margin")},
    {.name = "binary_cross_entropy",
     .help = "cross-entropy of the sigmoid of each output, each class for itself",
     .about = {.equation = "loss = (1 / K) sum over c of\n"
                           "       c is the label ? -pos_weight[c] ln p[c] : -ln(1 - p[c])\n"
                           "p = sigmoid(x)\n"
                           "with data.multi_label (the image shows c ? ... : ...)\n"
                           "a sigmoid as the last layer becomes part of it, a softmax is refused",
               .pytorch = "BCEWithLogitsLoss(pos_weight)",
               .keras = "BinaryCrossentropy(from_logits=True)"},
     .closing = "sigmoid",
     .wants_scores = true,
     .multi_label = true,
     .threshold = 0,
     .options = TABLE(binary_cross_entropy_options, NULL)},
};

const struct incline_loss incline_plain_loss = {.class = &incline_losses[INCLINE_LOSS_MSE]};

int incline_loss_number(const struct incline_loss *loss)
{
    return (int)(loss->class - incline_losses);
}

size_t incline_loss_label_bytes(const struct incline_loss *loss, int classes)
{
    return loss->multi_label ? (size_t)classes : sizeof(int);
}

double incline_loss_class_weight(const struct incline_loss *loss, int c)
{
    const struct incline_doubles *weights = &loss->options.class_weights;
    return weights->count == 0 ? 1 : weights->values[weights->count > 1 ? c : 0];
}

static enum incline_status make_class_weights(struct incline_context *ctx,
                                              struct incline_loss_io *io)
{
    size_t count = (size_t)io->classes;
    float *weights = NULL;
    enum incline_status status = incline_alloc(ctx, count, sizeof *weights, &weights);
    for (int c = 0; !status && c < io->classes; c++)
        weights[c] = (float)incline_loss_class_weight(io->loss, c);
    if (!status)
        status = incline_plan_constant(ctx, io->plan, "class weights", weights,
                                       count * sizeof *weights, &io->class_weights);
    incline_free(&weights);
    return status;
}

static enum incline_status sum_weights(struct incline_context *ctx, struct incline_loss_io *io)
{
    enum incline_status status = incline_plan_tensor(ctx, io->plan, "sum of weights", sizeof(float),
                                                     &io->figures.weight_sum);
    if (status)
        return status;
    struct incline_launch launch = {
        .label = "class weights",
        .source = "class_weights.cl",
        .kernel = "class_weights",
        .items = 1,
        .group = 1,
        .args = {INCLINE_TENSOR(io->labels), INCLINE_TENSOR(io->order),
                 INCLINE_TENSOR(io->class_weights), INCLINE_TENSOR(io->figures.weight_sum),
                 INCLINE_FIRST, INCLINE_IMAGES},
    };
    return incline_plan_launch(ctx, io->plan, &launch);
}

enum incline_status incline_loss_begin(struct incline_context *ctx, struct incline_loss_io *io)
{
    size_t batch = (size_t)incline_plan_batch(io->plan);
    struct incline_figures *figures = &io->figures;
    figures->decisions = io->loss->multi_label ? io->classes : 0;
    enum incline_status status = incline_plan_tensor(ctx, io->plan, "image_loss",
                                                     batch * sizeof(float), &figures->image_loss);
    if (!status)
        status = incline_plan_tensor(ctx, io->plan, "image_rank", batch * sizeof(int),
                                     &figures->image_rank);
    if (status || io->loss->options.class_weights.count == 0)
        return status;
    status = make_class_weights(ctx, io);
    return status || !io->loss->class->weighted_mean ? status : sum_weights(ctx, io);
}

void incline_loss_define(const struct incline_loss_io *io, bool gradient,
                         struct incline_text *defines)
{
    incline_define(defines, "LOSS", incline_loss_number(io->loss));
    incline_define(defines, "CLASSES", io->classes);
    incline_define(defines, "GRADIENT", gradient);
    incline_define(defines, "HAS_CLASS_WEIGHTS", io->class_weights != NULL);
    incline_define(defines, "WEIGHTED", io->figures.weight_sum != NULL);
    incline_define(defines, "MULTI_LABEL", io->loss->multi_label);
}

void incline_loss_add_arguments(const struct incline_loss_io *io, struct incline_launch *launch)
{
    incline_launch_add_tensor(launch, io->labels);
    incline_launch_add_tensor(launch, io->order);
    incline_launch_add_float(launch, io->loss->options.number);
    if (io->class_weights)
        incline_launch_add_tensor(launch, io->class_weights);
    if (io->figures.weight_sum)
        incline_launch_add_tensor(launch, io->figures.weight_sum);
    incline_launch_add_tensor(launch, io->figures.image_loss);
    incline_launch_add_tensor(launch, io->figures.image_rank);
    incline_launch_add_tensor(launch, io->image_class);
    incline_launch_add(launch, (struct incline_arg)INCLINE_FIRST);
    incline_launch_add(launch, (struct incline_arg)INCLINE_IMAGES);
}

static enum incline_status plan_loss(struct incline_context *ctx, const struct incline_loss_io *io)
{
    struct incline_text defines;
    incline_text_init(&defines, ctx);
    incline_loss_define(io, io->dx != NULL, &defines);
    struct incline_launch launch = {
        .label = io->loss->class->name,
        .source = "loss.cl",
        .kernel = "loss",
        .defines = incline_text_get(&defines),
        .items = incline_lane_items(io->plan),
        .group = incline_lane_items(io->plan),
        .second = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(io->x)},
    };
    if (io->dx)
        incline_launch_add_tensor(&launch, io->dx);
    incline_loss_add_arguments(io, &launch);
    enum incline_status status = incline_text_status(&defines);
    if (!status)
        status = incline_plan_launch(ctx, io->plan, &launch);
    incline_text_finish(&defines);
    return status;
}

enum incline_status incline_loss_plan(struct incline_context *ctx, struct incline_loss_io *io,
                                      struct incline_finish *finish)
{
    enum incline_status status = incline_loss_begin(ctx, io);
    if (!status)
        status = plan_loss(ctx, io);
    return status ? status : incline_finish_figures(ctx, finish, &io->figures);
}
