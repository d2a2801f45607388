/* incline_check_once(): what passed on this device is not checked again, what failed is. */
#include "support/device.h"
#include "support/wrong_kernels.h"

#include "device/opencl.h"
#include "device/tuning.h"
#include "incline/check.h"

static struct test_device test_device;
static size_t warnings;
static char last_warning[600];
static int asked_batch; /* 0: the configuration's */
static const char *more_of_train = "";

static void on_log(void *cookie, enum incline_log_level level, const char *text)
{
    (void)cookie;
    if (level != INCLINE_LOG_WARN)
        return;
    warnings++;
    snprintf(last_warning, sizeof last_warning, "%s", text);
}

static int setup(void **state)
{
    int code = scratch_setup(state);
    struct scratch *s = *state;
    if (code)
        return code;
    incline_context_destroy(&s->ctx);
    s->ctx = incline_context_create(on_log, NULL);
    warnings = 0;
    asked_batch = 0;
    setenv("INCLINE_CACHE_DIR", scratch_path(s, "cache"), 1);
    unsetenv("INCLINE_KERNEL_DIR");
    return s->ctx ? 0 : -1;
}

/* How the network is written differs from test to test by `units` and the batch. */
static struct incline_check_result once_on(struct scratch *s, struct incline_device *device,
                                           int units, int batch, bool *before)
{
    char text[400];
    const struct incline_check_options options = {.batch = asked_batch};
    struct incline_config *config = NULL;
    struct incline_check_result result;
    snprintf(text, sizeof text,
             "incline: 1\n"
             "model: {name: m, input: [1, 1, 5], layers: [flatten, {dense: %d}]}\n"
             "data: {root: none}\ntrain: {batch_size: %d%s}\n",
             units, batch, more_of_train);
    assert_ok(s->ctx, incline_config_parse(s->ctx, "test", text, NULL, 0, &config));
    assert_ok(s->ctx, incline_check_once(s->ctx, device, config, &options, &result, before));
    incline_config_destroy(&config);
    return result;
}

static bool checked_before(struct scratch *s, int units, int batch)
{
    struct incline_device_counters start = incline_device_get_counters(test_device.device);
    bool before;
    struct incline_check_result result = once_on(s, test_device.device, units, batch, &before);
    struct incline_device_counters end = incline_device_get_counters(test_device.device);
    assert_int_equal(result.failed, 0);
    assert_true((result.passed == 0) == before);
    assert_true((end.launches == start.launches) == before);
    return before;
}

static char *read_checks(struct scratch *s)
{
    FILE *file = fopen(scratch_path(s, "cache/checks"), "rb");
    char *text = calloc(1, 1 << 20);
    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void a_pass_is_remembered(void **state)
{
    struct scratch *s = *state;
    assert_false(checked_before(s, 3, 4));
    assert_true(checked_before(s, 3, 4));
    assert_false(checked_before(s, 4, 4)); /* another network */
    assert_false(checked_before(s, 3, 5)); /* another batch */
    assert_true(checked_before(s, 3, 4));
    char *text = read_checks(s);
    assert_int_equal(count_lines(text), 3);
    asked_batch = 5;
    assert_true(checked_before(s, 3, 4)); /* as with the configuration's 5 */
    asked_batch = 6;
    assert_false(checked_before(s, 3, 4));
    assert_non_null(strstr(text, incline_device_get_info(test_device.device)->name));
    free(text);
    assert_int_equal(warnings, 0);
}

/* Kernels of the update besides. */
static void another_update_is_checked(void **state)
{
    static const char *const more[] = {"", ", clip_norm: 1", ", clip_norm: 1, accumulate: 2",
                                       ", ema: {}", ", accumulate: 2, ema: {}"};
    for (int before = 0; before < 2; before++)
        for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
            more_of_train = more[i];
            assert_int_equal(checked_before(*state, 3, 4), before);
        }
    more_of_train = "";
}

/* A record in the tuning file, edited or of another time, decides what runs. */
static void another_choice_is_checked(void **state)
{
    struct incline_device *device = test_device.device;
    struct scratch *s = *state;
    size_t chosen = 0;
    incline_tuning_forget_asked(device);
    assert_false(checked_before(s, 40, 32));
    for (size_t i = 0; i < incline_tuning_count(device); i++) {
        const struct incline_tuning_question *question = incline_tuning_get(device, i);
        size_t before = question->chosen;
        enum incline_tuning_source source = question->source;
        if (!question->asked || question->count < 2 || !strstr(question->shape, " images=32 "))
            continue;
        incline_tuning_set(device, i, question->count - 1, INCLINE_TUNING_STORED);
        assert_false(checked_before(s, 40, 32));
        incline_tuning_set(device, i, before, source);
        assert_true(checked_before(s, 40, 32));
        chosen++;
    }
    assert_true(chosen > 0);
}

static void other_build_options_are_checked(void **state)
{
    struct incline_device *device = test_device.device;
    struct scratch *s = *state;
    uint64_t local_bytes = device->info.local_bytes;
    int lanes = device->lanes;
    assert_false(checked_before(s, 3, 4));
    device->lanes = 1;
    assert_false(checked_before(s, 3, 4));
    device->info.local_bytes = 1024;
    assert_false(checked_before(s, 3, 4));
    assert_true(checked_before(s, 3, 4));
    device->info.local_bytes = local_bytes;
    assert_true(checked_before(s, 3, 4));
    device->lanes = lanes;
    assert_true(checked_before(s, 3, 4));
}

/* Programs stay with the device, so that they are wrong also when the folder is out of use and
 * results are remembered again. */
static void a_failure_is_not(void **state)
{
    static const struct fault fault = {"update.h", "-learning_rate", "learning_rate"};
    struct scratch *s = *state;
    struct incline_device *device = NULL;
    bool before;
    assert_false(checked_before(s, 4, 4));
    wrong_kernels(s, "cl", &fault);
    setenv("INCLINE_KERNEL_DIR", scratch_path(s, "cl"), 1);
    assert_ok(s->ctx, incline_device_open(s->ctx, getenv("INCLINE_DEVICE"), &device));
    for (int i = 0; i < 3; i++) {
        struct incline_check_result result = once_on(s, device, 3, 4, &before);
        assert_true(result.failed > 0);
        assert_false(before);
        unsetenv("INCLINE_KERNEL_DIR");
    }
    incline_device_close(&device);
    char *text = read_checks(s);
    assert_int_equal(count_lines(text), 1);
    free(text);
}

/* Their text may change between two runs. */
static void kernels_from_a_folder_are_checked_always(void **state)
{
    static const struct fault none = {NULL, NULL, NULL};
    struct scratch *s = *state;
    wrong_kernels(s, "cl", &none);
    setenv("INCLINE_KERNEL_DIR", scratch_path(s, "cl"), 1);
    assert_false(checked_before(s, 3, 4));
    assert_false(checked_before(s, 3, 4));
    unsetenv("INCLINE_KERNEL_DIR");
    assert_false(checked_before(s, 3, 4));
    assert_int_equal(warnings, 0);
}

static void damaged_files_are_mended(void **state)
{
    static const char *const contents[] = {"",
                                           "\n\n",
                                           "nonsense\n",
                                           "0123456789abcdef",
                                           "0123456789abcdef 0.1 x\n",
                                           "0123456789abcdef0123456789abcdeg 0.1 x\n",
                                           "\xff\x00\xfe"};
    struct scratch *s = *state;
    mkdir(scratch_path(s, "cache"), 0700);
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        scratch_write(s, "cache/checks", contents[i], strlen(contents[i]));
        assert_false(checked_before(s, 3, 4));
        assert_true(checked_before(s, 3, 4));
        char *text = read_checks(s);
        assert_int_equal(count_lines(text), 1);
        free(text);
    }
    assert_int_equal(warnings, 0);
}

/* A key that ends in the middle, as on a full disk, is not this one. */
static void a_cut_record_does_not_count(void **state)
{
    struct scratch *s = *state;
    assert_false(checked_before(s, 3, 4));
    char *text = read_checks(s);
    for (size_t length = 0; length < 33; length++) {
        scratch_write(s, "cache/checks", text, length);
        assert_false(checked_before(s, 3, 4));
    }
    free(text);
}

static void old_records_go(void **state)
{
    struct scratch *s = *state;
    char *many = calloc(700, 60);
    assert_non_null(many);
    for (int i = 0; i < 700; i++)
        sprintf(many + strlen(many), "%032x 0.1.0 old / net\n", (unsigned)i);
    mkdir(scratch_path(s, "cache"), 0700);
    scratch_write(s, "cache/checks", many, strlen(many));
    assert_false(checked_before(s, 3, 4));
    free(many);
    char *text = read_checks(s);
    assert_int_equal(count_lines(text), 500);
    assert_null(strstr(text, "00000000000000000000000000000000 "));
    assert_non_null(strstr(text, "000000000000000000000000000002bb ")); /* 699 */
    free(text);
    assert_true(checked_before(s, 3, 4));
}

static void check_warned(struct scratch *s, size_t expected, const char *part)
{
    warnings = 0;
    assert_false(checked_before(s, 3, 4));
    assert_false(checked_before(s, 3, 4));
    assert_int_equal(warnings, expected); /* it is said once */
    if (!strstr(last_warning, part))
        fail_msg("the warning is '%s'", last_warning);
}

static void an_unusable_cache_is_one_warning(void **state)
{
    struct scratch *s = *state;
    mkdir(scratch_path(s, "cache"), 0700);
    chmod(scratch_path(s, "cache"), 0777);
    check_warned(s, 1, "cache: others can write to it");
    chmod(scratch_path(s, "cache"), 0700);
    chmod(scratch_write(s, "cache/checks", "x", 1), 0666);
    check_warned(s, 1, "cache/checks: others can write to it");
    setenv("INCLINE_CACHE_DIR", "/proc/nowhere", 1);
    check_warned(s, 1, "/proc/nowhere: ");
    setenv("INCLINE_CACHE_DIR", "/dev/null", 1);
    check_warned(s, 1, "/dev/null: not a folder");
    if (access("/dev/full", F_OK) == 0 && symlink("/dev/full", scratch_path(s, "full")) == 0) {
        setenv("INCLINE_CACHE_DIR", scratch_path(s, "full"), 1);
        check_warned(s, 1, "full: not a folder");
    }
}

#define once_test(function) cmocka_unit_test_setup_teardown(function, setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        once_test(a_pass_is_remembered),
        once_test(another_update_is_checked),
        once_test(another_choice_is_checked),
        once_test(other_build_options_are_checked),
        once_test(a_failure_is_not),
        once_test(kernels_from_a_folder_are_checked_always),
        once_test(damaged_files_are_mended),
        once_test(a_cut_record_does_not_count),
        once_test(old_records_go),
        once_test(an_unusable_cache_is_one_warning),
    };
    int code = test_device_open(&test_device);
    if (code)
        return code;
    code = cmocka_run_group_tests(tests, NULL, NULL);
    test_device_close(&test_device);
    return code;
}
