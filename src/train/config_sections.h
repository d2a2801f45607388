/* The `data:` and `train:` sections: option tables, reading, writing. */
#ifndef INCLINE_TRAIN_CONFIG_SECTIONS_H
#define INCLINE_TRAIN_CONFIG_SECTIONS_H

#include "train/config.h"

extern const struct incline_option_table incline_data_table;
extern const struct incline_option_table incline_train_table;
extern const struct incline_option_table incline_early_stop_table;
extern const struct incline_option_table incline_warmup_table;
extern const struct incline_option_table incline_ema_table;

/* Read a section; everything wrong fails at its node. The data must fit the model: as many numbers
 * in `normalize` as channels (one number is copied to all), as many class names as outputs. What
 * was read before a failure is left for the finish function. */
enum incline_status incline_data_section_read(struct incline_context *ctx,
                                              struct incline_node *node,
                                              const struct incline_model *model,
                                              struct incline_data_options *out) INCLINE_MUST_CHECK;
void incline_data_section_finish(struct incline_data_options *data);

/* node NULL: there is no such section, all defaults. The loss must fit the model: as many
 * class_weights as outputs, and no closing layer that it makes no sense of. validates: there are
 * validation images. */
enum incline_status
incline_train_section_read(struct incline_context *ctx, struct incline_node *node,
                           const struct incline_model *model, bool validates,
                           struct incline_train_section *out) INCLINE_MUST_CHECK;
void incline_train_section_finish(struct incline_train_section *train);

/* Add a section as YAML, every key written out. */
void incline_data_section_write(const struct incline_data_options *data, struct incline_text *out);
void incline_train_section_write(const struct incline_train_section *train,
                                 struct incline_text *out);

#endif
