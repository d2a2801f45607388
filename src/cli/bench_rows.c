#include "cli/bench_rows.h"

#include "cli/json_output.h"

#include <math.h>
#include <string.h>

const char *const cli_bench_keys[] = {"version",
                                      "commit",
                                      "test_time",
                                      "os",
                                      "cpu",
                                      "load",
                                      "op",
                                      "model",
                                      "layer",
                                      "covers",
                                      "params",
                                      "macs",
                                      "device_index",
                                      "device",
                                      "device_type",
                                      "platform",
                                      "opencl",
                                      "driver",
                                      "compute_units",
                                      "clblast",
                                      "precision",
                                      "mode",
                                      "batch",
                                      "repeat",
                                      "warmup",
                                      "runs",
                                      "avg_ns",
                                      "stddev_ns",
                                      "samples_ns",
                                      "images_per_s",
                                      "gflops",
                                      "gb_per_s",
                                      "rate_stddev",
                                      "peak_share",
                                      "launches",
                                      "device_ns",
                                      "forward_ns",
                                      "loss_ns",
                                      "backward_ns",
                                      "update_ns",
                                      "build_ns",
                                      "first_step_ns",
                                      "checked",
                                      "state",
                                      "before",
                                      "now",
                                      "change",
                                      NULL};

/* A value that could not be made leaves its key out, which finish() notices. */
static void set(json_t *row, const char *key, json_t *value)
{
    if (row != NULL)
        (void)json_object_set_new(row, key, value);
    else
        json_decref(value);
}

static void set_text(json_t *row, const char *key, const char *text)
{
    set(row, key, cli_json_text(text));
}

static void set_number(json_t *row, const char *key, double number)
{
    set(row, key, cli_json_number(number));
}

static void set_whole(json_t *row, const char *key, double number)
{
    set(row, key, json_integer((json_int_t)number));
}

static void set_ns(json_t *row, const char *key, double seconds)
{
    set_number(row, key, seconds * 1e9);
}

static void set_samples(json_t *row, const struct incline_bench_samples *samples)
{
    json_t *list = json_array();
    for (size_t i = 0; i < samples->count && list != NULL; i++)
        (void)json_array_append_new(list, cli_json_number(samples->seconds[i] * 1e9));
    set_whole(row, "runs", (double)samples->runs);
    set_ns(row, "avg_ns", samples->mean);
    set_ns(row, "stddev_ns", samples->deviation);
    set(row, "samples_ns", list);
}

static void set_run(json_t *row, const struct cli_bench_run *run)
{
    const struct incline_bench_environment *environment = &run->environment;
    set_text(row, "version", environment->version);
    set_text(row, "commit", environment->commit);
    set_text(row, "test_time", environment->time);
    set_text(row, "os", environment->os);
    set_text(row, "cpu", environment->cpu);
    if (environment->load >= 0)
        set_number(row, "load", environment->load);
    set_text(row, "clblast", environment->clblast);
    set_text(row, "precision", "fp32");
    set_whole(row, "repeat", run->timing.repeats);
    set_whole(row, "warmup", run->timing.warmups);
}

static void set_device(json_t *row, const struct incline_device_info *info)
{
    set_whole(row, "device_index", info->index);
    set_text(row, "device", info->name);
    set_text(row, "device_type", info->type);
    set_text(row, "platform", info->platform_name);
    set_text(row, "opencl", info->opencl);
    set_text(row, "driver", info->driver);
    set_whole(row, "compute_units", info->compute_units);
}

static json_t *start(const struct cli_bench_run *run, const struct cli_bench_subject *subject)
{
    json_t *row = json_object();
    for (size_t i = 0; cli_bench_keys[i] != NULL; i++)
        set(row, cli_bench_keys[i], json_null());
    set_run(row, run);
    set_device(row, subject->device);
    set_text(row, "op", subject->op);
    if (subject->model == NULL)
        return row;
    set_text(row, "model", subject->model);
    set_text(row, "mode", subject->mode == INCLINE_BENCH_TRAIN ? "train" : "infer");
    set_whole(row, "batch", subject->batch);
    return row;
}

static void set_state(json_t *row, enum incline_bench_state state)
{
    set(row, "checked", json_boolean(state == INCLINE_BENCH_CHECKED));
    set_text(row, "state", incline_bench_state_name(state));
}

static void set_flops(json_t *row, double flops_per_second, double peak)
{
    if (!(flops_per_second > 0) || !isfinite(flops_per_second))
        return;
    set_number(row, "gflops", flops_per_second * 1e-9);
    if (peak > 0)
        set_number(row, "peak_share", flops_per_second / peak);
}

json_t *cli_bench_network_row(const struct cli_bench_run *run,
                              const struct cli_bench_subject *subject,
                              const struct incline_bench_result *result, double peak)
{
    json_t *row = start(run, subject);
    set_whole(row, "params", (double)result->parameters);
    set_whole(row, "macs", result->multiply_adds);
    set_state(row, result->state);
    if (result->state == INCLINE_BENCH_FAILED_CHECK)
        return row;
    set_samples(row, &result->step);
    set_number(row, "images_per_s", result->images_per_second);
    set_number(row, "rate_stddev", result->images_per_second_deviation);
    set_flops(row, result->flops_per_second, peak);
    set_whole(row, "launches", (double)result->launches);
    set_ns(row, "device_ns", result->device_seconds);
    set_ns(row, "build_ns", result->build_seconds);
    set_ns(row, "first_step_ns", result->first_step_seconds);
    return row;
}

json_t *cli_bench_layer_row(const struct cli_bench_run *run,
                            const struct cli_bench_subject *subject,
                            const struct incline_bench_layer *layer, double peak)
{
    double seconds = layer->forward + layer->loss + layer->backward + layer->update;
    json_t *row = start(run, subject);
    set_text(row, "layer", layer->name);
    set_text(row, "covers", layer->covers);
    set_whole(row, "launches", (double)layer->launches);
    set_ns(row, "device_ns", seconds);
    set_ns(row, "forward_ns", layer->forward);
    set_ns(row, "loss_ns", layer->loss);
    set_ns(row, "backward_ns", layer->backward);
    set_ns(row, "update_ns", layer->update);
    set_flops(row, layer->flops / seconds, peak);
    return row;
}

static void set_rate(json_t *row, enum incline_bench_fact_kind kind,
                     const struct incline_bench_fact *fact)
{
    switch (kind) {
    case INCLINE_BENCH_PEAK:
        set_number(row, "gflops", fact->rate * 1e-9);
        set_number(row, "rate_stddev", fact->rate_deviation * 1e-9);
        break;
    case INCLINE_BENCH_COPY:
    case INCLINE_BENCH_TRIAD:
        set_number(row, "gb_per_s", fact->rate * 1e-9);
        set_number(row, "rate_stddev", fact->rate_deviation * 1e-9);
        break;
    case INCLINE_BENCH_LAUNCH:
    case INCLINE_BENCH_LAUNCH_WAIT:
    case INCLINE_BENCH_FACTS:
        set_number(row, "rate_stddev", fact->rate_deviation);
        break;
    }
}

json_t *cli_bench_fact_row(const struct cli_bench_run *run, const struct cli_bench_subject *subject,
                           enum incline_bench_fact_kind kind, const struct incline_bench_fact *fact)
{
    json_t *row = start(run, subject);
    set_state(row, fact->state);
    if (fact->state == INCLINE_BENCH_FAILED_CHECK)
        return row;
    set_samples(row, &fact->samples);
    set_rate(row, kind, fact);
    return row;
}

json_t *cli_bench_failed_row(const struct cli_bench_run *run,
                             const struct cli_bench_subject *subject)
{
    json_t *row = start(run, subject);
    set(row, "checked", json_false());
    set_text(row, "state", "failed");
    return row;
}

const char *cli_bench_text(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text != NULL ? text : "";
}

double cli_bench_number(const json_t *row, const char *key)
{
    return json_number_value(json_object_get(row, key));
}

double cli_bench_rate(const json_t *row)
{
    static const char *const rates[] = {"images_per_s", "gflops", "gb_per_s"};
    if (strcmp(cli_bench_text(row, "op"), "layer") == 0)
        return 0;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        if (cli_bench_number(row, rates[i]) > 0)
            return cli_bench_number(row, rates[i]);
    }
    double nanoseconds = cli_bench_number(row, "avg_ns");
    return nanoseconds > 0 ? 1e9 / nanoseconds : 0;
}

bool cli_bench_same_work(const json_t *a, const json_t *b)
{
    static const char *const keys[] = {"op", "model", "mode"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(cli_bench_text(a, keys[i]), cli_bench_text(b, keys[i])) != 0)
            return false;
    }
    return llround(cli_bench_number(a, "batch")) == llround(cli_bench_number(b, "batch"));
}
