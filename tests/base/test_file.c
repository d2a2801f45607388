/* Files: limits on reading, writing whole or not at all. */
#include "support/scratch.h"

#include "base/file.h"
#include "base/memory.h"

#include <signal.h>
#include <sys/resource.h>

/* How many entries the scratch folder has, "." and ".." apart. */
static int count_entries(struct scratch *s)
{
    int count = -2;
    DIR *entries = opendir(s->folder);
    assert_non_null(entries);
    while (readdir(entries))
        count++;
    closedir(entries);
    return count;
}

static void check_content(struct scratch *s, const char *name, const char *want)
{
    char *bytes = NULL;
    size_t length = 0;
    assert_ok(s->ctx, incline_file_read(s->ctx, scratch_path(s, name), 1000000, &bytes, &length));
    assert_int_equal(length, strlen(want));
    assert_string_equal(bytes, want);
    incline_free(&bytes);
}

static void test_write_replaces_whole_file(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "file");
    assert_ok(s->ctx, incline_file_write(s->ctx, path, "long content", 12));
    check_content(s, "file", "long content");
    assert_ok(s->ctx, incline_file_write(s->ctx, path, "new", 3));
    check_content(s, "file", "new");
    assert_int_equal(count_entries(s), 1);
}

static void test_failed_write_leaves_nothing(void **state)
{
    struct scratch *s = *state;
    mkdir(scratch_path(s, "taken"), 0777);
    assert_fails(s->ctx, INCLINE_ERROR_IO,
                 incline_file_write(s->ctx, scratch_path(s, "taken"), "x", 1),
                 "taken: cannot write it: not a regular file");
    assert_fails(s->ctx, INCLINE_ERROR_IO,
                 incline_file_write(s->ctx, scratch_path(s, "no/such/folder"), "x", 1),
                 "no/such/folder: cannot write it: No such file or directory");
    assert_int_equal(count_entries(s), 1);
}

/* As on a full disk: the old content stays, and nothing lies beside it. */
static void test_write_that_fails_midway(void **state)
{
    struct scratch *s = *state;
    static const char large[10000];
    struct rlimit old, low;
    const char *path = scratch_write(s, "file", "old", 3);
    getrlimit(RLIMIT_FSIZE, &old);
    low = old;
    low.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    enum incline_status status = incline_file_write(s->ctx, path, large, sizeof large);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_fails(s->ctx, INCLINE_ERROR_IO, status, "file: cannot write it: File too large");
    check_content(s, "file", "old");
    assert_int_equal(count_entries(s), 1);
}

static void test_new_folders_are_taken_once(void **state)
{
    static const char *const paths[] = {"one", "a/b/c", "a/b/d//", "a/./e"};
    struct scratch *s = *state;
    bool existed = true;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *path = scratch_path(s, paths[i]);
        assert_ok(s->ctx, incline_folder_create_new(s->ctx, path, &existed));
        assert_false(existed);
        assert_true(incline_folder_exists(path));
        assert_ok(s->ctx, incline_folder_create_new(s->ctx, path, &existed));
        assert_true(existed);
    }
    assert_ok(s->ctx, incline_folder_create_new(s->ctx, "/", &existed));
    assert_true(existed);
    scratch_write(s, "file", "x", 1);
    assert_ok(s->ctx, incline_folder_create_new(s->ctx, scratch_path(s, "file"), &existed));
    assert_true(existed);
    assert_fails(s->ctx, INCLINE_ERROR_IO,
                 incline_folder_create_new(s->ctx, scratch_path(s, "file/x"), &existed),
                 "file: cannot create the folder: ");
}

static void test_read_checks_the_limit(void **state)
{
    struct scratch *s = *state;
    char *bytes = NULL;
    size_t length = 0;
    const char *path = scratch_write(s, "ten", "0123456789", 10);
    assert_ok(s->ctx, incline_file_read(s->ctx, path, 10, &bytes, &length));
    assert_int_equal(length, 10);
    assert_int_equal(bytes[10], 0);
    incline_free(&bytes);
    assert_fails(s->ctx, INCLINE_ERROR_DATA, incline_file_read(s->ctx, path, 9, &bytes, &length),
                 "ten: larger than the limit of 9 bytes");
    assert_null(bytes);
}

static void test_read_failures(void **state)
{
    struct scratch *s = *state;
    char *bytes = NULL;
    size_t length = 0;
    assert_fails(s->ctx, INCLINE_ERROR_DATA,
                 incline_file_read(s->ctx, scratch_path(s, "absent"), 10, &bytes, &length),
                 "absent: cannot read it: No such file or directory");
    assert_fails(s->ctx, INCLINE_ERROR_DATA,
                 incline_file_read(s->ctx, s->folder, 10, &bytes, &length), "Is a directory");
}

/* A file without a known size grows its room; the limit holds all the same. */
static void test_read_from_a_pipe(void **state)
{
    struct scratch *s = *state;
    enum { BYTES = 65000 };
    int ends[2];
    char name[32], *bytes = NULL;
    static char block[BYTES];
    size_t length = 0;
    for (size_t limit = BYTES - 1; limit <= BYTES; limit++) {
        memset(block, 'p', sizeof block);
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], block, sizeof block), BYTES);
        close(ends[1]);
        snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
        if (limit < BYTES)
            assert_fails(s->ctx, INCLINE_ERROR_DATA,
                         incline_file_read(s->ctx, name, limit, &bytes, &length), "limit of 64999");
        else
            assert_ok(s->ctx, incline_file_read(s->ctx, name, limit, &bytes, &length));
        close(ends[0]);
    }
    assert_int_equal(length, BYTES);
    assert_memory_equal(bytes, block, BYTES);
    incline_free(&bytes);
}

static void test_append(void **state)
{
    struct scratch *s = *state;
    assert_ok(s->ctx, incline_file_append(s->ctx, scratch_path(s, "log"), "one\n", 4));
    assert_ok(s->ctx, incline_file_append(s->ctx, scratch_path(s, "log"), "two\n", 4));
    check_content(s, "log", "one\ntwo\n");
    assert_fails(s->ctx, INCLINE_ERROR_IO, incline_file_append(s->ctx, s->folder, "x", 1),
                 "cannot write it");
}

static void test_folders(void **state)
{
    struct scratch *s = *state;
    assert_ok(s->ctx, incline_folder_create(s->ctx, scratch_path(s, "a/b//c/")));
    assert_true(incline_folder_exists(scratch_path(s, "a/b/c")));
    assert_ok(s->ctx, incline_folder_create(s->ctx, scratch_path(s, "a/b/c")));
    assert_false(incline_file_exists(scratch_path(s, "a/b/c")));
    scratch_write(s, "file", "x", 1);
    assert_true(incline_file_exists(scratch_path(s, "file")));
    assert_false(incline_folder_exists(scratch_path(s, "file")));
    assert_fails(s->ctx, INCLINE_ERROR_IO,
                 incline_folder_create(s->ctx, scratch_path(s, "file/below")),
                 "file: cannot create the folder: File exists");
}

static void check_join(struct scratch *s, const char *folder, const char *name, const char *want)
{
    char *path = NULL;
    assert_ok(s->ctx, incline_path_join(s->ctx, folder, name, &path));
    assert_string_equal(path, want);
    incline_free(&path);
}

static void test_join(void **state)
{
    struct scratch *s = *state;
    check_join(s, "a", "b", "a/b");
    check_join(s, "a/", "b", "a/b");
    check_join(s, "/", "b", "/b");
    check_join(s, "", "b", "b");
}

static void test_absolute(void **state)
{
    static const char *const paths[][2] = {
        {"/a/b", "/a/b"}, {"a/b", "/tmp/a/b"}, {"./a", "/tmp/a"}, {"../a", "/tmp/../a"}};
    struct scratch *s = *state;
    assert_int_equal(chdir("/tmp"), 0);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char *path = NULL;
        assert_ok(s->ctx, incline_path_absolute(s->ctx, paths[i][0], &path));
        assert_string_equal(path, paths[i][1]);
        incline_free(&path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_write_replaces_whole_file),
        scratch_test(test_failed_write_leaves_nothing),
        scratch_test(test_write_that_fails_midway),
        scratch_test(test_new_folders_are_taken_once),
        scratch_test(test_read_checks_the_limit),
        scratch_test(test_read_failures),
        scratch_test(test_read_from_a_pipe),
        scratch_test(test_append),
        scratch_test(test_folders),
        scratch_test(test_join),
        scratch_test(test_absolute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
