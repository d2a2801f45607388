#include "device/lanes.h"

#include "base/clock.h"
#include "base/memory.h"
#include "device/opencl.h"
#include "device/plan.h"
#include "device/tuning.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTHS = 3,
    SUMS = 12,
    ITEMS_PER_UNIT = 4,
    REPEATS = 4,
    LOAD_LAUNCHES = 10,
    LOAD_BURSTS = 6
};

/* Multiply-adds of one launch per compute unit: the first try, which takes a simulator some time
 * already, and how far it grows on faster devices. */
enum { FMAS_FIRST = 1 << 15, FMAS_LAST = 1 << 28 };

/* How long a launch should take, so that its beginning and end count little. */
static const double probe_seconds = 1e-4;

/* The load is looked at for longer than other processes run at a time. */
static const double load_seconds = 2e-3;

static const int widths[WIDTHS] = {16, 8, 4};

/* A launch that takes longer is not repeated. */
static const double long_seconds = 0.01;

/* Another width than the driver names must be faster by more than what a busy machine does: what is
 * too wide spills, and what is too narrow leaves half of the registers unused. */
static const double noise = 1.25;

int incline_lanes_choose(const double seconds[WIDTHS], int drivers_word)
{
    int best = 0;
    while (best < WIDTHS - 1 && widths[best] != drivers_word)
        best++;
    for (int i = 0; i < WIDTHS; i++)
        if (seconds[i] * noise < seconds[best])
            best = i;
    return widths[best];
}

/* ---- the probe ---- */

struct probe {
    struct incline_context *ctx;
    struct incline_device *device;
    struct incline_buffer *w, *y;
    struct incline_plan *plans[WIDTHS];
    int items, fmas;
    double end; /* no launch begins after it, of the clock; 0: none */
};

static enum incline_status make_buffers(struct probe *probe)
{
    float w[SUMS] = {0};
    size_t bytes = (size_t)probe->items * INCLINE_NB * sizeof(float);
    enum incline_status status =
        incline_buffer_create(probe->ctx, probe->device, "the lane probe", sizeof w, &probe->w);
    if (status)
        return status;
    status = incline_buffer_write(probe->ctx, probe->w, 0, w, sizeof w);
    if (status)
        return status;
    return incline_buffer_create(probe->ctx, probe->device, "the lane probe", bytes, &probe->y);
}

static enum incline_status add_launch(struct probe *probe, struct incline_plan *plan,
                                      struct incline_tensor *w, struct incline_tensor *y)
{
    struct incline_text defines;
    incline_text_init(&defines, probe->ctx);
    incline_text_add(&defines, " -D SUMS=%d", (int)SUMS);
    struct incline_launch launch = {
        .label = "lanes",
        .source = "lane_probe.cl",
        .kernel = "lane_probe",
        .defines = incline_text_get(&defines),
        .items = probe->items,
        .group = 1,
        .args = {INCLINE_TENSOR(w), INCLINE_TENSOR(y), INCLINE_NUMBER},
    };
    enum incline_status status = incline_text_status(&defines);
    if (!status)
        status = incline_plan_launch(probe->ctx, plan, &launch);
    incline_text_finish(&defines);
    return status;
}

static enum incline_status make_plan(struct probe *probe, int lanes, struct incline_plan **out)
{
    struct incline_tensor *w, *y;
    enum incline_status status = incline_plan_create(probe->ctx, probe->device, 1, out);
    struct incline_plan *plan = *out;
    if (status)
        return status;
    status = incline_plan_external(probe->ctx, plan, "w", probe->w, &w);
    if (status)
        return status;
    status = incline_plan_external(probe->ctx, plan, "y", probe->y, &y);
    if (status)
        return status;
    status = add_launch(probe, plan, w, y);
    if (status)
        return status;
    probe->device->lanes = lanes; /* programs are built for the device's lanes */
    return incline_plan_finish(probe->ctx, plan);
}

/* Rounds are the step's number: they change from launch to launch. */
static struct incline_step step_of(const struct probe *probe, int lanes)
{
    return (struct incline_step){.images = 1,
                                 .number = probe->fmas / (SUMS * ITEMS_PER_UNIT * lanes)};
}

/* Where the device's clock stands still or is far behind, the host's counts. */
static enum incline_status time_once(struct probe *probe, struct incline_plan *plan, int lanes,
                                     double *seconds)
{
    const struct incline_step step = step_of(probe, lanes);
    double start = incline_clock_seconds();
    enum incline_status status = incline_plan_profile(probe->ctx, plan, &step, seconds);
    double outside = incline_clock_seconds() - start;
    if (!status && outside > long_seconds && *seconds < outside / 10)
        *seconds = outside;
    return status;
}

/* The shorter of two runs: one alone may have been interrupted. */
static enum incline_status time_twice(struct probe *probe, struct incline_plan *plan, int lanes,
                                      double *seconds)
{
    double again;
    enum incline_status status = time_once(probe, plan, lanes, seconds);
    if (!status)
        status = time_once(probe, plan, lanes, &again);
    if (!status && again < *seconds)
        *seconds = again;
    return status;
}

static bool is_over(const struct probe *probe)
{
    return probe->end > 0 && incline_clock_seconds() > probe->end;
}

/* Finds out how much work takes `wanted` seconds; warms up, too. */
static enum incline_status calibrate(struct probe *probe, struct incline_plan *plan, int lanes,
                                     double wanted)
{
    double seconds;
    probe->fmas = FMAS_FIRST;
    enum incline_status status = time_twice(probe, plan, lanes, &seconds);
    while (!status && seconds < wanted && probe->fmas < FMAS_LAST && !is_over(probe)) {
        probe->fmas *= 2;
        status = time_twice(probe, plan, lanes, &seconds);
    }
    return status;
}

static enum incline_status time_one(struct probe *probe, int which, double *best)
{
    double seconds;
    enum incline_status status = time_once(probe, probe->plans[which], widths[which], &seconds);
    if (!status && seconds < *best)
        *best = seconds;
    return status;
}

/* Widths in turn, so that what else the machine does meets all of them; the first turn warms up. */
static enum incline_status time_all(struct probe *probe, double best[WIDTHS])
{
    enum incline_status calibrated = calibrate(probe, probe->plans[0], widths[0], probe_seconds);
    if (calibrated)
        return calibrated;
    for (int repeat = 0; repeat <= REPEATS; repeat++) {
        double longest = 0;
        for (int i = 0; i < WIDTHS; i++) {
            if (repeat <= 1)
                best[i] = INFINITY;
            enum incline_status status = time_one(probe, i, &best[i]);
            if (status)
                return status;
            longest = best[i] > longest ? best[i] : longest;
        }
        if (repeat >= 1 && longest > long_seconds)
            break;
    }
    return INCLINE_OK;
}

static struct probe probe_of(struct incline_context *ctx, struct incline_device *device)
{
    return (struct probe){
        .ctx = ctx, .device = device, .items = device->info.compute_units * ITEMS_PER_UNIT};
}

static void finish(struct probe *probe)
{
    for (int i = 0; i < WIDTHS; i++)
        incline_plan_destroy(&probe->plans[i]);
    incline_buffer_destroy(&probe->y);
    incline_buffer_destroy(&probe->w);
}

static enum incline_status measure(struct incline_context *ctx, struct incline_device *device,
                                   double seconds[WIDTHS])
{
    struct probe probe = probe_of(ctx, device);
    enum incline_status status = make_buffers(&probe);
    for (int i = 0; !status && i < WIDTHS; i++)
        status = make_plan(&probe, widths[i], &probe.plans[i]);
    if (!status)
        status = time_all(&probe, seconds);
    finish(&probe);
    return status;
}

/* ---- the load ---- */

/* One launch where no more may begin. */
static enum incline_status run_burst(struct probe *probe, int lanes, double *cpu_seconds,
                                     double *busy_seconds)
{
    int launches = is_over(probe) ? 1 : LOAD_LAUNCHES;
    const struct incline_step step = step_of(probe, lanes);
    double cpu = incline_clock_process_seconds(), start = incline_clock_seconds();
    enum incline_status status = INCLINE_OK;
    for (int i = 0; !status && i < launches; i++)
        status = incline_plan_enqueue(probe->ctx, probe->plans[0], &step);
    if (!status)
        status = incline_device_wait(probe->ctx, probe->device);
    *cpu_seconds = incline_clock_process_seconds() - cpu;
    *busy_seconds = incline_clock_seconds() - start;
    return status;
}

/* The best of a few bursts counts: a core that slept takes tens of milliseconds to wake, and seems
 * to be another's until then. One that kept (nearly) all compute units busy is the last. */
static enum incline_status run_load(struct probe *probe, double *cpu_seconds, double *busy_seconds)
{
    int lanes = probe->device->lanes;
    enum incline_status status = calibrate(probe, probe->plans[0], lanes, load_seconds);
    double enough = 0.95 * probe->device->info.compute_units, cpu, busy;
    for (int i = 0; !status && i < LOAD_BURSTS; i++) {
        status = run_burst(probe, lanes, &cpu, &busy);
        if (i == 0 || cpu * *busy_seconds > *cpu_seconds * busy) {
            *cpu_seconds = cpu;
            *busy_seconds = busy;
        }
        if (is_over(probe) || cpu > enough * busy)
            break;
    }
    return status;
}

enum incline_status incline_device_probe_load(struct incline_context *ctx,
                                              struct incline_device *device, double max_seconds,
                                              double *cpu_seconds, double *busy_seconds)
{
    struct probe probe = probe_of(ctx, device);
    enum incline_status status = make_buffers(&probe);
    if (!status)
        status = make_plan(&probe, device->lanes, &probe.plans[0]);
    probe.end = incline_clock_seconds() + max_seconds;
    if (!status)
        status = run_load(&probe, cpu_seconds, busy_seconds);
    finish(&probe);
    return status;
}

/* ---- the choice ---- */

static int drivers_word(const struct incline_device *device)
{
    cl_uint width = 0;
    clGetDeviceInfo(device->id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof width, &width, NULL);
    return width >= 16 ? 16 : width >= 8 ? 8 : 4;
}

static int users_word(void)
{
    const char *wish = getenv("INCLINE_LANES");
    int wished = wish ? atoi(wish) : 0;
    return wished == 1 || wished == 4 || wished == 8 || wished == 16 ? wished : 0;
}

static void store(struct incline_context *ctx, struct incline_device *device, size_t chosen,
                  const double seconds[WIDTHS])
{
    struct incline_tuning_result result = {0};
    for (size_t i = 0; i < WIDTHS; i++)
        if (result.second == chosen || (i != chosen && seconds[i] < seconds[result.second]))
            result.second = i;
    result.best = chosen;
    result.best_seconds = seconds[chosen];
    result.second_seconds = seconds[result.second];
    incline_tuning_set(device, 0, chosen, INCLINE_TUNING_MEASURED);
    enum incline_status status = incline_tuning_store(ctx, device, &result, 1);
    if (status) {
        incline_log(ctx, INCLINE_LOG_DEBUG, "the probe of the lanes is not kept: %s",
                    incline_error_text(ctx));
        incline_error_clear(ctx);
    }
}

/* The first question that the device's tuning is asked; its lanes are 0 until they are known. */
static int probed_lanes(struct incline_context *ctx, struct incline_device *device)
{
    static const struct incline_tile tiles[WIDTHS] = {{{16}}, {{8}}, {{4}}};
    double seconds[WIDTHS] = {0};
    device->lanes = 0;
    int lanes = incline_tuning_choose(device, "lanes", "fma", tiles, WIDTHS)->values[0];
    if (incline_tuning_count(device) == 0)
        return drivers_word(device);
    if (incline_tuning_get(device, 0)->source != INCLINE_TUNING_GUESS)
        return lanes;
    enum incline_status status = measure(ctx, device, seconds);
    device->lanes = 0;
    if (status) {
        incline_log(ctx, INCLINE_LOG_WARN,
                    "the lanes could not be probed, the driver's word is "
                    "taken: %s",
                    incline_error_text(ctx));
        incline_error_clear(ctx);
        return drivers_word(device);
    }
    lanes = incline_lanes_choose(seconds, drivers_word(device));
    incline_log(ctx, INCLINE_LOG_DEBUG, "lanes: 16 %.3f ms, 8 %.3f ms, 4 %.3f ms: %d",
                1e3 * seconds[0], 1e3 * seconds[1], 1e3 * seconds[2], lanes);
    store(ctx, device, lanes == 16 ? 0 : lanes == 8 ? 1 : 2, seconds);
    return lanes;
}

void incline_device_find_lanes(struct incline_context *ctx, struct incline_device *device)
{
    int lanes = users_word();
    if (lanes == 0)
        lanes = strcmp(device->info.type, "cpu") == 0 ? probed_lanes(ctx, device) : 1;
    device->lanes = lanes;
}
