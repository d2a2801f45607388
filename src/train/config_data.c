/* The `data:` section. */
#include "train/config_sections.h"

#include "base/memory.h"
#include "train/config_inner.h"

#include <float.h>
#include <string.h>

static const char *const format_names[] = {"idx", NULL};

#define IN_DATA(member) offsetof(struct incline_data_options, member)

static const struct incline_option data_options[] = {
    {"format", INCLINE_OPTION_CHOICE, IN_DATA(format), "idx", 0, 0, format_names,
     "kind of files: idx is the four files of MNIST, .gz or not"},
    {"root", INCLINE_OPTION_TEXT, IN_DATA(root), NULL, 0, 0, NULL,
     "folder of the data, also looked up in INCLINE_DATA_PATH"},
    {"val", INCLINE_OPTION_CUSTOM, IN_DATA(val), "none", 0, 0, NULL,
     "validation images: none, test, or {split: 0.1} for the last tenth of the training images"},
    {"scale", INCLINE_OPTION_DOUBLE, IN_DATA(scale), "255", DBL_MIN, INCLINE_LARGE, NULL,
     "a byte is divided by this; 255 gives 0 to 1"},
    {"normalize", INCLINE_OPTION_CUSTOM, 0, "none", 0, 0, NULL,
     "{mean: [...], std: [...]} for each channel, after scale: x = (x - mean) / std"},
    {"classes", INCLINE_OPTION_TEXTS, IN_DATA(classes), "[]", 0, 0, NULL,
     "names of the classes, in the order of their numbers"},
    {"multi_label", INCLINE_OPTION_BOOL, IN_DATA(multi_label), "false", 0, 0, NULL,
     "an image shows several classes or none: labels-idx2 files, [count][classes] of 0 and 1"},
    {"shuffle", INCLINE_OPTION_BOOL, IN_DATA(shuffle), "true", 0, 0, NULL,
     "a new order of the training images in each epoch"},
};

static const struct incline_option normalize_options[] = {
    {"mean", INCLINE_OPTION_DOUBLES, IN_DATA(mean), NULL, -INCLINE_LARGE, INCLINE_LARGE, NULL,
     "mean of each channel"},
    {"std", INCLINE_OPTION_DOUBLES, IN_DATA(std), NULL, DBL_MIN, INCLINE_LARGE, NULL,
     "standard deviation of each channel"},
};

static const struct incline_option split_options[] = {
    {"split", INCLINE_OPTION_DOUBLE, IN_DATA(split), NULL, DBL_MIN, 0.9, NULL,
     "share of the training images"},
};

const struct incline_option_table incline_data_table =
    INCLINE_SECTION_TABLE(data_options, struct incline_data_options);

static const struct incline_option_table normalize_table =
    INCLINE_SECTION_TABLE(normalize_options, struct incline_data_options);

static const struct incline_option_table split_table =
    INCLINE_SECTION_TABLE(split_options, struct incline_data_options);

/* Keys of the format that this release has no code for: never ignored. */
static const char *const planned_data[] = {"augment", NULL};

static enum incline_status read_val(struct incline_context *ctx, struct incline_node *node,
                                    struct incline_data_options *out)
{
    const char *text = incline_node_text(node);
    out->val = INCLINE_VAL_SPLIT;
    if (incline_node_kind(node) == INCLINE_NODE_MAPPING)
        return incline_section_read(ctx, node, "val", &split_table, NULL, out);
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
    if (doubles->count != 1 && channels == 1)
        return incline_fail_at(ctx, incline_node_get(node, name),
                               "normalize: %s must have 1 number, as model.input has 1 channel, "
                               "not %zu",
                               name, doubles->count);
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
    enum incline_status status =
        incline_section_read(ctx, node, "normalize", &normalize_table, NULL, out);
    if (status == INCLINE_OK)
        status = spread(ctx, node, "mean", channels, &out->mean);
    if (status == INCLINE_OK)
        status = spread(ctx, node, "std", channels, &out->std);
    return status;
}

static enum incline_status check_names(struct incline_context *ctx, struct incline_node *node,
                                       const struct incline_texts *classes)
{
    for (size_t i = 0; i < classes->count; i++)
        if (!incline_is_line(classes->values[i]))
            return incline_fail_at(ctx,
                                   incline_node_kind(node) == INCLINE_NODE_SEQUENCE
                                       ? incline_node_item(node, i)
                                       : node,
                                   "data: the name of a class must have no control characters");
    return INCLINE_OK;
}

static enum incline_status check_classes(struct incline_context *ctx, struct incline_node *node,
                                         const struct incline_model *model,
                                         const struct incline_texts *classes)
{
    int outputs = model->layers[model->layer_count - 1].out.channels;
    struct incline_node *list = incline_node_get(node, "classes");
    if (classes->count == 0 || classes->count == (size_t)outputs)
        return check_names(ctx, list, classes);
    return incline_fail_at(ctx, list, "data: classes has %zu names, but the model has %d output%s",
                           classes->count, outputs, outputs == 1 ? "" : "s");
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
        status = incline_section_read(ctx, node, "data", &incline_data_table, planned_data, out);
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

void incline_data_section_write(const struct incline_data_options *data, struct incline_text *out)
{
    incline_text_add(out, "data:\n");
    incline_section_write(&incline_data_table, data, out);
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
