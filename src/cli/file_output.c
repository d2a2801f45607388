#include "cli/file_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int report(struct cli *cli, const char *path, int cause, const char *remedy)
{
    if (cause == EEXIST && remedy != NULL)
        return cli_error(cli, CLI_EXIT_OTHER, "%s exists; %s", path, remedy);
    return cli_error(cli, CLI_EXIT_OTHER, "cannot write %s: %s", *path != '\0' ? path : "''",
                     strerror(cause));
}

/* Whether a file can be made in the folder of path. Returns 0 or the cause. */
static int try_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? cli_text(".") : cli_text("%.*s/", (int)(slash - path), path);
    if (folder == NULL)
        return ENOMEM;
    int cause = access(folder, W_OK | X_OK) == 0 ? 0 : errno;
    free(folder);
    return cause;
}

int cli_check_writable(struct cli *cli, const char *path)
{
    struct stat info;
    int cause = 0;
    if (stat(path, &info) != 0)
        cause = errno == ENOENT && *path != '\0' ? try_folder(path) : errno;
    else if (S_ISDIR(info.st_mode))
        cause = EISDIR;
    else if (access(path, W_OK) != 0)
        cause = errno;
    return cause == 0 ? CLI_EXIT_OK : report(cli, path, cause, NULL);
}

int cli_check_new_file(struct cli *cli, const char *path, const char *remedy)
{
    struct stat info;
    bool taken = stat(path, &info) == 0 && (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode));
    return taken ? report(cli, path, EEXIST, remedy) : cli_check_writable(cli, path);
}

/* Returns 0 or the cause. */
static int write_and_close(int file, const char *text, size_t length)
{
    int cause = 0;
    while (length > 0 && cause == 0) {
        ssize_t done = write(file, text, length);
        if (done < 0 && errno != EINTR)
            cause = errno;
        text += done > 0 ? done : 0;
        length -= done > 0 ? (size_t)done : 0;
    }
    if (close(file) != 0 && cause == 0)
        cause = errno;
    return cause;
}

static int write_new(const char *path, const char *text, size_t length)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0)
        return errno;
    int cause = write_and_close(file, text, length);
    if (cause != 0)
        unlink(path);
    return cause;
}

/* Beside the file first, so that it is whole at any time. */
static int replace(const char *path, const char *text, size_t length)
{
    char *beside = cli_text("%s.tmp-%ld", path, (long)getpid());
    if (beside == NULL)
        return ENOMEM;
    int cause = write_new(beside, text, length);
    if (cause == 0 && rename(beside, path) != 0) {
        cause = errno;
        unlink(beside);
    }
    free(beside);
    return cause;
}

static int write_as_it_is(const char *path, const char *text, size_t length)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    return file < 0 ? errno : write_and_close(file, text, length);
}

int cli_write_file(struct cli *cli, const char *path, const char *text, size_t length,
                   const char *remedy)
{
    struct stat info;
    int cause;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
        cause = write_as_it_is(path, text, length);
    else if (remedy != NULL)
        cause = write_new(path, text, length);
    else
        cause = replace(path, text, length);
    return cause == 0 ? CLI_EXIT_OK : report(cli, path, cause, remedy);
}
