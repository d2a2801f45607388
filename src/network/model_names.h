/* Names of models, of their layers and of arguments. */
#ifndef INCLINE_NETWORK_MODEL_NAMES_H
#define INCLINE_NETWORK_MODEL_NAMES_H

#include "network/model.h"

/* true when name is made of letters, digits, '_', '-' and '.', and neither begins nor ends with a
 * dot. */
bool incline_is_name(const char *name);

/* Fails at node when name is no name, or NULL; label begins the message. node may be NULL when name
 * is one. */
enum incline_status incline_name_check(struct incline_context *ctx, struct incline_node *node,
                                       const char *label, const char *name) INCLINE_MUST_CHECK;

/* true when a layer of the model has the name. */
bool incline_model_has_name(const struct incline_model *model, const char *name);

/* Gives `<type>_<n>` to the layers of class that have no name, past names that were given. */
enum incline_status
incline_model_fill_names(struct incline_context *ctx, struct incline_model *model,
                         const struct incline_layer_class *class) INCLINE_MUST_CHECK;

#endif
