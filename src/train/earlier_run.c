#include "train/earlier_run.h"

#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Weights come first: they are what cannot be made again. */
static const char *const file_names[] = {"weights/last.safetensors",
                                         "weights/best.safetensors",
                                         "config.yaml",
                                         "environment.json",
                                         "log.csv",
                                         "watch.csv",
                                         "events.jsonl"};
static const char *const weights_names[] = {"weights/last.safetensors", "weights/best.safetensors"};
static const char *const folder_names[] = {"weights", ""};

enum { FILE_COUNT = sizeof file_names / sizeof *file_names };

static enum incline_status previous_folder(struct incline_context *ctx, const char *folder,
                                           char **out)
{
    return incline_path_join(ctx, folder, "previous", out);
}

static bool holds_any(const char *folder, const char *const *names, size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) {
        char *path = NULL;
        found = incline_path_join(NULL, folder, names[i], &path) == INCLINE_OK &&
                incline_file_exists(path);
        incline_free(&path);
    }
    return found;
}

const char *incline_earlier_run_find_alien(const char *folder)
{
    if (holds_any(folder, &file_names[FILE_COUNT - 1], 1) || incline_earlier_run_is_aside(folder))
        return NULL;
    for (size_t i = 0; i < FILE_COUNT; i++)
        if (holds_any(folder, &file_names[i], 1))
            return file_names[i];
    return NULL;
}

/* Moves one file, if it is there. */
static enum incline_status move_file(struct incline_context *ctx, const char *from, const char *to,
                                     const char *name)
{
    char *source = NULL, *target = NULL;
    enum incline_status status = incline_path_join(ctx, from, name, &source);
    if (!status)
        status = incline_path_join(ctx, to, name, &target);
    if (!status && incline_file_exists(source) && rename(source, target))
        status = incline_fail(ctx, INCLINE_ERROR_IO, "%s: cannot move it to %s: %s", source, target,
                              strerror(errno));
    incline_free(&target);
    incline_free(&source);
    return status;
}

static enum incline_status move_files(struct incline_context *ctx, const char *from, const char *to)
{
    char *weights = NULL;
    enum incline_status status = incline_path_join(ctx, to, "weights", &weights);
    if (!status)
        status = incline_folder_create(ctx, weights);
    for (size_t i = 0; !status && i < FILE_COUNT; i++)
        status = move_file(ctx, from, to, file_names[i]);
    incline_free(&weights);
    return status;
}

/* What cannot be removed stays: folders that hold something else, for instance. */
static void remove_all(const char *folder, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *path = NULL;
        if (incline_path_join(NULL, folder, names[i], &path) == INCLINE_OK)
            (void)remove(path);
        incline_free(&path);
    }
}

static void remove_folders(const char *previous)
{
    remove_all(previous, folder_names, sizeof folder_names / sizeof *folder_names);
}

/* What a crash left: the earlier run, unless the new one had just saved weights. */
static enum incline_status settle(struct incline_context *ctx, const char *folder,
                                  const char *previous)
{
    if (!holds_any(previous, file_names, FILE_COUNT))
        return INCLINE_OK;
    if (!holds_any(folder, weights_names, sizeof weights_names / sizeof *weights_names))
        return incline_earlier_run_bring_back(ctx, folder);
    incline_earlier_run_drop(folder);
    return INCLINE_OK;
}

enum incline_status incline_earlier_run_set_aside(struct incline_context *ctx, const char *folder,
                                                  bool *found)
{
    char *previous = NULL;
    *found = false;
    enum incline_status status = previous_folder(ctx, folder, &previous);
    if (!status)
        status = settle(ctx, folder, previous);
    *found = !status && holds_any(folder, file_names, FILE_COUNT);
    if (*found)
        status = move_files(ctx, folder, previous);
    if (status && *found) {
        *found = false;
        (void)!move_files(NULL, previous, folder); /* the first failure is the one to report */
        remove_folders(previous);
    }
    incline_free(&previous);
    return status;
}

/* "weights/last.safetensors.tmp-12-0" and the like; name lies in the folder's `part`, "" or
 * "weights/". */
static bool is_unfinished(const char *part, const char *name)
{
    for (size_t i = 0; i < FILE_COUNT; i++) {
        size_t skip = strlen(part), length = strlen(file_names[i]);
        if (length <= skip || strncmp(file_names[i], part, skip) != 0)
            continue;
        length -= skip;
        if (strncmp(name, file_names[i] + skip, length) == 0 &&
            strncmp(name + length, ".tmp-", 5) == 0)
            return true;
    }
    return false;
}

static void sweep(const char *folder, const char *part)
{
    char *path = NULL;
    if (incline_path_join(NULL, folder, part, &path) != INCLINE_OK)
        return;
    DIR *listing = opendir(path);
    for (struct dirent *entry = listing ? readdir(listing) : NULL; entry; entry = readdir(listing))
        if (is_unfinished(part, entry->d_name))
            (void)unlinkat(dirfd(listing), entry->d_name, 0);
    if (listing)
        closedir(listing);
    incline_free(&path);
}

void incline_earlier_run_sweep(const char *folder)
{
    sweep(folder, "");
    sweep(folder, "weights/");
}

bool incline_earlier_run_is_aside(const char *folder)
{
    char *previous = NULL;
    bool is_aside = previous_folder(NULL, folder, &previous) == INCLINE_OK &&
                    holds_any(previous, file_names, FILE_COUNT);
    incline_free(&previous);
    return is_aside;
}

enum incline_status incline_earlier_run_bring_back(struct incline_context *ctx, const char *folder)
{
    char *previous = NULL;
    enum incline_status status = previous_folder(ctx, folder, &previous);
    if (!status)
        remove_all(folder, file_names, FILE_COUNT);
    if (!status)
        status = move_files(ctx, previous, folder);
    if (!status)
        remove_folders(previous);
    incline_free(&previous);
    return status;
}

void incline_earlier_run_drop(const char *folder)
{
    char *previous = NULL;
    if (previous_folder(NULL, folder, &previous) != INCLINE_OK)
        return;
    remove_all(previous, file_names, FILE_COUNT);
    remove_folders(previous);
    incline_free(&previous);
}
