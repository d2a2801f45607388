#include "network/graph.h"

#include "layers/add.h"
#include "network/rewrite.h"

#include <string.h>

int incline_graph_input(const struct incline_layer *layers, size_t i, int k)
{
    return layers[i].input_count > 0 ? layers[i].inputs[k] : (int)i - 1;
}

int incline_graph_source(const struct incline_layer *layers, int i)
{
    while (i != INCLINE_GRAPH_IMAGES && !incline_layer_works(&layers[i]))
        i = incline_graph_input(layers, (size_t)i, 0);
    return i;
}

int incline_graph_sole_reader(const struct incline_layer *layers, size_t count, int i)
{
    int reader = -1;
    for (size_t j = (size_t)(i + 1); j < count; j++)
        for (int k = 0; k < incline_layer_input_count(&layers[j]); k++) {
            if (incline_graph_input(layers, j, k) != i)
                continue;
            if (reader >= 0 || incline_layer_input_count(&layers[j]) > 1)
                return -1;
            reader = (int)j;
        }
    return reader;
}

int incline_graph_reads(const struct incline_layer *layers, size_t count, int i)
{
    int reads = incline_graph_source(layers, (int)count - 1) == i;
    for (size_t j = (size_t)(i + 1); j < count; j++) {
        if (!incline_layer_works(&layers[j]))
            continue;
        for (int k = 0; k < incline_layer_input_count(&layers[j]); k++)
            reads += incline_graph_source(layers, incline_graph_input(layers, j, k)) == i;
    }
    return reads;
}

struct incline_layer *incline_graph_before(struct incline_layer *layers, size_t count, size_t i)
{
    int from = i < count ? incline_graph_input(layers, i, 0) : (int)count - 1;
    if (i < count && incline_layer_input_count(&layers[i]) > 1)
        return NULL;
    for (size_t reader = i; from != INCLINE_GRAPH_IMAGES;
         reader = (size_t)from, from = incline_graph_input(layers, reader, 0)) {
        if (reader < count && incline_graph_sole_reader(layers, count, from) != (int)reader)
            return NULL;
        if (incline_layer_works(&layers[from]))
            return &layers[from];
    }
    return NULL;
}

struct incline_layer *incline_graph_closing(struct incline_layer *layers, size_t count,
                                            const char *class_name)
{
    int i = (int)count - 1;
    while (i >= 0 && !layers[i].class->forward)
        i = incline_graph_input(layers, (size_t)i, 0);
    bool closes = i >= 0 && strcmp(layers[i].class->name, class_name) == 0 &&
                  layers[i].out.height == 1 && layers[i].out.width == 1;
    return closes ? &layers[i] : NULL;
}

struct incline_tensor *incline_graph_output(const struct incline_graph *graph, int i)
{
    int source = incline_graph_source(graph->layers, i);
    return source == INCLINE_GRAPH_IMAGES ? graph->x : graph->io[source].y;
}

static bool trains(const struct incline_graph *graph, int source)
{
    return source == INCLINE_GRAPH_IMAGES ? graph->dx != NULL : graph->io[source].trains;
}

/* The layer, or IMAGES, that makes the k-th input of layers[i]. */
static int input_source(const struct incline_graph *graph, size_t i, int k)
{
    return incline_graph_source(graph->layers, incline_graph_input(graph->layers, i, k));
}

bool incline_graph_wants_dx(const struct incline_graph *graph, size_t i)
{
    for (int k = 0; k < incline_layer_input_count(&graph->layers[i]); k++)
        if (trains(graph, input_source(graph, i, k)))
            return true;
    return false;
}

void incline_graph_bind_inputs(struct incline_graph *graph, size_t i)
{
    struct incline_layer_io *io = &graph->io[i];
    for (int k = 0; k < incline_layer_input_count(&graph->layers[i]); k++)
        io->xs[k] = incline_graph_output(graph, incline_graph_input(graph->layers, i, k));
    io->x = io->xs[0];
    io->trains =
        incline_layer_trained_count(&graph->layers[i]) > 0 || incline_graph_wants_dx(graph, i);
}

/* Where the gradient at the output of a source lies, NULL at first for a layer. */
static struct incline_tensor **gradient_of(struct incline_graph *graph, int source)
{
    return source == INCLINE_GRAPH_IMAGES ? &graph->dx : &graph->io[source].dy;
}

static enum incline_status make_gradient(struct incline_context *ctx, struct incline_graph *graph,
                                         size_t i, int k)
{
    const struct incline_layer *layer = &graph->layers[i];
    int source = input_source(graph, i, k);
    struct incline_tensor **gradient = gradient_of(graph, source);
    struct incline_tensor **dx = &graph->io[i].dxs[k];
    if (!trains(graph, source))
        return INCLINE_OK;
    if (source == INCLINE_GRAPH_IMAGES && !graph->dx_begun) {
        graph->dx_begun = true;
        *dx = graph->dx;
        return INCLINE_OK;
    }
    enum incline_status status = INCLINE_OK;
    if (layer->residual && k == 1)
        *dx = graph->io[i].dy;
    else
        status = incline_activation_tensor(ctx, graph->plan, layer->name,
                                           incline_shape_elems(incline_layer_input(layer, k)), dx);
    if (!*gradient)
        *gradient = *dx;
    return status;
}

enum incline_status incline_graph_begin_backward(struct incline_context *ctx,
                                                 struct incline_graph *graph, size_t i)
{
    struct incline_layer_io *io = &graph->io[i];
    enum incline_status status = INCLINE_OK;
    for (int k = incline_layer_input_count(&graph->layers[i]); !status && k-- > 0;)
        status = make_gradient(ctx, graph, i, k);
    io->dx = io->dxs[0];
    return status;
}

static enum incline_status end_backward(struct incline_context *ctx, struct incline_graph *graph,
                                        size_t i)
{
    const struct incline_layer *layer = &graph->layers[i];
    struct incline_layer_io *io = &graph->io[i];
    enum incline_status status = INCLINE_OK;
    for (int k = incline_layer_input_count(layer); !status && k-- > 0;) {
        struct incline_tensor *gradient = *gradient_of(graph, input_source(graph, i, k));
        if (io->dxs[k] && io->dxs[k] != gradient)
            status = incline_add_to(ctx, graph->plan, layer->name,
                                    incline_shape_elems(incline_layer_input(layer, k)), io->dxs[k],
                                    gradient);
    }
    return status;
}

/* Lets a dense layer take the weight gradient of the conv2d below along, when nobody wants the data
 * gradient of that one. */
static bool takes_conv(struct incline_graph *graph, size_t i)
{
    const struct incline_layer *conv = graph->layers[i].conv;
    if (!conv || incline_graph_wants_dx(graph, (size_t)(conv - graph->layers)))
        return false;
    graph->io[i].conv = &graph->io[conv - graph->layers];
    return true;
}

enum incline_status incline_graph_backward(struct incline_context *ctx, struct incline_graph *graph,
                                           size_t i)
{
    const struct incline_layer *layer = &graph->layers[i];
    struct incline_layer_io *io = &graph->io[i];
    if (!incline_layer_works(layer) || !io->trains || !io->dy)
        return INCLINE_OK;
    if (takes_conv(graph, i))
        return layer->class->backward(ctx, layer, io);
    enum incline_status status = incline_graph_begin_backward(ctx, graph, i);
    if (!status)
        status = layer->class->backward(ctx, layer, io);
    return status ? status : end_backward(ctx, graph, i);
}
