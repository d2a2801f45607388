/* Help from the option tables. */
#include "network/model_layers.h"
#include "train/config_sections.h"

#include <string.h>

struct topic {
    const char *name;
    const char *help;
    const struct incline_option_table *table;
};

static const struct topic topics[] = {
    {"model", "the network: input size and layers", &incline_model_table},
    {"layers", "what any layer takes besides its own options: {type: {name: a, from: b}}",
     &incline_any_layer_table},
    {"repeat", "layers that come several times in a row", &incline_repeat_table},
    {"residual", "layers whose output is added to what goes into them, or to a second list's",
     &incline_residual_table},
    {"blocks",
     "groups of layers that are used as a layer, `- name: {a: 1}`: {name: {args: [a], layers: "
     "[...]}}",
     &incline_block_table},
    {"data", "where the images are and how they are prepared", &incline_data_table},
    {"train", "how long and how to train", &incline_train_table},
    {"schedule", "how the learning rate moves; all schedules", NULL},
    {"warmup",
     "a linear rise in front of the schedule: the k-th of N steps has k/N of its first rate",
     &incline_warmup_table},
    {"early_stop", "ends training when a figure of the validation does not get better",
     &incline_early_stop_table},
    {"ema",
     "a moving average of the weights, which is what is validated and saved; training goes on from "
     "the weights themselves",
     &incline_ema_table},
};

enum { TOPIC_COUNT = sizeof topics / sizeof *topics, NAMES_MAX = 128 };

static void list_topics(struct incline_text *out)
{
    incline_text_add(out, "Sections:\n");
    for (size_t i = 0; i < TOPIC_COUNT; i++)
        incline_text_add(out, "  %-14s %s\n", topics[i].name, topics[i].help);
    incline_text_add(out, "\nOptimizers:\n");
    for (size_t i = 0; i < incline_optimizer_count; i++)
        incline_text_add(out, "  %-14s %s\n", incline_optimizer_classes[i]->name,
                         incline_optimizer_classes[i]->help);
    incline_text_add(out, "\nLayers:\n");
    for (size_t i = 0; i < incline_layer_class_count; i++)
        incline_text_add(out, "  %-14s %s\n", incline_layer_classes[i]->name,
                         incline_layer_classes[i]->help);
    incline_text_add(out, "\nLosses:\n");
    for (size_t i = 0; incline_loss_names[i]; i++)
        incline_text_add(out, "  %-20s %s\n", incline_losses[i].name, incline_losses[i].help);
    incline_text_add(out, "\nSchedules of the learning rate:\n");
    for (size_t i = 0; incline_schedule_classes[i]; i++)
        incline_text_add(out, "  %-14s %s\n", incline_schedule_classes[i]->name,
                         incline_schedule_classes[i]->help);
    incline_text_add(out, "\nAll of that:\n  %-14s as one page of Markdown\n", "reference");
}

/* One thing to describe; about NULL: a section. */
struct entry {
    const char *name, *help;
    const struct incline_about *about;
    const struct incline_option_table *table;
};

static struct entry section_entry(const struct topic *topic)
{
    return (struct entry){topic->name, topic->help, NULL, topic->table};
}

static struct entry layer_entry(const struct incline_layer_class *class)
{
    return (struct entry){class->name, class->help, &class->about, &class->options};
}

static struct entry optimizer_entry(const struct incline_optimizer_class *class)
{
    return (struct entry){class->name, class->help, &class->about, &class->options};
}

static struct entry loss_entry(const struct incline_loss_class *class)
{
    return (struct entry){class->name, class->help, &class->about, &class->options};
}

static void describe_options(const struct entry *entry, struct incline_text *out)
{
    if (entry->table->count > 0)
        incline_text_add(out, "\n");
    incline_options_help(entry->table, out);
    if (entry->table->main_option)
        incline_text_add(out, "\n`%s: VALUE` is short for `%s: {%s: VALUE}`.\n", entry->name,
                         entry->name, entry->table->main_option);
}

static void describe(const struct entry *entry, struct incline_text *out)
{
    incline_text_add(out, "%s: %s\n", entry->name, entry->help);
    if (entry->about) {
        incline_text_add(out, "\n");
        incline_about_write(entry->about, out);
    }
    describe_options(entry, out);
}

static struct entry schedule_entry(const struct incline_schedule_class *class)
{
    return (struct entry){class->name, class->help, &class->about, &class->options};
}

/* What stands in the equations of schedules. */
static const char symbols[] = "lr is the optimizer's learning rate; epoch and step count those "
                              "done before, from the end of the\n"
                              "warm-up, and steps all of these. A rate with step or t in its "
                              "equation moves with every step, the\n"
                              "others between epochs.\n";

static void describe_schedules(const char *help, struct incline_text *out)
{
    incline_text_add(out, "schedule: %s\n\n%s", help, symbols);
    for (size_t i = 0; incline_schedule_classes[i]; i++) {
        struct entry entry = schedule_entry(incline_schedule_classes[i]);
        incline_text_add(out, "\n");
        describe(&entry, out);
    }
}

static bool describe_topic(const char *name, struct incline_text *out)
{
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        if (strcmp(topics[i].name, name) == 0) {
            struct entry entry = section_entry(&topics[i]);
            if (entry.table)
                describe(&entry, out);
            else
                describe_schedules(entry.help, out);
            return true;
        }
    }
    const struct incline_optimizer_class *optimizer = incline_optimizer_find(name);
    if (optimizer) {
        struct entry entry = optimizer_entry(optimizer);
        describe(&entry, out);
        return true;
    }
    for (size_t i = 0; incline_loss_names[i]; i++) {
        if (strcmp(incline_losses[i].name, name) == 0) {
            struct entry entry = loss_entry(&incline_losses[i]);
            describe(&entry, out);
            return true;
        }
    }
    const struct incline_layer_class *class = incline_layer_class_find(name);
    const struct incline_schedule_class *schedule = incline_schedule_find(name);
    if (class) {
        struct entry entry = layer_entry(class);
        describe(&entry, out);
    }
    if (class && schedule)
        incline_text_add(out, "\n");
    if (schedule) {
        struct entry entry = schedule_entry(schedule);
        describe(&entry, out);
    }
    return class || schedule;
}

/* A chapter of the manual; its body is what `describe` says, as it stands. */
static void write_chapter(const struct entry *entry, struct incline_text *out)
{
    incline_text_add(out, "\n### %s\n\n```\n", entry->name);
    describe(entry, out);
    incline_text_add(out, "```\n");
}

static void write_reference(struct incline_text *out)
{
    incline_text_add(out, "# Reference of the configuration\n\n"
                          "Made by `incline help reference` from the tables that also read the "
                          "configuration. H, W and C are the\nheight, width and channels of a "
                          "layer's input; x is its input, y its output, f the activation.\nOf a "
                          "loss, x are the K scores of an image, and c is a class; the mean over "
                          "the images is minimised.\n"
                          "\n## Sections\n");
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        struct entry entry = section_entry(&topics[i]);
        if (entry.table)
            write_chapter(&entry, out);
    }
    incline_text_add(out, "\n## Schedules\n\n%s", symbols);
    for (size_t i = 0; incline_schedule_classes[i]; i++) {
        struct entry entry = schedule_entry(incline_schedule_classes[i]);
        write_chapter(&entry, out);
    }
    incline_text_add(out,
                     "\n## Optimizers\n\n"
                     "w is a weight, g its gradient, lr the learning rate, n the number of the "
                     "step from 1; clipping comes first.\n");
    for (size_t i = 0; i < incline_optimizer_count; i++) {
        struct entry entry = optimizer_entry(incline_optimizer_classes[i]);
        write_chapter(&entry, out);
    }
    incline_text_add(out, "\n## Layers\n");
    for (size_t i = 0; i < incline_layer_class_count; i++) {
        struct entry entry = layer_entry(incline_layer_classes[i]);
        write_chapter(&entry, out);
    }
    incline_text_add(out, "\n## Losses\n");
    for (size_t i = 0; incline_loss_names[i]; i++) {
        struct entry entry = loss_entry(&incline_losses[i]);
        write_chapter(&entry, out);
    }
}

static enum incline_status fail_topic(struct incline_context *ctx, const char *topic)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (; count < TOPIC_COUNT; count++)
        names[count] = topics[count].name;
    for (size_t i = 0; i < incline_optimizer_count && count < NAMES_MAX; i++)
        names[count++] = incline_optimizer_classes[i]->name;
    for (size_t i = 0; i < incline_layer_class_count && count < NAMES_MAX; i++)
        names[count++] = incline_layer_classes[i]->name;
    for (size_t i = 0; incline_loss_names[i] && count < NAMES_MAX; i++)
        names[count++] = incline_loss_names[i];
    for (size_t i = 0; incline_schedule_classes[i] && count < NAMES_MAX; i++)
        names[count++] = incline_schedule_classes[i]->name;
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
    else if (strcmp(topic, "reference") == 0)
        write_reference(&text);
    else if (!describe_topic(topic, &text))
        status = fail_topic(ctx, topic);
    if (status == INCLINE_OK)
        status = incline_text_take(&text, out);
    incline_text_finish(&text);
    return status;
}
