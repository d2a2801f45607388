/* What the public entry points ask of images before they go to the device. */
#ifndef INCLINE_TRAIN_IMAGES_CHECK_H
#define INCLINE_TRAIN_IMAGES_CHECK_H

#include "incline/data.h"
#include "train/config.h"

/* The images of validation: a part of the data set, or NULL when there are none. */
const struct incline_images *incline_validation_images(const struct incline_dataset *dataset);

/* There must be images, at most INT_MAX, with pixels, and of the size that the model takes. `what`
 * stands for them in messages. Fails with ARGUMENT, UNSUPPORTED or CONFIG. */
enum incline_status incline_images_check(struct incline_context *ctx,
                                         const struct incline_config *config, const char *what,
                                         const struct incline_images *images) INCLINE_MUST_CHECK;

/* The same, and each image must have a label that the model's outputs can tell, or, where it may
 * show several classes, targets. Fails with ARGUMENT or DATA as well. */
enum incline_status incline_labelled_check(struct incline_context *ctx,
                                           const struct incline_config *config, const char *what,
                                           const struct incline_images *images) INCLINE_MUST_CHECK;

/* What training takes of a data set: images, labels, as many classes as the model has outputs, and
 * class names (or NULL) that can be saved. */
enum incline_status incline_dataset_check(struct incline_context *ctx,
                                          const struct incline_config *config,
                                          const struct incline_dataset *dataset) INCLINE_MUST_CHECK;

/* A layer may need several images in each batch: of `images` in batches of `batch` the smallest has
 * `least`. Fails with CONFIG. */
enum incline_status incline_batches_check(struct incline_context *ctx,
                                          const struct incline_config *config, size_t images,
                                          size_t batch, size_t least) INCLINE_MUST_CHECK;

/* Outputs of the model: the classes it can tell. */
int incline_model_outputs(const struct incline_config *config);

#endif
