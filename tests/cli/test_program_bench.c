#include "support/program.h"
#include "support/wrong_kernels.h"

#include <jansson.h>
#include <math.h>
#include <signal.h>

/* `incline bench`, on one tiny network. Figures are held against each other, never against a clock.
 */

#define QUICK "--min-time", "0.001", "-r", "3", "--warmup", "1"

static const char config[] = "incline: 1\n"
                             "model:\n"
                             "  name: tiny\n"
                             "  input: [6, 6, 1]\n"
                             "  layers: [{conv2d: {filters: 3, kernel: 3}}, flatten, {dense: 3}]\n"
                             "data: {root: there-is-none}\n"
                             "train: {batch_size: 8}\n";
enum { MACS = 16 * 9 * 3 + 48 * 3, PARAMETERS = 10 * 3 + 49 * 3 };

static int setup(void **state)
{
    if (program_setup(state))
        return 1;
    program_write(*state, "t.yaml", config);
    return 0;
}

#define bench_test(function) cmocka_unit_test_setup_teardown(function, setup, program_teardown)

static json_t *parse(const char *text, size_t length)
{
    json_error_t error;
    json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        fail_msg("not JSON: %s\n%.*s", error.text, (int)length, text);
    return value;
}

static double number(const json_t *row, const char *key)
{
    const json_t *value = json_object_get(row, key);
    if (!json_is_number(value))
        fail_msg("%s is no number", key);
    return json_number_value(value);
}

static const char *text(const json_t *row, const char *key)
{
    const char *value = json_string_value(json_object_get(row, key));
    return value ? value : "";
}

static void assert_near(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-6 * fabs(wanted)))
        fail_msg("got %.12g, not %.12g", got, wanted);
}

/* ---- forms of output ---- */

static void check_row(const json_t *row, const char *mode, int batch)
{
    static const char *const texts[] = {"version",  "test_time", "os",     "device", "device_type",
                                        "platform", "opencl",    "driver", "state"};
    double rate = 0;
    size_t i;
    json_t *sample, *samples = json_object_get(row, "samples_ns");
    for (i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_true(text(row, texts[i])[0] != '\0');
    assert_string_equal(text(row, "op"), "network");
    assert_string_equal(text(row, "model"), "tiny");
    assert_string_equal(text(row, "precision"), "fp32");
    assert_string_equal(text(row, "mode"), mode);
    assert_int_equal((int)number(row, "batch"), batch);
    assert_int_equal((int)number(row, "params"), PARAMETERS);
    assert_int_equal((int)number(row, "macs"), MACS);
    assert_int_equal((int)number(row, "repeat"), 3);
    assert_int_equal((int)number(row, "warmup"), 1);
    assert_int_equal(json_array_size(samples), 3);
    json_array_foreach(samples, i, sample) rate += batch / json_number_value(sample) * 1e9 / 3;
    assert_near(number(row, "images_per_s"), rate);
    assert_near(number(row, "gflops"), rate * MACS * 2e-9 * (strcmp(mode, "train") == 0 ? 3 : 1));
    assert_true(number(row, "avg_ns") * number(row, "runs") >= 1e6);
    assert_true(number(row, "stddev_ns") >= 0 && number(row, "build_ns") >= 0);
    assert_true(number(row, "device_ns") > 0 && number(row, "first_step_ns") > 0);
    assert_true(json_is_boolean(json_object_get(row, "checked")));
    assert_true(json_is_null(json_object_get(row, "layer")));
}

static void check_rows(const json_t *rows)
{
    assert_int_equal(json_array_size(rows), 4);
    check_row(json_array_get(rows, 0), "train", 4);
    check_row(json_array_get(rows, 1), "train", 8);
    check_row(json_array_get(rows, 2), "infer", 4);
    check_row(json_array_get(rows, 3), "infer", 8);
}

static void json_holds_a_row_for_each_measurement(void **state)
{
    struct program *p = *state;
    run(p, "bench", "t.yaml", "-b", "4-8*2", "--mode", "train,infer", "--format", "json", QUICK);
    assert_exit(p, 0);
    json_t *rows = parse(p->out, p->out_length);
    check_rows(rows);
    json_decref(rows);
    assert_err(p, "measuring tiny, train, batch 4, on ");
    assert_err(p, "measuring tiny, infer, batch 8, on ");
}

static void progress_is_a_line_a_row(void **state)
{
    struct program *p = *state;
    p->terminal = true;
    run(p, "bench", "t.yaml", QUICK);
    assert_exit(p, 0);
    assert_err(p, "\rmeasuring tiny, train, batch 8, on ");
    run(p, "bench", "t.yaml", QUICK, "-q");
    assert_exit(p, 0);
    assert_silent_err(p);
}

static json_t *parse_lines(const char *lines)
{
    json_t *rows = json_array();
    for (const char *end; (end = strchr(lines, '\n')) != NULL; lines = end + 1)
        json_array_append_new(rows, parse(lines, (size_t)(end - lines)));
    assert_int_equal(lines[0], '\0');
    return rows;
}

static size_t count_fields(const char *line)
{
    size_t fields = 1;
    bool quoted = false;
    for (; *line != '\n' && *line != '\0'; line++) {
        if (*line == '"')
            quoted = !quoted;
        fields += *line == ',' && !quoted;
    }
    return fields;
}

static void check_csv(const char *csv, size_t lines)
{
    size_t fields = count_fields(csv);
    assert_int_equal(strncmp(csv, "version,commit,test_time,os,cpu,", 32), 0);
    assert_int_equal(count_lines(csv), lines);
    assert_true(fields > 30);
    for (const char *line = csv; *line; line = strchr(line, '\n') + 1)
        assert_int_equal(count_fields(line), fields);
}

static void check_markdown(const char *markdown)
{
    const char *rule = strstr(markdown, "\n|--");
    assert_int_equal(strncmp(markdown, "| model ", 8), 0);
    assert_non_null(rule);
    assert_non_null(strstr(markdown, " images/s | ms/step | device ms | GFLOP/s |"));
    assert_non_null(strstr(markdown, "| train |"));
    assert_non_null(strstr(markdown, " ± "));
    assert_non_null(
        strstr(markdown, "3 runs of at least 0.001 s after 1 warm-up run, queue drained"));
    assert_null(strstr(markdown, "before |")); /* without --compare */
}

static void exports_are_chosen_by_extension(void **state)
{
    struct program *p = *state;
    size_t length;
    run(p, "bench", "t.yaml", "-b", "4,8", "--mode", "train,infer", QUICK, "--export", "a.json",
        "--export", "a.jsonl", "--export", "a.csv", "--export", "a.md");
    assert_exit(p, 0);
    check_markdown(p->out);
    char *json = program_read(p, "a.json", &length);
    json_t *rows = parse(json, length);
    check_rows(rows);
    char *lines = program_read(p, "a.jsonl", &length);
    json_t *same = parse_lines(lines);
    assert_true(json_equal(rows, same));
    char *csv = program_read(p, "a.csv", &length);
    check_csv(csv, 5);
    char *markdown = program_read(p, "a.md", &length);
    assert_string_equal(markdown, p->out);
    free(json);
    free(lines);
    free(csv);
    free(markdown);
    json_decref(rows);
    json_decref(same);
}

static void csv_and_json_lines_go_to_stdout(void **state)
{
    struct program *p = *state;
    run(p, "bench", "t.yaml", "--format", "csv", QUICK);
    assert_exit(p, 0);
    check_csv(p->out, 2);
    run(p, "bench", "t.yaml", "--format", "jsonl", "--no-warmup", "-r", "1", "--min-time", "0.001");
    assert_exit(p, 0);
    json_t *rows = parse_lines(p->out);
    assert_int_equal(json_array_size(rows), 1);
    assert_int_equal((int)number(json_array_get(rows, 0), "batch"), 8); /* the configuration's */
    assert_int_equal((int)number(json_array_get(rows, 0), "warmup"), 0);
    assert_true(number(json_array_get(rows, 0), "stddev_ns") == 0);
    json_decref(rows);
    run(p, "bench", "t.yaml", "--warmup", "0", "-r", "1", "--min-time", "0.001");
    assert_exit(p, 0);
    assert_out(p, " after 0 warm-up runs, ");
    assert_no_out(p, "±"); /* of one run */
}

/* Waits until the program has said so. */
static void await_talk(struct program *p, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", p->err_file);
    program_await(p, path, text);
}

static void ctrl_c_keeps_the_rows(void **state)
{
    struct program *p = *state;
    size_t length;
    program_start(p, (const char *const[]){"bench", "t.yaml", "-b", "4,8,16", "--format", "json",
                                           "--min-time", "1", "-r", "1", "--no-warmup", "--export",
                                           "a.jsonl", NULL});
    await_talk(p, "measuring tiny, train, batch 8, ");
    program_signal(p, SIGINT);
    program_wait(p);
    assert_exit(p, 130);
    assert_err(p, "\nstopping; what is measured so far is kept; press again to quit at once\n");
    assert_no_err(p, "incline: ");
    assert_no_err(p, "batch 16");
    json_t *rows = parse(p->out, p->out_length);
    assert_int_equal(json_array_size(rows), 1);
    assert_int_equal((int)number(json_array_get(rows, 0), "batch"), 4);
    json_decref(rows);
    char *lines = program_read(p, "a.jsonl", &length);
    assert_int_equal(count_lines(lines), 1);
    free(lines);
}

static void an_export_that_cannot_be_written_exits_1(void **state)
{
    struct program *p = *state;
    run(p, "bench", "t.yaml", QUICK, "--export", "no/such/folder/a.json");
    refused(p, 1, "cannot write no/such/folder/a.json: No such file or directory\n", "");
    program_folder(p, "b.csv");
    run(p, "bench", "t.yaml", QUICK, "--export", "b.csv");
    refused(p, 1, "cannot write b.csv: Is a directory\n", "");
    assert_no_err(p, "measuring");
}

/* ---- layers and ops ---- */

static void layers_follow_their_step(void **state)
{
    struct program *p = *state;
    size_t i, layers = 0;
    json_t *row;
    run(p, "bench", "t.yaml", "--per-layer", "--format", "json", QUICK);
    assert_exit(p, 0);
    json_t *rows = parse(p->out, p->out_length);
    assert_string_equal(text(json_array_get(rows, 0), "op"), "peak");
    assert_string_equal(text(json_array_get(rows, 1), "op"), "network");
    assert_true(number(json_array_get(rows, 1), "peak_share") > 0);
    json_array_foreach(rows, i, row)
    {
        if (i < 2)
            continue;
        assert_string_equal(text(row, "op"), "layer");
        assert_string_equal(text(row, "model"), "tiny");
        assert_true(text(row, "layer")[0] != '\0');
        assert_near(number(row, "device_ns"), number(row, "forward_ns") + number(row, "loss_ns") +
                                                  number(row, "backward_ns") +
                                                  number(row, "update_ns"));
        if (strstr(text(row, "covers"), "conv2d 3x3") != NULL)
            assert_true(number(row, "gflops") > 0 && number(row, "peak_share") > 0);
        layers++;
    }
    assert_true(layers >= 2);
    json_decref(rows);
    run(p, "bench", "t.yaml", "--per-layer", QUICK);
    assert_exit(p, 0);
    assert_out(p, "\ntiny, train, batch 8, on ");
    assert_out(p, "| launches of ");
    assert_out(p, " of peak | of step |\n");
}

static void limits_of_the_device_are_measured(void **state)
{
    static const char *const names[] = {"peak", "copy", "triad", "launch", "launch_wait"};
    struct program *p = *state;
    run(p, "bench", "--ops", "peak,bandwidth,launch", "--format", "json", QUICK);
    assert_exit(p, 0);
    json_t *rows = parse(p->out, p->out_length);
    assert_int_equal(json_array_size(rows), 5);
    for (size_t i = 0; i < 5; i++) {
        const json_t *row = json_array_get(rows, i);
        assert_string_equal(text(row, "op"), names[i]);
        assert_string_equal(text(row, "state"), "ok");
        assert_true(json_is_true(json_object_get(row, "checked")));
        assert_true(json_is_null(json_object_get(row, "images_per_s")));
        assert_true(number(row, "avg_ns") > 0 && number(row, "rate_stddev") >= 0);
        assert_int_equal(json_is_number(json_object_get(row, "gflops")), i == 0);
        assert_int_equal(json_is_number(json_object_get(row, "gb_per_s")), i == 1 || i == 2);
    }
    json_decref(rows);
}

static void single_layers_are_measured(void **state)
{
    struct program *p = *state;
    run(p, "bench", "--ops", "pool", "-b", "2", "--mode", "infer", QUICK);
    assert_exit(p, 0);
    assert_out(p, "| max_pool2d 2x2, 26x26x32 |");
    assert_no_err(p, "tiny");
}

static void use_kernels(struct program *p, const char *folder, const struct fault *fault)
{
    static char variable[SCRATCH_PATH_BYTES + 32];
    if (!program_exists(p, folder))
        wrong_kernels(p->scratch, folder, fault);
    snprintf(variable, sizeof variable, "INCLINE_KERNEL_DIR=%s/%s", p->scratch->folder, folder);
    p->environment[0] = variable;
}

/* Each mode is held against what it runs itself. */
static void wrong_results_get_no_figure(void **state)
{
    static const struct fault softmax = {"softmax.cl", ", sum), y", ", 2.0f * sum), y"};
    static const struct fault update = {"update.h", "-learning_rate", "learning_rate"};
    struct program *p = *state;
    use_kernels(p, "softmax", &softmax);
    run(p, "bench", "t.yaml", "--mode", "infer", QUICK);
    assert_exit(p, 7);
    assert_err(p, "whole step, inference is wrong on device ");
    use_kernels(p, "update", &update);
    run(p, "bench", "t.yaml", QUICK);
    assert_exit(p, 7);
    use_kernels(p, "update", &update);
    run(p, "bench", "t.yaml", "--mode", "infer", QUICK);
    assert_exit(p, 0);
}

/* ---- comparing ---- */

/* Rates of the rows in `from` times factor, into `to`. */
static void doctor(struct program *p, const char *from, const char *to, double factor)
{
    size_t length, i;
    json_t *row;
    char *bytes = program_read(p, from, &length);
    json_t *rows = parse(bytes, length);
    json_array_foreach(rows, i, row)
        json_object_set_new(row, "images_per_s", json_real(number(row, "images_per_s") * factor));
    char *changed = json_dumps(rows, 0);
    program_write(p, to, changed);
    free(changed);
    free(bytes);
    json_decref(rows);
}

static void stored_results_are_compared(void **state)
{
    struct program *p = *state;
    run(p, "bench", "t.yaml", "-b", "4,8", QUICK, "--export", "now.json");
    assert_exit(p, 0);
    doctor(p, "now.json", "fast.json", 1000);
    doctor(p, "now.json", "slow.json", 0.001);

    run(p, "bench", "t.yaml", "-b", "8", QUICK, "--compare", "fast.json");
    assert_exit(p, 0); /* --fail-below was not asked for */
    assert_out(p, " before | ");
    assert_out(p, " change |\n|---");
    assert_out(p, " | -");

    run(p, "bench", "t.yaml", "-b", "8", QUICK, "--compare", "fast.json", "--fail-below", "0.5");
    assert_exit(p, 7);
    assert_err(p, "incline: bench: tiny train at batch 8 on ");
    assert_err(p, " x the stored ");
    assert_out(p, " before | ");

    run(p, "bench", "t.yaml", "-b", "8", QUICK, "--compare", "slow.json", "--fail-below", "0.5",
        "--format", "json");
    assert_exit(p, 0);
    json_t *rows = parse(p->out, p->out_length);
    const json_t *row = json_array_get(rows, 0);
    assert_near(number(row, "now"), number(row, "images_per_s"));
    assert_near(number(row, "change"), number(row, "now") / number(row, "before") - 1);
    assert_true(number(row, "change") > 1);
    json_decref(rows);
}

static void nothing_to_compare_is_no_success(void **state)
{
    struct program *p = *state;
    run(p, "bench", "t.yaml", "-b", "4", QUICK, "--export", "now.jsonl");
    assert_exit(p, 0);
    run(p, "bench", "t.yaml", "-b", "8", QUICK, "--compare", "now.jsonl", "--fail-below", "0.01");
    assert_exit(p, 7);
    assert_err(p, "--fail-below: nothing in now.jsonl has the same op, model, mode, batch and "
                  "device; it holds network tiny, train, batch 4, on ");
    run(p, "bench", "t.yaml", "-b", "8", QUICK, "--compare", "now.jsonl");
    assert_exit(p, 0);
    assert_err(p, "nothing in now.jsonl has the same op, ");
}

static void damaged_results_exit_4(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        "[1]",
        "{}",
        "{\"op\": \"network\"",
        "[{\"op\": 3, \"device\": \"x\"}]",
        "incline: 1\n",
        "[{\"op\": \"peak\", \"device\": \"x\", \"op\": \"copy\"}]"};
    struct program *p = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        program_write(p, "old.json", texts[i]);
        run(p, "bench", "t.yaml", "--compare", "old.json");
        refused(p, 4, "old.json: not what 'incline bench --format json' or jsonl writes\n", "");
    }
    run(p, "bench", "t.yaml", "--compare", "none.json");
    refused(p, 4, "cannot read none.json: ", "");
}

/* ---- devices ---- */

static void several_devices_end_with_a_ranking(void **state)
{
    struct program *p = *state;
    p->environment[0] = "POCL_DEVICES=basic basic";
    p->environment[1] = "INCLINE_DEVICE";
    run(p, "bench", "t.yaml", "-d", "all", QUICK, "--format", "json", "-q");
    assert_exit(p, 0);
    json_t *rows = parse(p->out, p->out_length);
    if (json_array_size(rows) < 2)
        skip(); /* not PoCL */
    assert_int_equal((int)number(json_array_get(rows, 0), "device_index"), 0);
    assert_int_equal((int)number(json_array_get(rows, 1), "device_index"), 1);
    json_decref(rows);

    p->environment[0] = "POCL_DEVICES=basic basic";
    run(p, "bench", "t.yaml", "-d", "1,0,1", QUICK);
    assert_exit(p, 0);
    assert_out(p, " trains tiny at batch 8 ");
    assert_out(p, " times as fast as ");
    assert_out(p, " #0 ");
    assert_out(p, " #1 ");
}

static void a_device_is_not_held_against_itself(void **state)
{
    struct program *p = *state;
    program_write(p, "u.yaml", config);
    run(p, "bench", "t.yaml", "t.yaml", "u.yaml", "-b", "4,4", QUICK, "--format", "jsonl");
    assert_exit(p, 0);
    assert_int_equal(count_lines(p->out), 2); /* t.yaml and u.yaml */
    assert_no_err(p, "times as fast");
}

/* A step that the device has no memory for costs its row, not the run. */
static void a_batch_too_large_leaves_the_others(void **state)
{
    struct program *p = *state;
    p->environment[0] = "POCL_MEMORY_LIMIT=1";
    run(p, "bench", "t.yaml", "-b", "8,65536,4", "-s", "model.layers.0.conv2d.filters=2000", QUICK);
    if (p->code == 0)
        skip(); /* a device with more memory than the test can fill */
    assert_exit(p, 5);
    assert_err(p, "incline: ");
    assert_out(p, " failed | ");
    assert_int_equal(count_lines(p->out), 7);
}

/* No device can index such a tensor, so nothing is measured, and none of its programs is built. */
static void a_batch_beyond_any_device_exits_3(void **state)
{
    struct program *p = *state;
    run(p, "bench", "t.yaml", "-b", "8,65536", "-s", "model.layers.0.conv2d.filters=3000", QUICK);
    refused(p, 3,
            "conv2d_1: 48000 numbers an image times a batch of 65536 exceed 2^31 - 1 in one "
            "tensor; use a smaller batch (-b)\n",
            "");
    assert_int_equal(count_lines(p->err), 1);
    run(p, "summary", "t.yaml", "-b", "65536", "-s", "model.layers.0.conv2d.filters=3000");
    refused(p, 3, "conv2d_1: 48000 numbers an image ", "");
    run(p, "bench", "--ops", "activation", "-b", "65536", "--mode", "infer", QUICK);
    assert_exit(p, 3);
    assert_out(p, " failed |\n");
}

/* Each row opens its device and its cache anew. */
static void a_cache_out_of_reach_is_told_once(void **state)
{
    struct program *p = *state;
    p->environment[0] = "INCLINE_CACHE_DIR=/proc/none";
    run(p, "bench", "t.yaml", "-b", "4,8", "-r", "1", "--no-warmup", "--min-time", "0.001");
    assert_exit(p, 0);
    const char *warning = strstr(p->err, "warning: cache /proc/none: ");
    assert_non_null(warning);
    assert_null(strstr(warning + 1, "warning: "));
    assert_err(p, " (INCLINE_CACHE_DIR names another folder); nothing is kept\n");
}

static void a_wrong_device_exits_5(void **state)
{
    struct program *p = *state;
    run(p, "bench", "t.yaml", "-d", "0,xyzzy", QUICK);
    refused(p, 5, "no usable device 'xyzzy'", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(json_holds_a_row_for_each_measurement),
        bench_test(progress_is_a_line_a_row),
        bench_test(exports_are_chosen_by_extension),
        bench_test(csv_and_json_lines_go_to_stdout),
        bench_test(ctrl_c_keeps_the_rows),
        bench_test(an_export_that_cannot_be_written_exits_1),
        bench_test(layers_follow_their_step),
        bench_test(limits_of_the_device_are_measured),
        bench_test(single_layers_are_measured),
        bench_test(wrong_results_get_no_figure),
        bench_test(stored_results_are_compared),
        bench_test(nothing_to_compare_is_no_success),
        bench_test(damaged_results_exit_4),
        bench_test(several_devices_end_with_a_ranking),
        bench_test(a_device_is_not_held_against_itself),
        bench_test(a_batch_too_large_leaves_the_others),
        bench_test(a_batch_beyond_any_device_exits_3),
        bench_test(a_cache_out_of_reach_is_told_once),
        bench_test(a_wrong_device_exits_5),
    };
    int code = program_need_device();
    return code ? code : cmocka_run_group_tests(tests, NULL, NULL);
}
