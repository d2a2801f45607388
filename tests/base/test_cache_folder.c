/* The cache folder: found by the environment, made for one user, trusted only when it is his. */
#include "support/scratch.h"

#include "base/cache_folder.h"
#include "base/memory.h"

#include <sys/resource.h>

#include <signal.h>

static void use(struct scratch *s, const char *name)
{
    setenv("INCLINE_CACHE_DIR", scratch_path(s, name), 1);
}

static void check_refused(struct scratch *s, const char *part, const char *why)
{
    struct incline_cache_folder folder;
    assert_fails(s->ctx, INCLINE_ERROR_IO, incline_cache_open(s->ctx, part, &folder), why);
    incline_cache_close(&folder);
}

static void check_opens(struct scratch *s, const char *part, const char *want)
{
    struct incline_cache_folder folder;
    struct stat info;
    assert_ok(s->ctx, incline_cache_open(s->ctx, part, &folder));
    assert_string_equal(folder.path, scratch_path(s, want));
    assert_int_equal(stat(folder.path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    incline_cache_close(&folder);
    assert_null(folder.path);
}

static void the_environment_says_where(void **state)
{
    struct scratch *s = *state;
    unsetenv("INCLINE_CACHE_DIR");
    setenv("XDG_CACHE_HOME", scratch_path(s, "xdg/deep"), 1);
    setenv("HOME", scratch_path(s, "home"), 1);
    check_opens(s, NULL, "xdg/deep/incline");
    setenv("XDG_CACHE_HOME", "relative", 1); /* to be ignored, says its specification */
    check_opens(s, NULL, "home/.cache/incline");
    use(s, "own/");
    check_opens(s, NULL, "own");
    check_opens(s, "programs", "own/programs");
    unsetenv("INCLINE_CACHE_DIR");
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    check_refused(s, NULL, "set INCLINE_CACHE_DIR or HOME");
}

static void folders_of_others_are_refused(void **state)
{
    struct scratch *s = *state;
    use(s, "shared");
    mkdir(scratch_path(s, "shared"), 0777);
    chmod(scratch_path(s, "shared"), 0777);
    check_refused(s, NULL, "shared: others can write to it");
    use(s, "group");
    mkdir(scratch_path(s, "group"), 0777);
    chmod(scratch_path(s, "group"), 0770);
    check_refused(s, NULL, "group: others can write to it");
    char real[SCRATCH_PATH_BYTES];
    snprintf(real, sizeof real, "%s", scratch_path(s, "real"));
    mkdir(real, 0700);
    assert_int_equal(symlink(real, scratch_path(s, "link")), 0);
    use(s, "link");
    check_refused(s, NULL, "link: not a folder, or a link to one");
    use(s, "file");
    scratch_write(s, "file", "x", 1);
    check_refused(s, NULL, "file: not a folder");
    use(s, "file/below");
    check_refused(s, NULL, "file/below: Not a directory");
    use(s, "real");
    assert_int_equal(symlink("/tmp", scratch_path(s, "real/part")), 0);
    check_refused(s, "part", "real/part: not a folder, or a link");
    if (geteuid() != 0)
        return;
    use(s, "foreign");
    mkdir(scratch_path(s, "foreign"), 0700);
    assert_int_equal(chown(scratch_path(s, "foreign"), 12345, 12345), 0);
    check_refused(s, NULL, "foreign: belongs to another user");
}

static void check_content(struct scratch *s, const struct incline_cache_folder *folder,
                          const char *want)
{
    char *bytes = NULL;
    size_t length;
    assert_ok(s->ctx, incline_cache_read(s->ctx, folder, "name", 100, &bytes, &length));
    if (!want) {
        assert_null(bytes);
        return;
    }
    assert_non_null(bytes);
    assert_string_equal(bytes, want);
    assert_int_equal(length, strlen(want));
    incline_free(&bytes);
}

static int count_entries(const char *path)
{
    int count = -2; /* "." and ".." */
    DIR *entries = opendir(path);
    assert_non_null(entries);
    while (readdir(entries))
        count++;
    closedir(entries);
    return count;
}

static void files_are_replaced_whole(void **state)
{
    struct scratch *s = *state;
    struct incline_cache_folder folder;
    struct stat info;
    use(s, "cache");
    assert_ok(s->ctx, incline_cache_open(s->ctx, NULL, &folder));
    check_content(s, &folder, NULL);
    assert_ok(s->ctx, incline_cache_write(s->ctx, &folder, "name", "a long one", 10));
    check_content(s, &folder, "a long one");
    assert_ok(s->ctx, incline_cache_write(s->ctx, &folder, "name", "", 0));
    check_content(s, &folder, "");
    assert_int_equal(stat(scratch_path(s, "cache/name"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(count_entries(folder.path), 1);
    incline_cache_remove(&folder, "name");
    incline_cache_remove(&folder, "name");
    assert_int_equal(count_entries(folder.path), 0);
    incline_cache_close(&folder);
}

static void check_unreadable(struct scratch *s, const struct incline_cache_folder *folder,
                             const char *why)
{
    char *bytes = NULL;
    size_t length;
    assert_fails(s->ctx, INCLINE_ERROR_IO,
                 incline_cache_read(s->ctx, folder, "name", 100, &bytes, &length), why);
    assert_null(bytes);
    incline_cache_remove(folder, "name");
}

static void files_of_others_are_refused(void **state)
{
    static const char large[101];
    struct scratch *s = *state;
    struct incline_cache_folder folder;
    use(s, "cache");
    assert_ok(s->ctx, incline_cache_open(s->ctx, NULL, &folder));
    chmod(scratch_write(s, "cache/name", "x", 1), 0666);
    check_unreadable(s, &folder, "cache/name: others can write to it");
    assert_int_equal(symlink("/etc/passwd", scratch_path(s, "cache/name")), 0);
    check_unreadable(s, &folder, "cache/name: a link");
    assert_int_equal(mkfifo(scratch_path(s, "cache/name"), 0600), 0);
    check_unreadable(s, &folder, "cache/name: not a regular file");
    scratch_write(s, "cache/name", large, sizeof large);
    check_unreadable(s, &folder, "cache/name: too large");
    if (geteuid() == 0) {
        assert_int_equal(chown(scratch_write(s, "cache/name", "x", 1), 12345, 12345), 0);
        check_unreadable(s, &folder, "cache/name: belongs to another user");
    }
    incline_cache_close(&folder);
}

/* As on a full disk: the old content stays, and nothing lies beside it. */
static void a_failed_write_changes_nothing(void **state)
{
    static const char large[10000];
    struct scratch *s = *state;
    struct incline_cache_folder folder;
    struct rlimit old, low;
    use(s, "cache");
    assert_ok(s->ctx, incline_cache_open(s->ctx, NULL, &folder));
    assert_ok(s->ctx, incline_cache_write(s->ctx, &folder, "name", "old", 3));
    getrlimit(RLIMIT_FSIZE, &old);
    low = old;
    low.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    enum incline_status status = incline_cache_write(s->ctx, &folder, "name", large, sizeof large);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_fails(s->ctx, INCLINE_ERROR_IO, status, "cache/name: File too large");
    check_content(s, &folder, "old");
    assert_int_equal(count_entries(folder.path), 1);
    incline_cache_close(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(the_environment_says_where),     scratch_test(folders_of_others_are_refused),
        scratch_test(files_are_replaced_whole),       scratch_test(files_of_others_are_refused),
        scratch_test(a_failed_write_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
