#include "base/cache_folder.h"

#include "base/file_inner.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEMPORARY_TRIES = 100, NAME_BYTES = 256 };

static enum incline_status refuse(struct incline_context *ctx, const char *folder, const char *name,
                                  const char *why)
{
    return incline_fail(ctx, INCLINE_ERROR_IO, "cache %s%s%s: %s", folder, name ? "/" : "",
                        name ? name : "", why);
}

static enum incline_status refuse_cause(struct incline_context *ctx, const char *folder,
                                        const char *name, int cause)
{
    return incline_fail(ctx, INCLINE_ERROR_IO,
                        "cache %s%s%s: %s (INCLINE_CACHE_DIR names another folder)", folder,
                        name ? "/" : "", name ? name : "", strerror(cause));
}

/* What must hold of a folder or file before it is trusted; NULL: it does. */
static const char *distrust(const struct stat *info)
{
    if (info->st_uid != geteuid())
        return "belongs to another user";
    if (info->st_mode & (S_IWGRP | S_IWOTH))
        return "others can write to it (chmod go-w)";
    return NULL;
}

static const char *absolute(const char *variable)
{
    const char *path = getenv(variable);
    return path && path[0] == '/' ? path : NULL;
}

static enum incline_status find(struct incline_context *ctx, char **path)
{
    const char *own = getenv("INCLINE_CACHE_DIR");
    if (getuid() != geteuid())
        return incline_fail(ctx, INCLINE_ERROR_IO,
                            "no cache for a program with another user's rights");
    if (own && own[0])
        return incline_strdup(ctx, own, path);
    if (absolute("XDG_CACHE_HOME"))
        return incline_path_join(ctx, absolute("XDG_CACHE_HOME"), "incline", path);
    if (absolute("HOME"))
        return incline_path_join(ctx, absolute("HOME"), ".cache/incline", path);
    return incline_fail(ctx, INCLINE_ERROR_IO,
                        "no folder for a cache: set INCLINE_CACHE_DIR or HOME");
}

/* Creates the parents that are missing, for this user only. */
static void create_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700); /* what matters is whether the last one can be opened */
        *slash = '/';
    }
}

static void strip_slashes(char *path)
{
    for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
        path[length - 1] = '\0';
}

/* Opens name in the folder `at` (AT_FDCWD: name is a path), creating it when it is not there. */
static enum incline_status open_folder(struct incline_context *ctx, int at, const char *name,
                                       const char *path, int *out)
{
    struct stat info;
    const char *why;
    if (mkdirat(at, name, 0700) && errno != EEXIST)
        return refuse_cause(ctx, path, NULL, errno);
    int folder = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return errno == ELOOP || errno == ENOTDIR
                   ? refuse(ctx, path, NULL, "not a folder, or a link to one")
                   : refuse_cause(ctx, path, NULL, errno);
    why = fstat(folder, &info) ? strerror(errno) : distrust(&info);
    if (why) {
        close(folder);
        return refuse(ctx, path, NULL, why);
    }
    *out = folder;
    return INCLINE_OK;
}

static enum incline_status open_part(struct incline_context *ctx, const char *part,
                                     struct incline_cache_folder *folder)
{
    char *path = NULL;
    int whole = folder->descriptor;
    enum incline_status status = incline_path_join(ctx, folder->path, part, &path);
    if (status)
        return status;
    incline_free(&folder->path);
    folder->path = path;
    folder->descriptor = -1;
    status = open_folder(ctx, whole, part, path, &folder->descriptor);
    close(whole);
    return status;
}

enum incline_status incline_cache_open(struct incline_context *ctx, const char *part,
                                       struct incline_cache_folder *out)
{
    *out = (struct incline_cache_folder){.descriptor = -1};
    enum incline_status status = find(ctx, &out->path);
    if (status)
        return status;
    strip_slashes(out->path);
    create_parents(out->path);
    status = open_folder(ctx, AT_FDCWD, out->path, out->path, &out->descriptor);
    if (status || !part)
        return status;
    return open_part(ctx, part, out);
}

void incline_cache_close(struct incline_cache_folder *folder)
{
    if (folder->descriptor >= 0)
        close(folder->descriptor);
    incline_free(&folder->path);
    folder->descriptor = -1;
}

/* O_NONBLOCK: opening a pipe that somebody left there must not wait. */
static enum incline_status open_file(struct incline_context *ctx,
                                     const struct incline_cache_folder *folder, const char *name,
                                     size_t limit, int *out, size_t *bytes)
{
    struct stat info;
    int file =
        openat(folder->descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    *out = -1;
    if (file < 0)
        return errno == ENOENT  ? INCLINE_OK
               : errno == ELOOP ? refuse(ctx, folder->path, name, "a link")
                                : refuse_cause(ctx, folder->path, name, errno);
    const char *why = fstat(file, &info)                         ? strerror(errno)
                      : !S_ISREG(info.st_mode)                   ? "not a regular file"
                      : (unsigned long long)info.st_size > limit ? "too large"
                                                                 : distrust(&info);
    if (why) {
        close(file);
        return refuse(ctx, folder->path, name, why);
    }
    *out = file;
    *bytes = (size_t)info.st_size;
    return INCLINE_OK;
}

enum incline_status incline_cache_read(struct incline_context *ctx,
                                       const struct incline_cache_folder *folder, const char *name,
                                       size_t limit, char **out, size_t *length)
{
    char *bytes = NULL;
    size_t room = 0;
    int file;
    *out = NULL;
    *length = 0;
    enum incline_status status = open_file(ctx, folder, name, limit, &file, &room);
    if (status || file < 0)
        return status;
    status = incline_file_read_rest(ctx, name, file, limit, room + 1, &bytes, length);
    close(file);
    if (status) {
        incline_free(&bytes);
        return status == INCLINE_ERROR_MEMORY ? status : INCLINE_ERROR_IO;
    }
    *out = bytes;
    return INCLINE_OK;
}

static int open_beside(const struct incline_cache_folder *folder, const char *name,
                       char temporary[NAME_BYTES])
{
    for (int number = 0; number < TEMPORARY_TRIES; number++) {
        snprintf(temporary, NAME_BYTES, "%.200s.tmp-%ld-%d", name, (long)getpid(), number);
        int file = openat(folder->descriptor, temporary,
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file >= 0 || errno != EEXIST)
            return file;
    }
    return -1;
}

enum incline_status incline_cache_write(struct incline_context *ctx,
                                        const struct incline_cache_folder *folder, const char *name,
                                        const void *bytes, size_t length)
{
    char temporary[NAME_BYTES];
    int cause = 0;
    int file = open_beside(folder, name, temporary);
    if (file < 0)
        return refuse_cause(ctx, folder->path, name, errno);
    if (incline_file_write_all(file, bytes, length))
        cause = errno;
    if (close(file) && !cause)
        cause = errno;
    if (!cause && renameat(folder->descriptor, temporary, folder->descriptor, name))
        cause = errno;
    if (!cause)
        return INCLINE_OK;
    unlinkat(folder->descriptor, temporary, 0);
    return refuse_cause(ctx, folder->path, name, cause);
}

void incline_cache_remove(const struct incline_cache_folder *folder, const char *name)
{
    (void)unlinkat(folder->descriptor, name, 0);
}
