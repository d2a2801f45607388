/* Drivers that abort, crash, hang or exit while their devices are listed: reported, and the other
 * drivers stay usable. Drivers that show one GPU twice: it counts once. */
#include "support/device.h"
#include "support/small_data.h"

static void write_icd(struct program *p, const char *folder, const char *name, const char *library)
{
    char path[SCRATCH_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s.icd", folder, name);
    program_write(p, path, library);
}

/* folder/<name>.icd for one of the drivers that go wrong. */
static void add_fake(struct program *p, const char *folder, const char *name)
{
    char library[SCRATCH_PATH_BYTES];
    const char *built = getenv("INCLINE_TEST_DRIVERS");
    assert_non_null(built);
    snprintf(library, sizeof library, "%s/libfake_%s.so", built, name);
    assert_int_equal(access(library, R_OK), 0);
    write_icd(p, folder, name, library);
}

/* Copies the drivers of this machine. */
static void add_real(struct program *p, const char *folder)
{
    const char *vendors = getenv("OCL_ICD_VENDORS");
    DIR *entries = opendir(vendors ? vendors : "/etc/OpenCL/vendors");
    if (!entries)
        skip(); /* a single file: the folders below would not be what is used here */
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        char from[SCRATCH_PATH_BYTES], to[SCRATCH_PATH_BYTES];
        size_t length = strlen(entry->d_name);
        if (length < 5 || strcmp(entry->d_name + length - 4, ".icd") != 0)
            continue;
        snprintf(from, sizeof from, "%s/%.200s", vendors ? vendors : "/etc/OpenCL/vendors",
                 entry->d_name);
        snprintf(to, sizeof to, "%s/%.200s", folder, entry->d_name);
        char *text = program_read(p, from, &length);
        program_write(p, to, text);
        free(text);
    }
    closedir(entries);
}

/* The environment of the next run: these drivers, a short time for them, a folder for what is
 * written meanwhile. */
static void use(struct program *p, const char *vendors)
{
    static char variables[2][SCRATCH_PATH_BYTES + 32];
    snprintf(variables[0], sizeof variables[0], "OCL_ICD_VENDORS=%s/%s", p->scratch->folder,
             vendors);
    snprintf(variables[1], sizeof variables[1], "TMPDIR=%s/tmp", p->scratch->folder);
    p->environment[0] = variables[0];
    p->environment[1] = variables[1];
    p->environment[2] = "INCLINE_PROBE_SECONDS=3";
}

static int setup(void **state)
{
    int code = program_setup(state);
    if (code == 0) {
        program_folder(*state, "icd");
        program_folder(*state, "tmp");
    }
    return code;
}

static void check_reported(struct program *p, const char *name, const char *what)
{
    add_fake(p, "icd", name);
    add_real(p, "icd");
    use(p, "icd/");
    run(p, "devices");
    assert_exit(p, 0);
    assert_out(p, what);
    assert_out(p, "default");
    assert_err(p, what);
    assert_err(p, "it is not used");
    use(p, "icd/");
    run(p, "devices", "--format", "json", "-q");
    assert_exit(p, 0);
    assert_out(p, what);
    assert_out(p, "\"state\": \"default\"");
    assert_silent_err(p);
    assert_int_equal(program_count_entries(p, "tmp"), 0);
}

static void an_abort_is_reported(void **state)
{
    check_reported(*state, "aborts", "driver crashed (signal 6)");
}

static void a_crash_is_reported(void **state)
{
    check_reported(*state, "crashes", "driver crashed (signal 11)");
}

static void a_hang_is_reported(void **state)
{
    check_reported(*state, "hangs", "driver hangs");
}

static void an_exit_is_reported(void **state)
{
    check_reported(*state, "exits", "driver ended the program (exit 3)");
}

static void training_goes_on_without_them(void **state)
{
    struct program *p = *state;
    small_setup(p);
    add_fake(p, "icd", "aborts");
    add_fake(p, "icd", "exits");
    add_real(p, "icd");
    use(p, "icd/");
    run(p, "train", "t.yaml", "--out", "r", "-e", "1");
    assert_exit(p, 0);
    assert_err(p, "driver crashed (signal 6)");
    assert_err(p, "driver ended the program (exit 3)");
    assert_true(program_exists(p, "r/weights/last.safetensors"));
    assert_int_equal(program_count_entries(p, "tmp"), 0);
}

/* A folder, a file or a library: what the loader takes. */
static void bad_drivers_alone_are_no_device(void **state)
{
    struct program *p = *state;
    add_fake(p, "icd", "aborts");
    for (int i = 0; i < 2; i++) {
        use(p, i == 0 ? "icd/" : "icd/aborts.icd");
        p->environment[3] = "INCLINE_DEVICE";
        run(p, "devices");
        assert_exit(p, 5);
        assert_out(p, "aborts.icd");
        assert_out(p, "driver crashed (signal 6)");
        assert_err(p, "no OpenCL device found");
        assert_err(p, "aborts.icd: driver crashed (signal 6)");
    }
}

/* The user's own choice of drivers is kept to. */
static void good_drivers_are_left_alone(void **state)
{
    struct program *p = *state;
    add_fake(p, "icd", "aborts");
    program_folder(p, "good");
    add_real(p, "good");
    use(p, "good/");
    run(p, "devices");
    assert_exit(p, 0);
    assert_out(p, "default");
    assert_silent_err(p);
}

static void trying_can_be_left_out(void **state)
{
    struct program *p = *state;
    add_fake(p, "icd", "aborts");
    use(p, "icd/");
    p->environment[2] = "INCLINE_PROBE_SECONDS=0";
    run(p, "devices");
    assert_exit(p, 128 + 6); /* which is what the trying is for */
}

static void use_gpus(struct program *p, const char *one, const char *other)
{
    add_fake(p, "icd", one);
    add_fake(p, "icd", other);
    use(p, "icd/");
    p->environment[3] = "INCLINE_DEVICE";
}

/* Mesa's view of a GPU is neither the default nor chosen by type or name. */
static void check_one_gpu(struct program *p, const char *vendor, const char *platform)
{
    const char *selectors[] = {"Fake GPU", "gpu", platform};
    use_gpus(p, vendor, "mesa");
    run(p, "devices");
    assert_exit(p, 0);
    const char *mesa = strstr(p->out, "rusticl"), *same = strstr(p->out, "ok, the same GPU as #");
    assert_non_null(mesa);
    assert_non_null(same);
    assert_int_equal(count_lines(p->out), 3);
    assert_null(memchr(mesa, '\n', (size_t)(same - mesa)));
    for (size_t i = 0; i < sizeof selectors / sizeof *selectors; i++) {
        use(p, "icd/");
        run(p, "devices", "-d", selectors[i]);
        assert_exit(p, 5); /* it cannot be opened */
        assert_err(p, "clCreateContext");
    }
}

static void one_gpu_of_two_drivers_counts_once(void **state)
{
    check_one_gpu(*state, "amd", "AMD Accelerated");
}

static void nvidia_tells_the_place_in_its_own_way(void **state)
{
    check_one_gpu(*state, "nvidia", "NVIDIA");
}

static void all_takes_one_gpu_once(void **state)
{
    struct program *p = *state;
    const char *verbs[] = {"check", "bench"};
    for (size_t i = 0; i < 2; i++) {
        use_gpus(p, "amd", "mesa");
        run(p, verbs[i], "-d", "all");
        assert_exit(p, 5);
        assert_err(p, "Fake GPU (rusticl) is left out: the same GPU as #");
        const char *failed = strstr(p->err, "clCreateContext");
        assert_non_null(failed);
        assert_null(strstr(failed + 1, "clCreateContext"));
    }
}

static void a_name_of_several_lists_those(void **state)
{
    struct program *p = *state;
    use_gpus(p, "amd", "other");
    add_fake(p, "icd", "mesa");
    run(p, "devices", "-d", "rusticl");
    assert_exit(p, 5);
    assert_err(p, "device 'rusticl' is not unique; choose one by number:");
    assert_err(p, "(another rusticl)");
    assert_no_err(p, "AMD");
}

static void other_gpus_count(void **state)
{
    struct program *p = *state;
    const char *others[] = {"other", "silent"};
    for (size_t i = 0; i < 2; i++) {
        use_gpus(p, "amd", others[i]);
        run(p, "devices");
        assert_exit(p, 0);
        assert_out(p, "ok");
        assert_no_out(p, "the same GPU");
        unlink(program_path(p, i == 0 ? "icd/other.icd" : "icd/silent.icd"));
    }
}

#define driver_test(function) cmocka_unit_test_setup_teardown(function, setup, program_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        driver_test(an_abort_is_reported),
        driver_test(a_crash_is_reported),
        driver_test(a_hang_is_reported),
        driver_test(an_exit_is_reported),
        driver_test(training_goes_on_without_them),
        driver_test(bad_drivers_alone_are_no_device),
        driver_test(good_drivers_are_left_alone),
        driver_test(trying_can_be_left_out),
        driver_test(one_gpu_of_two_drivers_counts_once),
        driver_test(nvidia_tells_the_place_in_its_own_way),
        driver_test(all_takes_one_gpu_once),
        driver_test(a_name_of_several_lists_those),
        driver_test(other_gpus_count),
    };
    int code = program_need_device();
    return code ? code : cmocka_run_group_tests(tests, NULL, NULL);
}
