/* Images with labels, decoded into bytes on the host. */
#ifndef INCLINE_DATA_H
#define INCLINE_DATA_H

#include "incline/config.h"
#include "incline/status.h"

#include <stdbool.h>
#include <stddef.h>

/* count images of height x width x channels bytes, [count][H][W][C]. What they show, if it is
 * known, is in labels[i], 0 .. classes - 1; or, when data.multi_label is set and an image may show
 * several classes or none, in targets [count][classes], 1 for those that it shows, else 0. The
 * other is NULL. */
struct incline_images {
    int height, width, channels;
    size_t count;
    unsigned char *pixels;
    int *labels;
    unsigned char *targets;
};

/* Frees what images holds and zeroes it. */
INCLINE_API void incline_images_finish(struct incline_images *images);

/* A data set: training, validation and test parts, class names. */
struct incline_dataset {
    char *name;   /* last part of its folder */
    char *folder; /* where it was found */
    int classes;
    char **class_names; /* `classes` of them; "0", "1", ... when the data brings none */
    struct incline_images train, val, test;
    bool val_is_test; /* `data.val: test`: val is empty and test is used for validation */
};

struct incline_dataset_limits {
    size_t train, val;  /* use only the first so many images; 0: all */
    bool held_out_only; /* for evaluation: only the test images, which leaves train empty; where
                         * there are none, everything, for the sake of the validation part */
};

/* Finds and reads the data set that config describes. A relative root is looked up in the current
 * folder, then in each folder of INCLINE_DATA_PATH, $XDG_DATA_HOME/incline, and share/datasets of
 * the usual prefixes. Fails with DATA, naming file, place and remedy; with CONFIG when the training
 * images do not fit the model (size, channels) or the class names do not (their number). */
INCLINE_API enum incline_status
incline_dataset_load(struct incline_context *ctx, const struct incline_config *config,
                     const struct incline_dataset_limits *limits,
                     struct incline_dataset **out) INCLINE_MUST_CHECK;
INCLINE_API void incline_dataset_destroy(struct incline_dataset **dataset);

/* Reads images to classify from one file: PNG (one image) or IDX (all of them, .gz or not). PNG
 * images are turned to `channels` (1: grey, 3: RGB; alpha is laid over white) and resized, with
 * antialiasing, to height x width. IDX images must have that size. Fails with DATA. */
INCLINE_API enum incline_status incline_images_read(struct incline_context *ctx, const char *path,
                                                    int height, int width, int channels,
                                                    struct incline_images *out) INCLINE_MUST_CHECK;

#endif
