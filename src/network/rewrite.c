#include "network/rewrite.h"

#include "layers/pool_code.h"

#include <string.h>

static bool is(const struct incline_layer *layer, const char *class_name)
{
    return strcmp(layer->class->name, class_name) == 0;
}

static enum incline_activation activation_of(const struct incline_layer *layer)
{
    for (int i = 1; incline_activation_names[i]; i++)
        if (is(layer, incline_activation_names[i]))
            return (enum incline_activation)i;
    return INCLINE_ACTIVATION_NONE;
}

static void fuse_activation(struct incline_layer *layer, struct incline_layer *next)
{
    if ((!is(layer, "conv2d") && !is(layer, "dense")) ||
        layer->activation != INCLINE_ACTIVATION_NONE)
        return;
    layer->activation = activation_of(next);
    next->absorbed = layer->activation != INCLINE_ACTIVATION_NONE;
}

static void fuse_pool(struct incline_layer *layer, struct incline_layer *next)
{
    if (!is(layer, "conv2d") || !is(next, "max_pool2d") || !incline_pool_tiles_input(next))
        return;
    layer->pool = next;
    next->absorbed = true;
}

typedef void (*fuse_fn)(struct incline_layer *layer, struct incline_layer *next);

/* Offers every pair of neighbours among the layers that still work. */
static void for_each_pair(struct incline_layer *layers, size_t count, fuse_fn fuse)
{
    struct incline_layer *last = NULL;
    for (size_t i = 0; i < count; i++) {
        if (layers[i].absorbed)
            continue;
        if (last)
            fuse(last, &layers[i]);
        if (!layers[i].absorbed)
            last = &layers[i];
    }
}

void incline_rewrite_layers(struct incline_layer *layers, size_t count, unsigned which)
{
    if (which & INCLINE_REWRITE_ACTIVATION)
        for_each_pair(layers, count, fuse_activation);
    if (which & INCLINE_REWRITE_POOL)
        for_each_pair(layers, count, fuse_pool);
}
