#include "bench/bench_result.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdio.h>

const char *incline_bench_state_name(enum incline_bench_state state)
{
    switch (state) {
    case INCLINE_BENCH_CHECKED:
        return "ok";
    case INCLINE_BENCH_UNCHECKED:
        return "not checked";
    case INCLINE_BENCH_FAILED_CHECK:
        return "failed its check";
    }
    return "?";
}

void incline_bench_result_finish(struct incline_bench_result *result)
{
    incline_bench_samples_finish(&result->step);
    incline_free(&result->layers);
    result->layer_count = 0;
}

void incline_bench_fail_check(struct incline_bench_result *result, const char *problem)
{
    incline_bench_result_finish(result);
    *result = (struct incline_bench_result){
        .state = INCLINE_BENCH_FAILED_CHECK,
        .batch = result->batch,
        .parameters = result->parameters,
        .multiply_adds = result->multiply_adds,
    };
    snprintf(result->problem, sizeof result->problem, "%s", problem);
}

enum incline_status incline_bench_check(struct incline_context *ctx, struct incline_device *device,
                                        const struct incline_config *config,
                                        const struct incline_bench_options *options,
                                        struct incline_bench_result *out)
{
    char text[sizeof out->problem] = "the results are wrong";
    bool right = false;
    out->state = INCLINE_BENCH_UNCHECKED;
    if (!options->verify)
        return INCLINE_OK;
    enum incline_status status = options->verify(ctx, device, config, out->batch, options->mode,
                                                 options->verify_cookie, &right, text, sizeof text);
    incline_device_forget_programs(device); /* the build of the step's own is measured */
    if (status)
        return status;
    out->state = INCLINE_BENCH_CHECKED;
    if (!right)
        incline_bench_fail_check(out, text);
    return INCLINE_OK;
}

static void count_work(const struct incline_bench_subject *subject,
                       struct incline_bench_result *out)
{
    out->parameters = 0;
    out->multiply_adds = 0;
    for (size_t i = 0; i < subject->layer_count; i++) {
        const struct incline_layer *layer = &subject->layers[i];
        for (int role = 0; role < incline_layer_trained_count(layer); role++)
            out->parameters += layer->parameters[role].elems;
        out->multiply_adds += layer->multiply_adds;
    }
}

/* Rates repeat by repeat, so that their deviation is theirs and not that of the times. */
static enum incline_status find_rates(struct incline_context *ctx,
                                      const struct incline_bench_options *options,
                                      struct incline_bench_result *out)
{
    const double passes = options->mode == INCLINE_BENCH_TRAIN ? 3 : 1;
    double *rates = NULL;
    enum incline_status status = incline_alloc(ctx, out->step.count, sizeof *rates, &rates);
    if (status)
        return status;
    for (size_t i = 0; i < out->step.count; i++)
        rates[i] = out->batch / out->step.seconds[i];
    incline_bench_statistics(rates, out->step.count, &out->images_per_second,
                             &out->images_per_second_deviation);
    out->flops_per_second = 2 * passes * out->multiply_adds * out->images_per_second;
    incline_free(&rates);
    return INCLINE_OK;
}

static enum incline_status time_first_step(struct incline_context *ctx,
                                           struct incline_plan_work *work,
                                           const struct incline_bench_subject *subject,
                                           struct incline_bench_result *out)
{
    struct incline_device *device = incline_plan_device(work->plan);
    out->build_seconds = incline_device_get_counters(device).build_seconds - subject->build_seconds;
    enum incline_status status = incline_device_wait(ctx, device);
    if (status)
        return status;
    double start = incline_clock_seconds();
    status = incline_plan_work_run(ctx, work, 1);
    out->first_step_seconds = incline_clock_seconds() - start;
    return status;
}

static enum incline_status profile(struct incline_context *ctx,
                                   const struct incline_bench_subject *subject,
                                   const struct incline_bench_options *options,
                                   struct incline_plan_work *work, struct incline_bench_result *out)
{
    double *seconds = NULL;
    enum incline_status status = incline_alloc(ctx, out->launches, sizeof *seconds, &seconds);
    if (status)
        return status;
    status = incline_plan_work_profile(ctx, work, seconds, &out->device_seconds);
    if (!status && options->per_layer)
        status = incline_bench_group(ctx, subject, options->mode, work->plan, seconds, out);
    incline_free(&seconds);
    return status;
}

enum incline_status incline_bench_measure(struct incline_context *ctx,
                                          const struct incline_bench_subject *subject,
                                          const struct incline_bench_options *options,
                                          struct incline_plan_work *work,
                                          struct incline_bench_result *out)
{
    struct incline_timer_work timed = incline_plan_work_timer(work);
    out->launches = incline_plan_launches(work->plan);
    count_work(subject, out);
    enum incline_status status = time_first_step(ctx, work, subject, out);
    if (status)
        return status;
    status = incline_timer_measure(ctx, &timed, &options->timing, &out->step);
    if (status)
        return status;
    status = find_rates(ctx, options, out);
    if (status)
        return status;
    return profile(ctx, subject, options, work, out);
}
