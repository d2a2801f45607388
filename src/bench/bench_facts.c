/* incline_bench_device(): what a device can do at most. See cl/peak.cl. */
#include "base/memory.h"
#include "bench/plan_work.h"

#include <math.h>

enum {
    PEAK_STEPS_A_ROUND = 4,
    ROUNDS_FIRST = 16,
    ROUNDS_MAX = 1 << 16, /* many launches of 5 ms; beyond 2^24 steps a float does not count */
    STARTS = 64,
    GROUP = 256,
    WINDOW = 4096 /* numbers that are read back at each of three places */
};
static const double peak_launch_seconds = 0.005;
static const size_t array_bytes_max = (size_t)128 << 20;
static const float triad_scale = 3;

const char *incline_bench_fact_name(enum incline_bench_fact_kind kind)
{
    static const char *const names[] = {"peak", "copy", "triad", "launch", "launch_wait"};
    return kind < INCLINE_BENCH_FACTS ? names[kind] : "?";
}

/* What one of the measurements works with. */
struct bench {
    struct incline_context *ctx;
    struct incline_device *device;
    const struct incline_bench_timing *timing;
    struct incline_bench_fact *fact;
    struct incline_buffer *buffers[3];
    struct incline_plan_work work;
};

static void finish(struct bench *bench)
{
    incline_plan_destroy(&bench->work.plan);
    for (size_t i = 0; i < 3; i++)
        incline_buffer_destroy(&bench->buffers[i]);
}

/* Makes the plan of one launch, in place of the last one. */
static enum incline_status make_plan(struct bench *bench, const struct incline_launch *launch,
                                     size_t buffers)
{
    struct incline_launch full = *launch;
    struct incline_plan *plan = NULL;
    size_t count = 0;
    incline_plan_destroy(&bench->work.plan);
    enum incline_status status = incline_plan_create(bench->ctx, bench->device, 1, &plan);
    if (status)
        return status;
    bench->work =
        (struct incline_plan_work){.plan = plan, .step = {.images = 1}, .batches = 1, .stride = 8};
    full.label = "bench";
    full.source = "peak.cl";
    for (size_t i = 0; i < buffers; i++) {
        struct incline_tensor *tensor;
        status = incline_plan_external(bench->ctx, plan, "bench", bench->buffers[i], &tensor);
        if (status)
            return status;
        full.args[i] = (struct incline_arg)INCLINE_TENSOR(tensor);
    }
    for (count = 0; launch->args[count].kind != INCLINE_ARG_END; count++)
        full.args[buffers + count] = launch->args[count];
    status = incline_plan_launch(bench->ctx, plan, &full);
    return status ? status : incline_plan_finish(bench->ctx, plan);
}

static enum incline_status measure(struct bench *bench, const struct incline_bench_timing *timing,
                                   struct incline_bench_samples *samples)
{
    struct incline_timer_work work = incline_plan_work_timer(&bench->work);
    return incline_timer_measure(bench->ctx, &work, timing, samples);
}

/* ---- peak ---- */

/* On a GPU a work-item is one lane, so that it takes many to fill a unit. */
static int peak_group(const struct bench *bench)
{
    return incline_device_lanes(bench->device) > 1 ? 1 : GROUP;
}

static int peak_items(const struct bench *bench)
{
    int units = incline_device_get_info(bench->device)->compute_units;
    return (units > 0 ? units : 1) * (incline_device_lanes(bench->device) > 1 ? 16 : 8 * GROUP);
}

static enum incline_status plan_peak(struct bench *bench, int chains, int rounds)
{
    static const char *const defines[] = {
        [8] = " -D CHAINS=8", [12] = " -D CHAINS=12", [16] = " -D CHAINS=16"};
    struct incline_launch launch = {
        .kernel = "peak_fma",
        .defines = defines[chains],
        .items = peak_items(bench),
        .group = peak_group(bench),
        .args = {INCLINE_FLOAT(1), INCLINE_FLOAT(1), INCLINE_INT(rounds)},
    };
    return make_plan(bench, &launch, 1);
}

/* Seconds of one launch. Reads a result back: waiting alone ends too early on some drivers. */
static enum incline_status time_launch(struct bench *bench, double *seconds)
{
    float unused;
    double start = incline_timer_now(NULL);
    enum incline_status status = incline_plan_work_run(bench->ctx, &bench->work, 1);
    if (!status)
        status = incline_buffer_read(bench->ctx, bench->buffers[0], 0, &unused, sizeof unused);
    *seconds = incline_timer_now(NULL) - start;
    return status;
}

/* Rounds for a launch that is long beside its cost, and short enough for a GPU that draws a screen.
 */
static enum incline_status find_rounds(struct bench *bench, int chains, int *rounds)
{
    for (*rounds = ROUNDS_FIRST;; *rounds *= 2) {
        double seconds;
        enum incline_status status = plan_peak(bench, chains, *rounds);
        if (!status) /* some drivers compile at the first launch */
            status = time_launch(bench, &seconds);
        if (!status)
            status = time_launch(bench, &seconds);
        if (status || seconds >= peak_launch_seconds || *rounds >= ROUNDS_MAX)
            return status;
    }
}

static double peak_work(const struct bench *bench, int chains, int rounds)
{
    return 2.0 * peak_items(bench) * incline_device_lanes(bench->device) * chains *
           PEAK_STEPS_A_ROUND * rounds;
}

struct peak_choice {
    int chains, rounds;
};

static enum incline_status choose_chains(struct bench *bench, struct peak_choice *best)
{
    static const int candidates[] = {8, 12, 16};
    struct incline_bench_timing quick = {
        .repeats = 1, .min_seconds = bench->timing->min_seconds / 3, .stop = bench->timing->stop};
    double best_rate = 0;
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        struct incline_bench_samples samples;
        int rounds;
        enum incline_status status = find_rounds(bench, candidates[i], &rounds);
        if (!status)
            status = measure(bench, &quick, &samples);
        if (status)
            return status;
        double rate = peak_work(bench, candidates[i], rounds) / samples.mean;
        if (rate > best_rate)
            *best = (struct peak_choice){candidates[i], rounds};
        best_rate = fmax(rate, best_rate);
        incline_bench_samples_finish(&samples);
        if (rounds == ROUNDS_FIRST) /* it is emulated, and compiling more chains takes minutes */
            break;
    }
    return INCLINE_OK;
}

/* What element i of a result must be. */
typedef float (*wanted_value)(const void *cookie, size_t i);

static enum incline_status check_values(struct bench *bench, struct incline_buffer *buffer,
                                        size_t first, size_t count, wanted_value wanted,
                                        const void *cookie)
{
    float *values = NULL;
    enum incline_status status = incline_alloc(bench->ctx, count, sizeof *values, &values);
    if (status)
        return status;
    status = incline_buffer_read(bench->ctx, buffer, first * sizeof *values, values,
                                 count * sizeof *values);
    for (size_t i = 0; !status && i < count; i++) {
        float value = wanted(cookie, first + i);
        if (!(values[i] >= value && values[i] <= value))
            bench->fact->state = INCLINE_BENCH_FAILED_CHECK;
    }
    incline_free(&values);
    return status;
}

struct peak_end {
    int lanes, rounds;
};

static float end_of_chain(const void *cookie, size_t i)
{
    const struct peak_end *end = cookie;
    return (float)((int)(i / (size_t)end->lanes % STARTS) + PEAK_STEPS_A_ROUND * end->rounds);
}

static enum incline_status measure_peak(struct bench *bench)
{
    struct peak_choice best = {8, ROUNDS_FIRST};
    size_t ends = (size_t)(peak_items(bench) * incline_device_lanes(bench->device));
    enum incline_status status =
        incline_buffer_create(bench->ctx, bench->device, "the results of the peak measurement",
                              ends * sizeof(float), &bench->buffers[0]);
    if (status)
        return status;
    status = choose_chains(bench, &best);
    if (status)
        return status;
    status = incline_buffer_fill(bench->ctx, bench->buffers[0], 0);
    if (status)
        return status;
    status = plan_peak(bench, best.chains, best.rounds);
    if (status)
        return status;
    bench->fact->work = peak_work(bench, best.chains, best.rounds);
    status = measure(bench, bench->timing, &bench->fact->samples);
    if (status)
        return status;
    struct peak_end end = {incline_device_lanes(bench->device), best.rounds};
    return check_values(bench, bench->buffers[0], 0, ends, end_of_chain, &end);
}

/* ---- memory ---- */

/* Far larger than caches, and small beside the memory. */
static size_t array_bytes(const struct bench *bench)
{
    const struct incline_device_info *info = incline_device_get_info(bench->device);
    uint64_t most = info->memory_bytes / 16;
    size_t unit = (size_t)INCLINE_NB * GROUP * sizeof(float);
    if (info->max_alloc_bytes / 2 < most)
        most = info->max_alloc_bytes / 2;
    size_t bytes = most < array_bytes_max ? (size_t)most : array_bytes_max;
    return bytes < unit ? unit : bytes / unit * unit;
}

static enum incline_status make_arrays(struct bench *bench, size_t count, size_t bytes)
{
    enum incline_status status = INCLINE_OK;
    for (size_t i = 0; !status && i < count; i++) {
        status = incline_buffer_create(bench->ctx, bench->device,
                                       "an array of the bandwidth measurement", bytes,
                                       &bench->buffers[i]);
        if (!status) /* 0x3f3f3f3f is about 0.75; the array that is written begins as 0 */
            status =
                incline_buffer_fill(bench->ctx, bench->buffers[i], i + 1 < count ? 0x3f : 0x00);
    }
    return status;
}

static float same_everywhere(const void *cookie, size_t i)
{
    (void)i;
    return *(const float *)cookie;
}

static enum incline_status check_array(struct bench *bench, struct incline_buffer *array,
                                       size_t elems, float wanted)
{
    size_t last = elems - WINDOW, places[] = {0, last / 2, last};
    enum incline_status status = INCLINE_OK;
    for (size_t i = 0; !status && i < sizeof places / sizeof *places; i++)
        status = check_values(bench, array, places[i], WINDOW, same_everywhere, &wanted);
    return status;
}

static enum incline_status measure_memory(struct bench *bench, bool triad)
{
    size_t bytes = array_bytes(bench), arrays = triad ? 3 : 2, elems = bytes / sizeof(float);
    const union {
        uint32_t bits;
        float value;
    } pattern = {0x3f3f3f3f};
    struct incline_launch launch = {
        .kernel = triad ? "triad" : "copy",
        .items = (int)elems / incline_device_lanes(bench->device),
        .group = GROUP,
        .args = {INCLINE_FLOAT(triad_scale)},
    };
    if (!triad)
        launch.args[0].kind = INCLINE_ARG_END;
    enum incline_status status = make_arrays(bench, arrays, bytes);
    if (!status)
        status = make_plan(bench, &launch, arrays);
    if (status)
        return status;
    bench->fact->work = (double)bytes * (double)arrays;
    status = measure(bench, bench->timing, &bench->fact->samples);
    if (status)
        return status;
    return check_array(bench, bench->buffers[arrays - 1], elems,
                       triad ? fmaf(triad_scale, pattern.value, pattern.value) : pattern.value);
}

/* ---- launches ---- */

static enum incline_status measure_launch(struct bench *bench, bool wait_each)
{
    int counted = 0;
    struct incline_launch launch = {.kernel = "launch_count", .items = 1};
    enum incline_status status = incline_buffer_create(
        bench->ctx, bench->device, "the count of launches", sizeof counted, &bench->buffers[0]);
    if (status)
        return status;
    status = incline_buffer_fill(bench->ctx, bench->buffers[0], 0);
    if (!status)
        status = make_plan(bench, &launch, 1);
    if (status)
        return status;
    bench->work.wait_each = wait_each;
    bench->work.stride = 512;
    bench->fact->work = 1;
    status = measure(bench, bench->timing, &bench->fact->samples);
    if (!status)
        status = incline_buffer_read(bench->ctx, bench->buffers[0], 0, &counted, sizeof counted);
    if (!status && (unsigned)counted != (unsigned)bench->work.done)
        bench->fact->state = INCLINE_BENCH_FAILED_CHECK;
    return status;
}

static enum incline_status measure_kind(struct bench *bench, enum incline_bench_fact_kind kind)
{
    switch (kind) {
    case INCLINE_BENCH_PEAK:
        return measure_peak(bench);
    case INCLINE_BENCH_COPY:
    case INCLINE_BENCH_TRIAD:
        return measure_memory(bench, kind == INCLINE_BENCH_TRIAD);
    case INCLINE_BENCH_LAUNCH:
    case INCLINE_BENCH_LAUNCH_WAIT:
        return measure_launch(bench, kind == INCLINE_BENCH_LAUNCH_WAIT);
    case INCLINE_BENCH_FACTS:
        break;
    }
    return incline_fail(bench->ctx, INCLINE_ERROR_ARGUMENT, "no such fact of a device");
}

/* rate = work / seconds, repeat by repeat. */
static enum incline_status find_rate(struct incline_context *ctx, struct incline_bench_fact *fact)
{
    double *rates = NULL;
    enum incline_status status = incline_alloc(ctx, fact->samples.count, sizeof *rates, &rates);
    if (status)
        return status;
    for (size_t i = 0; i < fact->samples.count; i++) {
        rates[i] = fact->work / fact->samples.seconds[i];
        fact->best_rate = fmax(fact->best_rate, rates[i]);
    }
    incline_bench_statistics(rates, fact->samples.count, &fact->rate, &fact->rate_deviation);
    incline_free(&rates);
    return INCLINE_OK;
}

enum incline_status incline_bench_device(struct incline_context *ctx, struct incline_device *device,
                                         enum incline_bench_fact_kind kind,
                                         const struct incline_bench_timing *timing,
                                         struct incline_bench_fact *out)
{
    INCLINE_REQUIRE(ctx, ctx && device && timing && out);
    struct bench bench = {.ctx = ctx, .device = device, .timing = timing, .fact = out};
    *out = (struct incline_bench_fact){.state = INCLINE_BENCH_CHECKED};
    enum incline_status status = measure_kind(&bench, kind);
    if (!status && out->state == INCLINE_BENCH_CHECKED)
        status = find_rate(ctx, out);
    finish(&bench);
    return status;
}

void incline_bench_fact_finish(struct incline_bench_fact *fact)
{
    incline_bench_samples_finish(&fact->samples);
}
