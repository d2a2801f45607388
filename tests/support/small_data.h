/* Tiny data sets that a network can learn, and configurations for them. */
#ifndef TESTS_SUPPORT_SMALL_DATA_H
#define TESTS_SUPPORT_SMALL_DATA_H

#include "support/program.h"

/* Images of noise with one bright band of rows for each class. channels above 1 make rank-4 files.
 * Image i shows class i modulo classes; with multi_label it shows class c where bit c of i is set.
 */
struct small_data {
    int train, test; /* images */
    int height, width, channels, classes;
    bool packed; /* .gz */
    bool multi_label;
};

/* 60 + 20 images of 6x6x1, 3 classes. */
extern const struct small_data small_data;

/* Writes the four IDX files into a new folder. */
void small_data_write(struct program *program, const char *folder, const struct small_data *data);

/* Writes the data set `d` and the configuration `t.yaml`: a conv2d, max_pool2d, flatten and dense
 * network for it that learns it in 3 epochs; validation on the test images. */
void small_setup(struct program *program);
extern const char small_config[];

/* count grey images of height x width, one after another, as the rows of an IDX file. */
void small_images_write(struct program *program, const char *name, int count, int height, int width,
                        int channels);

#endif
