/* The launches of a step, put together by the label they carry. */
#include "base/memory.h"
#include "bench/bench_result.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool is_of_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

/* Does the label name this layer? A launch that does the work of several names them all. */
static bool names(const char *label, const char *layer)
{
    size_t length = strlen(layer);
    for (const char *at = strstr(label, layer); at; at = strstr(at + 1, layer))
        if ((at == label || !is_of_name(at[-1])) && !is_of_name(at[length]))
            return true;
    return false;
}

static bool has_parameters_before(const struct incline_bench_subject *subject, size_t layer)
{
    for (size_t i = 0; i < layer; i++)
        if (incline_layer_trained_count(&subject->layers[i]) > 0)
            return true;
    return false;
}

/* Passes over the layer's multiply-adds that a step makes. The gradient of what goes in is left out
 * where nothing before it is trained. */
static int passes_of(const struct incline_bench_subject *subject, size_t layer,
                     enum incline_bench_mode mode)
{
    if (mode == INCLINE_BENCH_INFER)
        return 1;
    return has_parameters_before(subject, layer) ? 3 : 2;
}

static void add_cover(struct incline_bench_layer *row, const struct incline_layer *layer)
{
    size_t used = strlen(row->covers);
    snprintf(row->covers + used, sizeof row->covers - used, "%s%s%s%s", used > 0 ? ", " : "",
             layer->class->name, layer->detail[0] ? " " : "", layer->detail);
}

/* Of a layer's passes those that the row's launches make. What is fused into the loss has the
 * forward pass, and unless there are others, the way back too. */
static int passes_in(const struct incline_bench_layer *row, int passes)
{
    if (row->loss > 0 && row->backward == 0)
        return passes;
    return (row->forward > 0 || row->loss > 0 ? 1 : 0) + (row->backward > 0 ? passes - 1 : 0);
}

static void describe(const struct incline_bench_subject *subject, enum incline_bench_mode mode,
                     int batch, struct incline_bench_layer *row)
{
    for (size_t i = 0; i < subject->layer_count; i++) {
        const struct incline_layer *layer = &subject->layers[i];
        if (!names(row->name, layer->name))
            continue;
        row->flops +=
            2 * layer->multiply_adds * batch * passes_in(row, passes_of(subject, i, mode));
        add_cover(row, layer);
    }
}

static struct incline_bench_layer *find_row(struct incline_bench_result *out, const char *label)
{
    char name[sizeof out->layers->name];
    snprintf(name, sizeof name, "%s", label);
    for (size_t i = 0; i < out->layer_count; i++)
        if (strcmp(out->layers[i].name, name) == 0)
            return &out->layers[i];
    return NULL;
}

static void add_time(struct incline_bench_layer *row, enum incline_pass pass, double seconds)
{
    row->launches++;
    switch (pass) {
    case INCLINE_PASS_FORWARD:
        row->forward += seconds;
        break;
    case INCLINE_PASS_LOSS:
        row->loss += seconds;
        break;
    case INCLINE_PASS_BACKWARD:
        row->backward += seconds;
        break;
    case INCLINE_PASS_UPDATE:
        row->update += seconds;
        break;
    }
}

enum incline_status incline_bench_group(struct incline_context *ctx,
                                        const struct incline_bench_subject *subject,
                                        enum incline_bench_mode mode,
                                        const struct incline_plan *plan, const double *seconds,
                                        struct incline_bench_result *out)
{
    size_t launches = incline_plan_launches(plan);
    enum incline_status status = incline_alloc(ctx, launches, sizeof *out->layers, &out->layers);
    if (status)
        return status;
    for (size_t i = 0; i < launches; i++) {
        const struct incline_launch *launch = incline_plan_get_launch(plan, i);
        struct incline_bench_layer *row = find_row(out, launch->label);
        if (!row) {
            row = &out->layers[out->layer_count++];
            snprintf(row->name, sizeof row->name, "%s", launch->label);
        }
        add_time(row, launch->pass, seconds[i]);
    }
    for (size_t i = 0; i < out->layer_count; i++)
        describe(subject, mode, out->batch, &out->layers[i]);
    return INCLINE_OK;
}
