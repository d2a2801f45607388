#include "support/small_data.h"

/* Devices with little of something. What can be set of a device is in its driver's environment. */

static const char oclgrind[] = "/usr/lib/oclgrind/liboclgrind-rt-icd.so";

/* In a step of 60 images, no fusion saves it from holding all that the first conv2d makes: 256 MiB.
 */
static const struct small_data wide_data = {4, 60, 256, 256, 1, 3, false};
static const char wide_config[] = "incline: 1\n"
                                  "model:\n"
                                  "  name: wide\n"
                                  "  input: [256, 256, 1]\n"
                                  "  layers: [{conv2d: {filters: 16, kernel: 1}},\n"
                                  "           {conv2d: {filters: 4, kernel: 1}},\n"
                                  "           {max_pool2d: 256}, flatten, {dense: 3}]\n"
                                  "data: {root: wide}\n"
                                  "train: {batch_size: 60}\n";

#define IMAGES "wide/t10k-images-idx3-ubyte"

/* The next run's device has 1 GiB, of which a quarter may lie in one buffer. */
static void limit_memory(struct program *p)
{
    p->environment[0] = "POCL_MEMORY_LIMIT=1";
}

static void need_limits(struct program *p)
{
    limit_memory(p);
    run(p, "devices", "--format", "json");
    if (!strstr(p->out, "\"max_alloc_bytes\": 268435456,")) {
        print_message("the device's limits cannot be set\n");
        skip();
    }
}

static int setup(void **state)
{
    int code = program_setup(state);
    struct program *p = *state;
    if (code)
        return code;
    need_limits(p);
    small_data_write(p, "wide", &wide_data);
    program_write(p, "wide.yaml", wide_config);
    return 0;
}

#define memory_test(function) cmocka_unit_test_setup_teardown(function, setup, program_teardown)

static void assert_suggests(struct program *p, const char *batch)
{
    char line[64];
    assert_exit(p, 5);
    snprintf(line, sizeof line, "\nA batch of %s fits: -b %s\n", batch, batch);
    assert_err(p, "incline: the memory of one step needs ");
    assert_err(p, "use a smaller batch (-b)");
    assert_err(p, line);
}

static void weights_are_used_in_batches_that_fit(void **state)
{
    struct program *p = *state;
    run(p, "train", "wide.yaml", "--out", "r", "-e", "1", "--unchecked", "--limit-val", "3");
    assert_exit(p, 0);
    limit_memory(p);
    run(p, "eval", "r");
    assert_suggests(p, "30");
    assert_silent_out(p);
    limit_memory(p);
    run(p, "eval", "r", "-b", "30");
    assert_exit(p, 0);
    limit_memory(p);
    run(p, "predict", "r", IMAGES);
    assert_suggests(p, "30");
    assert_silent_out(p);
    limit_memory(p);
    run(p, "predict", "r", IMAGES, "-b", "30");
    assert_exit(p, 0);
    assert_int_equal(count_lines(p->out), 60);
}

static void measuring_names_a_batch_that_fits(void **state)
{
    struct program *p = *state;
    limit_memory(p);
    run(p, "tune", "wide.yaml", "--quick");
    assert_suggests(p, "15");
    limit_memory(p);
    run(p, "tune", "wide.yaml", "--quick", "-b", "15", "--max-time", "0.1s");
    assert_exit(p, 0);
    limit_memory(p);
    run(p, "bench", "wide.yaml");
    assert_suggests(p, "15");
    assert_out(p, "|    60 | train |   failed |\n");
    limit_memory(p);
    run(p, "bench", "wide.yaml", "--mode", "infer");
    assert_suggests(p, "30");
}

/* Trains the small network on the device whose environment is set, with its check. */
static void train_small(struct program *p, const char *folder)
{
    run(p, "train", "t.yaml", "--out", folder, "-e", "1", "--limit-train", "20", "-s",
        "data.val=none");
    assert_exit(p, 0);
    assert_err(p, "checked ok");
}

static void assert_same_weights(struct program *p, const char *folder)
{
    char path[64];
    snprintf(path, sizeof path, "%s/weights/last.safetensors", folder);
    assert_true(program_same_bytes(p, "r/weights/last.safetensors", path));
}

static void small_work_groups_change_nothing(void **state)
{
    static const char *const sizes[] = {"POCL_MAX_WORK_GROUP_SIZE=1",
                                        "POCL_MAX_WORK_GROUP_SIZE=16"};
    struct program *p = *state;
    small_setup(p);
    p->environment[0] = "INCLINE_CACHE=off";
    train_small(p, "r");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char folder[] = {(char)('w' + i), '\0'};
        p->environment[0] = "INCLINE_CACHE=off";
        p->environment[1] = "INCLINE_LANES=1";
        p->environment[2] = sizes[i];
        train_small(p, folder);
        assert_same_weights(p, folder);
    }
}

/* Without `restrict`; see scripts/under-oclgrind. */
static void use_oclgrind(struct program *p, const char *limit)
{
    static char vendors[64];
    snprintf(vendors, sizeof vendors, "OCL_ICD_VENDORS=%s", oclgrind);
    p->environment[0] = vendors;
    p->environment[1] = "OCLGRIND_BUILD_OPTIONS=-Drestrict=";
    p->environment[2] = "INCLINE_DEVICE";
    p->environment[3] = "INCLINE_CACHE=off";
    p->environment[4] = limit;
}

static void a_small_gpu_does_the_same(void **state)
{
    static const char *const limits[] = {"OCLGRIND_LOCAL_MEM_SIZE=1024", "OCLGRIND_MAX_WGSIZE=2",
                                         "OCLGRIND_CONSTANT_MEM_SIZE=64",
                                         "OCLGRIND_GLOBAL_MEM_SIZE=200000"};
    struct program *p = *state;
    if (access(oclgrind, R_OK)) {
        print_message("there is no Oclgrind\n");
        skip();
    }
    small_setup(p);
    use_oclgrind(p, NULL);
    train_small(p, "r");
    assert_err(p, "Oclgrind Simulator");
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        char folder[] = {(char)('w' + i), '\0'};
        use_oclgrind(p, limits[i]);
        train_small(p, folder);
        assert_same_weights(p, folder);
    }
}

/* ---- a device that claims more than it holds ---- */

struct fault {
    const char *call, *code, *name, *what, *end;
};

static const struct fault faults[] = {
    {"clCreateBuffer", "-4", "CL_MEM_OBJECT_ALLOCATION_FAILURE (-4)", "",
     "it may have less free memory than it says: try a smaller batch (-b)\n"},
    {"clEnqueueNDRangeKernel", "-5", "CL_OUT_OF_RESOURCES (-5)", ": kernel ",
     "it may have less free memory than it says: try a smaller batch (-b)\n"},
    {"clEnqueueNDRangeKernel", "-54", "CL_INVALID_WORK_GROUP_SIZE (-54)", ": kernel ", ""},
};

/* The next run's OpenCL fails so. */
static void use_fault(struct program *p, const struct fault *fault)
{
    static char variables[3][2 * SCRATCH_PATH_BYTES];
    const char *built = getenv("INCLINE_TEST_DRIVERS");
    assert_non_null(built);
    snprintf(variables[0], sizeof *variables, "LD_PRELOAD=%s/libfaulty_calls.so", built);
    snprintf(variables[1], sizeof *variables, "FAULT_CALL=%s", fault->call);
    snprintf(variables[2], sizeof *variables, "FAULT_CODE=%s", fault->code);
    for (int i = 0; i < 3; i++)
        p->environment[i] = variables[i];
    p->environment[3] = "ASAN_OPTIONS=exitcode=99:detect_leaks=0:verify_asan_link_order=0";
}

static void assert_fault(struct program *p, const struct fault *fault)
{
    char first[128];
    snprintf(first, sizeof first, "%s failed with %s on device ", fault->call, fault->name);
    refused(p, 5, first, fault->what, fault->end);
    assert_int_equal(count_lines(p->err), 1);
}

static void a_failing_device_is_told_in_one_line(void **state)
{
    struct program *p = *state;
    small_setup(p);
    run(p, "train", "t.yaml", "--out", "r", "-e", "1");
    assert_exit(p, 0);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        use_fault(p, &faults[i]);
        run(p, "eval", "r");
        assert_fault(p, &faults[i]);
        use_fault(p, &faults[i]);
        run(p, "train", "t.yaml", "--out", "w", "--overwrite", "--unchecked", "-q");
        assert_fault(p, &faults[i]);
        assert_int_equal(program_count_entries(p, "w/weights"), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        memory_test(weights_are_used_in_batches_that_fit),
        memory_test(measuring_names_a_batch_that_fits),
        program_test(small_work_groups_change_nothing),
        program_test(a_small_gpu_does_the_same),
        program_test(a_failing_device_is_told_in_one_line),
    };
    int code = program_need_device();
    return code ? code : cmocka_run_group_tests(tests, NULL, NULL);
}
