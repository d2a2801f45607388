/* Of the `train:` section: how the learning rate moves, when training ends, and which weights it
 * leaves. */
#include "train/config_inner.h"

#include "base/memory.h"
#include "train/config_sections.h"

#include <string.h>

enum { CLASSES_MAX = 32, WARMUP_MAX = 1000000000 };

static const struct incline_option early_stop_options[] = {
    INCLINE_PATIENCE_OPTIONS(offsetof(struct incline_early_stop, patience), "5", "0"),
    {"restore_best", INCLINE_OPTION_BOOL, offsetof(struct incline_early_stop, restore_best), "true",
     0, 0, NULL, "at the end weights/last holds the best epoch, too"},
};

const struct incline_option_table incline_early_stop_table =
    INCLINE_SECTION_TABLE(early_stop_options, struct incline_early_stop);

static const struct incline_option warmup_options[] = {
    {"epochs", INCLINE_OPTION_INT, offsetof(struct incline_warmup, epochs), "0", 0, 1000000, NULL,
     "length of the rise in epochs; 0: it is given in steps"},
    {"steps", INCLINE_OPTION_INT, offsetof(struct incline_warmup, steps), "0", 0, WARMUP_MAX, NULL,
     "length of the rise in steps; 0: it is given in epochs"},
};

const struct incline_option_table incline_warmup_table =
    INCLINE_SECTION_TABLE(warmup_options, struct incline_warmup);

static const struct incline_option ema_options[] = {
    {"decay", INCLINE_OPTION_DOUBLE, offsetof(struct incline_ema, decay), "0.999", 0, 0.9999999,
     NULL, "share of the average that an update keeps"},
    {"from_epoch", INCLINE_OPTION_INT, offsetof(struct incline_ema, from_epoch), "1", 1, 1000000,
     NULL, "epoch whose first update begins it; before, the average is the weights"},
};

const struct incline_option_table incline_ema_table =
    INCLINE_SECTION_TABLE(ema_options, struct incline_ema);

static bool is_none(struct incline_node *node)
{
    const char *text = incline_node_text(node);
    return text && strcmp(text, "none") == 0;
}

static enum incline_status fail_schedule(struct incline_context *ctx, struct incline_node *node)
{
    const char *names[CLASSES_MAX], *name = incline_node_text(node);
    size_t count = 0;
    struct incline_text text;
    incline_text_init(&text, ctx);
    incline_text_add(&text, "unknown schedule ");
    incline_text_add_quoted(&text, name);
    for (; incline_schedule_classes[count]; count++) {
        names[count] = incline_schedule_classes[count]->name;
        incline_text_add(&text, "%s%s", count == 0 ? ": there are " : ", ", names[count]);
    }
    incline_text_add_hint(&text, name, names, count);
    enum incline_status status = incline_fail_at(ctx, node, "%s", incline_text_get(&text));
    incline_text_finish(&text);
    return status;
}

static enum incline_status check_schedule(struct incline_context *ctx, struct incline_node *node,
                                          const struct incline_schedule *schedule)
{
    const char *main_option = schedule->class->options.main_option;
    struct incline_text problem;
    if (!schedule->class->check)
        return INCLINE_OK;
    if (incline_node_kind(node) == INCLINE_NODE_MAPPING)
        node = incline_node_get(node, main_option);
    incline_text_init(&problem, ctx);
    enum incline_status status = schedule->class->check(schedule->options, &problem);
    if (status != INCLINE_OK)
        status = incline_fail_at(ctx, node, "%s: %s %s", schedule->class->name, main_option,
                                 incline_text_get(&problem));
    incline_text_finish(&problem);
    return status;
}

static enum incline_status read_options(struct incline_context *ctx, struct incline_node *name,
                                        struct incline_node *options,
                                        struct incline_schedule *schedule)
{
    const struct incline_option_table *table = &schedule->class->options;
    const char *label = schedule->class->name;
    uint64_t given = 0;
    enum incline_status status = incline_alloc(ctx, 1, table->size, &schedule->options);
    if (status == INCLINE_OK)
        status = incline_options_default(ctx, table, schedule->options);
    if (status == INCLINE_OK && options)
        status =
            incline_options_read(ctx, options, label, table, NULL, NULL, schedule->options, &given);
    if (status == INCLINE_OK)
        status = incline_options_require(ctx, name, label, table, given);
    return status == INCLINE_OK && options ? check_schedule(ctx, options, schedule) : status;
}

static enum incline_status read_schedule(struct incline_context *ctx, struct incline_node *node,
                                         struct incline_train_section *train)
{
    struct incline_schedule *schedule = &train->schedule;
    struct incline_node *name, *options;
    enum incline_status status = incline_named_read(ctx, node, "train: schedule", &name, &options);
    if (status != INCLINE_OK)
        return status;
    const struct incline_schedule_class *class = incline_schedule_find(incline_node_text(name));
    if (!class)
        return fail_schedule(ctx, name);
    schedule->class = class;
    status = read_options(ctx, name, options, schedule);
    if (status == INCLINE_OK && train->epochs == 0 && class->needs_epochs &&
        class->needs_epochs(schedule->options))
        return incline_fail_at(ctx, name,
                               "%s needs to know the number of epochs, but train.epochs is "
                               "until_converged: give a number%s",
                               class->name,
                               class == &incline_cosine_schedule ? ", or a `period`" : "");
    return status;
}

static enum incline_status read_warmup(struct incline_context *ctx, struct incline_node *node,
                                       struct incline_warmup *out)
{
    if (is_none(node))
        return INCLINE_OK;
    enum incline_status status =
        incline_section_read(ctx, node, "warmup", &incline_warmup_table, NULL, out);
    if (status == INCLINE_OK && (out->epochs > 0) == (out->steps > 0))
        return incline_fail_at(ctx, node, "train: warmup must be {epochs: 5} or {steps: 500}");
    return status;
}

/* patience NULL: nothing is watched. */
static enum incline_status check_watch(struct incline_context *ctx, struct incline_node *node,
                                       const char *label,
                                       const struct incline_patience_options *patience,
                                       bool validates)
{
    if (!patience || validates)
        return INCLINE_OK;
    return incline_fail_at(ctx, node,
                           "%s watches %s, but there is no validation: set data.val to test or "
                           "{split: 0.1}",
                           label, incline_figure_names[patience->watch]);
}

static enum incline_status read_early_stop(struct incline_context *ctx, struct incline_node *node,
                                           bool validates, struct incline_early_stop *out)
{
    if (is_none(node))
        return INCLINE_OK;
    enum incline_status status = incline_options_default(ctx, &incline_early_stop_table, out);
    if (status == INCLINE_OK)
        status =
            incline_section_read(ctx, node, "early_stop", &incline_early_stop_table, NULL, out);
    out->on = true;
    return status == INCLINE_OK ? check_watch(ctx, node, "early_stop", &out->patience, validates)
                                : status;
}

static enum incline_status read_ema(struct incline_context *ctx, struct incline_node *node,
                                    int epochs, struct incline_ema *out)
{
    if (is_none(node))
        return INCLINE_OK;
    enum incline_status status = incline_options_default(ctx, &incline_ema_table, out);
    if (status == INCLINE_OK)
        status = incline_section_read(ctx, node, "ema", &incline_ema_table, NULL, out);
    out->on = true;
    if (status == INCLINE_OK && epochs > 0 && out->from_epoch > epochs)
        return incline_fail_at(ctx, incline_node_get(node, "from_epoch"),
                               "ema: it would begin with epoch %d, but train.epochs is %d: set "
                               "from_epoch to an epoch that there is",
                               out->from_epoch, epochs);
    return status;
}

enum incline_status incline_pace_read(struct incline_context *ctx, struct incline_node *train,
                                      bool validates, struct incline_train_section *out)
{
    struct incline_node *schedule = incline_node_get(train, "schedule");
    struct incline_node *warmup = incline_node_get(train, "warmup");
    struct incline_node *early_stop = incline_node_get(train, "early_stop");
    struct incline_node *ema = incline_node_get(train, "ema");
    enum incline_status status = INCLINE_OK;
    if (schedule)
        status = read_schedule(ctx, schedule, out);
    if (status == INCLINE_OK && schedule)
        status = check_watch(ctx, schedule, out->schedule.class->name,
                             incline_schedule_patience(&out->schedule), validates);
    if (status == INCLINE_OK && warmup)
        status = read_warmup(ctx, warmup, &out->schedule.warmup);
    if (status == INCLINE_OK && early_stop)
        status = read_early_stop(ctx, early_stop, validates, &out->early_stop);
    if (status == INCLINE_OK && ema)
        status = read_ema(ctx, ema, out->epochs, &out->ema);
    if (status == INCLINE_OK && out->epochs == 0 && !out->early_stop.on)
        return incline_fail_at(ctx, incline_node_get(train, "epochs"),
                               "train: epochs: until_converged needs early_stop, which ends the "
                               "training: --patience 5, or early_stop: {patience: 5}");
    return status;
}

/* `{a: 1, b: 2}` */
static void write_flow(const struct incline_option_table *table, const void *values,
                       struct incline_text *out)
{
    incline_text_add(out, "{");
    for (size_t i = 0; i < table->count; i++) {
        incline_text_add(out, "%s%s: ", i == 0 ? "" : ", ", table->options[i].name);
        incline_option_write(&table->options[i], values, out);
    }
    incline_text_add(out, "}");
}

void incline_pace_write(const struct incline_train_section *train, struct incline_text *out)
{
    const struct incline_schedule *schedule = &train->schedule;
    if (schedule->class != incline_schedule_classes[0]) {
        incline_text_add(out, "  schedule: {%s: ", schedule->class->name);
        write_flow(&schedule->class->options, schedule->options, out);
        incline_text_add(out, "}\n");
    }
    if (schedule->warmup.epochs > 0)
        incline_text_add(out, "  warmup: {epochs: %d}\n", schedule->warmup.epochs);
    if (schedule->warmup.steps > 0)
        incline_text_add(out, "  warmup: {steps: %d}\n", schedule->warmup.steps);
    if (train->early_stop.on) {
        incline_text_add(out, "  early_stop: ");
        write_flow(&incline_early_stop_table, &train->early_stop, out);
        incline_text_add(out, "\n");
    }
    if (train->ema.on) {
        incline_text_add(out, "  ema: ");
        write_flow(&incline_ema_table, &train->ema, out);
        incline_text_add(out, "\n");
    }
}

struct incline_pace_summary incline_config_pace(const struct incline_config *config)
{
    const struct incline_train_section *train = &config->train;
    const struct incline_schedule_class *class = train->schedule.class;
    return (struct incline_pace_summary){
        .schedule = class->name,
        .equation = class->about.equation,
        .per_step = class->per_step,
        .learning_rate = train->optimizer.options.lr,
        .warmup_epochs = train->schedule.warmup.epochs,
        .warmup_steps = train->schedule.warmup.steps,
        .watch =
            train->early_stop.on ? incline_figure_names[train->early_stop.patience.watch] : NULL,
        .patience = train->early_stop.patience.patience,
    };
}

struct incline_update_summary incline_config_updates(const struct incline_config *config)
{
    const struct incline_train_section *train = &config->train;
    return (struct incline_update_summary){train->optimizer.accumulate, train->ema.on,
                                           train->ema.decay};
}

double incline_train_section_rate(const struct incline_train_section *train, long long step,
                                  long long epoch_steps, int plateaus)
{
    const struct incline_schedule_moment moment = {
        .step = step,
        .epoch_steps = epoch_steps,
        .steps = train->epochs * epoch_steps,
        .plateaus = plateaus,
    };
    return incline_schedule_rate(&train->schedule, train->optimizer.options.lr, &moment);
}

double incline_config_learning_rate(const struct incline_config *config, long long step,
                                    int epoch_steps)
{
    return incline_train_section_rate(&config->train, step, epoch_steps, 0);
}
