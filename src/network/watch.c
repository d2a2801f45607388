#include "network/watch.h"

#include "base/memory.h"
#include "network/rewrite.h"

enum { STRANDS = 8 }; /* as in cl/watch.cl */

/* ---- what is watched ---- */

static bool can_die(const struct incline_layer *layer)
{
    return layer->activation == INCLINE_ACTIVATION_RELU ||
           layer->activation == INCLINE_ACTIVATION_RELU6 ||
           layer->activation == INCLINE_ACTIVATION_HARD_SWISH;
}

/* The conv2d whose sum layers[i] is applied to, by itself or as the layer behind it. */
static size_t sum_of(const struct incline_layer *layers, size_t count, size_t i)
{
    int before = incline_graph_input(layers, i, 0);
    bool is_behind = before >= 0 && layers[i].class->activation != INCLINE_ACTIVATION_NONE &&
                     incline_graph_sole_reader(layers, count, before) == (int)i;
    return is_behind ? (size_t)before : i;
}

static struct incline_watch_units units_of(const struct incline_layer *layers, size_t count,
                                           size_t i)
{
    const struct incline_layer *pool =
        incline_rewrite_window(layers, count, sum_of(layers, count, i));
    return (struct incline_watch_units){
        .layer = i,
        .at = pool ? (size_t)(pool - layers) : i,
        .units = layers[i].out.channels,
    };
}

static enum incline_status find_units(struct incline_context *ctx, struct incline_step_watch *watch,
                                      const struct incline_layer *layers, size_t count)
{
    enum incline_status status = incline_alloc(ctx, count, sizeof *watch->layers, &watch->layers);
    for (size_t i = 0; !status && i < count; i++)
        if (can_die(&layers[i]))
            watch->layers[watch->layer_count++] = units_of(layers, count, i);
    return status;
}

/* As cl/watch.cl has them. */
static enum incline_status make_starts(struct incline_context *ctx, struct incline_device *device,
                                       struct incline_step_watch *watch)
{
    size_t count = watch->layer_count + 1;
    int *starts = NULL;
    enum incline_status status = incline_alloc(ctx, count, sizeof *starts, &starts);
    if (status)
        return status;
    for (size_t i = 0; i < watch->layer_count; i++)
        starts[i + 1] = starts[i] + watch->layers[i].units;
    status = incline_buffer_create(ctx, device, "the watched units", count * sizeof *starts,
                                   &watch->starts);
    if (!status)
        status = incline_buffer_write(ctx, watch->starts, 0, starts, count * sizeof *starts);
    incline_free(&starts);
    return status;
}

enum incline_status incline_step_watch_create(struct incline_context *ctx,
                                              const struct incline_parameters *parameters,
                                              const struct incline_layer *layers,
                                              size_t layer_count, size_t slots,
                                              struct incline_step_watch **out)
{
    struct incline_step_watch *watch = NULL;
    enum incline_status status = incline_alloc(ctx, 1, sizeof *watch, &watch);
    if (status)
        return status;
    watch->parameter_count = parameters->trained_count;
    status = find_units(ctx, watch, layers, layer_count);
    if (!status && incline_step_watch_width(watch) == 0)
        status = incline_fail(ctx, INCLINE_ERROR_CONFIG,
                              "there is nothing to watch in a network without weights");
    if (!status)
        status = incline_buffer_create(ctx, parameters->device, "the watched figures",
                                       slots * incline_step_watch_width(watch) * sizeof(float),
                                       &watch->figures);
    if (!status && watch->layer_count > 0)
        status = make_starts(ctx, parameters->device, watch);
    if (status)
        incline_step_watch_destroy(&watch);
    *out = watch;
    return status;
}

void incline_step_watch_destroy(struct incline_step_watch **watch)
{
    if (!*watch)
        return;
    incline_buffer_destroy(&(*watch)->starts);
    incline_buffer_destroy(&(*watch)->figures);
    incline_free(&(*watch)->layers);
    incline_free(watch);
}

size_t incline_step_watch_width(const struct incline_step_watch *watch)
{
    return INCLINE_WATCH_NORMS * watch->parameter_count + watch->layer_count;
}

size_t incline_step_watch_bytes(const struct incline_step_watch *watch)
{
    return incline_buffer_bytes(watch->figures) +
           (watch->starts ? incline_buffer_bytes(watch->starts) : 0);
}

/* ---- launches ---- */

static int width_of(const struct incline_watch_pass *pass)
{
    return (int)incline_step_watch_width(pass->watch);
}

static enum incline_status launch(struct incline_context *ctx,
                                  const struct incline_watch_pass *pass,
                                  struct incline_launch *launch)
{
    launch->label = "watch";
    launch->source = "watch.cl";
    return incline_plan_launch(ctx, pass->plan, launch);
}

enum incline_status incline_watch_begin(struct incline_context *ctx,
                                        struct incline_watch_pass *pass)
{
    const struct incline_step_watch *watch = pass->watch;
    size_t units = 0;
    if (!watch)
        return INCLINE_OK;
    for (size_t i = 0; i < watch->layer_count; i++)
        units += (size_t)watch->layers[i].units;
    enum incline_status status =
        incline_plan_external(ctx, pass->plan, "watched figures", watch->figures, &pass->figures);
    if (status || units == 0)
        return status;
    return incline_plan_tensor(ctx, pass->plan, "dead units", units * sizeof(int), &pass->dead);
}

static enum incline_status launch_dead(struct incline_context *ctx,
                                       const struct incline_watch_pass *pass,
                                       const struct incline_graph *graph,
                                       const struct incline_watch_units *units, int first)
{
    struct incline_shape shape = graph->layers[units->at].out;
    struct incline_launch dead = {
        .kernel = "watch_dead",
        .args = {INCLINE_TENSOR(incline_graph_output(graph, (int)units->at)),
                 INCLINE_TENSOR(pass->dead), INCLINE_INT(first),
                 INCLINE_INT(shape.height * shape.width), INCLINE_INT(shape.channels),
                 INCLINE_IMAGES},
    };
    incline_launch_in_groups(&dead, pass->plan, shape.channels, STRANDS);
    return launch(ctx, pass, &dead);
}

enum incline_status incline_watch_forward(struct incline_context *ctx,
                                          const struct incline_watch_pass *pass,
                                          const struct incline_graph *graph, size_t i)
{
    const struct incline_step_watch *watch = pass->watch;
    enum incline_status status = INCLINE_OK;
    int first = 0;
    for (size_t k = 0; watch && !status && k < watch->layer_count; k++) {
        const struct incline_watch_units *units = &watch->layers[k];
        if (incline_graph_source(graph->layers, (int)units->at) == (int)i)
            status = launch_dead(ctx, pass, graph, units, first);
        first += units->units;
    }
    return status;
}

static enum incline_status launch_rows(struct incline_context *ctx,
                                       const struct incline_watch_pass *pass,
                                       const struct incline_watch_rows *rows,
                                       struct incline_launch *over)
{
    incline_launch_over_lanes(over, pass->plan, rows->count);
    incline_launch_add_int(over, rows->count);
    return launch(ctx, pass, over);
}

enum incline_status incline_watch_before(struct incline_context *ctx,
                                         struct incline_watch_pass *pass,
                                         const struct incline_watch_rows *rows)
{
    size_t sums = (size_t)rows->count * INCLINE_WATCH_NORMS * INCLINE_NB;
    enum incline_status status = incline_plan_tensor(ctx, pass->plan, "old weights",
                                                     rows->elems * sizeof(float), &pass->old);
    if (!status)
        status = incline_plan_tensor(ctx, pass->plan, "sums of squares", sums * sizeof(float),
                                     &pass->sums);
    if (status)
        return status;
    struct incline_launch before = {
        .kernel = "watch_before",
        .args = {INCLINE_TENSOR(rows->rows), INCLINE_TENSOR(rows->parameters),
                 INCLINE_TENSOR(rows->gradients), INCLINE_TENSOR(pass->old),
                 INCLINE_TENSOR(pass->sums)},
    };
    return launch_rows(ctx, pass, rows, &before);
}

enum incline_status incline_watch_after(struct incline_context *ctx,
                                        const struct incline_watch_pass *pass,
                                        const struct incline_watch_rows *rows)
{
    struct incline_launch after = {
        .kernel = "watch_after",
        .args = {INCLINE_TENSOR(rows->rows), INCLINE_TENSOR(rows->parameters),
                 INCLINE_TENSOR(pass->old), INCLINE_TENSOR(pass->sums)},
    };
    enum incline_status status = launch_rows(ctx, pass, rows, &after);
    if (status)
        return status;
    struct incline_launch norms = {
        .kernel = "watch_norms",
        .args = {INCLINE_TENSOR(rows->rows), INCLINE_TENSOR(pass->sums),
                 INCLINE_TENSOR(pass->figures), INCLINE_INT(rows->count),
                 INCLINE_INT(width_of(pass)), INCLINE_WATCH},
    };
    incline_launch_in_groups(&norms, pass->plan, (int)pass->watch->parameter_count, 1);
    return launch(ctx, pass, &norms);
}

enum incline_status incline_watch_end(struct incline_context *ctx,
                                      const struct incline_watch_pass *pass)
{
    const struct incline_step_watch *watch = pass->watch;
    struct incline_tensor *starts = NULL;
    if (!watch || watch->layer_count == 0)
        return INCLINE_OK;
    enum incline_status status =
        incline_plan_external(ctx, pass->plan, "watched units", watch->starts, &starts);
    if (status)
        return status;
    struct incline_launch count = {
        .kernel = "watch_count",
        .args = {INCLINE_TENSOR(starts), INCLINE_TENSOR(pass->dead), INCLINE_TENSOR(pass->figures),
                 INCLINE_INT(width_of(pass)),
                 INCLINE_INT((int)(INCLINE_WATCH_NORMS * watch->parameter_count)), INCLINE_WATCH},
    };
    incline_launch_in_groups(&count, pass->plan, (int)watch->layer_count, 1);
    return launch(ctx, pass, &count);
}
