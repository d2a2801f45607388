/* Waiting for a figure of the validation to get better: what early stopping and the schedule
 * `plateau` have in common. */
#ifndef INCLINE_TRAIN_PATIENCE_H
#define INCLINE_TRAIN_PATIENCE_H

#include "base/options.h"

/* In the order of incline_figure_names. */
enum incline_figure { INCLINE_FIGURE_VAL_LOSS, INCLINE_FIGURE_VAL_ACCURACY };
extern const char *const incline_figure_names[]; /* NULL-terminated */

struct incline_patience_options {
    int watch;    /* enum incline_figure */
    int patience; /* validations in a row that may pass without a better one: the last one acts */
    double min_delta;
};

/* The rows of an option table for a struct incline_patience_options at `offset`; most and least are
 * the defaults of patience and min_delta. */
#define INCLINE_PATIENCE_OPTIONS(offset, most, least)                                              \
    {"watch",                                                                                      \
     INCLINE_OPTION_CHOICE,                                                                        \
     (offset) + offsetof(struct incline_patience_options, watch),                                  \
     "val_loss",                                                                                   \
     0,                                                                                            \
     0,                                                                                            \
     incline_figure_names,                                                                         \
     "the figure that is to get better"},                                                          \
        {"patience",                                                                               \
         INCLINE_OPTION_INT,                                                                       \
         (offset) + offsetof(struct incline_patience_options, patience),                           \
         most,                                                                                     \
         1,                                                                                        \
         1000000,                                                                                  \
         NULL,                                                                                     \
         "validations in a row without a better one"},                                             \
    {                                                                                              \
        "min_delta", INCLINE_OPTION_DOUBLE,                                                        \
            (offset) + offsetof(struct incline_patience_options, min_delta), least, 0,             \
            INCLINE_LARGE, NULL, "a figure is better when it is so by more than this"              \
    }

struct incline_patience {
    bool has_best;
    double best;
    int waited; /* validations since best */
};

/* Whether figure is better than best by more than min_delta. */
bool incline_figure_is_better(int watch, double figure, double best, double min_delta);

/* Takes the figure of one more validation. Returns true when the patience has come to its end, and
 * begins to wait anew then, for a figure better than the best so far. */
bool incline_patience_ends(struct incline_patience *patience,
                           const struct incline_patience_options *options, double figure);

#endif
