/* incline/train.h: the epoch loop. */
#include "incline/train.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "device/tuning.h"
#include "incline/network.h"
#include "network/rewrite.h"
#include "train/epoch_judge.h"
#include "train/evaluator.h"
#include "train/images_check.h"
#include "train/run_folder.h"
#include "train/run_weights.h"
#include "train/updates.h"
#include "train/watcher.h"
#include "train/workbench.h"

#include <math.h>
#include <stdio.h>

/* The host runs ahead of the device by at most two strides of steps; a stride lasts about this
 * long, so that Ctrl-C is answered and the progress moves. */
static const double stride_seconds = 0.05;
enum { STRIDE_MAX = 32 };
static const double tick_seconds = 0.1;
static const double step_event_seconds = 1;

struct trainer {
    struct incline_context *ctx;
    struct incline_device *device;
    const struct incline_config *config;
    const struct incline_dataset *dataset;
    const struct incline_train_options *options;
    struct incline_train_result *result;

    unsigned rewrites;
    struct incline_workbench bench;
    struct incline_evaluator *evaluator; /* NULL: no validation */
    struct incline_run_weights weights;
    char *folder;
    int lock; /* keeps the folder; -1: none */

    size_t batch, steps, images; /* of an epoch */
    struct incline_metrics_slot *slots;
    double start, epoch_start;
    double first_step_share; /* seconds of this epoch that belong to the run's first step */
    double last_tick, last_step_event;
    size_t done; /* steps of this epoch whose slots have been read */
    struct incline_fence *fences[2];
    struct incline_progress progress;
    struct incline_epoch_judge judge;
    struct incline_watcher watcher;
    bool stopped; /* by *options->stop or the time limit */
};

static bool is_asked_to_stop(const struct trainer *trainer)
{
    return trainer->options->stop && *trainer->options->stop;
}

static bool should_stop(struct trainer *trainer)
{
    if (is_asked_to_stop(trainer))
        return true;
    if (trainer->options->max_seconds > 0 &&
        incline_clock_seconds() - trainer->start >= trainer->options->max_seconds) {
        trainer->result->stopped_by_time = true;
        return true;
    }
    return false;
}

static void count_steps(struct trainer *trainer)
{
    size_t batch = (size_t)trainer->config->train.batch_size;
    trainer->images = trainer->dataset->train.count;
    trainer->batch = batch < trainer->images ? batch : trainer->images;
    if (trainer->options->overfit_batch)
        trainer->images = trainer->batch;
    trainer->steps = (trainer->images + trainer->batch - 1) / trainer->batch;
}

static enum incline_status make_workbench(struct trainer *trainer)
{
    size_t watches = incline_watches_of_epoch(trainer->options->watch, trainer->steps);
    const struct incline_workbench_spec spec = {
        .device = trainer->device,
        .config = trainer->config,
        .images = &trainer->dataset->train,
        .batch = (int)trainer->batch,
        .slots = trainer->steps,
        .watches = watches,
        .rewrites = trainer->rewrites,
        .averages = trainer->config->train.ema.on,
        .weights = trainer->options->weights,
    };
    enum incline_status status =
        incline_alloc(trainer->ctx, trainer->steps, sizeof *trainer->slots, &trainer->slots);
    if (!status)
        status = incline_workbench_create(trainer->ctx, &spec, &trainer->bench);
    if (status || watches == 0)
        return status;
    return incline_watcher_init(trainer->ctx, trainer->options->watch, trainer->bench.watch,
                                trainer->config->model.layers, trainer->config->model.layer_count,
                                watches, &trainer->watcher);
}

static enum incline_status make_evaluator(struct trainer *trainer)
{
    const struct incline_images *val = incline_validation_images(trainer->dataset);
    if (!val)
        return INCLINE_OK;
    return incline_evaluator_create(trainer->ctx, trainer->device, trainer->config,
                                    incline_workbench_outcome(&trainer->bench), val,
                                    (int)trainer->batch, trainer->rewrites, &trainer->evaluator);
}

/* Steps of the epochs before this one. */
static long long steps_before(const struct trainer *trainer)
{
    return (long long)(trainer->progress.epoch - 1) * (long long)trainer->steps;
}

/* Images of the steps from `first` up to `end` of an epoch, whose last batch may be short. */
static double images_of(const struct trainer *trainer, size_t first, size_t end)
{
    size_t images = end * trainer->batch;
    images = images < trainer->images ? images : trainer->images;
    return (double)(images - first * trainer->batch);
}

static void update_progress(struct trainer *trainer)
{
    struct incline_progress *progress = &trainer->progress;
    struct incline_scores scores = incline_metrics_scores(trainer->slots, trainer->done);
    double now = incline_clock_seconds() - trainer->epoch_start;
    bool has_first = trainer->first_step_share > 0;
    double timed_steps = (double)trainer->done - (has_first ? 1 : 0);
    progress->step = (int)trainer->done;
    progress->total_step = steps_before(trainer) + progress->step;
    progress->seconds = now;
    progress->first_step_seconds = trainer->first_step_share;
    progress->loss = scores.loss;
    progress->accuracy = scores.accuracy;
    progress->step_seconds =
        timed_steps > 0 ? (now - trainer->first_step_share) / timed_steps : now;
    progress->images_per_second =
        images_of(trainer, has_first && timed_steps > 0 ? 1 : 0, trainer->done) /
        (timed_steps > 0 ? now - trainer->first_step_share : now);
}

static enum incline_status fail_diverged(struct trainer *trainer, const char *place, double value)
{
    bool saved = trainer->result->epochs_done > 0, earlier = trainer->weights.has_earlier;
    return incline_fail(
        trainer->ctx, INCLINE_ERROR_NUMERIC,
        "training diverged: %s is %s; try a smaller learning rate (--lr), now %g%s%s", place,
        isnan(value) ? "nan" : "infinite", trainer->progress.learning_rate,
        saved     ? "; the last good weights are in "
        : earlier ? "; the earlier run is back in "
                  : "",
        saved     ? trainer->weights.last_path
        : earlier ? trainer->folder
                  : "");
}

static enum incline_status check_slot(struct trainer *trainer, size_t step)
{
    char place[64];
    double loss = (double)trainer->slots[step].loss_sum;
    if (isfinite(loss))
        return INCLINE_OK;
    snprintf(place, sizeof place, "the loss of epoch %d, step %zu", trainer->progress.epoch,
             step + 1);
    return fail_diverged(trainer, place, loss);
}

/* Waits for the steps enqueued so far, of which there are `enqueued` in this epoch, and reads what
 * they found. */
static enum incline_status read_slots(struct trainer *trainer, size_t enqueued)
{
    size_t from = trainer->done, size = sizeof *trainer->slots;
    if (enqueued == from)
        return INCLINE_OK;
    enum incline_status status =
        incline_buffer_read(trainer->ctx, trainer->bench.metrics, from * size,
                            trainer->slots + from, (enqueued - from) * size);
    if (status)
        return status;
    trainer->done = enqueued;
    status = incline_watcher_read(trainer->ctx, &trainer->watcher, trainer->folder,
                                  &trainer->options->callbacks);
    if (status)
        return status;
    for (size_t i = from; i < enqueued; i++) {
        status = check_slot(trainer, i);
        if (status)
            return status;
    }
    update_progress(trainer);
    trainer->last_tick = incline_clock_seconds();
    return INCLINE_OK;
}

static void tell_tick(const struct trainer *trainer)
{
    const struct incline_train_callbacks *callbacks = &trainer->options->callbacks;
    if (callbacks->tick)
        callbacks->tick(callbacks->cookie, &trainer->progress);
}

static void note_first_step(struct trainer *trainer)
{
    const struct incline_train_callbacks *callbacks = &trainer->options->callbacks;
    double now = incline_clock_seconds();
    trainer->result->first_step_seconds = now - trainer->start;
    trainer->first_step_share = now - trainer->epoch_start;
    trainer->result->first_step = incline_device_get_counters(trainer->device);
    if (callbacks->first_step)
        callbacks->first_step(callbacks->cookie, trainer->result->first_step_seconds);
}

/* For a step whose figures are there; not for each, so that the file stays small. */
static enum incline_status record_step(struct trainer *trainer)
{
    double now = incline_clock_seconds();
    if (now - trainer->last_step_event < step_event_seconds)
        return INCLINE_OK;
    trainer->last_step_event = now;
    enum incline_status status =
        incline_run_folder_step(trainer->ctx, trainer->folder, &trainer->progress);
    return status ? status
                  : incline_watcher_record(trainer->ctx, &trainer->watcher, trainer->folder);
}

static size_t stride_of(const struct trainer *trainer)
{
    double steps = stride_seconds / trainer->progress.step_seconds;
    if (!(steps > 1))
        return 1;
    return steps < STRIDE_MAX ? (size_t)steps : STRIDE_MAX;
}

static void set_update(const struct trainer *trainer, size_t i, struct incline_step *step)
{
    const struct incline_train_section *train = &trainer->config->train;
    const struct incline_epoch_updates epoch = {trainer->images, trainer->batch,
                                                train->optimizer.accumulate};
    step->accumulation = incline_epoch_updates_at(&epoch, i, trainer->progress.epoch);
    step->average_share = incline_ema_share(&train->ema, step->accumulation.updates,
                                            incline_epoch_updates_count(&epoch));
}

/* Runs the step, as one that is watched when its turn has come. */
static enum incline_status run_step(struct trainer *trainer, struct incline_step *step)
{
    const struct incline_progress *progress = &trainer->progress;
    if (!incline_watcher_takes(&trainer->watcher, steps_before(trainer) + step->number,
                               !step->accumulation.waits))
        return incline_step_run(trainer->ctx, trainer->bench.plan, step);
    const struct incline_watched when = {
        .epoch = progress->epoch,
        .step = step->number + 1,
        .total_step = steps_before(trainer) + step->number + 1,
        .images = step->images,
        .learning_rate = progress->learning_rate,
    };
    step->watch = incline_watcher_enqueue(&trainer->watcher, &when);
    return incline_step_run(trainer->ctx, trainer->bench.watch_plan, step);
}

static enum incline_status enqueue_step(struct trainer *trainer, size_t i)
{
    size_t first = i * trainer->batch, rest = trainer->images - first;
    trainer->progress.learning_rate =
        incline_train_section_rate(&trainer->config->train, steps_before(trainer) + (long long)i,
                                   (long long)trainer->steps, trainer->judge.plateaus);
    struct incline_step step = {
        .images = (int)(rest < trainer->batch ? rest : trainer->batch),
        .first = (int)first,
        .number = (int)i,
        .learning_rate = (float)trainer->progress.learning_rate,
        .seed = trainer->config->train.seed,
        .earlier = steps_before(trainer) + (long long)i,
    };
    set_update(trainer, i, &step);
    enum incline_status status = run_step(trainer, &step);
    if (status)
        return status;
    return incline_device_flush(trainer->ctx, trainer->device);
}

/* Lets the device catch up to one stride, or, when a tick is due, completely. */
static enum incline_status keep_pace(struct trainer *trainer, size_t enqueued)
{
    enum incline_status status;
    if (incline_clock_seconds() - trainer->last_tick >= tick_seconds) {
        status = read_slots(trainer, enqueued);
        if (status)
            return status;
        tell_tick(trainer);
        return record_step(trainer);
    }
    status = incline_fence_wait(trainer->ctx, &trainer->fences[0]);
    if (status)
        return status;
    trainer->fences[0] = trainer->fences[1];
    trainer->fences[1] = NULL;
    return incline_fence_put(trainer->ctx, trainer->device, &trainer->fences[1]);
}

static enum incline_status save_if_asked(struct trainer *trainer, size_t enqueued)
{
    const struct incline_train_callbacks *callbacks = &trainer->options->callbacks;
    volatile sig_atomic_t *wish = trainer->options->save;
    if (!wish || !*wish)
        return INCLINE_OK;
    *wish = 0;
    enum incline_status status = read_slots(trainer, enqueued);
    if (status)
        return status;
    status = incline_run_weights_save_last(&trainer->weights, &trainer->progress);
    if (!status && callbacks->saved)
        callbacks->saved(callbacks->cookie, &trainer->progress, trainer->weights.last_path);
    return status;
}

static enum incline_status drop_fences(struct trainer *trainer)
{
    enum incline_status first = incline_fence_wait(trainer->ctx, &trainer->fences[0]);
    enum incline_status second = incline_fence_wait(trainer->ctx, &trainer->fences[1]);
    return first ? first : second;
}

static enum incline_status run_steps(struct trainer *trainer)
{
    bool is_first_epoch = trainer->result->first_step_seconds == 0;
    size_t i = 0, stride_end = 0, enqueued;
    enum incline_status status;
    while (i < trainer->steps && !trainer->stopped) {
        status = enqueue_step(trainer, i);
        if (status)
            return status;
        enqueued = ++i;
        if (is_first_epoch && enqueued == 1) {
            status = read_slots(trainer, enqueued);
            if (status)
                return status;
            note_first_step(trainer);
            status = record_step(trainer);
            if (status)
                return status;
        } else if (enqueued >= stride_end) {
            status = keep_pace(trainer, enqueued);
            if (status)
                return status;
            stride_end = enqueued + stride_of(trainer);
        }
        status = save_if_asked(trainer, enqueued);
        if (status)
            return status;
        trainer->stopped = should_stop(trainer);
    }
    status = drop_fences(trainer);
    if (status)
        return status;
    return read_slots(trainer, i);
}

static enum incline_status begin_epoch(struct trainer *trainer, int epoch)
{
    double step_seconds = trainer->progress.step_seconds;
    trainer->progress = (struct incline_progress){
        .epoch = epoch,
        .epochs = trainer->config->train.epochs,
        .steps = (int)trainer->steps,
        .step_seconds = step_seconds > 0 ? step_seconds : 1,
    };
    trainer->done = 0;
    incline_watcher_begin_epoch(&trainer->watcher);
    trainer->first_step_share = 0;
    trainer->epoch_start = trainer->last_tick = incline_clock_seconds();
    if (!trainer->config->data.shuffle || trainer->options->overfit_batch)
        return INCLINE_OK;
    return incline_feed_shuffle(trainer->ctx, trainer->bench.feed, trainer->config->train.seed,
                                epoch);
}

static bool validation_should_stop(void *cookie)
{
    return should_stop(cookie);
}

/* A validation that is cut short leaves no figure. */
static enum incline_status validate(struct trainer *trainer)
{
    struct incline_progress *progress = &trainer->progress;
    const struct incline_stop_check check = {validation_should_stop, trainer};
    struct incline_scores scores;
    bool complete;
    char place[64];
    bool due = progress->epoch % trainer->config->train.val_every == 0 ||
               progress->epoch == progress->epochs;
    if (!trainer->evaluator || !due)
        return INCLINE_OK;
    double start = incline_clock_seconds();
    enum incline_status status =
        incline_evaluator_run(trainer->ctx, trainer->evaluator, &check, &scores, &complete);
    progress->val_seconds = incline_clock_seconds() - start;
    if (status)
        return status;
    if (!complete) {
        trainer->stopped = true;
        return INCLINE_OK;
    }
    if (!isfinite(scores.loss)) {
        snprintf(place, sizeof place, "the validation loss of epoch %d", progress->epoch);
        return fail_diverged(trainer, place, scores.loss);
    }
    progress->has_val = true;
    progress->val_loss = scores.loss;
    progress->val_accuracy = scores.accuracy;
    return INCLINE_OK;
}

static void note_epoch(struct trainer *trainer)
{
    struct incline_train_result *result = trainer->result;
    const struct incline_progress *progress = &trainer->progress;
    result->epochs_done = progress->epoch;
    result->loss = progress->loss;
    result->accuracy = progress->accuracy;
    result->has_val = result->has_val || progress->has_val;
    result->val_seconds += progress->val_seconds;
}

static enum incline_status finish_epoch(struct trainer *trainer)
{
    const struct incline_train_callbacks *callbacks = &trainer->options->callbacks;
    enum incline_status status = validate(trainer);
    if (status)
        return status;
    incline_epoch_judge_note(&trainer->judge, &trainer->progress, trainer->result);
    status = incline_run_weights_save_last(&trainer->weights, &trainer->progress);
    if (!status && trainer->progress.best)
        status = incline_run_weights_save_best(&trainer->weights, &trainer->progress);
    if (status)
        return status;
    status = incline_watcher_record(trainer->ctx, &trainer->watcher, trainer->folder);
    if (!status)
        status = incline_run_folder_epoch(trainer->ctx, trainer->folder, &trainer->progress);
    if (status)
        return status;
    note_epoch(trainer);
    if (callbacks->epoch_end)
        callbacks->epoch_end(callbacks->cookie, &trainer->progress);
    return INCLINE_OK;
}

static enum incline_status run_epoch(struct trainer *trainer, int epoch)
{
    enum incline_status status = begin_epoch(trainer, epoch);
    if (status)
        return status;
    status = run_steps(trainer);
    trainer->result->train_seconds += incline_clock_seconds() - trainer->epoch_start;
    if (status)
        return status;
    trainer->result->steps_done = trainer->progress.total_step;
    trainer->result->last = trainer->progress;
    trainer->result->last_step = incline_device_get_counters(trainer->device);
    if (trainer->done == trainer->steps)
        return finish_epoch(trainer);
    return incline_run_weights_save_last(&trainer->weights, &trainer->progress);
}

static const char *ending(const struct trainer *trainer, enum incline_status status)
{
    if (status == INCLINE_ERROR_NUMERIC)
        return "diverged";
    if (status)
        return "failed";
    if (trainer->result->stopped_by_time)
        return "max-time";
    if (trainer->stopped)
        return "interrupted";
    return trainer->result->stopped_early ? "early-stop" : "done";
}

/* last.safetensors gets the weights of best.safetensors, where it does not hold them anyhow. */
static enum incline_status restore_best(struct trainer *trainer)
{
    const struct incline_early_stop *early_stop = &trainer->config->train.early_stop;
    struct incline_train_result *result = trainer->result;
    struct incline_progress progress = trainer->progress;
    bool is_last = trainer->done == trainer->steps && result->best_epoch == progress.epoch;
    if (!early_stop->on || !early_stop->restore_best || result->best_epoch == 0)
        return INCLINE_OK;
    result->best_restored = true;
    progress.epoch = result->best_epoch;
    progress.total_step = result->best_epoch * (long long)trainer->steps;
    return is_last ? INCLINE_OK : incline_run_weights_restore_best(&trainer->weights, &progress);
}

static enum incline_status run_epochs(struct trainer *trainer)
{
    struct incline_train_result *result = trainer->result;
    enum incline_status status = INCLINE_OK;
    bool goes_on = true;
    for (int epoch = 1; !status && !trainer->stopped && goes_on; epoch++) {
        status = run_epoch(trainer, epoch);
        goes_on = incline_epoch_judge_goes_on(&trainer->judge, epoch);
        if (!trainer->stopped && goes_on)
            trainer->stopped = should_stop(trainer);
    }
    if (is_asked_to_stop(trainer)) { /* also after the last step; it counts more than the limit */
        trainer->stopped = true;
        result->stopped_by_time = false;
    }
    bool is_interrupted = trainer->stopped && !result->stopped_by_time;
    result->stopped_early = trainer->judge.converged && !trainer->stopped;
    if (!status && !is_interrupted)
        status = restore_best(trainer);
    enum incline_status end_status = incline_run_folder_end(
        trainer->ctx, trainer->folder, ending(trainer, status), trainer->result->steps_done);
    if (status)
        return status; /* the first failure is the one to report */
    if (!end_status && is_interrupted)
        return incline_fail(trainer->ctx, INCLINE_ERROR_INTERRUPTED, "stopped and saved");
    return end_status;
}

static void tell_tuned(struct trainer *trainer, const struct incline_tune_result *tuned)
{
    const struct incline_train_callbacks *callbacks = &trainer->options->callbacks;
    trainer->result->tune_seconds = tuned->seconds;
    if (tuned->count > 0 && callbacks->tuned)
        callbacks->tuned(callbacks->cookie, tuned);
}

/* Before there is anything else on the device: it needs room for two steps. */
static void tune(struct trainer *trainer)
{
    const struct incline_train_options *options = trainer->options;
    struct incline_tune_result tuned;
    const struct incline_tune_options request = {
        .mode = options->tune,
        .batch = (int)trainer->batch,
        .no_fuse = options->no_fuse,
        .max_seconds = options->max_seconds / 2, /* most of it is for training */
        .stop = options->stop,
        .cookie = options->callbacks.cookie,
        .progress = options->callbacks.tuning,
    };
    if (incline_tune(trainer->ctx, trainer->device, trainer->config, &request, &tuned)) {
        incline_log(trainer->ctx, INCLINE_LOG_WARN, "not tuned: %s",
                    incline_error_text(trainer->ctx));
        incline_error_clear(trainer->ctx);
    }
    tell_tuned(trainer, &tuned);
    incline_tune_finish(&tuned);
}

static enum incline_status prepare(struct trainer *trainer)
{
    tune(trainer);
    if (trainer->options->tune != INCLINE_TUNE_OFF && is_asked_to_stop(trainer))
        return incline_fail(trainer->ctx, INCLINE_ERROR_INTERRUPTED, "stopped while tuning");
    incline_tuning_forget_asked(trainer->device); /* the run folder lists what these plans ask */
    enum incline_status status = make_workbench(trainer);
    if (!status)
        status = make_evaluator(trainer);
    if (status)
        return status;
    status = incline_run_folder_start(trainer->ctx, trainer->options, &trainer->weights.recorded,
                                      trainer->device, trainer->dataset, &trainer->folder,
                                      &trainer->lock);
    if (status)
        return status;
    return incline_run_weights_begin(&trainer->weights, incline_workbench_outcome(&trainer->bench),
                                     trainer->folder);
}

static void note_memory(struct trainer *trainer)
{
    struct incline_train_result *result = trainer->result;
    result->weight_bytes = trainer->bench.parameters->total_elems * sizeof(float);
    result->activation_bytes = incline_step_plan_bytes(trainer->bench.plan);
    if (trainer->bench.watch_plan)
        result->activation_bytes += incline_step_plan_bytes(trainer->bench.watch_plan);
    result->data_bytes = incline_feed_bytes(
        trainer->config->model.input, trainer->bench.feed->count,
        incline_loss_label_bytes(&trainer->config->train.loss, trainer->dataset->classes));
}

static void clean_up(struct trainer *trainer)
{
    /* The queue may still read the host's order of images; a failure here has one before it. */
    enum incline_status drained = drop_fences(trainer);
    if (!drained)
        drained = incline_device_wait(trainer->ctx, trainer->device);
    (void)drained;
    incline_run_weights_finish(&trainer->weights);
    incline_watcher_finish(&trainer->watcher);
    incline_evaluator_destroy(&trainer->evaluator);
    incline_workbench_destroy(&trainer->bench);
    incline_free(&trainer->slots);
    incline_folder_unlock(&trainer->lock);
    incline_free(&trainer->folder);
}

static enum incline_status prepare_judge(struct trainer *trainer)
{
    const struct incline_train_section *train = &trainer->config->train;
    bool validates = incline_validation_images(trainer->dataset) != NULL;
    long long warmup = incline_warmup_steps(&train->schedule.warmup, (long long)trainer->steps);
    incline_epoch_judge_init(&trainer->judge, train, validates);
    if (!validates && (train->early_stop.on || incline_schedule_patience(&train->schedule)))
        return incline_fail(trainer->ctx, INCLINE_ERROR_CONFIG,
                            "%s watches the validation, but there are no validation images",
                            train->early_stop.on ? "early_stop" : train->schedule.class->name);
    if (train->epochs > 0 && warmup >= train->epochs * (long long)trainer->steps)
        incline_log(trainer->ctx, INCLINE_LOG_WARN,
                    "the warm-up of %lld steps ends no earlier than the training, which has %lld",
                    warmup, train->epochs * (long long)trainer->steps);
    return INCLINE_OK;
}

enum incline_status incline_fusions_check(struct incline_context *ctx, const char *list)
{
    unsigned unused;
    INCLINE_REQUIRE(ctx, ctx);
    return incline_rewrites_without(ctx, list, &unused);
}

enum incline_status incline_train(struct incline_context *ctx, struct incline_device *device,
                                  const struct incline_config *config,
                                  const struct incline_dataset *dataset,
                                  const struct incline_train_options *options,
                                  struct incline_train_result *out)
{
    INCLINE_REQUIRE(ctx, ctx && device && config && dataset && options && options->folder &&
                             options->watch >= 0 && out);
    const struct incline_train_callbacks *callbacks = &options->callbacks;
    struct trainer trainer = {
        .ctx = ctx,
        .device = device,
        .config = config,
        .dataset = dataset,
        .options = options,
        .result = out,
        .start = incline_clock_seconds(),
        .lock = -1,
    };
    double built_before = incline_device_get_counters(device).build_seconds;
    enum incline_status status;
    *out = (struct incline_train_result){0};
    status = incline_dataset_check(ctx, config, dataset);
    if (status)
        return status;
    status = incline_run_folder_check(ctx, options);
    if (status)
        return status;
    status = incline_rewrites_without(ctx, options->no_fuse, &trainer.rewrites);
    if (status)
        return status;
    count_steps(&trainer);
    status = incline_batches_check(ctx, config, trainer.images, trainer.batch,
                                   trainer.images - (trainer.steps - 1) * trainer.batch);
    if (status)
        return status;
    status = prepare_judge(&trainer);
    if (status)
        return status;
    status = incline_run_weights_record(&trainer.weights, ctx, config, dataset);
    if (!status)
        status = prepare(&trainer);
    if (!status) {
        note_memory(&trainer);
        if (callbacks->started)
            callbacks->started(callbacks->cookie, trainer.folder);
        status = run_epochs(&trainer);
    }
    out->build_seconds = incline_device_get_counters(device).build_seconds - built_before;
    out->seconds = incline_clock_seconds() - trainer.start;
    clean_up(&trainer);
    return status;
}
