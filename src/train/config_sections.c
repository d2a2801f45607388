#include "train/config_sections.h"

#include "base/memory.h"

#include <float.h>
#include <limits.h>
#include <string.h>

/* Beyond this a float overflows in a few steps. */
#define LARGE 1e30

enum { BATCH_MAX = 65536 };

static const char *const format_names[] = {"idx", NULL};
static const char *const loss_names[] = {"cross_entropy", "mse", NULL};

/* ---- Tables ------------------------------------------------------------------------------------
 */

#define IN_DATA(member) offsetof(struct incline_data_options, member)

static const struct incline_option data_options[] = {
    {"format", INCLINE_OPTION_CHOICE, IN_DATA(format), "idx", 0, 0, format_names,
     "kind of files: idx is the four files of MNIST, .gz or not"},
    {"root", INCLINE_OPTION_TEXT, IN_DATA(root), NULL, 0, 0, NULL,
     "folder of the data, also looked up in INCLINE_DATA_PATH"},
    {"val", INCLINE_OPTION_CUSTOM, IN_DATA(val), "none", 0, 0, NULL,
     "validation images: none, test, or {split: 0.1} for the last tenth of the training images"},
    {"scale", INCLINE_OPTION_DOUBLE, IN_DATA(scale), "255", DBL_MIN, LARGE, NULL,
     "a byte is divided by this; 255 gives 0 to 1"},
    {"normalize", INCLINE_OPTION_CUSTOM, 0, "none", 0, 0, NULL,
     "{mean: [...], std: [...]} for each channel, after scale: x = (x - mean) / std"},
    {"classes", INCLINE_OPTION_TEXTS, IN_DATA(classes), "[]", 0, 0, NULL,
     "names of the classes, in the order of their numbers"},
    {"shuffle", INCLINE_OPTION_BOOL, IN_DATA(shuffle), "true", 0, 0, NULL,
     "a new order of the training images in each epoch"},
};

static const struct incline_option normalize_options[] = {
    {"mean", INCLINE_OPTION_DOUBLES, IN_DATA(mean), NULL, -LARGE, LARGE, NULL,
     "mean of each channel"},
    {"std", INCLINE_OPTION_DOUBLES, IN_DATA(std), NULL, DBL_MIN, LARGE, NULL,
     "standard deviation of each channel"},
};

static const struct incline_option split_options[] = {
    {"split", INCLINE_OPTION_DOUBLE, IN_DATA(split), NULL, DBL_MIN, 0.9, NULL,
     "share of the training images"},
};

#define IN_TRAIN(member) offsetof(struct incline_train_section, member)

static const struct incline_option train_options[] = {
    {"epochs", INCLINE_OPTION_INT, IN_TRAIN(epochs), "10", 1, 1000000, NULL,
     "passes over the training images"},
    {"batch_size", INCLINE_OPTION_INT, IN_TRAIN(batch_size), "128", 1, BATCH_MAX, NULL,
     "images in a step"},
    {"loss", INCLINE_OPTION_CHOICE, IN_TRAIN(loss), "cross_entropy", 0, 0, loss_names,
     "what is minimised; cross_entropy with or without a closing softmax"},
    {"optimizer", INCLINE_OPTION_CUSTOM, 0, "sgd", 0, 0, NULL,
     "how weights follow their gradients: {sgd: {lr: 0.01}}"},
    {"metrics", INCLINE_OPTION_CUSTOM, 0, "[accuracy]", 0, 0, NULL, "figures beside the loss"},
    {"seed", INCLINE_OPTION_UINT64, IN_TRAIN(seed), "1", 0, 0, NULL,
     "start of the random numbers: weights and orders"},
    {"val_every", INCLINE_OPTION_INT, IN_TRAIN(val_every), "1", 1, INT_MAX, NULL,
     "epochs from one validation to the next"},
};

static const struct incline_option sgd_options[] = {
    {"lr", INCLINE_OPTION_DOUBLE, offsetof(struct incline_sgd_options, lr), "0.01", DBL_MIN, LARGE,
     NULL, "learning rate: w = w - lr x gradient"},
};

#define TABLE(options, type)                                                                       \
    {                                                                                              \
        options, sizeof options / sizeof *options, NULL, sizeof(type)                              \
    }

const struct incline_option_table incline_data_table =
    TABLE(data_options, struct incline_data_options);
const struct incline_option_table incline_train_table =
    TABLE(train_options, struct incline_train_section);
const struct incline_option_table incline_sgd_table =
    TABLE(sgd_options, struct incline_sgd_options);
static const struct incline_option_table normalize_table =
    TABLE(normalize_options, struct incline_data_options);
static const struct incline_option_table split_table =
    TABLE(split_options, struct incline_data_options);

/* Keys of the format that this release has no code for: never ignored. */
static const char *const planned_data[] = {"augment", NULL};
static const char *const planned_train[] = {"schedule", "early_stop", "checkpoint",
                                            "label_smoothing", NULL};
static const char *const planned_sgd[] = {"momentum", "nesterov", "weight_decay", NULL};
static const char *const planned_optimizers[] = {"adam", "adamw", "rmsprop", NULL};

/* ---- Reading -----------------------------------------------------------------------------------
 */

static bool is_among(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

/* A mapping, or nothing, of options; a sequence, a text or a planned key fails. */
static enum incline_status read_mapping(struct incline_context *ctx, struct incline_node *node,
                                        const char *label, const struct incline_option_table *table,
                                        const char *const *planned, void *values)
{
    bool is_mapping = incline_node_kind(node) == INCLINE_NODE_MAPPING;
    for (size_t i = 0; is_mapping && planned && i < incline_node_count(node); i++) {
        struct incline_node *key = incline_node_key(node, i);
        if (is_among(incline_node_text(key), planned))
            return incline_fail_at(ctx, key, "%s: '%s' is not supported yet", label,
                                   incline_node_text(key));
    }
    uint64_t given = 0;
    enum incline_status status =
        incline_options_read(ctx, node, label, table, NULL, NULL, values, &given);
    return status == INCLINE_OK ? incline_options_require(ctx, node, label, table, given) : status;
}

static enum incline_status read_val(struct incline_context *ctx, struct incline_node *node,
                                    struct incline_data_options *out)
{
    const char *text = incline_node_text(node);
    out->val = INCLINE_VAL_SPLIT;
    if (incline_node_kind(node) == INCLINE_NODE_MAPPING)
        return read_mapping(ctx, node, "val", &split_table, NULL, out);
    if (!text || (strcmp(text, "none") != 0 && strcmp(text, "test") != 0))
        return incline_fail_at(ctx, node, "data: val must be none, test or {split: 0.1}");
    out->val = *text == 't' ? INCLINE_VAL_TEST : INCLINE_VAL_NONE;
    return INCLINE_OK;
}

/* One number is copied to all channels. */
static enum incline_status spread(struct incline_context *ctx, struct incline_node *node,
                                  const char *name, int channels, struct incline_doubles *doubles)
{
    size_t wanted = (size_t)channels;
    if (doubles->count != 1 && doubles->count != wanted)
        return incline_fail_at(ctx, incline_node_get(node, name),
                               "normalize: %s must have 1 number or %d, one for each channel of "
                               "model.input, not %zu",
                               name, channels, doubles->count);
    size_t room = doubles->count;
    enum incline_status status =
        incline_grow(ctx, &doubles->values, &room, wanted, sizeof *doubles->values);
    if (status != INCLINE_OK)
        return status;
    for (size_t i = doubles->count; i < wanted; i++)
        doubles->values[i] = doubles->values[0];
    doubles->count = wanted;
    return INCLINE_OK;
}

static enum incline_status read_normalize(struct incline_context *ctx, struct incline_node *node,
                                          int channels, struct incline_data_options *out)
{
    const char *text = incline_node_text(node);
    if (text && strcmp(text, "none") == 0)
        return INCLINE_OK;
    if (text && strcmp(text, "auto") == 0)
        return incline_fail_at(ctx, node,
                               "data: 'normalize: auto' is not supported yet; give mean and std");
    enum incline_status status = read_mapping(ctx, node, "normalize", &normalize_table, NULL, out);
    if (status == INCLINE_OK)
        status = spread(ctx, node, "mean", channels, &out->mean);
    if (status == INCLINE_OK)
        status = spread(ctx, node, "std", channels, &out->std);
    return status;
}

static enum incline_status check_classes(struct incline_context *ctx, struct incline_node *node,
                                         const struct incline_model *model,
                                         const struct incline_texts *classes)
{
    int outputs = model->layers[model->layer_count - 1].out.channels;
    if (classes->count == 0 || classes->count == (size_t)outputs)
        return INCLINE_OK;
    return incline_fail_at(ctx, incline_node_get(node, "classes"),
                           "data: classes has %zu names, but the model has %d outputs",
                           classes->count, outputs);
}

static enum incline_status check_root(struct incline_context *ctx, struct incline_node *node,
                                      const char *root)
{
    return *root ? INCLINE_OK
                 : incline_fail_at(ctx, incline_node_get(node, "root"),
                                   "data: root must be the folder of the data, not empty");
}

enum incline_status incline_data_section_read(struct incline_context *ctx,
                                              struct incline_node *node,
                                              const struct incline_model *model,
                                              struct incline_data_options *out)
{
    enum incline_status status = incline_options_default(ctx, &incline_data_table, out);
    if (status == INCLINE_OK)
        status = read_mapping(ctx, node, "data", &incline_data_table, planned_data, out);
    if (status == INCLINE_OK)
        status = check_root(ctx, node, out->root);
    struct incline_node *val = incline_node_get(node, "val");
    if (status == INCLINE_OK && val)
        status = read_val(ctx, val, out);
    struct incline_node *normalize = incline_node_get(node, "normalize");
    if (status == INCLINE_OK && normalize)
        status = read_normalize(ctx, normalize, model->input.channels, out);
    return status == INCLINE_OK ? check_classes(ctx, node, model, &out->classes) : status;
}

void incline_data_section_finish(struct incline_data_options *data)
{
    incline_options_finish(&incline_data_table, data);
    incline_options_finish(&normalize_table, data);
}

static enum incline_status fail_optimizer(struct incline_context *ctx, struct incline_node *node)
{
    static const char *const names[] = {"sgd"};
    const char *name = incline_node_text(node);
    if (name && is_among(name, planned_optimizers))
        return incline_fail_at(ctx, node, "optimizer '%s' is not supported yet: there is sgd",
                               name);
    struct incline_text text;
    incline_text_init(&text, ctx);
    incline_text_add(&text, "unknown optimizer ");
    incline_text_add_quoted(&text, name ? name : "");
    incline_text_add(&text, ": there is sgd");
    if (name)
        incline_text_add_hint(&text, name, names, 1);
    enum incline_status status = incline_fail_at(ctx, node, "%s", incline_text_get(&text));
    incline_text_finish(&text);
    return status;
}

static enum incline_status read_optimizer(struct incline_context *ctx, struct incline_node *node,
                                          struct incline_train_section *out)
{
    struct incline_node *name = node;
    struct incline_node *options = NULL;
    if (incline_node_kind(node) == INCLINE_NODE_MAPPING && incline_node_count(node) == 1) {
        name = incline_node_key(node, 0);
        options = incline_node_value(node, 0);
    }
    const char *text = incline_node_text(name);
    if (!text)
        return incline_fail_at(ctx, node, "train: optimizer must be one name, or {name: {...}}");
    if (strcmp(text, "sgd") != 0)
        return fail_optimizer(ctx, name);
    return options ? read_mapping(ctx, options, "sgd", &incline_sgd_table, planned_sgd, &out->sgd)
                   : INCLINE_OK;
}

static enum incline_status check_metric(struct incline_context *ctx, struct incline_node *node)
{
    const char *text = incline_node_text(node);
    if (text && strcmp(text, "accuracy") == 0)
        return INCLINE_OK;
    return incline_fail_at(ctx, node, "train: metrics must be [accuracy]");
}

static enum incline_status check_metrics(struct incline_context *ctx, struct incline_node *node)
{
    if (incline_node_kind(node) != INCLINE_NODE_SEQUENCE)
        return check_metric(ctx, node);
    enum incline_status status = INCLINE_OK;
    for (size_t i = 0; i < incline_node_count(node) && status == INCLINE_OK; i++)
        status = check_metric(ctx, incline_node_item(node, i));
    return status;
}

enum incline_status incline_train_section_read(struct incline_context *ctx,
                                               struct incline_node *node,
                                               struct incline_train_section *out)
{
    enum incline_status status = incline_options_default(ctx, &incline_train_table, out);
    if (status == INCLINE_OK)
        status = incline_options_default(ctx, &incline_sgd_table, &out->sgd);
    if (status != INCLINE_OK || !node)
        return status;
    status = read_mapping(ctx, node, "train", &incline_train_table, planned_train, out);
    struct incline_node *optimizer = incline_node_get(node, "optimizer");
    if (status == INCLINE_OK && optimizer)
        status = read_optimizer(ctx, optimizer, out);
    struct incline_node *metrics = incline_node_get(node, "metrics");
    return status == INCLINE_OK && metrics ? check_metrics(ctx, metrics) : status;
}

/* ---- Writing -----------------------------------------------------------------------------------
 */

static void write_options(const struct incline_option_table *table, const void *values,
                          struct incline_text *out)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->options[i].type == INCLINE_OPTION_CUSTOM)
            continue;
        incline_text_add(out, "  %s: ", table->options[i].name);
        incline_option_write(&table->options[i], values, out);
        incline_text_add(out, "\n");
    }
}

void incline_data_section_write(const struct incline_data_options *data, struct incline_text *out)
{
    incline_text_add(out, "data:\n");
    write_options(&incline_data_table, data, out);
    if (data->mean.count > 0) {
        incline_text_add(out, "  normalize: {mean: ");
        incline_option_write(&normalize_options[0], data, out);
        incline_text_add(out, ", std: ");
        incline_option_write(&normalize_options[1], data, out);
        incline_text_add(out, "}\n");
    }
    if (data->val == INCLINE_VAL_SPLIT) {
        incline_text_add(out, "  val: {split: ");
        incline_text_add_double(out, data->split);
        incline_text_add(out, "}\n");
    } else {
        incline_text_add(out, "  val: %s\n", data->val == INCLINE_VAL_TEST ? "test" : "none");
    }
}

void incline_train_section_write(const struct incline_train_section *train,
                                 struct incline_text *out)
{
    incline_text_add(out, "train:\n");
    write_options(&incline_train_table, train, out);
    incline_text_add(out, "  optimizer: {sgd: {lr: ");
    incline_text_add_double(out, train->sgd.lr);
    incline_text_add(out, "}}\n  metrics: [accuracy]\n");
}
