/* Help from the option tables. */
#include "train/config_sections.h"

#include <string.h>

struct topic {
    const char *name;
    const char *help;
    const struct incline_option_table *table;
};

static const struct topic topics[] = {
    {"model", "the network: input size and layers", &incline_model_table},
    {"data", "where the images are and how they are prepared", &incline_data_table},
    {"train", "how long and how to train", &incline_train_table},
    {"sgd", "optimizer: gradient descent", &incline_sgd_table},
};

enum { TOPIC_COUNT = sizeof topics / sizeof *topics, NAMES_MAX = 128 };

static void list_topics(struct incline_text *out)
{
    incline_text_add(out, "Sections:\n");
    for (size_t i = 0; i < TOPIC_COUNT; i++)
        incline_text_add(out, "  %-14s %s\n", topics[i].name, topics[i].help);
    incline_text_add(out, "\nLayers:\n");
    for (size_t i = 0; i < incline_layer_class_count; i++)
        incline_text_add(out, "  %-14s %s\n", incline_layer_classes[i]->name,
                         incline_layer_classes[i]->help);
}

static void describe(const char *name, const char *help, const struct incline_option_table *table,
                     struct incline_text *out)
{
    incline_text_add(out, "%s: %s\n", name, help);
    if (table->count > 0)
        incline_text_add(out, "\n");
    incline_options_help(table, out);
    if (table->main_option)
        incline_text_add(out, "\n`%s: VALUE` is short for `%s: {%s: VALUE}`.\n", name, name,
                         table->main_option);
}

static bool describe_topic(const char *name, struct incline_text *out)
{
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        if (strcmp(topics[i].name, name) == 0) {
            describe(name, topics[i].help, topics[i].table, out);
            return true;
        }
    }
    const struct incline_layer_class *class = incline_layer_class_find(name);
    if (class)
        describe(name, class->help, &class->options, out);
    return class != NULL;
}

static enum incline_status fail_topic(struct incline_context *ctx, const char *topic)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (; count < TOPIC_COUNT; count++)
        names[count] = topics[count].name;
    for (size_t i = 0; i < incline_layer_class_count && count < NAMES_MAX; i++)
        names[count++] = incline_layer_classes[i]->name;
    struct incline_text text;
    incline_text_init(&text, ctx);
    incline_text_add(&text, "there is no help on ");
    incline_text_add_quoted(&text, topic);
    incline_text_add_hint(&text, topic, names, count);
    enum incline_status status =
        incline_fail(ctx, INCLINE_ERROR_ARGUMENT, "%s", incline_text_get(&text));
    incline_text_finish(&text);
    return status;
}

enum incline_status incline_config_help(struct incline_context *ctx, const char *topic, char **out)
{
    if (!ctx || !out)
        return incline_fail(ctx, INCLINE_ERROR_ARGUMENT,
                            "incline_config_help: context and out are needed");
    struct incline_text text;
    *out = NULL;
    incline_text_init(&text, ctx);
    enum incline_status status = INCLINE_OK;
    if (!topic)
        list_topics(&text);
    else if (!describe_topic(topic, &text))
        status = fail_topic(ctx, topic);
    if (status == INCLINE_OK)
        status = incline_text_take(&text, out);
    incline_text_finish(&text);
    return status;
}
