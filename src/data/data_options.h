/* The `data:` section. */
#ifndef INCLINE_DATA_DATA_OPTIONS_H
#define INCLINE_DATA_DATA_OPTIONS_H

#include "base/options.h"

enum incline_data_format { INCLINE_DATA_IDX };

enum incline_val_mode {
    INCLINE_VAL_NONE,
    INCLINE_VAL_TEST, /* `val: test`: the test images */
    INCLINE_VAL_SPLIT /* `val: {split: 0.1}`: the last part of the training images, as Keras */
};

struct incline_data_options {
    int format; /* enum incline_data_format */
    char *root; /* folder, looked up as incline_dataset_load says */
    int val;    /* enum incline_val_mode */
    double split;
    double scale; /* a byte is divided by this: 255 gives 0 .. 1 */
    struct incline_doubles mean,
        std;                      /* `normalize: {mean, std}` per channel, after scale; or empty */
    struct incline_texts classes; /* names, or empty */
    bool multi_label;             /* an image shows several classes or none */
    bool shuffle;
};

#endif
