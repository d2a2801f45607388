/* What the files config*.c share and nobody else includes.
 *
 *   config.c            a configuration as a whole: reading, writing, its values
 *   config_open.c       from a path or a built-in name to a document
 *   config_file.c       the top of a file
 *   config_settings.c   settings laid over it
 *   config_reference.c  `model:` as a mapping, a path or a built-in name
 *   config_data.c       the `data:` section
 *   config_train.c      the `train:` section
 *   config_pace.c       of it: schedule, warmup, early_stop, ema
 *   config_loss.c       its loss and metrics
 *   config_sections.c   what the sections have in common
 *   config_summary.c    the table of a model's layers
 *   config_help.c       help from the option tables */
#ifndef INCLINE_TRAIN_CONFIG_INNER_H
#define INCLINE_TRAIN_CONFIG_INNER_H

#include "train/config.h"

enum { INCLINE_FORMAT_VERSION = 1 };

/* The option table of a section without a main option; values of `type`. */
#define INCLINE_SECTION_TABLE(options, type)                                                       \
    {                                                                                              \
        options, sizeof options / sizeof *options, NULL, sizeof(type)                              \
    }

/* The sections: incline, model, data, train. */
extern const struct incline_option_table incline_file_table;

/* Reads the file at path, or else the built-in configuration of that name. When there is neither,
 * fails with CONFIG at node, the value of `model:`, or without a place when node is NULL. */
enum incline_status incline_config_open(struct incline_context *ctx, const char *path,
                                        const char *name, struct incline_node *node,
                                        struct incline_document **out) INCLINE_MUST_CHECK;

/* Fails when the document is empty or no mapping. */
enum incline_status incline_config_check_root(struct incline_context *ctx,
                                              struct incline_document *doc) INCLINE_MUST_CHECK;

/* Fails when `incline:` is missing or not a version that can be read. root is a mapping. */
enum incline_status incline_config_check_version(struct incline_context *ctx,
                                                 struct incline_node *root) INCLINE_MUST_CHECK;

/* Lays the settings over the document, in order. The default optimizer is laid under them, so that
 * train.optimizer.*.lr always works. */
enum incline_status incline_config_apply_settings(struct incline_context *ctx,
                                                  struct incline_document *doc,
                                                  const struct incline_setting *settings,
                                                  size_t count) INCLINE_MUST_CHECK;

/* Reads the model that node, the value of `model:` in doc, is or refers to. A relative path is seen
 * from the folder of doc's file; in a setting, from the working folder. */
enum incline_status incline_config_read_model(struct incline_context *ctx,
                                              const struct incline_document *doc,
                                              struct incline_node *node,
                                              struct incline_model *out) INCLINE_MUST_CHECK;

/* Read schedule, warmup, early_stop and ema of the `train:` section, whose other values are in out,
 * and write those that are not off. */
enum incline_status incline_pace_read(struct incline_context *ctx, struct incline_node *train,
                                      bool validates,
                                      struct incline_train_section *out) INCLINE_MUST_CHECK;
void incline_pace_write(const struct incline_train_section *train, struct incline_text *out);

/* Fills rows and summary from the model. */
enum incline_status incline_config_summarize(struct incline_context *ctx,
                                             struct incline_config *config) INCLINE_MUST_CHECK;

/* Reads a mapping of options, or nothing; a sequence, a text, a missing option or a key of planned
 * (NULL-terminated, or NULL) fails. */
enum incline_status incline_section_read(struct incline_context *ctx, struct incline_node *node,
                                         const char *label,
                                         const struct incline_option_table *table,
                                         const char *const *planned,
                                         void *values) INCLINE_MUST_CHECK;

/* Takes `name` or `{name: options}` apart; *options is NULL for a bare name. Anything else fails;
 * label ("train: optimizer") begins the message. */
enum incline_status incline_named_read(struct incline_context *ctx, struct incline_node *node,
                                       const char *label, struct incline_node **name,
                                       struct incline_node **options) INCLINE_MUST_CHECK;

bool incline_table_has(const struct incline_option_table *table, const char *option);

/* One of several optimizers or losses, with what it takes. */
struct incline_named_table {
    const char *name;
    const struct incline_option_table *options;
};

/* Fails at an option in the mapping `options` of `name` that only others of `all` have, which the
 * text lists, or that stands in `train:` itself, beside kind ("optimizer"). */
enum incline_status incline_owner_check(struct incline_context *ctx, struct incline_node *options,
                                        const char *kind, const char *name,
                                        const struct incline_named_table *all,
                                        size_t count) INCLINE_MUST_CHECK;

/* Read the loss and the metrics of `train:`; node NULL: the default. */
enum incline_status incline_loss_read(struct incline_context *ctx, struct incline_node *node,
                                      const struct incline_model *model,
                                      struct incline_loss *out) INCLINE_MUST_CHECK;
enum incline_status incline_metrics_read(struct incline_context *ctx, struct incline_node *node,
                                         const struct incline_model *model,
                                         int *top_k) INCLINE_MUST_CHECK;

/* Lets the loss take images that show several classes, where data.multi_label says so. Fails at the
 * loss, or at multi_label where the loss is the default, when it cannot; and at a top_k among the
 * metrics, which means nothing then. root is the whole file. */
enum incline_status incline_multi_label_read(struct incline_context *ctx, struct incline_node *root,
                                             const struct incline_data_options *data,
                                             struct incline_loss *loss) INCLINE_MUST_CHECK;

/* Add their lines. */
void incline_loss_write(const struct incline_loss *loss, struct incline_text *out);
void incline_metrics_write(int top_k, struct incline_text *out);

/* Adds a line for each option that is not CUSTOM. */
void incline_section_write(const struct incline_option_table *table, const void *values,
                           struct incline_text *out);

#endif
