/* Compiled programs in the cache folder: when they are kept, that they come back, and that what is
 * damaged is removed with a word. */
#include "support/device.h"
#include "support/scratch.h"

#include "base/hash.h"
#include "device/program_cache.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

/* What the log was told, level before each line. */
struct heard {
    char text[4096];
};

static void hear(void *cookie, enum incline_log_level level, const char *text)
{
    struct heard *heard = cookie;
    size_t used = strlen(heard->text);
    snprintf(heard->text + used, sizeof heard->text - used, "%d %s\n", (int)level, text);
}

struct bench {
    struct scratch *scratch;
    struct incline_context *ctx;
    struct incline_device *device;
    struct heard heard;
    cl_program program; /* a built one, the device's */
    struct incline_program_key key;
};

static int setup(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    void *scratch = NULL;
    assert_non_null(bench);
    assert_int_equal(scratch_setup(&scratch), 0);
    bench->scratch = scratch;
    setenv("INCLINE_CACHE_DIR", bench->scratch->folder, 1);
    bench->ctx = incline_context_create(hear, &bench->heard);
    assert_ok(bench->ctx,
              incline_device_open(bench->ctx, getenv("INCLINE_DEVICE"), &bench->device));
    assert_ok(bench->ctx, incline_program_get(bench->ctx, bench->device, "add.cl",
                                              " -D ELEMS=50 -D CHUNK=64", &bench->program));
    incline_program_key(bench->device, "source", "options", &bench->key);
    bench->heard.text[0] = '\0';
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    void *scratch = bench->scratch;
    incline_device_close(&bench->device);
    incline_context_destroy(&bench->ctx);
    free(bench);
    return scratch_teardown(&scratch);
}

static void keep(struct bench *bench, const struct incline_program_key *key, double seconds)
{
    incline_program_cache_keep(bench->ctx, bench->device, key, bench->program, seconds);
}

/* Any program can be had back under the key; its kernel must be there. */
static bool comes_back(struct bench *bench, const struct incline_program_key *key)
{
    cl_int code;
    cl_program program = incline_program_cache_load(bench->ctx, bench->device, key);
    if (!program)
        return false;
    cl_kernel kernel = clCreateKernel(program, "add_copy", &code);
    assert_int_equal(code, CL_SUCCESS);
    clReleaseKernel(kernel);
    clReleaseProgram(program);
    return true;
}

static const char *path_of(struct bench *bench, const struct incline_program_key *key,
                           const char *suffix)
{
    char name[128];
    snprintf(name, sizeof name, "programs/%s.%s", key->text, suffix);
    return scratch_path(bench->scratch, name);
}

static bool is_there(struct bench *bench, const struct incline_program_key *key, const char *suffix)
{
    return access(path_of(bench, key, suffix), F_OK) == 0;
}

/* A long compilation leaves half of it for loading. */
static void keep_for_sure(struct bench *bench)
{
    keep(bench, &bench->key, 10);
    if (!is_there(bench, &bench->key, "bin")) {
        print_message("the driver gives no binary that it takes back\n");
        skip();
    }
}

static void the_key_covers_what_the_program_depends_on(void **state)
{
    struct bench *bench = *state;
    struct incline_program_key again, other;
    incline_program_key(bench->device, "source", "options", &again);
    assert_string_equal(again.text, bench->key.text);
    incline_program_key(bench->device, "source2", "options", &other);
    assert_string_not_equal(other.text, bench->key.text);
    incline_program_key(bench->device, "source", "options2", &other);
    assert_string_not_equal(other.text, bench->key.text);
    incline_program_key(bench->device, "sourceo", "ptions", &other);
    assert_string_not_equal(other.text, bench->key.text);
}

static int judge(struct bench *bench, const struct incline_program_key *key, double seconds)
{
    return (int)incline_program_cache_judge(bench->ctx, bench->device, key, seconds);
}

static void what_is_quick_is_left(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(judge(bench, &bench->key, 0.05), INCLINE_PROGRAM_LEAVE);
    assert_int_equal(judge(bench, &bench->key, 0.05), INCLINE_PROGRAM_LEAVE);
    assert_false(is_there(bench, &bench->key, "slow"));
    assert_false(comes_back(bench, &bench->key));
    assert_string_equal(bench->heard.text, "");
}

static void what_loads_slowly_is_not_kept(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(judge(bench, &bench->key, 10), INCLINE_PROGRAM_LEAVE);
    assert_int_equal(judge(bench, &bench->key, 10), INCLINE_PROGRAM_COMPILE_AGAIN);
    keep(bench, &bench->key, 0);
    assert_false(is_there(bench, &bench->key, "bin"));
    assert_false(is_there(bench, &bench->key, "slow"));
    /* and is not compiled twice at every start */
    assert_int_equal(judge(bench, &bench->key, 10), INCLINE_PROGRAM_LEAVE);
    assert_int_equal(judge(bench, &bench->key, 10), INCLINE_PROGRAM_LEAVE);
}

static void what_is_slow_again_is_kept(void **state)
{
    struct bench *bench = *state;
    struct incline_program_key other;
    struct stat info;
    assert_int_equal(judge(bench, &bench->key, 10), INCLINE_PROGRAM_LEAVE);
    assert_true(is_there(bench, &bench->key, "slow"));
    assert_int_equal(judge(bench, &bench->key, 10), INCLINE_PROGRAM_COMPILE_AGAIN);
    keep_for_sure(bench);
    assert_false(is_there(bench, &bench->key, "slow"));
    assert_int_equal(stat(path_of(bench, &bench->key, "bin"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_true(comes_back(bench, &bench->key));
    /* The driver is known now: another program is kept at once. */
    incline_program_key(bench->device, "another", "options", &other);
    assert_int_equal(judge(bench, &other, 10), INCLINE_PROGRAM_KEEP);
    assert_int_equal(judge(bench, &other, 0.05), INCLINE_PROGRAM_LEAVE);
    keep(bench, &other, 10);
    assert_true(comes_back(bench, &other));
    assert_string_equal(bench->heard.text, "");
}

static void assert_removed(struct bench *bench, const char *why)
{
    char line[64];
    snprintf(line, sizeof line, ".bin: %s; it is removed and compiled anew\n", why);
    bench->heard.text[0] = '\0';
    assert_false(comes_back(bench, &bench->key));
    if (strncmp(bench->heard.text, "1 cache ", 8) != 0 || !strstr(bench->heard.text, line) ||
        strchr(bench->heard.text, '\n')[1] != '\0')
        fail_msg("said '%s'", bench->heard.text);
    assert_false(is_there(bench, &bench->key, "bin"));
}

static void flip_byte(const char *path, long place)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, place, SEEK_END), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, place, SEEK_END), 0);
    assert_true(fputc(byte ^ 0x10, file) != EOF);
    assert_int_equal(fclose(file), 0);
}

static void what_is_damaged_is_removed(void **state)
{
    struct bench *bench = *state;
    struct stat info;
    keep_for_sure(bench);
    assert_int_equal(stat(path_of(bench, &bench->key, "bin"), &info), 0);
    flip_byte(path_of(bench, &bench->key, "bin"), -1);
    assert_removed(bench, "damaged");
    keep(bench, &bench->key, 10);
    flip_byte(path_of(bench, &bench->key, "bin"), -(long)info.st_size);
    assert_removed(bench, "damaged");
    keep(bench, &bench->key, 10);
    assert_int_equal(truncate(path_of(bench, &bench->key, "bin"), info.st_size - 7), 0);
    assert_removed(bench, "damaged");
    keep(bench, &bench->key, 10);
    assert_int_equal(truncate(path_of(bench, &bench->key, "bin"), 0), 0);
    assert_removed(bench, "damaged");
    keep(bench, &bench->key, 10);
    assert_true(comes_back(bench, &bench->key));
}

/* A folder that others can write to holds no programs for us, and is said once. */
static void a_shared_folder_is_not_used(void **state)
{
    struct bench *bench = *state;
    keep_for_sure(bench);
    bench->heard.text[0] = '\0';
    assert_int_equal(chmod(scratch_path(bench->scratch, "programs"), 0777), 0);
    assert_false(comes_back(bench, &bench->key));
    keep(bench, &bench->key, 10);
    assert_int_equal(chmod(scratch_path(bench->scratch, "programs"), 0700), 0);
    char *first = strstr(bench->heard.text, "1 cache ");
    assert_non_null(strstr(bench->heard.text, "others can write to it"));
    assert_non_null(first);
    assert_null(strstr(first + 1, "1 cache "));
}

/* No room for a file: a word, and nothing half. */
static void a_full_cache_keeps_nothing(void **state)
{
    struct bench *bench = *state;
    struct rlimit before, none;
    keep_for_sure(bench);
    assert_int_equal(unlink(path_of(bench, &bench->key, "bin")), 0);
    bench->heard.text[0] = '\0';
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 100;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    keep(bench, &bench->key, 10);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(strstr(bench->heard.text, "; compiled programs are not kept\n"));
    assert_false(is_there(bench, &bench->key, "bin"));
    assert_false(comes_back(bench, &bench->key));
}

static void make_file(struct bench *bench, const char *name, size_t bytes, time_t used)
{
    char path[128], content[4096] = "";
    snprintf(path, sizeof path, "programs/%s", name);
    scratch_write(bench->scratch, path, content, bytes);
    struct timeval times[2] = {{used, 0}, {used, 0}};
    assert_int_equal(utimes(bench->scratch->path, times), 0);
}

static void the_longest_unused_go_first(void **state)
{
    struct bench *bench = *state;
    struct incline_cache_folder folder;
    assert_ok(bench->ctx, incline_cache_open(bench->ctx, "programs", &folder));
    scratch_remove(scratch_path(bench->scratch, "programs"));
    incline_cache_close(&folder);
    assert_ok(bench->ctx, incline_cache_open(bench->ctx, "programs", &folder));
    make_file(bench, "b", 4000, 2000);
    make_file(bench, "a", 4000, 1000);
    make_file(bench, "c", 4000, 3000);
    incline_program_cache_trim(&folder, 12000);
    assert_int_equal(access(scratch_path(bench->scratch, "programs/a"), F_OK), 0);
    incline_program_cache_trim(&folder, 8000);
    assert_int_equal(access(scratch_path(bench->scratch, "programs/a"), F_OK), -1);
    assert_int_equal(access(scratch_path(bench->scratch, "programs/b"), F_OK), 0);
    incline_program_cache_trim(&folder, 7999);
    assert_int_equal(access(scratch_path(bench->scratch, "programs/b"), F_OK), -1);
    assert_int_equal(access(scratch_path(bench->scratch, "programs/c"), F_OK), 0);
    incline_cache_close(&folder);
}

#define cache_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    cache_test(the_key_covers_what_the_program_depends_on),
    cache_test(what_is_quick_is_left),
    cache_test(what_loads_slowly_is_not_kept),
    cache_test(what_is_slow_again_is_kept),
    cache_test(what_is_damaged_is_removed),
    cache_test(a_shared_folder_is_not_used),
    cache_test(a_full_cache_keeps_nothing),
    cache_test(the_longest_unused_go_first),
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
