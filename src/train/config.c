/* A configuration as a whole. */
#include "train/config_inner.h"

#include "base/file.h"
#include "base/memory.h"
#include "train/config_sections.h"

#include <string.h>

static enum incline_status write_text(struct incline_context *ctx,
                                      const struct incline_config *config,
                                      const struct incline_data_options *data, char **out)
{
    struct incline_text text;
    incline_text_init(&text, ctx);
    incline_text_add(&text, "incline: %d\n\n", INCLINE_FORMAT_VERSION);
    incline_model_write(&config->model, &text);
    incline_text_add(&text, "\n");
    incline_data_section_write(data, &text);
    incline_text_add(&text, "\n");
    incline_train_section_write(&config->train, &text);
    enum incline_status status = incline_text_take(&text, out);
    incline_text_finish(&text);
    return status;
}

enum incline_status incline_config_text_with_root(struct incline_context *ctx,
                                                  const struct incline_config *config,
                                                  const char *root, char **out)
{
    struct incline_data_options data = config->data;
    enum incline_status status = incline_strdup(ctx, root, &data.root);
    if (!status)
        status = write_text(ctx, config, &data, out);
    incline_free(&data.root);
    return status;
}

static enum incline_status read_sections(struct incline_context *ctx, struct incline_document *doc,
                                         struct incline_config *config)
{
    struct incline_node *root = incline_document_root(doc);
    enum incline_status status = incline_config_check_root(ctx, doc);
    if (status == INCLINE_OK)
        status = incline_config_check_version(ctx, root);
    if (status == INCLINE_OK)
        status = incline_section_read(ctx, root, "configuration", &incline_file_table, NULL, NULL);
    if (status == INCLINE_OK)
        status =
            incline_config_read_model(ctx, doc, incline_node_get(root, "model"), &config->model);
    if (status == INCLINE_OK)
        status = incline_data_section_read(ctx, incline_node_get(root, "data"), &config->model,
                                           &config->data);
    if (status == INCLINE_OK)
        status = incline_train_section_read(ctx, incline_node_get(root, "train"), &config->model,
                                            config->data.val != INCLINE_VAL_NONE, &config->train);
    if (status == INCLINE_OK)
        status = incline_multi_label_read(ctx, root, &config->data, &config->train.loss);
    return status;
}

static enum incline_status config_create(struct incline_context *ctx, struct incline_document *doc,
                                         const struct incline_setting *settings, size_t count,
                                         struct incline_config **out)
{
    struct incline_config *config = NULL;
    enum incline_status status = incline_config_apply_settings(ctx, doc, settings, count);
    if (status == INCLINE_OK)
        status = incline_alloc(ctx, 1, sizeof *config, &config);
    if (status == INCLINE_OK)
        status = read_sections(ctx, doc, config);
    if (status == INCLINE_OK)
        status = incline_config_summarize(ctx, config);
    if (status == INCLINE_OK)
        status = write_text(ctx, config, &config->data, &config->text);
    if (status != INCLINE_OK)
        incline_config_destroy(&config);
    *out = config;
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
    if (!incline_builtin_text(source) && incline_folder_exists(source))
        return incline_fail(ctx, INCLINE_ERROR_CONFIG,
                            "%s is a folder; a configuration is a file (of a run folder: "
                            "config.yaml in it)",
                            source);
    enum incline_status status = incline_config_open(ctx, source, source, NULL, &doc);
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
    incline_train_section_finish(&(*config)->train);
    incline_free(&(*config)->rows);
    incline_free(&(*config)->text);
    incline_free(config);
}

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

bool incline_config_multi_label(const struct incline_config *config)
{
    return config->data.multi_label;
}

char *const *incline_config_classes(const struct incline_config *config, size_t *count)
{
    *count = config->data.classes.count;
    return config->data.classes.values;
}
