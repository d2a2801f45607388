/* A configuration: model, data and training in one YAML or JSON file. */
#ifndef INCLINE_CONFIG_H
#define INCLINE_CONFIG_H

#include "incline/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct incline_config;

/* One change laid over the file: path "train.epochs", value "3". In a path, `*` stands for the only
 * key of a mapping ("train.optimizer.*.lr"), a number for an item of a list. */
struct incline_setting {
    const char *path;
    const char *value;
    const char *given; /* how the user gave it ("-e 3"), for messages; NULL: --set path=value */
};

/* Reads a configuration file, or the built-in one when `source` names no file but a built-in model,
 * applies the settings in order, checks everything and fills in defaults. Fails with CONFIG and
 * `file:line:column: error: ...` plus the line and a caret, or ARGUMENT for a wrong setting. */
INCLINE_API enum incline_status incline_config_load(struct incline_context *ctx, const char *source,
                                                    const struct incline_setting *settings,
                                                    size_t setting_count,
                                                    struct incline_config **out) INCLINE_MUST_CHECK;

/* The same from text in memory, for instance the model that a weights file carries; `name` stands
 * for the file in messages. */
INCLINE_API enum incline_status
incline_config_parse(struct incline_context *ctx, const char *name, const char *text,
                     const struct incline_setting *settings, size_t setting_count,
                     struct incline_config **out) INCLINE_MUST_CHECK;

INCLINE_API void incline_config_destroy(struct incline_config **config);

/* The whole configuration, defaults filled in, as YAML text that incline_config_parse takes back.
 * Owned by config. */
INCLINE_API const char *incline_config_text(const struct incline_config *config);

/* Settings that a program shows. */
INCLINE_API const char *incline_config_model_name(const struct incline_config *config);
INCLINE_API int incline_config_epochs(const struct incline_config *config); /* 0: no limit */
INCLINE_API int incline_config_batch_size(const struct incline_config *config);
INCLINE_API uint64_t incline_config_seed(const struct incline_config *config);
INCLINE_API const char *incline_config_data_root(const struct incline_config *config);

/* data.multi_label: an image may show several classes or none. */
INCLINE_API bool incline_config_multi_label(const struct incline_config *config);

/* How the learning rate moves, and what ends the training before its last epoch. Texts are static.
 */
struct incline_pace_summary {
    const char *schedule;            /* "cosine" */
    const char *equation;            /* lines */
    bool per_step;                   /* it moves within an epoch */
    double learning_rate;            /* the one that the schedule starts from */
    int warmup_epochs, warmup_steps; /* at most one is above 0 */
    const char *watch;               /* of early_stop: "val_loss"; NULL: there is none */
    int patience;                    /* of early_stop */
};

INCLINE_API struct incline_pace_summary incline_config_pace(const struct incline_config *config);

/* How the parameters are updated besides. */
struct incline_update_summary {
    int accumulate;   /* batches that make an update */
    bool averages;    /* a moving average is what is validated and saved */
    double ema_decay; /* share of it that an update keeps */
};

INCLINE_API struct incline_update_summary
incline_config_updates(const struct incline_config *config);

/* The learning rate of a step, from 0, in a training with so many steps an epoch, at least 1; for
 * the schedule `plateau` as long as the validation keeps getting better. */
INCLINE_API double incline_config_learning_rate(const struct incline_config *config, long long step,
                                                int epoch_steps);

/* The class names that data.classes gives; *count is 0 when it gives none. Owned by config. */
INCLINE_API char *const *incline_config_classes(const struct incline_config *config, size_t *count);

/* One row of a model's table. */
struct incline_layer_summary {
    const char *name;    /* "conv2d_1" */
    const char *type;    /* "conv2d" */
    const char *detail;  /* "3x3 + relu", may be "" */
    const char *sources; /* "conv2d_2, relu_1": the layers that it reads; "": the one before */
    int height, width, channels; /* of the output */
    bool flat;                   /* the output is a vector: height = width = 1 */
    size_t parameters;           /* that are trained */
    size_t state;                /* numbers that training updates otherwise: running means, ... */
    double multiply_adds;        /* for one image, forward */
};

struct incline_model_summary {
    const char *name;
    int height, width, channels; /* of the input */
    size_t layer_count;
    const struct incline_layer_summary *layers;
    size_t parameters, state;
    double multiply_adds;
};

/* Owned by config. */
INCLINE_API const struct incline_model_summary *
incline_config_summary(const struct incline_config *config);

/* Names of the built-in configurations, NULL-terminated, and the commented text of one (NULL when
 * there is none of that name). */
INCLINE_API const char *const *incline_builtin_names(void);
INCLINE_API const char *incline_builtin_text(const char *name);

/* Help for layers and options, made from the option tables: "conv2d", "sgd", "data", "train"; NULL
 * lists the topics, "reference" is all of them as Markdown. Allocated in *out; free with
 * incline_text_free. Fails with ARGUMENT on an unknown topic. */
INCLINE_API enum incline_status incline_config_help(struct incline_context *ctx, const char *topic,
                                                    char **out) INCLINE_MUST_CHECK;

#endif
