/* incline/lr_find.h */
#include "incline/lr_find.h"

#include "base/memory.h"
#include "network/rewrite.h"
#include "train/evaluator.h"
#include "train/images_check.h"
#include "train/workbench.h"

#include <math.h>

/* The running mean: each step counts this much less than the one after it. */
static const double memory = 0.95;
/* The loss rises for good when its mean is this many times the lowest mean. */
static const double too_much = 4;
enum { STEPS_MIN = 10, STRIDE = 16 /* steps between two looks at the losses */ };

struct finder {
    struct incline_context *ctx;
    struct incline_device *device;
    const struct incline_config *config;
    const struct incline_lr_find_options *options;
    struct incline_lr_find_result *result;
    struct incline_workbench bench;
    struct incline_metrics_slot *slots; /* of a stride */
    size_t images, batch, accumulate;   /* batches of a step of the finder's: an update */
    size_t next;                        /* position in the order of images */
    int epoch;
    double mean, weight; /* sum of losses, what came before counting less, and of their weights */
    double lowest_mean;
};

static enum incline_status prepare(struct finder *finder, const struct incline_images *images)
{
    const struct incline_workbench_spec spec = {
        .device = finder->device,
        .config = finder->config,
        .images = images,
        .batch = (int)finder->batch,
        .slots = STRIDE * finder->accumulate,
        .rewrites = INCLINE_REWRITE_ALL,
    };
    enum incline_status status =
        incline_alloc(finder->ctx, (size_t)finder->options->steps, sizeof *finder->result->points,
                      &finder->result->points);
    if (!status)
        status = incline_alloc(finder->ctx, spec.slots, sizeof *finder->slots, &finder->slots);
    return status ? status : incline_workbench_create(finder->ctx, &spec, &finder->bench);
}

static double rate_of(const struct finder *finder, size_t step)
{
    const struct incline_lr_find_options *options = finder->options;
    double share = (double)step / (options->steps - 1);
    return options->from * pow(options->to / options->from, share);
}

/* Whole steps only, so that all losses mean the same; a new order when the images are used up.
 * The queue is empty then: its last stride has been read. */
static enum incline_status begin_epoch(struct finder *finder)
{
    finder->next = 0;
    return incline_feed_shuffle(finder->ctx, finder->bench.feed, finder->config->train.seed,
                                ++finder->epoch);
}

/* One batch of the update after `updates` earlier ones; its figures go to slot `number`. */
static enum incline_status run_batch(struct finder *finder, size_t updates, size_t batch,
                                     size_t number)
{
    const struct incline_step step = {
        .images = (int)finder->batch,
        .first = (int)finder->next,
        .number = (int)number,
        .learning_rate = (float)rate_of(finder, updates),
        .seed = finder->config->train.seed,
        .earlier = (long long)(updates * finder->accumulate + batch),
        .accumulation =
            {
                .images = (int)(finder->batch * finder->accumulate),
                .earlier_steps = (int)batch,
                .waits = batch + 1 < finder->accumulate,
                .updates = (long long)updates,
            },
    };
    finder->next += finder->batch;
    return incline_step_run(finder->ctx, finder->bench.plan, &step);
}

static enum incline_status run_stride(struct finder *finder, size_t from, size_t count)
{
    size_t batches = count * finder->accumulate;
    for (size_t i = 0; i < batches; i++) {
        enum incline_status status =
            run_batch(finder, from + i / finder->accumulate, i % finder->accumulate, i);
        if (status)
            return status;
    }
    return incline_buffer_read(finder->ctx, finder->bench.metrics, 0, finder->slots,
                               batches * sizeof *finder->slots);
}

/* Of the i-th step of the stride that was read. */
static double loss_of(const struct finder *finder, size_t i)
{
    return incline_metrics_scores(finder->slots + i * finder->accumulate, finder->accumulate).loss;
}

/* Takes in the loss of the next step; false when it has risen for good. */
static bool note_loss(struct finder *finder, double loss)
{
    struct incline_lr_find_result *result = finder->result;
    if (!isfinite(loss))
        return false;
    finder->mean = memory * finder->mean + loss;
    finder->weight = memory * finder->weight + 1;
    double smooth = finder->mean / finder->weight;
    result->points[result->count] =
        (struct incline_lr_point){rate_of(finder, result->count), loss, smooth};
    if (result->count++ == 0 || smooth < finder->lowest_mean)
        finder->lowest_mean = smooth;
    return smooth <= too_much * finder->lowest_mean;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t stride_at(const struct finder *finder, size_t done)
{
    size_t steps = (size_t)finder->options->steps - done;
    size_t whole = (finder->images - finder->next) / (finder->batch * finder->accumulate);
    steps = steps < whole ? steps : whole;
    return steps < STRIDE ? steps : STRIDE;
}

static enum incline_status run_steps(struct finder *finder)
{
    const struct incline_lr_find_options *options = finder->options;
    size_t done = 0;
    while (done < (size_t)options->steps && !finder->result->rose) {
        if (options->stop && *options->stop)
            return incline_fail(finder->ctx, INCLINE_ERROR_INTERRUPTED, "stopped");
        enum incline_status status = INCLINE_OK;
        if (finder->epoch == 0 || stride_at(finder, done) == 0)
            status = begin_epoch(finder);
        size_t count = stride_at(finder, done);
        if (!status)
            status = run_stride(finder, done, count);
        if (status)
            return status;
        for (size_t i = 0; i < count && !finder->result->rose; i++)
            finder->result->rose = !note_loss(finder, loss_of(finder, i));
        done += count;
        if (options->progress)
            options->progress(options->cookie, (int)done, options->steps);
    }
    return INCLINE_OK;
}

/* Reads the two rates off the smoothed losses. What lies beyond the lowest is not looked at, and
 * the first tenth neither: the mean is young there. */
static void judge(struct incline_lr_find_result *result)
{
    size_t first = result->count / 10, lowest = first, steepest = first;
    double fall = 0;
    for (size_t i = first; i < result->count; i++)
        if (result->points[i].smooth < result->points[lowest].smooth)
            lowest = i;
    for (size_t i = first + 1; i <= lowest && i < result->count; i++) {
        double step = result->points[i - 1].smooth - result->points[i].smooth;
        if (step > fall) {
            fall = step;
            steepest = i;
        }
    }
    result->found = fall > 0;
    if (!result->found)
        return;
    result->steepest = result->points[steepest].learning_rate;
    result->lowest = result->points[lowest].learning_rate;
}

static enum incline_status check_options(struct incline_context *ctx,
                                         const struct incline_lr_find_options *options)
{
    if (!(options->from > 0 && options->from < options->to))
        return incline_fail(ctx, INCLINE_ERROR_ARGUMENT,
                            "the rates must grow from above 0: from %g to %g does not",
                            options->from, options->to);
    if (!(options->to <= INCLINE_LARGE)) /* a float on the device */
        return incline_fail(ctx, INCLINE_ERROR_ARGUMENT, "a learning rate is at most %g, not %g",
                            INCLINE_LARGE, options->to);
    if (options->steps < STEPS_MIN)
        return incline_fail(ctx, INCLINE_ERROR_ARGUMENT, "at least %d steps are needed, not %d",
                            STEPS_MIN, options->steps);
    return INCLINE_OK;
}

enum incline_status incline_lr_find(struct incline_context *ctx, struct incline_device *device,
                                    const struct incline_config *config,
                                    const struct incline_dataset *dataset,
                                    const struct incline_lr_find_options *options,
                                    struct incline_lr_find_result *out)
{
    INCLINE_REQUIRE(ctx, ctx && device && config && dataset && options && out);
    struct finder finder = {.ctx = ctx,
                            .device = device,
                            .config = config,
                            .options = options,
                            .result = out,
                            .images = dataset->train.count};
    *out = (struct incline_lr_find_result){0};
    enum incline_status status = check_options(ctx, options);
    if (!status)
        status = incline_dataset_check(ctx, config, dataset);
    if (status)
        return status;
    size_t batch = (size_t)config->train.batch_size;
    finder.batch = batch < finder.images ? batch : finder.images;
    finder.accumulate =
        least((size_t)config->train.optimizer.accumulate, finder.images / finder.batch);
    status = incline_batches_check(ctx, config, finder.images, finder.batch, finder.batch);
    if (!status)
        status = prepare(&finder, &dataset->train);
    if (!status)
        status = run_steps(&finder);
    if (!status || status == INCLINE_ERROR_INTERRUPTED)
        judge(out);
    incline_workbench_destroy(&finder.bench);
    incline_free(&finder.slots);
    return status;
}

void incline_lr_find_finish(struct incline_lr_find_result *result)
{
    incline_free(&result->points);
    *result = (struct incline_lr_find_result){0};
}
