#include "train/config.h"

#include "base/embedded.h"
#include "base/file.h"
#include "base/memory.h"
#include "train/config_sections.h"

#include <string.h>

enum { FORMAT_VERSION = 1 };

/* The stems of incline_model_files; a test holds the two together. */
static const char *const builtin_names[] = {"mnist-cnn", NULL};

enum { BUILTIN_COUNT = sizeof builtin_names / sizeof *builtin_names - 1 };

/* ---- Built-in configurations -------------------------------------------------------------------
 */

const char *const *incline_builtin_names(void)
{
    return builtin_names;
}

const char *incline_builtin_text(const char *name)
{
    if (!name)
        return NULL;
    size_t length = strlen(name);
    for (const struct incline_embedded_file *file = incline_model_files; file->name; file++)
        if (strncmp(file->name, name, length) == 0 && strcmp(file->name + length, ".yaml") == 0)
            return file->text;
    return NULL;
}

static void add_no_such(struct incline_text *text, const char *name)
{
    incline_text_add(text, "there is no file and no built-in model ");
    incline_text_add_quoted(text, name);
    incline_text_add_hint(text, name, builtin_names, BUILTIN_COUNT);
    incline_text_add(text, "; built in:");
    for (size_t i = 0; i < BUILTIN_COUNT; i++)
        incline_text_add(text, "%s %s", i == 0 ? "" : ",", builtin_names[i]);
}

static enum incline_status parse_builtin(struct incline_context *ctx, const char *name,
                                         const char *text, struct incline_document **out)
{
    struct incline_text label;
    incline_text_init(&label, ctx);
    incline_text_add(&label, "built-in %s", name);
    enum incline_status status = incline_text_status(&label);
    if (status == INCLINE_OK)
        status = incline_document_parse(ctx, incline_text_get(&label), text, strlen(text), out);
    incline_text_finish(&label);
    return status;
}

/* ---- The file ----------------------------------------------------------------------------------
 */

static const struct incline_option file_options[] = {
    {"incline", INCLINE_OPTION_CUSTOM, 0, NULL, 0, 0, NULL, "version of the format: 1"},
    {"model", INCLINE_OPTION_CUSTOM, 0, NULL, 0, 0, NULL, "the network"},
    {"data", INCLINE_OPTION_CUSTOM, 0, NULL, 0, 0, NULL, "the images: at least {root: folder}"},
    {"train", INCLINE_OPTION_CUSTOM, 0, "{}", 0, 0, NULL, "how to train"},
};

static const struct incline_option_table file_table = {
    file_options, sizeof file_options / sizeof *file_options, NULL, 0};

static enum incline_status check_version(struct incline_context *ctx, struct incline_node *root)
{
    struct incline_node *node = incline_node_get(root, "incline");
    if (!node)
        return incline_fail_at(ctx, root, "the format version is missing: begin with `incline: %d`",
                               FORMAT_VERSION);
    static const struct incline_option option = {"incline", INCLINE_OPTION_INT, 0, NULL, 0, 0, NULL,
                                                 ""};
    const char *text = incline_node_text(node);
    struct incline_text problem;
    int version = 0;
    incline_text_init(&problem, ctx);
    enum incline_status status =
        incline_option_parse(ctx, &option, text ? text : "", &version, &problem);
    incline_text_finish(&problem);
    if (status == INCLINE_OK && version == FORMAT_VERSION)
        return INCLINE_OK;
    if (status == INCLINE_OK && version > FORMAT_VERSION)
        return incline_fail_at(ctx, node,
                               "format version %d is newer than this incline reads (%d): update it",
                               version, FORMAT_VERSION);
    return incline_fail_at(ctx, node, "incline must be the format version: %d", FORMAT_VERSION);
}

static enum incline_status check_root(struct incline_context *ctx, struct incline_document *doc)
{
    struct incline_node *root = incline_document_root(doc);
    if (!root)
        return incline_fail(ctx, INCLINE_ERROR_CONFIG, "%s: error: the file is empty",
                            incline_document_name(doc));
    if (incline_node_kind(root) != INCLINE_NODE_MAPPING)
        return incline_fail_at(ctx, root, "must be a mapping: incline, model, data, train");
    return INCLINE_OK;
}

/* The default optimizer is laid under the settings, so that train.optimizer.*.lr always works. */
static enum incline_status apply_settings(struct incline_context *ctx, struct incline_document *doc,
                                          const struct incline_setting *settings, size_t count)
{
    enum incline_status status = check_root(ctx, doc);
    if (status != INCLINE_OK)
        return status;
    struct incline_node *train = incline_node_get(incline_document_root(doc), "train");
    const char *text = train ? incline_node_text(train) : "";
    bool open = text ? *text == '\0' : incline_node_kind(train) == INCLINE_NODE_MAPPING;
    if (open && (!train || !incline_node_get(train, "optimizer")))
        status = incline_document_set(ctx, doc, "train.optimizer", "sgd");
    for (size_t i = 0; i < count && status == INCLINE_OK; i++)
        status = incline_document_set(ctx, doc, settings[i].path, settings[i].value);
    return status;
}

/* ---- `model:` as a mapping, a path or a built-in name ------------------------------------------
 */

/* *out = the path that node names, seen from the folder of its file. */
static enum incline_status path_from(struct incline_context *ctx,
                                     const struct incline_document *doc, struct incline_node *node,
                                     char **out)
{
    const char *text = incline_node_text(node);
    const char *file = incline_document_name(doc);
    const char *slash = strrchr(file, '/');
    if (text[0] == '/' || !slash || incline_node_is_setting(node))
        return incline_strdup(ctx, text, out);
    struct incline_text path;
    incline_text_init(&path, ctx);
    incline_text_add_bytes(&path, file, (size_t)(slash - file) + 1);
    incline_text_add(&path, "%s", text);
    enum incline_status status = incline_text_take(&path, out);
    incline_text_finish(&path);
    return status;
}

static enum incline_status fail_reference(struct incline_context *ctx, struct incline_node *node)
{
    struct incline_text text;
    incline_text_init(&text, ctx);
    incline_text_add(&text, "model: ");
    add_no_such(&text, incline_node_text(node));
    enum incline_status status = incline_fail_at(ctx, node, "%s", incline_text_get(&text));
    incline_text_finish(&text);
    return status;
}

static enum incline_status open_reference(struct incline_context *ctx,
                                          const struct incline_document *doc,
                                          struct incline_node *node, struct incline_document **out)
{
    const char *builtin = incline_builtin_text(incline_node_text(node));
    char *path = NULL;
    enum incline_status status = path_from(ctx, doc, node, &path);
    if (status == INCLINE_OK && incline_file_exists(path))
        status = incline_document_read(ctx, path, out);
    else if (status == INCLINE_OK && builtin)
        status = parse_builtin(ctx, incline_node_text(node), builtin, out);
    else if (status == INCLINE_OK)
        status = fail_reference(ctx, node);
    incline_free(&path);
    return status;
}

static enum incline_status read_reference(struct incline_context *ctx,
                                          const struct incline_document *doc,
                                          struct incline_node *node, struct incline_model *out)
{
    struct incline_document *other = NULL;
    enum incline_status status = open_reference(ctx, doc, node, &other);
    if (status == INCLINE_OK)
        status = check_root(ctx, other);
    if (status != INCLINE_OK)
        goto out;
    struct incline_node *root = incline_document_root(other);
    status = check_version(ctx, root);
    if (status != INCLINE_OK)
        goto out;
    struct incline_node *model = incline_node_get(root, "model");
    if (model && incline_node_kind(model) == INCLINE_NODE_MAPPING)
        status = incline_model_parse(ctx, model, out);
    else
        status = incline_fail_at(ctx, node, "model: the file has no mapping under `model:`");
out:
    incline_document_destroy(&other);
    return status;
}

static enum incline_status read_model(struct incline_context *ctx,
                                      const struct incline_document *doc, struct incline_node *node,
                                      struct incline_model *out)
{
    const char *text = incline_node_text(node);
    return text && *text ? read_reference(ctx, doc, node, out)
                         : incline_model_parse(ctx, node, out);
}

/* ---- The whole ---------------------------------------------------------------------------------
 */

static void fill_row(const struct incline_layer *layer, struct incline_layer_summary *row)
{
    row->name = layer->name;
    row->type = layer->class->name;
    row->detail = layer->detail;
    row->height = layer->out.height;
    row->width = layer->out.width;
    row->channels = layer->out.channels;
    row->flat = layer->out.height == 1 && layer->out.width == 1;
    row->multiply_adds = layer->multiply_adds;
    for (int i = 0; i < layer->parameter_count; i++)
        row->parameters += layer->parameters[i].elems;
}

static enum incline_status summarize(struct incline_context *ctx, struct incline_config *config)
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
        config->summary.multiply_adds += config->rows[i].multiply_adds;
    }
    return INCLINE_OK;
}

static enum incline_status write_text(struct incline_context *ctx, struct incline_config *config)
{
    struct incline_text text;
    incline_text_init(&text, ctx);
    incline_text_add(&text, "incline: %d\n\n", FORMAT_VERSION);
    incline_model_write(&config->model, &text);
    incline_text_add(&text, "\n");
    incline_data_section_write(&config->data, &text);
    incline_text_add(&text, "\n");
    incline_train_section_write(&config->train, &text);
    enum incline_status status = incline_text_take(&text, &config->text);
    incline_text_finish(&text);
    return status;
}

static enum incline_status read_sections(struct incline_context *ctx, struct incline_document *doc,
                                         struct incline_config *config)
{
    struct incline_node *root = incline_document_root(doc);
    uint64_t given = 0;
    enum incline_status status = check_root(ctx, doc);
    if (status == INCLINE_OK)
        status = check_version(ctx, root);
    if (status == INCLINE_OK)
        status = incline_options_read(ctx, root, "file", &file_table, NULL, NULL, NULL, &given);
    if (status == INCLINE_OK)
        status = incline_options_require(ctx, root, "file", &file_table, given);
    if (status == INCLINE_OK)
        status = read_model(ctx, doc, incline_node_get(root, "model"), &config->model);
    if (status == INCLINE_OK)
        status = incline_data_section_read(ctx, incline_node_get(root, "data"), &config->model,
                                           &config->data);
    if (status == INCLINE_OK)
        status = incline_train_section_read(ctx, incline_node_get(root, "train"), &config->train);
    return status;
}

static enum incline_status config_create(struct incline_context *ctx, struct incline_document *doc,
                                         const struct incline_setting *settings, size_t count,
                                         struct incline_config **out)
{
    struct incline_config *config = NULL;
    enum incline_status status = apply_settings(ctx, doc, settings, count);
    if (status == INCLINE_OK)
        status = incline_alloc(ctx, 1, sizeof *config, &config);
    if (status == INCLINE_OK)
        status = read_sections(ctx, doc, config);
    if (status == INCLINE_OK)
        status = summarize(ctx, config);
    if (status == INCLINE_OK)
        status = write_text(ctx, config);
    if (status != INCLINE_OK)
        incline_config_destroy(&config);
    *out = config;
    return status;
}

static enum incline_status fail_source(struct incline_context *ctx, const char *source)
{
    struct incline_text text;
    incline_text_init(&text, ctx);
    add_no_such(&text, source);
    enum incline_status status =
        incline_fail(ctx, INCLINE_ERROR_CONFIG, "%s", incline_text_get(&text));
    incline_text_finish(&text);
    return status;
}

static bool settings_are_there(const struct incline_setting *settings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!settings || !settings[i].path || !settings[i].value)
            return false;
    return true;
}

enum incline_status incline_config_load(struct incline_context *ctx, const char *source,
                                        const struct incline_setting *settings,
                                        size_t setting_count, struct incline_config **out)
{
    if (!ctx || !source || !out || !settings_are_there(settings, setting_count))
        return incline_fail(ctx, INCLINE_ERROR_ARGUMENT,
                            "incline_config_load: context, source and out are needed");
    *out = NULL;
    struct incline_document *doc = NULL;
    enum incline_status status;
    const char *builtin = incline_builtin_text(source);
    if (incline_file_exists(source))
        status = incline_document_read(ctx, source, &doc);
    else if (builtin)
        status = parse_builtin(ctx, source, builtin, &doc);
    else
        status = fail_source(ctx, source);
    if (status == INCLINE_OK)
        status = config_create(ctx, doc, settings, setting_count, out);
    incline_document_destroy(&doc);
    return status;
}

enum incline_status incline_config_parse(struct incline_context *ctx, const char *name,
                                         const char *text, const struct incline_setting *settings,
                                         size_t setting_count, struct incline_config **out)
{
    if (!ctx || !name || !text || !out || !settings_are_there(settings, setting_count))
        return incline_fail(ctx, INCLINE_ERROR_ARGUMENT,
                            "incline_config_parse: context, name, text and out are needed");
    *out = NULL;
    struct incline_document *doc = NULL;
    enum incline_status status = incline_document_parse(ctx, name, text, strlen(text), &doc);
    if (status == INCLINE_OK)
        status = config_create(ctx, doc, settings, setting_count, out);
    incline_document_destroy(&doc);
    return status;
}

void incline_config_destroy(struct incline_config **config)
{
    if (!config || !*config)
        return;
    incline_model_finish(&(*config)->model);
    incline_data_section_finish(&(*config)->data);
    incline_free(&(*config)->rows);
    incline_free(&(*config)->text);
    incline_free(config);
}

/* ---- Reading it --------------------------------------------------------------------------------
 */

const char *incline_config_text(const struct incline_config *config)
{
    return config->text;
}

const char *incline_config_model_name(const struct incline_config *config)
{
    return config->model.name;
}

int incline_config_epochs(const struct incline_config *config)
{
    return config->train.epochs;
}

int incline_config_batch_size(const struct incline_config *config)
{
    return config->train.batch_size;
}

uint64_t incline_config_seed(const struct incline_config *config)
{
    return config->train.seed;
}

const char *incline_config_data_root(const struct incline_config *config)
{
    return config->data.root;
}

const struct incline_model_summary *incline_config_summary(const struct incline_config *config)
{
    return &config->summary;
}
