/* unshare, mount */
#define _GNU_SOURCE

#include "support/small_data.h"

#include <jansson.h>
#include <sched.h>
#include <sys/mount.h>

/* Tuning by the program, and the cache folder as it should not be. */

static int setup(void **state)
{
    int code = program_setup(state);
    if (code == 0)
        small_setup(*state);
    return code;
}

#define tune_test(function) cmocka_unit_test_setup_teardown(function, setup, program_teardown)

/* The next run's cache. */
static void use_cache(struct program *p, const char *folder)
{
    static char variable[2 * SCRATCH_PATH_BYTES];
    snprintf(variable, sizeof variable, "INCLINE_CACHE_DIR=%s", program_path(p, folder));
    p->environment[0] = variable;
}

static bool stored(struct program *p)
{
    size_t length;
    if (!program_exists(p, "cache/tuning"))
        return false;
    char *text = program_read(p, "cache/tuning", &length);
    bool found = strstr(text, "\tconv2d_") != NULL || strstr(text, "\tdense_") != NULL;
    free(text);
    return found;
}

/* What is said of the results' fate is what happened. */
static void the_verb_tells_and_keeps(void **state)
{
    struct program *p = *state;
    use_cache(p, "cache");
    run(p, "tune", "t.yaml", "--quick");
    assert_exit(p, 0);
    assert_int_equal(strncmp(p->out, "tiny at batch 16: ", 18), 0);
    assert_out(p, " operations in ");
    assert_out(p, "\n  operation ");
    assert_out(p, "images=16");
    assert_true(strstr(p->out, "\na step takes ") || strstr(p->out, "\nnothing tried: "));
    if (strstr(p->out, "; kept\n"))
        assert_true(stored(p));
    if (strstr(p->out, "; not kept: the machine is busy") || strstr(p->out, "\nnothing tried: "))
        assert_false(stored(p));
}

static void json_holds_the_same(void **state)
{
    struct program *p = *state;
    json_error_t error;
    use_cache(p, "cache");
    run(p, "tune", "t.yaml", "t.yaml", "--quick", "-b", "20", "--format", "json");
    assert_exit(p, 0);
    json_t *all = json_loads(p->out, JSON_REJECT_DUPLICATES, &error);
    assert_int_equal(json_array_size(all), 2);
    json_t *first = json_array_get(all, 0);
    json_t *operations = json_object_get(first, "operations");
    assert_string_equal(json_string_value(json_object_get(first, "model")), "tiny");
    assert_int_equal(json_integer_value(json_object_get(first, "batch_size")), 20);
    assert_true(json_is_boolean(json_object_get(first, "loaded")));
    assert_true(json_array_size(operations) > 0);
    for (size_t i = 0; i < json_array_size(operations); i++) {
        json_t *row = json_array_get(operations, i);
        assert_true(json_is_string(json_object_get(row, "op")));
        assert_int_equal(json_integer_value(json_object_get(row, "dropped")), 0);
    }
    json_t *second = json_array_get(all, 1);
    assert_int_equal(json_integer_value(json_object_get(first, "stored")) +
                             json_integer_value(json_object_get(second, "stored")) >
                         0,
                     stored(p));
    json_decref(all);
}

static void tuning_changes_no_bit(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "off", "--tune", "off");
    assert_exit(p, 0);
    assert_no_err(p, "\ntuning ");
    use_cache(p, "cache");
    run(p, "train", "t.yaml", "--out", "tuned", "--tune", "quick");
    assert_exit(p, 0);
    assert_err(p, "\ntuning   ");
    assert_true(
        program_same_bytes(p, "off/weights/last.safetensors", "tuned/weights/last.safetensors"));
    use_cache(p, "cache"); /* with what was stored, if it was */
    run(p, "train", "t.yaml", "--out", "again", "--tune", "quick");
    assert_exit(p, 0);
    assert_true(
        program_same_bytes(p, "off/weights/last.safetensors", "again/weights/last.safetensors"));
}

static void the_environment_decides_where_the_line_is_silent(void **state)
{
    struct program *p = *state;
    use_cache(p, "cache");
    p->environment[1] = "INCLINE_TUNE=quick";
    run(p, "train", "t.yaml", "--out", "a", "-e", "1");
    assert_exit(p, 0);
    assert_err(p, "\ntuning   ");
    use_cache(p, "cache2");
    p->environment[1] = "INCLINE_TUNE=quick";
    run(p, "train", "t.yaml", "--out", "b", "-e", "1", "--tune", "off");
    assert_exit(p, 0);
    assert_no_err(p, "\ntuning   ");
    p->environment[0] = "INCLINE_TUNE=sometimes";
    run(p, "train", "t.yaml", "--out", "c");
    refused(p, 2, "INCLINE_TUNE=sometimes is none of auto, off, quick, full", "");
    run(p, "train", "t.yaml", "--out", "c", "--tune", "never");
    assert_exit(p, 2);
    assert_err(p, "quick");
    run(p, "tune", "no-such-model");
    assert_exit(p, 3);
    assert_false(program_exists(p, "c"));
}

/* ---- the cache folder ---- */

static size_t count_text(const char *all, const char *text)
{
    size_t count = 0;
    for (const char *found = strstr(all, text); found; found = strstr(found + 1, text))
        count++;
    return count;
}

/* Training goes well, and says once what is wrong with the cache. */
static void assert_trains_without(struct program *p, const char *folder, const char *why)
{
    use_cache(p, folder);
    run(p, "train", "t.yaml", "-e", "1", "--out", "r", "--overwrite");
    assert_exit(p, 0);
    assert_err(p, why);
    assert_int_equal(count_text(p->err, "nothing is kept"), 1);
    assert_true(program_exists(p, "r/weights/last.safetensors"));
}

static void a_cache_that_cannot_be_used_stops_nothing(void **state)
{
    struct program *p = *state;
    program_write(p, "file", "");
    program_folder(p, "shared");
    assert_int_equal(chmod(program_path(p, "shared"), 0777), 0);
    program_folder(p, "own");
    assert_int_equal(symlink("own", program_path(p, "link")), 0);
    assert_trains_without(p, "file", "not a folder, or a link to one");
    assert_trains_without(p, "shared", "others can write to it (chmod go-w)");
    assert_trains_without(p, "link", "not a folder, or a link to one");
    assert_trains_without(p, "/proc/cache", "cache /proc/cache: ");
    assert_int_equal(program_count_entries(p, "shared"), 0);
    assert_int_equal(program_count_entries(p, "own"), 0);
    if (geteuid() == 0 && chown(program_path(p, "own"), 12345, 12345) == 0)
        assert_trains_without(p, "own", "belongs to another user");
}

static void a_read_only_cache_stops_nothing(void **state)
{
    struct program *p = *state;
    if (geteuid() == 0) {
        print_message("root may write everywhere\n");
        skip();
    }
    program_folder(p, "own");
    assert_int_equal(chmod(program_path(p, "own"), 0500), 0);
    use_cache(p, "own");
    run(p, "train", "t.yaml", "-e", "1", "--out", "r", "--tune", "quick");
    assert_exit(p, 0);
    assert_int_equal(chmod(program_path(p, "own"), 0700), 0);
    assert_int_equal(program_count_entries(p, "own"), 0);
}

/* A folder of one page, in name spaces of our own; only root may have it. */
static void mount_page(struct program *p, const char *folder)
{
    program_folder(p, folder);
    if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("none", program_path(p, folder), "tmpfs", 0, "size=4k,mode=700")) {
        print_message("nothing can be mounted here\n");
        skip();
    }
}

/* Training goes well, and says why the check is not remembered. */
static void assert_trains_with(struct program *p, const char *folder, const char *why)
{
    char line[160];
    use_cache(p, folder);
    run(p, "train", "t.yaml", "-e", "1", "--out", "r", "--overwrite", "--tune", "quick");
    assert_exit(p, 0);
    snprintf(
        line, sizeof line,
        "/checks: %s (INCLINE_CACHE_DIR names another folder) (the check will be made again)\n",
        why);
    assert_err(p, line);
    assert_int_equal(count_text(p->err, "warning: cache "), 1);
    assert_true(count_text(p->err, "but not kept: ") + count_text(p->err, "machine is busy") +
                    count_text(p->err, "took too long") >=
                1); /* a busy machine is a second reason */
    assert_true(program_exists(p, "r/weights/last.safetensors"));
    assert_false(program_exists(p, "page/tuning"));
}

static void a_full_file_system_stops_nothing(void **state)
{
    static char page[4096];
    struct program *p = *state;
    mount_page(p, "page");
    scratch_write(p->scratch, "page/full", page, sizeof page);
    assert_trains_with(p, "page", "No space left on device");
    assert_int_equal(mount("none", program_path(p, "page"), NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    assert_trains_with(p, "page", "Read-only file system");
    assert_int_equal(umount(program_path(p, "page")), 0);
}

static void write_tuning(struct program *p, const char *content)
{
    if (!program_exists(p, "cache"))
        program_folder(p, "cache");
    program_write(p, "cache/tuning", content);
    assert_int_equal(chmod(program_path(p, "cache/tuning"), 0600), 0);
    assert_int_equal(chmod(program_path(p, "cache"), 0700), 0);
}

static void train_with_cache(struct program *p)
{
    use_cache(p, "cache");
    run(p, "train", "t.yaml", "-e", "1", "--out", "r", "--overwrite", "-v", "-v");
    assert_exit(p, 0);
    assert_no_err(p, "nothing is kept");
}

static void a_damaged_tuning_file_stops_nothing(void **state)
{
    static const char *const contents[] = {"1\tPortable Comp", "\377\376\375\n\n\n\001\002",
                                           "# edited\n1\ta\tb\tc\t1\n"};
    struct program *p = *state;
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        write_tuning(p, contents[i]);
        train_with_cache(p);
        assert_err(p, ": no record of this version; it is skipped\n");
    }
}

/* One kernel of the run in the folder r, as environment.json has it. */
static void write_record_of(struct program *p, const char *tile)
{
    size_t length;
    char *text = program_read(p, "r/environment.json", &length), line[1024];
    json_t *environment = json_loads(text, 0, NULL);
    const json_t *device = json_object_get(environment, "device");
    const json_t *kernel = json_array_get(json_object_get(environment, "kernels"), 0);
    assert_non_null(kernel);
    snprintf(line, sizeof line, "1\t*\t%s\t*\t*\t%d\t%s\t%s\t*\t%s\t1\t-\t0\t-\n",
             json_string_value(json_object_get(device, "name")),
             (int)json_integer_value(json_object_get(device, "lanes")),
             json_string_value(json_object_get(kernel, "op")),
             json_string_value(json_object_get(kernel, "shape")), tile);
    write_tuning(p, line);
    json_decref(environment);
    free(text);
}

static void a_record_without_a_tile_of_this_version_is_ignored(void **state)
{
    struct program *p = *state;
    train_with_cache(p);
    write_record_of(p, "0,0,0,0");
    train_with_cache(p);
    assert_err(p, " holds no tile of this version; it is ignored\n");
}

static const struct CMUnitTest tests[] = {
    tune_test(the_verb_tells_and_keeps),
    tune_test(json_holds_the_same),
    tune_test(tuning_changes_no_bit),
    tune_test(the_environment_decides_where_the_line_is_silent),
    tune_test(a_cache_that_cannot_be_used_stops_nothing),
    tune_test(a_read_only_cache_stops_nothing),
    tune_test(a_full_file_system_stops_nothing),
    tune_test(a_damaged_tuning_file_stops_nothing),
    tune_test(a_record_without_a_tile_of_this_version_is_ignored),
};

int main(void)
{
    int code = program_need_device();
    return code ? code : cmocka_run_group_tests(tests, NULL, NULL);
}
