/* The list under `layers:`: forms of a layer, defaults, blocks with arguments, repeat, residual,
 * and which layer reads which. */
#ifndef INCLINE_NETWORK_MODEL_LAYERS_H
#define INCLINE_NETWORK_MODEL_LAYERS_H

#include "network/model.h"

/* Where in the file a layer stands. */
struct incline_layer_place {
    struct incline_node *type;
    struct incline_node *name_key; /* behind `name:`, perhaps the argument of a block; or NULL */
    struct incline_node *name;     /* the name that was given, or NULL */
};

/* What collects the layers of one model. */
struct incline_layer_collector {
    struct incline_context *ctx;
    struct incline_model *model;
    struct incline_node *defaults;      /* mapping of type to options, or NULL */
    struct incline_node *blocks;        /* mapping of name to {args, layers}, or NULL */
    bool *block_used;                   /* for each; free with incline_free */
    struct incline_layer_place *places; /* of each layer; free with incline_free */
    int last;                           /* what the next layer reads: a layer's number, or IMAGES */
    size_t layer_room, place_room;
};

/* Their options for help: what any layer takes, those that hold lists of layers, and a block. */
extern const struct incline_option_table incline_any_layer_table, incline_repeat_table,
    incline_residual_table, incline_block_table;

/* Checks defaults and blocks, also what no layer uses. */
enum incline_status
incline_collector_check(const struct incline_layer_collector *collector) INCLINE_MUST_CHECK;

/* Once the layers are added: fails at a block that none of them came from, and at an argument that
 * its block has no use for. */
enum incline_status
incline_collector_check_use(const struct incline_layer_collector *collector) INCLINE_MUST_CHECK;

/* Adds the layers of the list, written out, to the model: class, options and given names. */
enum incline_status incline_collector_add(struct incline_layer_collector *collector,
                                          struct incline_node *list) INCLINE_MUST_CHECK;

#endif
