/* The loss and the metrics of the `train:` section. */
#include "train/config_inner.h"

#include "network/graph.h"

#include <limits.h>
#include <string.h>

enum { TOP_K = 5 };

/* ---- The loss ---- */

static const struct incline_option loss_option = {
    "loss", INCLINE_OPTION_CHOICE, 0, "cross_entropy", 0, 0, incline_loss_names, ""};

static enum incline_status read_name(struct incline_context *ctx, struct incline_node *name,
                                     struct incline_loss *out)
{
    int number = 0;
    struct incline_text problem;
    incline_text_init(&problem, ctx);
    const char *text = name ? incline_node_text(name) : loss_option.fallback;
    enum incline_status status = incline_option_parse(ctx, &loss_option, text, &number, &problem);
    if (status == INCLINE_ERROR_CONFIG)
        status = incline_fail_at(ctx, name, "train: loss %s", incline_text_get(&problem));
    incline_text_finish(&problem);
    out->class = &incline_losses[number];
    return status;
}

/* A closing layer that makes probabilities of scores, and is not part of the loss. */
static const char *find_closing(const struct incline_model *model, const struct incline_loss *loss)
{
    static const char *const names[] = {"softmax", "sigmoid"};
    const char *closing = loss->class->closing;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (incline_graph_closing(model->layers, model->layer_count, names[i]) &&
            !(closing && strcmp(closing, names[i]) == 0))
            return names[i];
    const struct incline_layer *last = &model->layers[model->layer_count - 1];
    bool applies_one =
        strcmp(last->class->name, "sigmoid") != 0 && last->activation == INCLINE_ACTIVATION_SIGMOID;
    return applies_one ? "activation: sigmoid" : NULL;
}

static enum incline_status check_closing(struct incline_context *ctx, struct incline_node *name,
                                         const struct incline_model *model,
                                         const struct incline_loss *loss)
{
    const char *closing = loss->class->wants_scores ? find_closing(model, loss) : NULL;
    if (!closing)
        return INCLINE_OK;
    return incline_fail_at(ctx, name,
                           "%s takes scores, not probabilities: leave out the closing %s",
                           loss->class->name, closing);
}

/* The list of numbers among the options of a loss, called class_weights or alpha. */
static struct incline_node *find_weights(struct incline_node *options,
                                         const struct incline_option_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->options[i].type == INCLINE_OPTION_DOUBLES)
            return incline_node_get(options, table->options[i].name);
    return NULL;
}

static enum incline_status check_weights(struct incline_context *ctx, struct incline_node *node,
                                         int outputs, const struct incline_loss *loss)
{
    const struct incline_doubles *weights = &loss->options.class_weights;
    bool one_for_all = weights->count == 1 && !loss->class->weighted_mean;
    double largest = 0;
    if (weights->count == 0)
        return INCLINE_OK;
    if (weights->count != (size_t)outputs && !one_for_all)
        return incline_fail_at(ctx, node,
                               "%s: one number for each class is needed: the model has %d "
                               "output%s, not %zu",
                               loss->class->name, outputs, outputs == 1 ? "" : "s", weights->count);
    for (size_t i = 0; i < weights->count; i++)
        largest = weights->values[i] > largest ? weights->values[i] : largest;
    return largest > 0 ? INCLINE_OK
                       : incline_fail_at(ctx, node, "%s: at least one number must be above 0",
                                         loss->class->name);
}

/* An option that another loss has. */
static enum incline_status check_loss_owner(struct incline_context *ctx,
                                            struct incline_node *options, const char *name)
{
    struct incline_named_table all[INCLINE_OPTIONS_MAX];
    size_t count = 0;
    for (; incline_loss_names[count]; count++)
        all[count] =
            (struct incline_named_table){incline_loss_names[count], &incline_losses[count].options};
    return incline_owner_check(ctx, options, "loss", name, all, count);
}

enum incline_status incline_loss_read(struct incline_context *ctx, struct incline_node *node,
                                      const struct incline_model *model, struct incline_loss *out)
{
    struct incline_node *name = NULL, *options = NULL;
    int outputs = model->layers[model->layer_count - 1].out.channels;
    enum incline_status status = INCLINE_OK;
    if (node)
        status = incline_named_read(ctx, node, "train: loss", &name, &options);
    if (status == INCLINE_OK)
        status = read_name(ctx, name, out);
    if (status != INCLINE_OK)
        return status;
    const struct incline_option_table *table = &out->class->options;
    status = incline_options_default(ctx, table, &out->options);
    if (status == INCLINE_OK && options)
        status = check_loss_owner(ctx, options, out->class->name);
    if (status == INCLINE_OK && options)
        status = incline_section_read(ctx, options, out->class->name, table, NULL, &out->options);
    if (status == INCLINE_OK && options)
        status = check_weights(ctx, find_weights(options, table), outputs, out);
    return status == INCLINE_OK ? check_closing(ctx, name, model, out) : status;
}

void incline_loss_write(const struct incline_loss *loss, struct incline_text *out)
{
    const struct incline_option_table *table = &loss->class->options;
    incline_text_add(out, "  loss: %s%s", table->count > 0 ? "{" : "", loss->class->name);
    for (size_t i = 0; i < table->count; i++) {
        incline_text_add(out, "%s%s: ", i == 0 ? ": {" : ", ", table->options[i].name);
        incline_option_write(&table->options[i], &loss->options, out);
    }
    incline_text_add(out, "%s\n", table->count > 0 ? "}}" : "");
}

/* ---- The metrics ---- */

static const struct incline_option top_k_option[] = {
    {"top_k", INCLINE_OPTION_INT, 0, NULL, 1, INT_MAX, NULL, "how many guesses an image has"},
};
static const struct incline_option_table top_k_table = INCLINE_SECTION_TABLE(top_k_option, int);

static enum incline_status read_metric(struct incline_context *ctx, struct incline_node *node,
                                       int outputs, int *top_k, bool *given)
{
    const char *text = incline_node_text(node);
    if (text && strcmp(text, "accuracy") == 0)
        return INCLINE_OK;
    if (incline_node_kind(node) != INCLINE_NODE_MAPPING)
        return incline_fail_at(ctx, node,
                               "train: metrics must be [accuracy] or [accuracy, {top_k: 3}]");
    if (*given)
        return incline_fail_at(ctx, node, "train: metrics has room for one top_k");
    *given = true;
    enum incline_status status =
        incline_section_read(ctx, node, "metrics", &top_k_table, NULL, top_k);
    if (status == INCLINE_OK && *top_k > outputs)
        return incline_fail_at(ctx, incline_node_get(node, "top_k"),
                               "train: top_k must be between 1 and %d, the number of classes, not "
                               "%d",
                               outputs, *top_k);
    return status;
}

enum incline_status incline_metrics_read(struct incline_context *ctx, struct incline_node *node,
                                         const struct incline_model *model, int *top_k)
{
    int outputs = model->layers[model->layer_count - 1].out.channels;
    bool given = false;
    enum incline_status status = INCLINE_OK;
    *top_k = TOP_K;
    if (!node)
        return INCLINE_OK;
    if (incline_node_kind(node) != INCLINE_NODE_SEQUENCE)
        return read_metric(ctx, node, outputs, top_k, &given);
    for (size_t i = 0; i < incline_node_count(node) && status == INCLINE_OK; i++)
        status = read_metric(ctx, incline_node_item(node, i), outputs, top_k, &given);
    return status;
}

/* ---- Several classes an image ---- */

/* The item of `metrics` that is {top_k: K}, or NULL. */
static struct incline_node *find_top_k(struct incline_node *metrics)
{
    if (!metrics || incline_node_kind(metrics) == INCLINE_NODE_MAPPING)
        return metrics;
    for (size_t i = 0; i < incline_node_count(metrics); i++)
        if (incline_node_kind(incline_node_item(metrics, i)) == INCLINE_NODE_MAPPING)
            return incline_node_item(metrics, i);
    return NULL;
}

enum incline_status incline_multi_label_read(struct incline_context *ctx, struct incline_node *root,
                                             const struct incline_data_options *data,
                                             struct incline_loss *loss)
{
    struct incline_node *train = incline_node_get(root, "train");
    struct incline_node *name = train ? incline_node_get(train, "loss") : NULL;
    struct incline_node *top_k = find_top_k(train ? incline_node_get(train, "metrics") : NULL);
    loss->multi_label = data->multi_label;
    if (!data->multi_label)
        return INCLINE_OK;
    if (!name)
        name = incline_node_get(incline_node_get(root, "data"), "multi_label");
    if (!loss->class->multi_label)
        return incline_fail_at(ctx, name,
                               "train: loss %s is for one class an image; with data.multi_label "
                               "take binary_cross_entropy, or mse",
                               loss->class->name);
    if (top_k)
        return incline_fail_at(ctx, top_k,
                               "train: top_k means nothing with data.multi_label, where an image "
                               "shows several classes: leave it out");
    return INCLINE_OK;
}

void incline_metrics_write(int top_k, struct incline_text *out)
{
    if (top_k == TOP_K)
        incline_text_add(out, "  metrics: [accuracy]\n");
    else
        incline_text_add(out, "  metrics: [accuracy, {top_k: %d}]\n", top_k);
}
