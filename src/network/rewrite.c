#include "network/rewrite.h"

#include "layers/conv2d.h"
#include "layers/dense_conv2d.h"
#include "layers/head.h"
#include "layers/pool_code.h"
#include "network/graph.h"

#include <string.h>

static const struct {
    unsigned rewrite;
    const char *name;
} names[] = {
    {INCLINE_REWRITE_ACTIVATION, "activation"},
    {INCLINE_REWRITE_POOL, "pool"},
    {INCLINE_REWRITE_UPDATE, "update"},
    {INCLINE_REWRITE_INPUT, "input"},
    {INCLINE_REWRITE_HEAD, "head"},
    {INCLINE_REWRITE_DENSE_BACKWARD, "dense_backward"},
    {INCLINE_REWRITE_DENSE_CONV2D, "dense_conv2d"},
    {INCLINE_REWRITE_FINISH, "finish"},
    {INCLINE_REWRITE_RESIDUAL, "residual"},
};
enum { NAMES = sizeof names / sizeof *names };

const char *incline_rewrite_name(unsigned rewrite)
{
    for (size_t i = 0; i < NAMES; i++)
        if (names[i].rewrite == rewrite)
            return names[i].name;
    return NULL;
}

unsigned incline_rewrite_find(const char *name)
{
    for (size_t i = 0; i < NAMES; i++)
        if (strcmp(names[i].name, name) == 0)
            return names[i].rewrite;
    return 0;
}

static enum incline_status fail_name(struct incline_context *ctx, const char *name)
{
    struct incline_text all;
    incline_text_init(&all, ctx);
    for (size_t i = 0; i < NAMES; i++)
        incline_text_add(&all, ", %s", names[i].name);
    enum incline_status status =
        incline_fail(ctx, INCLINE_ERROR_ARGUMENT, "there is no fusion '%s'; there are: all%s", name,
                     incline_text_get(&all));
    incline_text_finish(&all);
    return status;
}

enum incline_status incline_rewrites_without(struct incline_context *ctx, const char *list,
                                             unsigned *out)
{
    *out = INCLINE_REWRITE_ALL;
    for (const char *word = list; word && *word;) {
        char name[32] = "";
        size_t length = strcspn(word, ",");
        strncat(name, word, length < sizeof name ? length : sizeof name - 1);
        unsigned rewrite =
            strcmp(name, "all") == 0 ? INCLINE_REWRITE_ALL : incline_rewrite_find(name);
        if (rewrite == 0)
            return fail_name(ctx, name);
        *out &= ~rewrite;
        word += length + (word[length] == ',');
    }
    return INCLINE_OK;
}

static bool is(const struct incline_layer *layer, const char *class_name)
{
    return strcmp(layer->class->name, class_name) == 0;
}

/* The last layer before layers[i] that works; -1: none. */
static int last_before(const struct incline_layer *layers, size_t i)
{
    int last = (int)i - 1;
    while (last >= 0 && !incline_layer_works(&layers[last]))
        last--;
    return last;
}

/* Lets the batch_norm that layers[i], an add of two, is alone to read add the other one. Nothing
 * works between the two, so that gradients of the other one are added up in the same order. */
static void fuse_residual(struct incline_layer *layers, size_t count, size_t i)
{
    struct incline_layer *add = &layers[i];
    if (!is(add, "add") || incline_layer_input_count(add) != 2)
        return;
    int norm = last_before(layers, i);
    int own = incline_graph_source(layers, add->inputs[0]) == norm ? 0 : 1;
    int other = incline_graph_source(layers, add->inputs[1 - own]);
    if (other == INCLINE_GRAPH_IMAGES || !is(&layers[norm], "batch_norm") ||
        layers[norm].residual || incline_graph_source(layers, add->inputs[own]) != norm ||
        incline_graph_reads(layers, count, norm) != 1)
        return;
    struct incline_layer *layer = &layers[norm];
    layer->residual = true;
    layer->inputs[0] = incline_graph_input(layers, (size_t)norm, 0);
    layer->inputs[1] = other;
    layer->others[0] = layer->in;
    layer->input_count = 2;
    add->inputs[0] = add->inputs[own];
    add->input_count = 1;
    add->absorbed = true;
}

/* The activation that the layer is, where another one can apply it. */
static enum incline_activation activation_of(const struct incline_layer *layer)
{
    bool is_one = layer->class->activation != INCLINE_ACTIVATION_NONE;
    return is_one && !incline_activation_wants_x(layer->activation) ? layer->activation
                                                                    : INCLINE_ACTIVATION_NONE;
}

static void fuse_activation(struct incline_layer *layer, struct incline_layer *next)
{
    bool can = is(layer, "conv2d") || is(layer, "dense") || is(layer, "batch_norm");
    if (!can || layer->activation != INCLINE_ACTIVATION_NONE)
        return;
    layer->activation = activation_of(next);
    layer->alpha = next->alpha;
    next->absorbed = layer->activation != INCLINE_ACTIVATION_NONE;
}

const struct incline_layer *incline_rewrite_window(const struct incline_layer *layers, size_t count,
                                                   size_t i)
{
    if (!is(&layers[i], "conv2d"))
        return NULL;
    int next = incline_graph_sole_reader(layers, count, (int)i);
    if (next >= 0 && layers[i].activation == INCLINE_ACTIVATION_NONE &&
        activation_of(&layers[next]) != INCLINE_ACTIVATION_NONE)
        next = incline_graph_sole_reader(layers, count, next);
    return next >= 0 && is(&layers[next], "max_pool2d") && incline_pool_tiles_input(&layers[next])
               ? &layers[next]
               : NULL;
}

/* Terms in a sum of the convolution up to which taking the pool along pays: on a CPU the kernels
 * without it make more of longer sums at a time, which saves more than the pool's passes cost. On a
 * GPU it was not measured. */
enum { POOL_TERMS_MAX = 128 };

static void fuse_pool(struct incline_layer *layer, struct incline_layer *next)
{
    if (!is(layer, "conv2d") || layer->window != next ||
        layer->parameters[0].fan_in > POOL_TERMS_MAX)
        return;
    layer->pool = next;
    next->absorbed = true;
}

typedef void (*fuse_fn)(struct incline_layer *layer, struct incline_layer *next);

/* Offers every layer that works and the only one that reads what it puts out, until that is not
 * absorbed. */
static void for_each_pair(struct incline_layer *layers, size_t count, fuse_fn fuse)
{
    for (size_t i = 0; i < count; i++) {
        int next = (int)i;
        if (layers[i].absorbed)
            continue;
        do {
            next = incline_graph_sole_reader(layers, count, next);
            if (next >= 0 && !layers[next].absorbed)
                fuse(&layers[i], &layers[next]);
        } while (next >= 0 && layers[next].absorbed);
    }
}

static void fuse_dense_conv2d(struct incline_layer *layers, size_t count, size_t i)
{
    struct incline_layer *before = incline_graph_before(layers, count, i);
    if (before && is(before, "conv2d") && incline_dense_conv2d_fits(before))
        layers[i].conv = before;
}

void incline_rewrite_layers(struct incline_layer *layers, size_t count, unsigned which)
{
    for (size_t i = 0; i < count; i++)
        layers[i].window = incline_rewrite_window(layers, count, i);
    for (size_t i = 0; which & INCLINE_REWRITE_RESIDUAL && i < count; i++)
        fuse_residual(layers, count, i);
    if (which & INCLINE_REWRITE_ACTIVATION)
        for_each_pair(layers, count, fuse_activation);
    if (which & INCLINE_REWRITE_POOL)
        for_each_pair(layers, count, fuse_pool);
    for (size_t i = 0; i < count; i++) {
        if (!is(&layers[i], "dense"))
            continue;
        layers[i].one_backward = (which & INCLINE_REWRITE_DENSE_BACKWARD) != 0;
        if (which & INCLINE_REWRITE_DENSE_CONV2D)
            fuse_dense_conv2d(layers, count, i);
    }
}

void incline_rewrite_input(struct incline_layer *layers, size_t count)
{
    int next = INCLINE_GRAPH_IMAGES;
    do
        next = incline_graph_sole_reader(layers, count, next);
    while (next >= 0 && !incline_layer_works(&layers[next]));
    if (next >= 0 && is(&layers[next], "conv2d"))
        layers[next].reads_pixels = incline_conv2d_can_read_pixels(&layers[next]);
}

void incline_rewrite_head(struct incline_layer *layers, size_t count)
{
    struct incline_layer *last = incline_graph_before(layers, count, count);
    if (last && is(last, "dense"))
        last->is_head = incline_head_fits(last);
}
