/* The `model:` section: layers with their options and what each reads, shapes inferred. */
#ifndef INCLINE_NETWORK_MODEL_H
#define INCLINE_NETWORK_MODEL_H

#include "base/document.h"
#include "layers/layer.h"

struct incline_model {
    char *name;
    struct incline_shape input;
    struct incline_layer *layers;
    size_t layer_count;
};

enum { INCLINE_MODEL_LAYERS_MAX = 4096, INCLINE_MODEL_SIZE_MAX = 65536 };

/* The keys of the section: name; input and what follows it are CUSTOM. */
extern const struct incline_option_table incline_model_table;

/* Reads the mapping under `model:` (name, input: [H, W, C], layers: [...]) and infers every shape.
 * Unknown keys, layers and options, values out of range and layers that do not fit their input fail
 * with CONFIG at the node that is wrong. Layers without a name get `<type>_<n>`, counted per type
 * from 1. `defaults` lie under the layers' own options, `blocks` and `repeat` are written out.
 * Nothing is left in *out on failure; nothing in it needs node afterwards. */
enum incline_status incline_model_parse(struct incline_context *ctx, struct incline_node *node,
                                        struct incline_model *out) INCLINE_MUST_CHECK;
void incline_model_finish(struct incline_model *model);

/* Adds the section as YAML, every name and option written out. */
void incline_model_write(const struct incline_model *model, struct incline_text *out);

#endif
