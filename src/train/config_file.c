/* What every configuration file has at its top. */
#include "train/config_inner.h"

static const struct incline_option file_options[] = {
    {"incline", INCLINE_OPTION_CUSTOM, 0, NULL, 0, 0, NULL, "version of the format: 1"},
    {"model", INCLINE_OPTION_CUSTOM, 0, NULL, 0, 0, NULL, "the network"},
    {"data", INCLINE_OPTION_CUSTOM, 0, NULL, 0, 0, NULL, "the images: at least {root: folder}"},
    {"train", INCLINE_OPTION_CUSTOM, 0, "{}", 0, 0, NULL, "how to train"},
};

const struct incline_option_table incline_file_table = {
    file_options, sizeof file_options / sizeof *file_options, NULL, 0};

enum incline_status incline_config_check_version(struct incline_context *ctx,
                                                 struct incline_node *root)
{
    struct incline_node *node = incline_node_get(root, "incline");
    if (!node)
        return incline_fail_at(ctx, root, "the format version is missing: begin with `incline: %d`",
                               INCLINE_FORMAT_VERSION);
    static const struct incline_option option = {"incline", INCLINE_OPTION_INT, 0, NULL, 0, 0, NULL,
                                                 ""};
    const char *text = incline_node_text(node);
    struct incline_text problem;
    int version = 0;
    incline_text_init(&problem, ctx);
    enum incline_status status =
        incline_option_parse(ctx, &option, text ? text : "", &version, &problem);
    incline_text_finish(&problem);
    if (status == INCLINE_OK && version == INCLINE_FORMAT_VERSION)
        return INCLINE_OK;
    if (status == INCLINE_OK && version > INCLINE_FORMAT_VERSION)
        return incline_fail_at(ctx, node,
                               "format version %d is newer than this incline reads (%d): update it",
                               version, INCLINE_FORMAT_VERSION);
    return incline_fail_at(ctx, node, "incline must be the format version: %d",
                           INCLINE_FORMAT_VERSION);
}

enum incline_status incline_config_check_root(struct incline_context *ctx,
                                              struct incline_document *doc)
{
    struct incline_node *root = incline_document_root(doc);
    if (!root)
        return incline_fail(ctx, INCLINE_ERROR_CONFIG, "%s: error: the file is empty",
                            incline_document_name(doc));
    if (incline_node_kind(root) != INCLINE_NODE_MAPPING)
        return incline_fail_at(ctx, root, "must be a mapping: incline, model, data, train");
    return INCLINE_OK;
}
