/* sched_setaffinity() */
#define _GNU_SOURCE

/* A tuning of a network whose first layer is made for it: of its candidates the first is slow, the
 * second wrong, the third cannot be built, and the fourth is right and quick. */
#include "support/device.h"
#include "support/scratch.h"

#include "base/embedded.h"
#include "device/tuning.h"
#include "network/rewrite.h"
#include "train/config.h"
#include "tune/session.h"

#include <sched.h>

enum { ELEMS = 16 };

/* A clock of which each look takes `pace` seconds, 0 unless a test says otherwise, and a machine
 * that becomes slow while the candidate is made whose first number is slow_candidate. */
static double clock_now, pace, slow_pace;
static int slow_candidate;

/* From this candidate on a look at the load takes LATE_SECONDS. */
enum { LATE_SECONDS = 100 };
static int late_candidate;

static double look_at_clock(void)
{
    clock_now += pace;
    return clock_now;
}

/* The processors that the process got; more than there are: the machine is quiet. And how long it
 * takes to look at that. */
static double share, look_seconds;

static enum incline_status probe_load(struct incline_context *ctx, struct incline_device *device,
                                      double max_seconds, double *cpu_seconds, double *busy_seconds)
{
    (void)ctx;
    (void)device;
    (void)max_seconds;
    clock_now += look_seconds;
    *busy_seconds = 0.01;
    *cpu_seconds = *busy_seconds * share;
    return INCLINE_OK;
}

static const char model[] = "incline: 1\n"
                            "model:\n"
                            "  name: tiny\n"
                            "  input: [4, 4, 1]\n"
                            "  layers: [relu, flatten, {dense: 3}]\n"
                            "data: {root: none}\n";

static const char kernel[] = "#include \"lanes.h\"\n"
                             "kernel void made(global const float *x, global float *y)\n"
                             "{\n"
                             "    int i = get_global_id(1) * 256 + get_global_id(0);\n"
                             "#if KIND == 0\n"
                             "    float z = x[i];\n"
                             "    for (int k = 0; k < 20000; k++)\n"
                             "        z = z + (z > 1e30f ? x[k % 256] : 0.0f);\n"
                             "    y[i] = z;\n"
                             "#elif KIND == 1\n"
                             "    y[i] = x[i] + (i == 3 ? 0.001f : 0.0f);\n"
                             "#elif KIND == 2\n"
                             "#error broken\n"
                             "#else\n"
                             "    y[i] = x[i];\n"
                             "#endif\n"
                             "}\n";

static enum incline_status forward(struct incline_context *ctx, const struct incline_layer *layer,
                                   struct incline_layer_io *io)
{
    static const struct incline_tile candidates[] = {{{10, 0}}, {{20, 1}}, {{30, 2}}, {{40, 3}}};
    struct incline_text defines;
    const struct incline_tile *tile =
        incline_tuning_choose(incline_plan_device(io->plan), "made", "any", candidates, 4);
    if (tile->values[0] == slow_candidate)
        pace = slow_pace;
    if (tile->values[0] == late_candidate)
        look_seconds = LATE_SECONDS;
    incline_text_init(&defines, ctx);
    incline_define(&defines, "KIND", tile->values[1]);
    struct incline_launch launch = {
        .label = layer->name,
        .source = "made.cl",
        .kernel = "made",
        .defines = incline_text_get(&defines),
        .items = ELEMS * INCLINE_NB,
        .group = 1,
        .second = INCLINE_BLOCKS,
        .args = {INCLINE_TENSOR(io->x), INCLINE_TENSOR(io->y)},
    };
    enum incline_status status = incline_plan_launch(ctx, io->plan, &launch);
    incline_text_finish(&defines);
    return status;
}

static const struct incline_layer_class made_class = {.name = "made", .forward = forward};

/* What the log was told. */
struct heard {
    char text[16384];
};

static void hear(void *cookie, enum incline_log_level level, const char *text)
{
    struct heard *heard = cookie;
    size_t used = strlen(heard->text);
    (void)level;
    snprintf(heard->text + used, sizeof heard->text - used, "%s\n", text);
}

struct bench {
    struct scratch *scratch;
    struct incline_context *ctx;
    struct incline_device *device;
    struct incline_config *config;
    struct incline_layer layers[3];
    struct incline_tune_spec spec;
    struct heard heard;
};

/* The kernels of the library, and the one above, in a folder. */
static void write_kernels(struct bench *bench)
{
    for (const struct incline_embedded_file *file = incline_kernel_files; file->name; file++)
        scratch_write(bench->scratch, file->name, file->text, strlen(file->text));
    scratch_write(bench->scratch, "made.cl", kernel, strlen(kernel));
    setenv("INCLINE_KERNEL_DIR", bench->scratch->folder, 1);
}

static void open_device(struct bench *bench)
{
    assert_ok(bench->ctx,
              incline_device_open(bench->ctx, getenv("INCLINE_DEVICE"), &bench->device));
    bench->spec.device = bench->device;
}

static const struct incline_loss cross_entropy = {.class =
                                                      &incline_losses[INCLINE_LOSS_CROSS_ENTROPY]};

static int setup(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    void *scratch = NULL;
    assert_non_null(bench);
    assert_int_equal(scratch_setup(&scratch), 0);
    bench->scratch = scratch;
    slow_candidate = late_candidate = 0;
    pace = 0;
    share = 1000;
    look_seconds = 0;
    setenv("INCLINE_CACHE_DIR", scratch_path(bench->scratch, "cache"), 1);
    write_kernels(bench);
    bench->ctx = incline_context_create(hear, &bench->heard);
    assert_ok(bench->ctx, incline_config_parse(bench->ctx, "test", model, NULL, 0, &bench->config));
    memcpy(bench->layers, bench->config->model.layers, sizeof bench->layers);
    bench->layers[0].class = &made_class;
    bench->spec = (struct incline_tune_spec){
        .layers = bench->layers,
        .layer_count = 3,
        .loss = &cross_entropy,
        .rewrites = INCLINE_REWRITE_ALL,
        .batch = 20,
        .clock = look_at_clock,
        .probe_load = probe_load,
    };
    open_device(bench);
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    void *scratch = bench->scratch;
    incline_device_close(&bench->device);
    incline_config_destroy(&bench->config);
    incline_context_destroy(&bench->ctx);
    free(bench);
    return scratch_teardown(&scratch);
}

static const struct incline_tune_row *row_of(const struct incline_tune_result *result,
                                             const char *op)
{
    for (size_t i = 0; i < result->count; i++)
        if (strcmp(result->rows[i].op, op) == 0)
            return &result->rows[i];
    return NULL;
}

static void tune(struct bench *bench, const struct incline_tune_options *options,
                 struct incline_tune_result *result)
{
    assert_ok(bench->ctx, incline_tune_network(bench->ctx, &bench->spec, options, result));
}

static bool file_holds(struct bench *bench, const char *text)
{
    char content[8192] = "";
    FILE *file = fopen(scratch_path(bench->scratch, "cache/tuning"), "rb");
    if (!file)
        return false;
    content[fread(content, 1, sizeof content - 1, file)] = '\0';
    fclose(file);
    return strstr(content, text) != NULL;
}

static void the_right_and_quick_one_is_found(void **state)
{
    struct bench *bench = *state;
    struct incline_tune_result result;
    const struct incline_tune_options options = {.mode = INCLINE_TUNE_FULL};
    tune(bench, &options, &result);
    const struct incline_tune_row *row = row_of(&result, "made");
    assert_non_null(row);
    assert_string_equal(row->shape, "any");
    assert_string_equal(row->first, "10");
    assert_string_equal(row->best, "40 3");
    assert_int_equal(row->candidates, 4);
    assert_int_equal(row->compared, 1);
    assert_int_equal(row->dropped, 2);
    assert_true(row->best_seconds < row->first_seconds);
    assert_true(result.step_after_seconds < result.step_before_seconds);
    assert_false(result.out_of_time);
    assert_non_null(strstr(bench->heard.text, "made, any: candidate 2 of 4 drops out: its results "
                                              "are not those of the first\n"));
    assert_non_null(strstr(bench->heard.text, "made, any: candidate 3 of 4 drops out: building "
                                              "made.cl failed"));
    assert_string_equal(incline_error_text(bench->ctx), "");
    /* Kept, unless the machine is too busy to believe it. */
    bool kept = !result.loaded && !row->noisy;
    assert_int_equal(file_holds(bench, "\tmade\tany\t"), kept);
    assert_int_equal(file_holds(bench, "\t40,3,0,0\t"), kept);
    incline_tune_finish(&result);
}

/* What is known is not measured again. */
static void what_is_known_is_left_alone(void **state)
{
    struct bench *bench = *state;
    struct incline_tune_result result;
    struct incline_tune_options options = {.mode = INCLINE_TUNE_QUICK};
    tune(bench, &options, &result);
    size_t questions = result.count;
    incline_tune_finish(&result);
    tune(bench, &options, &result);
    assert_int_equal(result.count, 0);
    assert_int_equal(result.known, questions);
    incline_tune_finish(&result);
    options.mode = INCLINE_TUNE_OFF;
    tune(bench, &options, &result);
    assert_int_equal(result.count + (size_t)result.known, 0);
    incline_tune_finish(&result);
}

static void a_stop_leaves_things_as_they_were(void **state)
{
    struct bench *bench = *state;
    struct incline_tune_result result;
    volatile sig_atomic_t stop = 1;
    const struct incline_tune_options options = {.mode = INCLINE_TUNE_FULL, .stop = &stop};
    tune(bench, &options, &result);
    assert_true(result.out_of_time);
    assert_int_equal(row_of(&result, "made")->compared, 0);
    assert_string_equal(row_of(&result, "made")->best, "10");
    assert_int_equal(result.stored, 0);
    for (size_t i = 0; i < incline_tuning_count(bench->device); i++)
        if (strcmp(incline_tuning_get(bench->device, i)->op, "made") == 0)
            assert_int_equal(incline_tuning_get(bench->device, i)->source, INCLINE_TUNING_GUESS);
    incline_tune_finish(&result);
}

static int last_done;

static void on_progress(void *cookie, const struct incline_tune_progress *progress)
{
    int *calls = cookie;
    assert_true(progress->done >= last_done && progress->done < progress->candidates);
    last_done = progress->done;
    ++*calls;
}

static bool is_cpu(const struct bench *bench)
{
    return strcmp(incline_device_get_info(bench->device)->type, "cpu") == 0;
}

/* Of a full tuning that is stopped at once. */
static bool is_loaded(struct bench *bench, double units)
{
    struct incline_tune_result result;
    volatile sig_atomic_t stop = 1;
    const struct incline_tune_options options = {.mode = INCLINE_TUNE_FULL, .stop = &stop};
    share = units;
    tune(bench, &options, &result);
    bool loaded = result.loaded;
    incline_tune_finish(&result);
    return loaded;
}

/* A process that is bound to one of several cores is not loaded for using no more. */
static void what_the_process_may_not_use_is_no_load(void **state)
{
    struct bench *bench = *state;
    cpu_set_t all, one;
    int first = 0;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    int units = incline_device_get_info(bench->device)->compute_units;
    if (!is_cpu(bench) || units < 2 || CPU_COUNT(&all) < 2)
        skip();
    assert_true(is_loaded(bench, 1));
    while (!CPU_ISSET(first, &all))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    bool loaded = is_loaded(bench, 1), loaded_more = is_loaded(bench, 0.5);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_false(loaded);
    assert_true(loaded_more);
}

static void progress_is_told(void **state)
{
    struct bench *bench = *state;
    struct incline_tune_result result;
    int calls = 0;
    const struct incline_tune_options options = {
        .mode = INCLINE_TUNE_QUICK, .cookie = &calls, .progress = on_progress};
    last_done = 0;
    tune(bench, &options, &result);
    assert_true(calls >= 3);
    incline_tune_finish(&result);
}

/* A cache that cannot be used costs one warning; what was found is used all the same. */
static void without_a_cache_it_is_used_for_now(void **state)
{
    struct bench *bench = *state;
    struct incline_tune_result result;
    const struct incline_tune_options options = {.mode = INCLINE_TUNE_QUICK};
    setenv("INCLINE_CACHE_DIR", scratch_path(bench->scratch, "made.cl"), 1); /* a file */
    tune(bench, &options, &result);
    assert_int_equal(result.stored, 0);
    assert_string_equal(row_of(&result, "made")->best, "40 3");
    if (!result.loaded)
        assert_non_null(strstr(bench->heard.text, "the tuning is used for now, but not kept: "));
    assert_string_equal(incline_error_text(bench->ctx), "");
    incline_tune_finish(&result);
}

/* However slow the machine is, and with it each timing, and however long it might take. Two looks
 * at the clock are for none. */
static void quick_keeps_to_its_five_seconds(void **state)
{
    static const double paces[] = {0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 1};
    struct bench *bench = *state;
    setenv("INCLINE_CACHE", "off", 1);
    for (size_t i = 0; i < sizeof paces / sizeof *paces; i++) {
        const struct incline_tune_options options = {.mode = INCLINE_TUNE_QUICK,
                                                     .max_seconds = i % 2 ? 1000 : 0};
        struct incline_tune_result result;
        incline_device_close(&bench->device);
        open_device(bench);
        pace = paces[i];
        tune(bench, &options, &result);
        if (result.seconds > 5 + 2 * pace || (pace < 0.1 && result.out_of_time && !result.loaded))
            fail_msg("%g s at a pace of %g s", result.seconds, pace);
        incline_tune_finish(&result);
    }
    unsetenv("INCLINE_CACHE");
}

/* What was measured before is kept; the trial that takes too long says nothing. */
static void a_machine_that_becomes_slow_ends_a_trial(void **state)
{
    const struct incline_tune_options options = {.mode = INCLINE_TUNE_QUICK};
    struct bench *bench = *state;
    struct incline_tune_result result;
    pace = 0.001;
    slow_pace = 3;
    slow_candidate = 40;
    tune(bench, &options, &result);
    assert_true(result.out_of_time);
    assert_int_equal(row_of(&result, "made")->compared, 0);
    assert_string_equal(row_of(&result, "made")->best, "10");
    if (!result.loaded && !row_of(&result, "dense_forward")->noisy)
        assert_true(file_holds(bench, "\tdense_forward\t"));
    incline_tune_finish(&result);
}

static void count_calls(void *cookie, const struct incline_tune_progress *progress)
{
    (void)progress;
    ++*(int *)cookie;
}

/* Tunes, and returns how many candidates were begun. */
static int count_trials(struct bench *bench, struct incline_tune_options options,
                        struct incline_tune_result *result)
{
    int calls = 0;
    options.cookie = &calls;
    options.progress = count_calls;
    tune(bench, &options, result);
    return calls;
}

static void quick_tries_nothing_on_a_busy_machine(void **state)
{
    struct bench *bench = *state;
    struct incline_tune_result result;
    if (!is_cpu(bench))
        skip();
    share = 0.1;
    const struct incline_tune_options quick = {.mode = INCLINE_TUNE_QUICK};
    const struct incline_tune_options full = {.mode = INCLINE_TUNE_FULL};
    assert_int_equal(count_trials(bench, quick, &result), 0);
    assert_true(result.loaded && result.out_of_time && result.step_before_seconds == 0);
    incline_tune_finish(&result);
    assert_true(count_trials(bench, full, &result) > 0);
    assert_true(result.loaded && !result.out_of_time && result.step_before_seconds > 0);
    incline_tune_finish(&result);
}

/* Making the first step counts to the time; when it takes 3 s, a candidate may as well. */
static void quick_tries_nothing_after_a_long_build(void **state)
{
    struct bench *bench = *state;
    struct incline_tune_result result;
    slow_candidate = 10;
    slow_pace = 3;
    const struct incline_tune_options options = {.mode = INCLINE_TUNE_QUICK};
    assert_int_equal(count_trials(bench, options, &result), 0);
    assert_true(result.out_of_time && !result.loaded && result.step_before_seconds == 0);
    assert_true(result.seconds >= 3);
    incline_tune_finish(&result);
}

/* Only looks at the load take time: one before the first candidate, and one after each. */
static void a_candidate_is_not_begun_without_time_for_it(void **state)
{
    struct bench *bench = *state;
    struct incline_tune_result result;
    if (!is_cpu(bench))
        skip();
    look_seconds = 1;
    const struct incline_tune_options options = {.mode = INCLINE_TUNE_FULL, .max_seconds = 3.5};
    assert_int_equal(count_trials(bench, options, &result), 2);
    assert_true(result.out_of_time && result.seconds == 3);
    size_t left = 0;
    for (size_t i = 0; i < incline_tuning_count(bench->device); i++)
        left += incline_tuning_get(bench->device, i)->source == INCLINE_TUNING_GUESS;
    assert_true(left > 0 && left < result.count);
    incline_tune_finish(&result);
}

/* The machine stops for long after the last candidate, which wins. */
static void past_the_limit_the_step_is_not_timed(void **state)
{
    struct bench *bench = *state;
    struct incline_tune_result result;
    const struct incline_tune_options options = {.mode = INCLINE_TUNE_QUICK};
    if (!is_cpu(bench))
        skip();
    late_candidate = 40;
    tune(bench, &options, &result);
    assert_string_equal(row_of(&result, "made")->best, "40 3");
    assert_true(result.step_before_seconds > 0 && result.step_after_seconds == 0);
    incline_tune_finish(&result);
}

#define session_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    session_test(the_right_and_quick_one_is_found),
    session_test(what_is_known_is_left_alone),
    session_test(a_stop_leaves_things_as_they_were),
    session_test(what_the_process_may_not_use_is_no_load),
    session_test(progress_is_told),
    session_test(without_a_cache_it_is_used_for_now),
    session_test(quick_keeps_to_its_five_seconds),
    session_test(a_machine_that_becomes_slow_ends_a_trial),
    session_test(quick_tries_nothing_on_a_busy_machine),
    session_test(quick_tries_nothing_after_a_long_build),
    session_test(a_candidate_is_not_begun_without_time_for_it),
    session_test(past_the_limit_the_step_is_not_timed),
};

int main(void)
{
    struct test_device device;
    if (!getenv("INCLINE_LANES"))
        setenv("INCLINE_LANES", "4", 1); /* no probe */
    int code = test_device_open(&device);
    if (code)
        return code;
    test_device_close(&device);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
