/* The `train:` section. */
#include "train/config_sections.h"

#include "train/config_inner.h"

#include <limits.h>
#include <string.h>

enum { BATCH_MAX = 65536, ACCUMULATE_MAX = 10000 };

#define IN_TRAIN(member) offsetof(struct incline_train_section, member)

static const char *const no_limit[] = {"until_converged"};

static const struct incline_option train_options[] = {
    {"epochs", INCLINE_OPTION_INT, IN_TRAIN(epochs), "10", 1, 1000000, no_limit,
     "passes over the training images; until_converged: early_stop ends them"},
    {"batch_size", INCLINE_OPTION_INT, IN_TRAIN(batch_size), "128", 1, BATCH_MAX, NULL,
     "images in a step"},
    {"accumulate", INCLINE_OPTION_INT, IN_TRAIN(optimizer.accumulate), "1", 1, ACCUMULATE_MAX, NULL,
     "batches that make one update together, as one large batch would"},
    {"loss", INCLINE_OPTION_CUSTOM, 0, "cross_entropy", 0, 0, NULL,
     "what is minimised: a name of the list of losses, or {name: {option: value}}"},
    {"optimizer", INCLINE_OPTION_CUSTOM, 0, "sgd", 0, 0, NULL,
     "how weights follow their gradients, by name: {sgd: {lr: 0.01}}"},
    {"schedule", INCLINE_OPTION_CUSTOM, 0, "constant", 0, 0, NULL,
     "how the learning rate moves: {step: {every: 5}}; see `incline help schedule`"},
    {"warmup", INCLINE_OPTION_CUSTOM, 0, "none", 0, 0, NULL,
     "a linear rise of the learning rate before that: {epochs: 5} or {steps: 500}"},
    {"early_stop", INCLINE_OPTION_CUSTOM, 0, "none", 0, 0, NULL,
     "end when the validation does not get better: {patience: 5}"},
    {"ema", INCLINE_OPTION_CUSTOM, 0, "none", 0, 0, NULL,
     "validate and save a moving average of the weights: {decay: 0.999}"},
    {"metrics", INCLINE_OPTION_CUSTOM, 0, "[accuracy]", 0, 0, NULL,
     "figures beside the loss; with {top_k: 3}, eval's top-5 is a top-3"},
    {"seed", INCLINE_OPTION_UINT64, IN_TRAIN(seed), "1", 0, 0, NULL,
     "start of the random numbers: weights and orders"},
    {"val_every", INCLINE_OPTION_INT, IN_TRAIN(val_every), "1", 1, INT_MAX, NULL,
     "epochs from one validation to the next"},
    {"clip_norm", INCLINE_OPTION_DOUBLE, IN_TRAIN(optimizer.clip_norm), "0", 0, INCLINE_LARGE, NULL,
     "most that the norm of all gradients together may be; 0: any"},
    {"clip_value", INCLINE_OPTION_DOUBLE, IN_TRAIN(optimizer.clip_value), "0", 0, INCLINE_LARGE,
     NULL, "most that a number of a gradient may be, before clip_norm; 0: any"},
};

const struct incline_option_table incline_train_table =
    INCLINE_SECTION_TABLE(train_options, struct incline_train_section);

/* Words of the format that this release has no code for: never ignored. */
static const char *const planned_train[] = {"checkpoint", NULL};

static bool is_of_optimizer(const char *option)
{
    for (size_t i = 0; i < incline_optimizer_count; i++)
        if (incline_table_has(&incline_optimizer_classes[i]->options, option))
            return true;
    return false;
}

static bool is_of_loss(const char *option)
{
    for (size_t i = 0; incline_loss_names[i]; i++)
        if (incline_table_has(&incline_losses[i].options, option))
            return true;
    return false;
}

/* Fails at an option of an optimizer or a loss that stands in the section itself. */
static enum incline_status check_level(struct incline_context *ctx, struct incline_node *node)
{
    bool is_mapping = incline_node_kind(node) == INCLINE_NODE_MAPPING;
    for (size_t i = 0; is_mapping && i < incline_node_count(node); i++) {
        struct incline_node *key = incline_node_key(node, i);
        const char *name = incline_node_text(key), *owner = NULL;
        if (name && !incline_table_has(&incline_train_table, name))
            owner = is_of_optimizer(name) ? "optimizer" : is_of_loss(name) ? "loss" : NULL;
        if (owner)
            return incline_fail_at(ctx, key, "train: '%s' belongs to the %s: %s: {NAME: {%s: ...}}",
                                   name, owner, owner, name);
    }
    return INCLINE_OK;
}

static enum incline_status fail_optimizer(struct incline_context *ctx, struct incline_node *node)
{
    const char *names[INCLINE_OPTIONS_MAX], *name = incline_node_text(node);
    struct incline_text text;
    if (is_of_optimizer(name))
        return incline_fail_at(ctx, node,
                               "train: optimizer: '%s' is an option, which stands below an "
                               "optimizer's name: {NAME: {%s: ...}}",
                               name, name);
    incline_text_init(&text, ctx);
    incline_text_add(&text, "unknown optimizer ");
    incline_text_add_quoted(&text, name);
    for (size_t i = 0; i < incline_optimizer_count; i++) {
        names[i] = incline_optimizer_classes[i]->name;
        incline_text_add(&text, "%s%s", i > 0 ? ", " : ": there is ", names[i]);
    }
    incline_text_add_hint(&text, name, names, incline_optimizer_count);
    enum incline_status status = incline_fail_at(ctx, node, "%s", incline_text_get(&text));
    incline_text_finish(&text);
    return status;
}

static enum incline_status check_together(struct incline_context *ctx, struct incline_node *node,
                                          const struct incline_optimizer *optimizer)
{
    if (!optimizer->class->check)
        return INCLINE_OK;
    struct incline_text problem;
    incline_text_init(&problem, ctx);
    enum incline_status status = optimizer->class->check(&optimizer->options, &problem);
    if (status != INCLINE_OK)
        status = incline_fail_at(ctx, node, "%s: %s", optimizer->class->name,
                                 incline_text_get(&problem));
    incline_text_finish(&problem);
    return status;
}

static enum incline_status read_optimizer_options(struct incline_context *ctx,
                                                  struct incline_node *node,
                                                  struct incline_optimizer *out)
{
    struct incline_named_table all[INCLINE_OPTIONS_MAX];
    for (size_t i = 0; i < incline_optimizer_count; i++)
        all[i] = (struct incline_named_table){incline_optimizer_classes[i]->name,
                                              &incline_optimizer_classes[i]->options};
    enum incline_status status =
        incline_owner_check(ctx, node, "optimizer", out->class->name, all, incline_optimizer_count);
    if (status == INCLINE_OK)
        status = incline_section_read(ctx, node, out->class->name, &out->class->options, NULL,
                                      &out->options);
    return status == INCLINE_OK ? check_together(ctx, node, out) : status;
}

static enum incline_status set_optimizer(struct incline_context *ctx,
                                         const struct incline_optimizer_class *class,
                                         struct incline_optimizer *out)
{
    out->class = class;
    out->options = (struct incline_optimizer_options){.decay_bias_norm = true};
    return incline_options_default(ctx, &class->options, &out->options);
}

static enum incline_status read_optimizer(struct incline_context *ctx, struct incline_node *node,
                                          struct incline_optimizer *out)
{
    struct incline_node *name, *options;
    enum incline_status status = incline_named_read(ctx, node, "train: optimizer", &name, &options);
    if (status != INCLINE_OK)
        return status;
    const struct incline_optimizer_class *class = incline_optimizer_find(incline_node_text(name));
    if (!class)
        return fail_optimizer(ctx, name);
    status = set_optimizer(ctx, class, out);
    return status == INCLINE_OK && options ? read_optimizer_options(ctx, options, out) : status;
}

/* node may be NULL, or no mapping: then there is no such value. */
static struct incline_node *get(struct incline_node *node, const char *key)
{
    return node ? incline_node_get(node, key) : NULL;
}

enum incline_status incline_train_section_read(struct incline_context *ctx,
                                               struct incline_node *node,
                                               const struct incline_model *model, bool validates,
                                               struct incline_train_section *out)
{
    out->schedule.class = incline_schedule_classes[0];
    enum incline_status status = incline_options_default(ctx, &incline_train_table, out);
    if (status == INCLINE_OK)
        status = set_optimizer(ctx, incline_optimizer_classes[0], &out->optimizer);
    if (status == INCLINE_OK && node)
        status = check_level(ctx, node);
    if (status == INCLINE_OK && node)
        status = incline_section_read(ctx, node, "train", &incline_train_table, planned_train, out);
    struct incline_node *optimizer = get(node, "optimizer");
    if (status == INCLINE_OK && optimizer)
        status = read_optimizer(ctx, optimizer, &out->optimizer);
    if (status == INCLINE_OK)
        status = incline_loss_read(ctx, get(node, "loss"), model, &out->loss);
    if (status == INCLINE_OK)
        status = incline_metrics_read(ctx, get(node, "metrics"), model, &out->top_k);
    return status == INCLINE_OK && node ? incline_pace_read(ctx, node, validates, out) : status;
}

void incline_train_section_finish(struct incline_train_section *train)
{
    incline_schedule_finish(&train->schedule);
    if (train->loss.class)
        incline_options_finish(&train->loss.class->options, &train->loss.options);
}

static void write_optimizer(const struct incline_optimizer *optimizer, struct incline_text *out)
{
    const struct incline_option_table *table = &optimizer->class->options;
    incline_text_add(out, "  optimizer: {%s: {", optimizer->class->name);
    for (size_t i = 0; i < table->count; i++) {
        incline_text_add(out, "%s%s: ", i > 0 ? ", " : "", table->options[i].name);
        incline_option_write(&table->options[i], &optimizer->options, out);
    }
    incline_text_add(out, "}}\n");
}

void incline_train_section_write(const struct incline_train_section *train,
                                 struct incline_text *out)
{
    incline_text_add(out, "train:\n");
    incline_section_write(&incline_train_table, train, out);
    incline_loss_write(&train->loss, out);
    write_optimizer(&train->optimizer, out);
    incline_pace_write(train, out);
    incline_metrics_write(train->top_k, out);
}
