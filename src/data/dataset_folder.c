/* Looking for a data set's folder and files. */
#include "data/dataset_folder.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_NAME_BYTES = 48 };

static const char *const part_names[][3] = {
    [INCLINE_PART_TRAIN] = {"train", NULL},
    [INCLINE_PART_TEST] = {"t10k", "test", NULL},
};
static const char *const kind_names[][7] = {
    [INCLINE_KIND_IMAGES] = {"-images-idx3-ubyte", "-images.idx3-ubyte", "-images-idx4-ubyte",
                             "-images.idx4-ubyte", NULL},
    [INCLINE_KIND_LABELS] = {"-labels-idx1-ubyte", "-labels.idx1-ubyte", "-labels-idx1-short",
                             "-labels.idx1-short", "-labels-idx1-int", "-labels.idx1-int", NULL},
    [INCLINE_KIND_TARGETS] = {"-labels-idx2-ubyte", "-labels.idx2-ubyte", NULL},
};

static const char *const endings[] = {"", ".gz", NULL};

const char *incline_dataset_file_name(enum incline_dataset_part part,
                                      enum incline_dataset_kind kind)
{
    static const char *const names[][3] = {
        [INCLINE_PART_TRAIN] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                "train-labels-idx2-ubyte"},
        [INCLINE_PART_TEST] = {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
                               "t10k-labels-idx2-ubyte"},
    };
    return names[part][kind];
}

/* *out = the path if there is such an entry, otherwise NULL. */
static enum incline_status try_entry(struct incline_context *ctx, const char *folder,
                                     const char *part, const char *kind, const char *ending,
                                     bool (*exists)(const char *path), char **out)
{
    char name[FILE_NAME_BYTES];
    snprintf(name, sizeof name, "%s%s%s", part, kind, ending);
    enum incline_status status = incline_path_join(ctx, folder, name, out);
    if (!status && !exists(*out))
        incline_free(out);
    return status;
}

/* The first of all names that is there. */
static enum incline_status find_entry(struct incline_context *ctx, const char *folder,
                                      enum incline_dataset_part part,
                                      enum incline_dataset_kind kind,
                                      bool (*exists)(const char *path), char **out)
{
    enum incline_status status = INCLINE_OK;
    *out = NULL;
    for (const char *const *p = part_names[part]; *p; p++)
        for (const char *const *k = kind_names[kind]; *k; k++)
            for (const char *const *e = endings; *e; e++) {
                status = try_entry(ctx, folder, *p, *k, *e, exists, out);
                if (status || *out)
                    return status;
            }
    return status;
}

enum incline_status incline_dataset_find_file(struct incline_context *ctx, const char *folder,
                                              enum incline_dataset_part part,
                                              enum incline_dataset_kind kind, char **out)
{
    char *entry = NULL;
    enum incline_status status = find_entry(ctx, folder, part, kind, incline_file_exists, out);
    if (status || *out)
        return status;
    status = find_entry(ctx, folder, part, kind, incline_folder_exists, &entry);
    if (!status && entry)
        status = incline_fail(ctx, INCLINE_ERROR_DATA,
                              "%s is a folder, where a file of this name is needed", entry);
    incline_free(&entry);
    return status;
}

/* The search so far: the folder once it is found, and the places for the message if it is not. */
struct search {
    struct incline_context *ctx;
    const char *root;
    const enum incline_dataset_part *parts;
    size_t part_count;
    struct incline_text places;
    char *found;
};

/* Takes the folder if it holds images of a wanted part. */
static enum incline_status try_exact_folder(struct search *search, const char *folder)
{
    enum incline_status status = INCLINE_OK;
    for (size_t i = 0; !status && !search->found && i < search->part_count; i++) {
        char *file = NULL;
        status = incline_dataset_find_file(search->ctx, folder, search->parts[i],
                                           INCLINE_KIND_IMAGES, &file);
        if (!status && file)
            status = incline_strdup(search->ctx, folder, &search->found);
        incline_free(&file);
    }
    return status;
}

static enum incline_status try_folder(struct search *search, const char *folder)
{
    char *raw = NULL;
    if (search->found)
        return INCLINE_OK;
    incline_text_add(&search->places, "\n  %s%s", folder,
                     incline_folder_exists(folder) ? ""
                     : incline_file_exists(folder) ? " (a file, not a folder)"
                                                   : " (no such folder)");
    enum incline_status status = try_exact_folder(search, folder);
    if (status || search->found)
        return status;
    status = incline_path_join(search->ctx, folder, "raw", &raw);
    if (!status)
        status = try_exact_folder(search, raw);
    incline_free(&raw);
    return status;
}

/* Tries parent/root, or parent/middle/root when middle is given. */
static enum incline_status try_below(struct search *search, const char *parent, const char *middle)
{
    char *between = NULL, *folder = NULL;
    enum incline_status status = INCLINE_ERROR_BUG;
    if ((status = incline_path_join(search->ctx, parent, middle ? middle : "", &between)))
        goto out;
    if ((status = incline_path_join(search->ctx, between, search->root, &folder)))
        goto out;
    if ((status = try_folder(search, folder)))
        goto out;
    status = INCLINE_OK;
out:
    incline_free(&folder);
    incline_free(&between);
    return status;
}

/* The last part of a path, without slashes at its end. */
static const char *last_part(const char *path, size_t *length)
{
    size_t end = strlen(path);
    while (end > 0 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    *length = end - start;
    return path + start;
}

static bool same_last_part(const char *a, const char *b)
{
    size_t a_length, b_length;
    const char *a_part = last_part(a, &a_length), *b_part = last_part(b, &b_length);
    return a_length == b_length && !strncmp(a_part, b_part, a_length);
}

/* Each folder of a colon-separated list, as the parent and as the data set itself. */
static enum incline_status try_list(struct search *search, const char *list)
{
    char *copy = NULL, *rest = NULL;
    enum incline_status status = incline_strdup(search->ctx, list, &copy);
    if (status)
        return status;
    for (char *one = strtok_r(copy, ":", &rest); one && !status; one = strtok_r(NULL, ":", &rest)) {
        status = try_below(search, one, NULL);
        if (!status && same_last_part(one, search->root))
            status = try_folder(search, one);
    }
    incline_free(&copy);
    return status;
}

/* The base directory specification has a relative $XDG_DATA_HOME ignored. */
static enum incline_status try_user_data(struct search *search)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (data && data[0] == '/')
        return try_below(search, data, "incline");
    if (home && home[0])
        return try_below(search, home, ".local/share/incline");
    return INCLINE_OK;
}

static enum incline_status try_everywhere(struct search *search)
{
    const char *list = getenv("INCLINE_DATA_PATH");
    enum incline_status status = try_folder(search, search->root);
    if (search->root[0] == '/')
        return status;
    if (!status && list)
        status = try_list(search, list);
    if (!status)
        status = try_user_data(search);
    if (!status)
        status = try_below(search, "/usr/local/share/datasets", NULL);
    if (!status)
        status = try_below(search, "/usr/share/datasets", NULL);
    return status;
}

static enum incline_status not_found(struct search *search)
{
    enum incline_status status = incline_text_status(&search->places);
    if (status)
        return status;
    return incline_fail(search->ctx, INCLINE_ERROR_DATA,
                        "data set '%s': no %s (or .gz) in%s\nSet data.root (--data) to the folder "
                        "with the files, or INCLINE_DATA_PATH to the folder above it%s",
                        search->root,
                        incline_dataset_file_name(search->parts[0], INCLINE_KIND_IMAGES),
                        incline_text_get(&search->places),
                        same_last_part(search->root, "fashion-mnist")
                            ? "; on Debian and Ubuntu, the package dataset-fashion-mnist brings "
                              "this data set"
                            : "");
}

enum incline_status incline_dataset_find_folder(struct incline_context *ctx, const char *root,
                                                const enum incline_dataset_part *parts,
                                                size_t part_count, char **out)
{
    struct search search = {.ctx = ctx, .root = root, .parts = parts, .part_count = part_count};
    *out = NULL;
    incline_text_init(&search.places, ctx);
    enum incline_status status = try_everywhere(&search);
    if (!status && !search.found)
        status = not_found(&search);
    if (!status) {
        *out = search.found;
        search.found = NULL;
    }
    incline_free(&search.found);
    incline_text_finish(&search.places);
    return status;
}

enum incline_status incline_dataset_name(struct incline_context *ctx, const char *folder,
                                         char **out)
{
    char *copy = NULL;
    size_t length;
    enum incline_status status = incline_strdup(ctx, folder, &copy);
    if (status)
        return status;
    const char *part = last_part(copy, &length);
    if (length == 3 && !strncmp(part, "raw", 3)) {
        copy[part - copy] = '\0';
        part = last_part(copy, &length);
    }
    copy[(size_t)(part - copy) + length] = '\0';
    bool is_name = strcmp(part, "") != 0 && strcmp(part, ".") != 0 && strcmp(part, "..") != 0;
    status = incline_strdup(ctx, is_name ? part : "data", out);
    incline_free(&copy);
    return status;
}
