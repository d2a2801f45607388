/* Files: whole reads with a limit, atomic writes, folders. */
#include "base/file_inner.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_READ_BYTES = 64 * 1024, TEMPORARY_TRIES = 100 };

static enum incline_status read_failed(struct incline_context *ctx, const char *path)
{
    return incline_fail(ctx, INCLINE_ERROR_DATA, "%s: cannot read it: %s", path, strerror(errno));
}

static enum incline_status write_failed(struct incline_context *ctx, const char *path)
{
    return incline_fail(ctx, INCLINE_ERROR_IO, "%s: cannot write it: %s", path, strerror(errno));
}

static enum incline_status too_large(struct incline_context *ctx, const char *path, size_t limit)
{
    return incline_fail(ctx, INCLINE_ERROR_DATA, "%s: larger than the limit of %zu bytes", path,
                        limit);
}

/* How much room to take first: the whole file when its size is known and allowed. */
static enum incline_status first_room(struct incline_context *ctx, const char *path, int file,
                                      size_t limit, size_t *room)
{
    struct stat info;
    if (fstat(file, &info))
        return read_failed(ctx, path);
    if (S_ISDIR(info.st_mode)) {
        errno = EISDIR;
        return read_failed(ctx, path);
    }
    *room = FIRST_READ_BYTES;
    if (!S_ISREG(info.st_mode))
        return INCLINE_OK;
    if ((unsigned long long)info.st_size > limit)
        return too_large(ctx, path, limit);
    *room = (size_t)info.st_size + 1;
    return INCLINE_OK;
}

static ssize_t read_retrying(int file, char *bytes, size_t length)
{
    ssize_t got;
    do
        got = read(file, bytes, length);
    while (got < 0 && errno == EINTR);
    return got;
}

enum incline_status incline_file_read_rest(struct incline_context *ctx, const char *path, int file,
                                           size_t limit, size_t room, char **bytes, size_t *length)
{
    size_t capacity = 0;
    enum incline_status status = incline_grow(ctx, bytes, &capacity, room, 1);
    *length = 0;
    while (!status) {
        if (*length + 1 == capacity)
            status = incline_grow(ctx, bytes, &capacity, capacity + 1, 1);
        if (status)
            return status;
        ssize_t got = read_retrying(file, *bytes + *length, capacity - 1 - *length);
        if (got < 0)
            return read_failed(ctx, path);
        if (got == 0)
            break;
        *length += (size_t)got;
        if (*length > limit)
            return too_large(ctx, path, limit);
    }
    if (!status)
        (*bytes)[*length] = '\0';
    return status;
}

enum incline_status incline_file_check_kind(struct incline_context *ctx, const char *path)
{
    struct stat info;
    if (stat(path, &info) || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))
        return INCLINE_OK; /* what else is wrong shows when it is opened */
    return incline_fail(ctx, INCLINE_ERROR_DATA,
                        "%s: cannot read it: a pipe, socket or device; copy it into a file", path);
}

enum incline_status incline_file_read(struct incline_context *ctx, const char *path, size_t limit,
                                      char **out, size_t *length)
{
    enum incline_status status = INCLINE_ERROR_BUG;
    char *bytes = NULL;
    size_t room = 0;
    *out = NULL;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return read_failed(ctx, path);
    if ((status = first_room(ctx, path, file, limit, &room)))
        goto out;
    if ((status = incline_file_read_rest(ctx, path, file, limit, room, &bytes, length)))
        goto out;
    *out = bytes;
    bytes = NULL;
    status = INCLINE_OK;
out:
    incline_free(&bytes);
    close(file);
    return status;
}

int incline_file_write_all(int file, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t done = write(file, bytes, length);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        bytes += done;
        length -= (size_t)done;
    }
    return 0;
}

/* A rename would silently replace a device, a pipe or a folder by a file. */
static enum incline_status check_replaceable(struct incline_context *ctx, const char *path)
{
    struct stat info;
    if (stat(path, &info) || S_ISREG(info.st_mode))
        return INCLINE_OK;
    return incline_fail(ctx, INCLINE_ERROR_IO, "%s: cannot write it: not a regular file", path);
}

/* Creates a file beside path and puts its name into temporary (room for bytes). O_EXCL: a file or
 * link that is already there is never followed or overwritten. */
static int open_temporary(const char *path, char *temporary, size_t bytes)
{
    for (int number = 0; number < TEMPORARY_TRIES; number++) {
        snprintf(temporary, bytes, "%s.tmp-%ld-%d", path, (long)getpid(), number);
        int file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file >= 0 || errno != EEXIST)
            return file;
    }
    return -1;
}

/* Makes the rename itself survive a power cut. Not every file system can do it, so failure is no
 * error. */
static void sync_folder_of(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        slash[slash == path] = '\0';
    int folder = open(slash ? path : ".", O_RDONLY | O_CLOEXEC);
    if (folder < 0)
        return;
    fsync(folder);
    close(folder);
}

enum incline_status incline_file_write(struct incline_context *ctx, const char *path,
                                       const void *bytes, size_t length)
{
    enum incline_status status = INCLINE_ERROR_BUG;
    char *temporary = NULL;
    size_t name_bytes = strlen(path) + 40;
    int file = -1, closed;
    bool created = false;
    if ((status = check_replaceable(ctx, path)))
        goto out;
    if ((status = incline_alloc(ctx, name_bytes, 1, &temporary)))
        goto out;
    status = INCLINE_ERROR_IO;
    file = open_temporary(path, temporary, name_bytes);
    if (file < 0)
        goto out;
    created = true;
    if (incline_file_write_all(file, bytes, length) || fsync(file))
        goto out;
    closed = close(file);
    file = -1;
    if (closed || rename(temporary, path))
        goto out;
    created = false;
    sync_folder_of(temporary);
    status = INCLINE_OK;
out:
    if (status == INCLINE_ERROR_IO)
        status = write_failed(ctx, path);
    if (file >= 0)
        close(file);
    if (created)
        unlink(temporary);
    incline_free(&temporary);
    return status;
}

enum incline_status incline_file_append(struct incline_context *ctx, const char *path,
                                        const void *bytes, size_t length)
{
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0)
        return write_failed(ctx, path);
    enum incline_status status = INCLINE_OK;
    if (incline_file_write_all(file, bytes, length))
        status = write_failed(ctx, path);
    if (close(file) && !status)
        status = write_failed(ctx, path);
    return status;
}

static enum incline_status create_failed(struct incline_context *ctx, const char *path, int cause)
{
    return incline_fail(ctx, INCLINE_ERROR_IO, "%s: cannot create the folder: %s", path,
                        strerror(cause));
}

static enum incline_status create_one(struct incline_context *ctx, const char *path)
{
    if (!mkdir(path, 0777))
        return INCLINE_OK;
    int cause = errno;
    if (incline_folder_exists(path))
        return INCLINE_OK;
    return create_failed(ctx, path, cause);
}

enum incline_status incline_folder_create(struct incline_context *ctx, const char *path)
{
    char *part = NULL;
    enum incline_status status = incline_strdup(ctx, path, &part);
    for (size_t i = 1; !status && path[i - 1]; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        part[i] = '\0';
        status = create_one(ctx, part);
        part[i] = path[i];
    }
    incline_free(&part);
    return status;
}

/* Where the last part of path begins, and its end without slashes. */
static size_t last_part(const char *path, size_t *end)
{
    size_t start = strlen(path);
    while (start > 1 && path[start - 1] == '/')
        start--;
    *end = start;
    while (start > 0 && path[start - 1] != '/')
        start--;
    return start;
}

enum incline_status incline_folder_create_new(struct incline_context *ctx, const char *path,
                                              bool *existed)
{
    char *copy = NULL;
    size_t end, start = last_part(path, &end);
    enum incline_status status = incline_strdup(ctx, path, &copy);
    *existed = false;
    if (status)
        return status;
    copy[start] = '\0';
    status = incline_folder_create(ctx, copy);
    memcpy(copy + start, path + start, end - start);
    copy[end] = '\0';
    if (!status && mkdir(copy, 0777)) {
        *existed = errno == EEXIST;
        status = *existed ? INCLINE_OK : create_failed(ctx, copy, errno);
    }
    incline_free(&copy);
    return status;
}

bool incline_folder_lock(const char *path, int *lock)
{
    *lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock < 0 || !flock(*lock, LOCK_EX | LOCK_NB))
        return true;
    bool taken = errno == EWOULDBLOCK;
    incline_folder_unlock(lock);
    return !taken;
}

void incline_folder_unlock(int *lock)
{
    if (*lock >= 0)
        close(*lock);
    *lock = -1;
}

bool incline_file_exists(const char *path)
{
    struct stat info;
    return !stat(path, &info) && !S_ISDIR(info.st_mode);
}

bool incline_folder_exists(const char *path)
{
    struct stat info;
    return !stat(path, &info) && S_ISDIR(info.st_mode);
}

enum incline_status incline_path_join(struct incline_context *ctx, const char *folder,
                                      const char *name, char **out)
{
    size_t folder_length = strlen(folder);
    const char *slash = folder_length == 0 || folder[folder_length - 1] == '/' ? "" : "/";
    size_t bytes = folder_length + strlen(name) + 2;
    enum incline_status status = incline_alloc(ctx, bytes, 1, out);
    if (!status)
        snprintf(*out, bytes, "%s%s%s", folder, slash, name);
    return status;
}

static enum incline_status working_folder(struct incline_context *ctx, char **out)
{
    size_t room = 0;
    do {
        enum incline_status status = incline_grow(ctx, out, &room, 2 * room + 256, 1);
        if (status)
            return status;
    } while (!getcwd(*out, room) && errno == ERANGE);
    if (**out == '/')
        return INCLINE_OK;
    return incline_fail(ctx, INCLINE_ERROR_IO, "the working folder has no path: %s",
                        strerror(errno));
}

enum incline_status incline_path_absolute(struct incline_context *ctx, const char *path, char **out)
{
    char *folder = NULL;
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    enum incline_status status = path[0] == '/' ? INCLINE_OK : working_folder(ctx, &folder);
    if (!status)
        status = path[0] == '/' ? incline_strdup(ctx, path, out)
                                : incline_path_join(ctx, folder, path, out);
    incline_free(&folder);
    return status;
}
