/* A context and an empty folder for each test, and checks of failures. */
#ifndef TESTS_SUPPORT_SCRATCH_H
#define TESTS_SUPPORT_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "incline/status.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRATCH_PATH_BYTES = 512 };

struct scratch {
    struct incline_context *ctx;
    char folder[SCRATCH_PATH_BYTES];
    char path[SCRATCH_PATH_BYTES]; /* of the latest scratch_path */
};

static inline int scratch_setup(void **state)
{
    const char *parent = getenv("TMPDIR");
    struct scratch *scratch = calloc(1, sizeof *scratch);
    assert_non_null(scratch);
    snprintf(scratch->folder, sizeof scratch->folder, "%s/incline-test-XXXXXX",
             parent && parent[0] ? parent : "/tmp");
    assert_non_null(mkdtemp(scratch->folder));
    scratch->ctx = incline_context_create(NULL, NULL);
    assert_non_null(scratch->ctx);
    *state = scratch;
    return 0;
}

static inline void scratch_remove(const char *folder)
{
    DIR *entries = opendir(folder);
    if (entries) {
        for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
            char path[2 * SCRATCH_PATH_BYTES];
            if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
                continue;
            struct stat info;
            if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int)sizeof path)
                continue;
            if (!lstat(path, &info) && S_ISDIR(info.st_mode))
                scratch_remove(path);
            else
                unlink(path);
        }
        closedir(entries);
    }
    rmdir(folder);
}

static inline int scratch_teardown(void **state)
{
    struct scratch *scratch = *state;
    scratch_remove(scratch->folder);
    incline_context_destroy(&scratch->ctx);
    free(scratch);
    return 0;
}

/* The path of name in the folder; valid until the next call. */
static inline const char *scratch_path(struct scratch *scratch, const char *name)
{
    int length = snprintf(scratch->path, sizeof scratch->path, "%s/%s", scratch->folder, name);
    assert_in_range(length, 1, SCRATCH_PATH_BYTES - 1);
    return scratch->path;
}

/* Writes a file into the folder and returns its path. */
static inline const char *scratch_write(struct scratch *scratch, const char *name,
                                        const void *bytes, size_t length)
{
    const char *path = scratch_path(scratch, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* The call must have failed with that status and a text that holds `part`. Clears the error. */
#define assert_fails(ctx, status, call, part)                                                      \
    do {                                                                                           \
        assert_string_equal(incline_status_name(call), incline_status_name(status));               \
        if (!strstr(incline_error_text(ctx), part))                                                \
            fail_msg("text is \"%s\", without \"%s\"", incline_error_text(ctx), part);             \
        incline_error_clear(ctx);                                                                  \
    } while (0)

/* The call must have succeeded; otherwise its text is shown. */
#define assert_ok(ctx, call)                                                                       \
    do {                                                                                           \
        if ((call) != INCLINE_OK)                                                                  \
            fail_msg("failed: %s", incline_error_text(ctx));                                       \
    } while (0)

#define scratch_test(function)                                                                     \
    cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

#endif
