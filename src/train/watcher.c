#include "train/watcher.h"

#include "base/memory.h"
#include "train/run_folder.h"

/* Where a row's figures are in a slot; NONE: it has no such. */
enum { NONE = -1 };
struct incline_watch_place {
    int norms, dead;
};

size_t incline_watches_of_epoch(int every, size_t steps)
{
    return every > 0 ? (steps + (size_t)every - 1) / (size_t)every : 0;
}

/* ---- rows ---- */

static const struct incline_watch_units *units_of(const struct incline_step_watch *watch,
                                                  size_t layer)
{
    for (size_t k = 0; k < watch->layer_count; k++)
        if (watch->layers[k].layer == layer)
            return &watch->layers[k];
    return NULL;
}

static void add_row(struct incline_watcher *watcher, const struct incline_layer *layer,
                    const struct incline_parameter *parameter, int norms,
                    const struct incline_watch_units *units)
{
    const struct incline_step_watch *watch = watcher->watch;
    int base = (int)(INCLINE_WATCH_NORMS * watch->parameter_count);
    watcher->places[watcher->row_count] = (struct incline_watch_place){
        .norms = norms, .dead = units ? base + (int)(units - watch->layers) : NONE};
    watcher->rows[watcher->row_count++] = (struct incline_watch_row){
        .layer = layer->name,
        .parameter = parameter ? parameter->role : NULL,
        .elems = parameter ? parameter->elems : 0,
        .is_weight = parameter && !incline_is_bias_or_norm(parameter),
        .units = units ? units->units : 0,
    };
}

/* The parameters of a layer lie one after the other. */
static void add_layer(struct incline_watcher *watcher, const struct incline_layer *layers, size_t i,
                      int *next)
{
    const struct incline_watch_units *units = units_of(watcher->watch, i);
    int trained = incline_layer_trained_count(&layers[i]);
    for (int role = 0; role < trained; role++)
        add_row(watcher, &layers[i], &layers[i].parameters[role], INCLINE_WATCH_NORMS * (*next)++,
                units);
    if (trained == 0 && units)
        add_row(watcher, &layers[i], NULL, NONE, units);
}

enum incline_status incline_watcher_init(struct incline_context *ctx, int every,
                                         const struct incline_step_watch *watch,
                                         const struct incline_layer *layers, size_t layer_count,
                                         size_t slots, struct incline_watcher *watcher)
{
    size_t most = watch->parameter_count + watch->layer_count;
    int next = 0;
    *watcher = (struct incline_watcher){.every = every, .watch = watch};
    enum incline_status status = incline_alloc(ctx, most, sizeof *watcher->rows, &watcher->rows);
    if (!status)
        status = incline_alloc(ctx, most, sizeof *watcher->places, &watcher->places);
    if (!status)
        status = incline_alloc(ctx, slots, sizeof *watcher->steps, &watcher->steps);
    if (!status)
        status = incline_alloc(ctx, slots * incline_step_watch_width(watch),
                               sizeof *watcher->figures, &watcher->figures);
    for (size_t i = 0; !status && i < layer_count; i++)
        add_layer(watcher, layers, i, &next);
    return status ? status : incline_watch_judge_init(ctx, watcher->row_count, &watcher->judge);
}

void incline_watcher_finish(struct incline_watcher *watcher)
{
    incline_watch_judge_finish(&watcher->judge);
    incline_free(&watcher->figures);
    incline_free(&watcher->steps);
    incline_free(&watcher->places);
    incline_free(&watcher->rows);
}

/* ---- steps ---- */

void incline_watcher_begin_epoch(struct incline_watcher *watcher)
{
    watcher->enqueued = watcher->read = 0;
    watcher->latest = NULL;
}

bool incline_watcher_takes(struct incline_watcher *watcher, long long earlier, bool updates)
{
    if (watcher->every == 0)
        return false;
    watcher->due = watcher->due || earlier % watcher->every == 0;
    return watcher->due && updates;
}

int incline_watcher_enqueue(struct incline_watcher *watcher, const struct incline_watched *when)
{
    watcher->due = false;
    watcher->steps[watcher->enqueued] = *when;
    return (int)watcher->enqueued++;
}

static void fill_rows(struct incline_watcher *watcher, const float *figures)
{
    for (size_t i = 0; i < watcher->row_count; i++) {
        const struct incline_watch_place *place = &watcher->places[i];
        struct incline_watch_row *row = &watcher->rows[i];
        if (place->norms != NONE) {
            row->weights = (double)figures[place->norms];
            row->gradient = (double)figures[place->norms + 1];
            row->update = (double)figures[place->norms + 2];
        }
        if (place->dead != NONE)
            row->dead = (int)figures[place->dead];
    }
}

static enum incline_status warn(struct incline_context *ctx, struct incline_watcher *watcher,
                                const struct incline_watched *watched)
{
    struct incline_watch_finding findings[INCLINE_WATCH_KINDS];
    size_t count = incline_watch_judge_note(&watcher->judge, watched, findings);
    enum incline_status status = INCLINE_OK;
    for (size_t i = 0; !status && i < count; i++) {
        struct incline_text text;
        incline_text_init(&text, ctx);
        incline_watch_finding_write(&findings[i], watched, &text);
        status = incline_text_status(&text);
        if (!status)
            incline_log(ctx, INCLINE_LOG_WARN, "%s", incline_text_get(&text));
        incline_text_finish(&text);
    }
    return status;
}

/* Of slots from .. read - 1, whose figures are there. */
static enum incline_status tell(struct incline_context *ctx, struct incline_watcher *watcher,
                                size_t from, const char *folder,
                                const struct incline_train_callbacks *callbacks)
{
    struct incline_text lines;
    enum incline_status status = INCLINE_OK;
    incline_text_init(&lines, ctx);
    for (size_t i = from; !status && i < watcher->read; i++) {
        struct incline_watched *watched = &watcher->steps[i];
        fill_rows(watcher, watcher->figures + i * incline_step_watch_width(watcher->watch));
        watched->rows = watcher->rows;
        watched->row_count = watcher->row_count;
        watcher->latest = watched;
        status = warn(ctx, watcher, watched);
        incline_run_folder_write_watched(watched, &lines);
        if (callbacks->watched)
            callbacks->watched(callbacks->cookie, watched);
    }
    if (!status)
        status = incline_run_folder_append_watched(ctx, folder, &lines);
    incline_text_finish(&lines);
    return status;
}

enum incline_status incline_watcher_read(struct incline_context *ctx,
                                         struct incline_watcher *watcher, const char *folder,
                                         const struct incline_train_callbacks *callbacks)
{
    size_t from = watcher->read, count = watcher->enqueued - from;
    if (count == 0)
        return INCLINE_OK;
    size_t width = incline_step_watch_width(watcher->watch),
           size = width * sizeof *watcher->figures;
    enum incline_status status = incline_buffer_read(ctx, watcher->watch->figures, from * size,
                                                     watcher->figures + from * width, count * size);
    if (status)
        return status;
    watcher->read = watcher->enqueued;
    return tell(ctx, watcher, from, folder, callbacks);
}

enum incline_status incline_watcher_record(struct incline_context *ctx,
                                           struct incline_watcher *watcher, const char *folder)
{
    const struct incline_watched *watched = watcher->latest;
    watcher->latest = NULL;
    return watched ? incline_run_folder_watch(ctx, folder, watched) : INCLINE_OK;
}
