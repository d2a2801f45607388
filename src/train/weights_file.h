/* The parameters of a network to and from a safetensors file. */
#ifndef INCLINE_TRAIN_WEIGHTS_FILE_H
#define INCLINE_TRAIN_WEIGHTS_FILE_H

#include "network/parameters.h"
#include "train/config.h"

/* Writes every parameter under PyTorch's name (`<layer>.weight`, `<layer>.bias`) in PyTorch's
 * order, with the configuration and class names (may be NULL) in the metadata. Whole or not at all.
 */
enum incline_status incline_weights_save(struct incline_context *ctx,
                                         const struct incline_config *config,
                                         const struct incline_parameters *parameters,
                                         char *const *class_names, int classes,
                                         const char *path) INCLINE_MUST_CHECK;

/* Reads them back. The file must hold exactly the network's parameters with their shapes; nothing
 * is changed on failure. Fails with DATA (damaged) or CONFIG (of another network). */
enum incline_status incline_weights_load(struct incline_context *ctx,
                                         const struct incline_config *config,
                                         const struct incline_parameters *parameters,
                                         const char *path) INCLINE_MUST_CHECK;

#endif
