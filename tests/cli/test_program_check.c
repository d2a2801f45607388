/* incline check, and the check that train makes before its first step. */
#include "support/small_data.h"
#include "support/wrong_kernels.h"

#include <jansson.h>

static int setup(void **state)
{
    int code = program_setup(state);
    if (code == 0)
        small_setup(*state);
    return code;
}

#define check_test(function) cmocka_unit_test_setup_teardown(function, setup, program_teardown)

/* For the next run: a cache of its own. */
static void own_cache(struct program *p)
{
    static char variable[SCRATCH_PATH_BYTES + 32];
    snprintf(variable, sizeof variable, "INCLINE_CACHE_DIR=%s/cache", p->scratch->folder);
    p->environment[0] = variable;
}

static void use_wrong_kernels(struct program *p)
{
    static const struct fault fault = {"update.h", "-learning_rate", "learning_rate"};
    static char variable[SCRATCH_PATH_BYTES + 32];
    if (!program_exists(p, "cl"))
        wrong_kernels(p->scratch, "cl", &fault);
    snprintf(variable, sizeof variable, "INCLINE_KERNEL_DIR=%s/cl", p->scratch->folder);
    p->environment[1] = variable;
}

static void a_right_device_passes(void **state)
{
    static const char *const parts[] = {"device   #",
                                        "\ntiny\n",
                                        "conv2d_1 forward",
                                        "conv2d_1 weight update",
                                        "max_pool2d_1 data gradient",
                                        "dense_1 bias gradient",
                                        "cross_entropy loss",
                                        "whole step, fused",
                                        "comparisons ok",
                                        "1e-05",
                                        "6x6x1 to 4x4x4, 16 images"};
    struct program *p = *state;
    run(p, "check", "t.yaml");
    assert_exit(p, 0);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_out(p, parts[i]);
    assert_null(strstr(p->out, "FAIL"));
    assert_err(p, "checking tiny, on ");
    assert_int_equal(count_lines(p->err), 1);
    assert_int_equal(program_count_entries(p, "."), 2); /* nothing was written */
}

static void every_device_can_be_checked(void **state)
{
    struct program *p = *state;
    run(p, "check", "t.yaml", "t.yaml", "-d", "all", "--full", "-q");
    assert_exit(p, 0);
    assert_out(p, "device   #0 ");
    const char *first = strstr(p->out, "\ntiny\n");
    assert_non_null(first);
    assert_non_null(strstr(first + 1, "\ntiny\n"));
    assert_silent_err(p);
}

static size_t count_devices(const char *text)
{
    size_t count = 0;
    while ((text = strstr(text, "device   #")) != NULL) {
        text++;
        count++;
    }
    return count;
}

static void a_list_names_devices(void **state)
{
    struct program *p = *state;
    p->environment[0] = "POCL_DEVICES=basic basic";
    run(p, "check", "t.yaml", "-d", "0,0");
    assert_exit(p, 0);
    assert_int_equal(count_devices(p->out), 1);
    p->environment[0] = "POCL_DEVICES=basic basic";
    run(p, "check", "t.yaml", "-d", "1,0,1");
    if (p->code == 5)
        skip(); /* not PoCL */
    assert_exit(p, 0);
    assert_int_equal(count_devices(p->out), 2);
    assert_int_equal(strncmp(p->out, "device   #1 ", 12), 0);
    run(p, "check", "t.yaml", "-d", "0,");
    refused(p, 2, "check: -d takes devices between commas, or all\n", "");
}

static json_t *read_rows(struct program *p)
{
    json_error_t error;
    json_t *rows = json_loadb(p->out, p->out_length, 0, &error);
    if (!rows)
        fail_msg("%s: %s", error.text, p->out);
    assert_true(json_is_array(rows));
    return rows;
}

static void json_has_a_row_a_comparison(void **state)
{
    struct program *p = *state;
    run(p, "check", "t.yaml", "--format", "json");
    assert_exit(p, 0);
    json_t *rows = read_rows(p), *row;
    size_t i;
    assert_true(json_array_size(rows) > 10);
    json_array_foreach(rows, i, row)
    {
        const char *verdict = json_string_value(json_object_get(row, "verdict"));
        assert_string_equal(json_string_value(json_object_get(row, "network")), "tiny");
        assert_true(json_is_string(json_object_get(row, "op")));
        assert_non_null(verdict);
        if (strcmp(verdict, "skipped") == 0)
            continue;
        assert_string_equal(verdict, "ok");
        assert_true(json_number_value(json_object_get(row, "l2")) <= 1e-5);
        assert_true(json_number_value(json_object_get(row, "limit")) > 0);
        assert_true(json_integer_value(json_object_get(row, "compared")) > 0);
    }
    json_decref(rows);
}

static void a_wrong_kernel_is_named(void **state)
{
    struct program *p = *state;
    use_wrong_kernels(p);
    p->environment[0] = "INCLINE_LOG=warn";
    run(p, "check", "t.yaml");
    assert_exit(p, 7);
    assert_out(p, "FAIL");
    assert_out(p, "conv2d_1 forward"); /* what is right is listed as well */
    assert_err(p, "incline: conv2d_1 weight update FAILED on device #");
    assert_err(p, ", kernel ");
    assert_err(p, ", tensor w, 3x3x1x4, 16 images");
    use_wrong_kernels(p);
    p->environment[0] = "INCLINE_LOG=warn";
    run(p, "check", "t.yaml", "--format", "json", "-q");
    assert_exit(p, 7);
    assert_out(p, "\"verdict\": \"FAIL\"");
}

/* One that is wrong with the right kernels, which alone are remembered. */
static void use_wrong_compiler(struct program *p)
{
    static char library[SCRATCH_PATH_BYTES];
    const char *built = getenv("INCLINE_TEST_DRIVERS");
    assert_non_null(built);
    snprintf(library, sizeof library, "LD_PRELOAD=%s/libfaulty_calls.so", built);
    p->environment[1] = library;
    p->environment[2] = "FAULT_FROM=-learning_rate";
    p->environment[3] = "FAULT_TO=learning_rate";
    p->environment[4] = "ASAN_OPTIONS=exitcode=99:detect_leaks=0:verify_asan_link_order=0";
}

static void training_refuses_a_wrong_device(void **state)
{
    struct program *p = *state;
    for (int i = 0; i < 2; i++) { /* a failure is not remembered as a pass */
        own_cache(p);
        use_wrong_compiler(p);
        run(p, "train", "t.yaml", "--out", "r");
        refused(p, 7, "conv2d_1 weight update is wrong on device ", "tensor w", "3x3x1x4",
                "incline check -d ", "--unchecked", "another device");
        assert_false(program_exists(p, "r"));
    }
    own_cache(p);
    use_wrong_kernels(p);
    run(p, "train", "t.yaml", "--out", "r", "-e", "1", "--lr", "1e-6", "--unchecked");
    assert_exit(p, 0);
    assert_err(p, "    unchecked\n");
}

static void training_checks_once(void **state)
{
    struct program *p = *state;
    static const char *const said[] = {"    checked ok\n", "    checked before\n"};
    for (int i = 0; i < 2; i++) {
        own_cache(p);
        run(p, "train", "t.yaml", "--out", "r", "-e", "1", "--overwrite");
        assert_exit(p, 0);
        assert_err(p, said[i]);
    }
    assert_true(program_exists(p, "cache/checks"));
    own_cache(p);
    run(p, "train", "t.yaml", "--out", "r", "-e", "1", "--overwrite", "-s", "train.loss=mse");
    assert_exit(p, 0);
    assert_err(p, said[0]);
}

/* What is warned of is in the run folder as well, also before there is one. */
static void assert_warning_event(struct program *p, const char *text)
{
    size_t length;
    char *events = program_read(p, "r/events.jsonl", &length);
    const char *warning = strstr(events, "{\"event\":\"warning\"");
    assert_non_null(warning);
    assert_non_null(strstr(warning, text));
    free(events);
}

static void training_needs_no_cache(void **state)
{
    struct program *p = *state;
    own_cache(p);
    program_folder(p, "cache");
    assert_int_equal(chmod(program_path(p, "cache"), 0777), 0);
    run(p, "train", "t.yaml", "--out", "r", "-e", "1");
    assert_exit(p, 0);
    assert_err(p, "incline: warning: cache ");
    assert_err(p, "others can write to it");
    assert_err(p, "    checked ok\n");
    assert_int_equal(program_count_entries(p, "cache"), 0);
    assert_warning_event(p, "others can write to it");
}

static void mistakes_are_told(void **state)
{
    struct program *p = *state;
    run(p, "check", "no-such-model");
    refused(p, 3, "", "no-such-model");
    run(p, "check", "t.yaml", "-d", "no such device");
    assert_exit(p, 5);
    run(p, "check", "--ful");
    refused(p, 2, "check: unknown option '--ful' (did you mean '--full'?)", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(a_right_device_passes),
        check_test(every_device_can_be_checked),
        check_test(json_has_a_row_a_comparison),
        check_test(a_wrong_kernel_is_named),
        check_test(training_refuses_a_wrong_device),
        check_test(training_checks_once),
        check_test(training_needs_no_cache),
        check_test(mistakes_are_told),
        check_test(a_list_names_devices),
    };
    int code = program_need_device();
    return code ? code : cmocka_run_group_tests(tests, NULL, NULL);
}
