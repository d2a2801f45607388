/* A copy of the kernels with one fault in it. */
#ifndef TESTS_SUPPORT_WRONG_KERNELS_H
#define TESTS_SUPPORT_WRONG_KERNELS_H

#include "support/scratch.h"

struct fault {
    const char *file, *from, *to; /* the first `from` in the file becomes `to`; NULL: no fault */
};

static inline char *kernel_text(const char *name)
{
    char path[SCRATCH_PATH_BYTES];
    const char *folder = getenv("INCLINE_TEST_KERNELS");
    assert_non_null(folder);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 17);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 17) - 1, file) > 0);
    fclose(file);
    return text;
}

static inline void write_kernel(struct scratch *scratch, const char *folder, const char *name,
                                const struct fault *fault)
{
    char path[SCRATCH_PATH_BYTES];
    char *text = kernel_text(name);
    const char *rest = text;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(scratch_path(scratch, path), "wb");
    assert_non_null(file);
    if (fault->file && strcmp(fault->file, name) == 0) {
        char *place = strstr(text, fault->from);
        if (!place)
            fail_msg("%s no longer has '%s': write another fault", name, fault->from);
        fwrite(text, 1, (size_t)(place - text), file);
        fputs(fault->to, file);
        rest = place + strlen(fault->from);
    }
    fputs(rest, file);
    assert_int_equal(fclose(file), 0);
    free(text);
}

/* Creates the folder, with every kernel file, in scratch. */
static inline void wrong_kernels(struct scratch *scratch, const char *folder,
                                 const struct fault *fault)
{
    DIR *entries = opendir(getenv("INCLINE_TEST_KERNELS"));
    assert_non_null(entries);
    assert_int_equal(mkdir(scratch_path(scratch, folder), 0700), 0);
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        const char *end = strrchr(entry->d_name, '.');
        if (end && (strcmp(end, ".cl") == 0 || strcmp(end, ".h") == 0))
            write_kernel(scratch, folder, entry->d_name, fault);
    }
    closedir(entries);
}

#endif
