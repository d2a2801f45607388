/* The `train:` section. */
#include "train/config_sections.h"

#include "train/config_inner.h"

#include <float.h>
#include <limits.h>
#include <string.h>

enum { BATCH_MAX = 65536 };

#define IN_TRAIN(member) offsetof(struct incline_train_section, member)

static const char *const no_limit[] = {"until_converged"};

static const struct incline_option train_options[] = {
    {"epochs", INCLINE_OPTION_INT, IN_TRAIN(epochs), "10", 1, 1000000, no_limit,
     "passes over the training images; until_converged: early_stop ends them"},
    {"batch_size", INCLINE_OPTION_INT, IN_TRAIN(batch_size), "128", 1, BATCH_MAX, NULL,
     "images in a step"},
    {"loss", INCLINE_OPTION_CUSTOM, 0, "cross_entropy", 0, 0, NULL,
     "what is minimised: a name of the list of losses, or {name: {option: value}}"},
    {"optimizer", INCLINE_OPTION_CUSTOM, 0, "sgd", 0, 0, NULL,
     "how weights follow their gradients: {sgd: {lr: 0.01}}"},
    {"schedule", INCLINE_OPTION_CUSTOM, 0, "constant", 0, 0, NULL,
     "how the learning rate moves: {step: {every: 5}}; see `incline help schedule`"},
    {"warmup", INCLINE_OPTION_CUSTOM, 0, "none", 0, 0, NULL,
     "a linear rise of the learning rate before that: {epochs: 5} or {steps: 500}"},
    {"early_stop", INCLINE_OPTION_CUSTOM, 0, "none", 0, 0, NULL,
     "end when the validation does not get better: {patience: 5}"},
    {"metrics", INCLINE_OPTION_CUSTOM, 0, "[accuracy]", 0, 0, NULL,
     "figures beside the loss; with {top_k: 3}, eval's top-5 is a top-3"},
    {"seed", INCLINE_OPTION_UINT64, IN_TRAIN(seed), "1", 0, 0, NULL,
     "start of the random numbers: weights and orders"},
    {"val_every", INCLINE_OPTION_INT, IN_TRAIN(val_every), "1", 1, INT_MAX, NULL,
     "epochs from one validation to the next"},
};

static const struct incline_option sgd_options[] = {
    {"lr", INCLINE_OPTION_DOUBLE, offsetof(struct incline_sgd_options, lr), "0.01", DBL_MIN,
     INCLINE_LARGE, NULL, "learning rate: w = w - lr x gradient"},
};

const struct incline_option_table incline_train_table =
    INCLINE_SECTION_TABLE(train_options, struct incline_train_section);

const struct incline_option_table incline_sgd_table =
    INCLINE_SECTION_TABLE(sgd_options, struct incline_sgd_options);

/* Words of the format that this release has no code for: never ignored. */
static const char *const planned_train[] = {"checkpoint", NULL};
static const char *const planned_sgd[] = {"momentum", "nesterov", "weight_decay", NULL};
static const char *const planned_optimizers[] = {"adam", "adamw", "rmsprop", NULL};

static enum incline_status fail_optimizer(struct incline_context *ctx, struct incline_node *node)
{
    static const char *const names[] = {"sgd"};
    const char *name = incline_node_text(node);
    if (name && incline_is_among(name, planned_optimizers))
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
    struct incline_node *name, *options;
    enum incline_status status = incline_named_read(ctx, node, "train: optimizer", &name, &options);
    if (status != INCLINE_OK)
        return status;
    if (strcmp(incline_node_text(name), "sgd") != 0)
        return fail_optimizer(ctx, name);
    return options ? incline_section_read(ctx, options, "sgd", &incline_sgd_table, planned_sgd,
                                          &out->sgd)
                   : INCLINE_OK;
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
        status = incline_options_default(ctx, &incline_sgd_table, &out->sgd);
    if (status == INCLINE_OK && node)
        status = incline_section_read(ctx, node, "train", &incline_train_table, planned_train, out);
    struct incline_node *optimizer = get(node, "optimizer");
    if (status == INCLINE_OK && optimizer)
        status = read_optimizer(ctx, optimizer, out);
    if (status == INCLINE_OK)
        status = incline_loss_read(ctx, get(node, "loss"), model, &out->loss);
    if (status == INCLINE_OK)
        status = incline_metrics_read(ctx, get(node, "metrics"), &out->top_k);
    return status == INCLINE_OK && node ? incline_pace_read(ctx, node, validates, out) : status;
}

void incline_train_section_finish(struct incline_train_section *train)
{
    incline_schedule_finish(&train->schedule);
    if (train->loss.class)
        incline_options_finish(&train->loss.class->options, &train->loss.options);
}

void incline_train_section_write(const struct incline_train_section *train,
                                 struct incline_text *out)
{
    incline_text_add(out, "train:\n");
    incline_section_write(&incline_train_table, train, out);
    incline_loss_write(&train->loss, out);
    incline_text_add(out, "  optimizer: {sgd: {lr: ");
    incline_text_add_double(out, train->sgd.lr);
    incline_text_add(out, "}}\n");
    incline_pace_write(train, out);
    incline_metrics_write(train->top_k, out);
}
