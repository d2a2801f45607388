/* Parameters in files: the order of PyTorch's tensors, and the metadata of incline's own files. */
#ifndef INCLINE_FORMATS_WEIGHTS_H
#define INCLINE_FORMATS_WEIGHTS_H

#include "base/shape.h"
#include "layers/layer.h"

/* Keys of the metadata in a weights file. */
#define INCLINE_WEIGHTS_CONFIG "incline_config"   /* the configuration as YAML text */
#define INCLINE_WEIGHTS_CLASSES "incline_classes" /* the class names as a JSON list */

/* The shape in a file: [n], [C_out][C_in][KH][KW] or [out][in]. */
void incline_weights_file_shape(const struct incline_parameter *parameter, int *rank,
                                size_t dims[4]);

/* Copies a parameter's elems values from memory order to file order, and back:
 *   VECTOR  [n]                    <-> [n]
 *   HWIO    [KH][KW][C_in][C_out]  <-> [C_out][C_in][KH][KW], C_in that of a group
 *   IO      [(h, w, c)][out]       <-> [out][(c, h, w)]
 * flattened: for IO, the shape that a flatten turned into the dense layer's input, {1, 1, in} when
 * there was none; its elems are `in`. Not looked at for the others. */
void incline_weights_to_file_order(const struct incline_parameter *parameter,
                                   struct incline_shape flattened, const float *memory,
                                   float *file);
void incline_weights_from_file_order(const struct incline_parameter *parameter,
                                     struct incline_shape flattened, const float *file,
                                     float *memory);

/* *out = the class names as the metadata has them, a JSON list, allocated. Fails with ARGUMENT when
 * a name is not UTF-8. */
enum incline_status incline_weights_classes_text(struct incline_context *ctx,
                                                 char *const *class_names, size_t count,
                                                 char **out) INCLINE_MUST_CHECK;

/* What incline_weights_describe() gives. */
enum incline_status incline_weights_metadata(struct incline_context *ctx, const char *path,
                                             char **config_text, char ***class_names,
                                             size_t *class_count) INCLINE_MUST_CHECK;

#endif
