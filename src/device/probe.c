#include "device/probe.h"

#include <CL/cl.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "device/identity.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS_DEFAULT = 20, SECONDS_MAX = 3600, DRIVERS_MAX = 64, ICD_BYTES_MAX = 4096 };

static const char vendors_variable[] = "OCL_ICD_VENDORS";
static const char system_vendors[] = "/etc/OpenCL/vendors";

/* A child that lists devices. */
struct child {
    pid_t pid;
    int pipe_end; /* where it tells */
    double deadline;
};

/* The loader of OpenCL lives once in a process and loads every driver at its first call, so what
 * was found before that call belongs to the process as well. */
static struct {
    pthread_mutex_t lock;
    bool begun, done;
    struct child child; /* begun and not done */
    struct incline_probe found;
} process = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- The child ---- */

/* Names of platforms go to the parent as they are met, each as one write; `finished` ends them. */
struct message {
    bool finished;
    char platform[127];
};

static void tell(int pipe_end, const struct message *message)
{
    if (write(pipe_end, message, sizeof *message) < 0)
        return; /* the parent has given up */
}

/* The calls that listing and opening make. */
static void try_devices(cl_platform_id platform)
{
    cl_device_id devices[64];
    cl_uint count = 0;
    char text[1024];
    struct incline_identity identity;
    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 64, devices, &count) != CL_SUCCESS)
        return;
    for (cl_uint i = 0; i < count && i < 64; i++) {
        static const cl_device_info facts[] = {CL_DEVICE_NAME, CL_DEVICE_VENDOR, CL_DRIVER_VERSION,
                                               CL_DEVICE_VERSION};
        for (size_t f = 0; f < sizeof facts / sizeof *facts; f++)
            (void)clGetDeviceInfo(devices[i], facts[f], sizeof text, text, NULL);
        incline_identify(devices[i], &identity);
    }
}

static void try_platforms(int pipe_end)
{
    cl_platform_id platforms[32];
    cl_uint count = 0;
    if (clGetPlatformIDs(32, platforms, &count) != CL_SUCCESS)
        count = 0;
    for (cl_uint i = 0; i < count && i < 32; i++) {
        struct message message = {.finished = false};
        (void)clGetPlatformInfo(platforms[i], CL_PLATFORM_NAME, sizeof message.platform - 1,
                                message.platform, NULL);
        tell(pipe_end, &message);
        try_devices(platforms[i]);
    }
    tell(pipe_end, &(struct message){.finished = true});
}

/* What drivers print is not our user's, and our caller's files are not the drivers'. */
static void leave_files(int pipe_end)
{
    long most = sysconf(_SC_OPEN_MAX);
    int nowhere = open("/dev/null", O_RDWR);
    for (int file = 0; file <= 2 && nowhere >= 0; file++)
        (void)dup2(nowhere, file);
    for (int file = 3; file < (most > 0 && most < 4096 ? (int)most : 4096); file++)
        if (file != pipe_end)
            close(file);
}

/* Our caller's ways with signals would hide a crash. The alarm ends a child whose parent is gone.
 */
static void reset_signals(unsigned seconds)
{
    static const int fatal[] = {SIGABRT, SIGSEGV, SIGBUS,  SIGILL, SIGFPE,
                                SIGALRM, SIGTERM, SIGTRAP, SIGSYS};
    sigset_t none;
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        signal(fatal[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    alarm(seconds + 1);
}

static void be_child(int pipe_end, const char *vendors, unsigned seconds)
{
    /* The pipe may lie where our caller has closed a standard file. */
    if (pipe_end <= 2)
        pipe_end = fcntl(pipe_end, F_DUPFD, 3);
    reset_signals(seconds);
    leave_files(pipe_end);
    if (vendors) {
        setenv(vendors_variable, vendors, 1);
        unsetenv("OCL_ICD_FILENAMES"); /* would add drivers */
    }
    try_platforms(pipe_end);
    _exit(0); /* without the handlers of our caller and the drivers */
}

/* ---- The parent ---- */

struct outcome {
    bool good;
    struct incline_bad_driver bad; /* name "": no platform was met */
};

/* Reads what the child says until it ends; false when time runs out first. */
static bool listen_to(int pipe_end, double deadline, struct outcome *outcome)
{
    struct message message;
    for (;;) {
        double left = deadline - incline_clock_seconds();
        struct pollfd wait_for = {.fd = pipe_end, .events = POLLIN};
        int ready = poll(&wait_for, 1, left > 0 ? (int)(left * 1000) + 1 : 0);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return false;
        ssize_t got = read(pipe_end, &message, sizeof message);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != (ssize_t)sizeof message)
            return true;
        if (message.finished) {
            outcome->good = true;
            return true;
        }
        snprintf(outcome->bad.name, sizeof outcome->bad.name, "%.126s", message.platform);
    }
}

static int wait_for_end(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1; /* somebody else waited, or SIGCHLD is ignored */
    return status;
}

static void judge(int status, bool in_time, struct outcome *outcome)
{
    char *state = outcome->bad.state;
    size_t bytes = sizeof outcome->bad.state;
    if (outcome->good)
        return;
    if (!in_time)
        snprintf(state, bytes, "driver hangs");
    else if (status != -1 && WIFSIGNALED(status))
        snprintf(state, bytes, "driver crashed (signal %d)", WTERMSIG(status));
    else if (status != -1 && WIFEXITED(status))
        snprintf(state, bytes, "driver ended the program (exit %d)", WEXITSTATUS(status));
    else
        snprintf(state, bytes, "driver crashed");
}

/* Begins to list devices in a child; vendors NULL: with the loader as it is. */
static enum incline_status start(struct incline_context *ctx, const char *vendors, unsigned seconds,
                                 struct child *out)
{
    int ends[2];
    if (pipe(ends))
        return incline_fail(ctx, INCLINE_ERROR_IO, "cannot try the OpenCL drivers: %s",
                            strerror(errno));
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    pid_t pid = fork();
    if (pid == 0)
        be_child(ends[1], vendors, seconds);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return incline_fail(ctx, INCLINE_ERROR_IO, "cannot try the OpenCL drivers: %s",
                            strerror(errno));
    }
    *out = (struct child){pid, ends[0], incline_clock_seconds() + seconds};
    return INCLINE_OK;
}

/* Waits for the child's end. */
static void finish(struct child *child, struct outcome *outcome)
{
    *outcome = (struct outcome){0};
    bool in_time = listen_to(child->pipe_end, child->deadline, outcome);
    /* Nothing is wanted of it any more; one that has ended keeps its status. */
    if (!in_time || outcome->good)
        kill(child->pid, SIGKILL);
    judge(wait_for_end(child->pid), in_time, outcome);
    close(child->pipe_end);
}

static enum incline_status probe(struct incline_context *ctx, const char *vendors, unsigned seconds,
                                 struct outcome *outcome)
{
    struct child child;
    enum incline_status status = start(ctx, vendors, seconds, &child);
    if (!status)
        finish(&child, outcome);
    return status;
}

/* ---- One driver at a time ---- */

/* .icd files, or one library, that the loader would load. */
struct drivers {
    char *paths[DRIVERS_MAX];
    size_t count;
};

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length > end_length && strcmp(text + length - end_length, end) == 0;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum incline_status list_folder(struct incline_context *ctx, const char *folder,
                                       struct drivers *drivers)
{
    DIR *entries = opendir(folder);
    enum incline_status status = INCLINE_OK;
    if (!entries)
        return INCLINE_OK;
    for (struct dirent *entry = readdir(entries); entry && !status && drivers->count < DRIVERS_MAX;
         entry = readdir(entries)) {
        if (!ends_with(entry->d_name, ".icd"))
            continue;
        status = incline_path_join(ctx, folder, entry->d_name, &drivers->paths[drivers->count]);
        drivers->count += status == INCLINE_OK;
    }
    closedir(entries);
    qsort(drivers->paths, drivers->count, sizeof *drivers->paths, compare_paths);
    return status;
}

/* The user's choice, or the system's folder. */
static enum incline_status list_drivers(struct incline_context *ctx, struct drivers *drivers)
{
    const char *vendors = getenv(vendors_variable);
    if (!vendors || !*vendors)
        vendors = system_vendors;
    if (incline_folder_exists(vendors))
        return list_folder(ctx, vendors, drivers);
    enum incline_status status = incline_strdup(ctx, vendors, &drivers->paths[0]);
    drivers->count = status == INCLINE_OK;
    return status;
}

static void finish_drivers(struct drivers *drivers)
{
    for (size_t i = 0; i < drivers->count; i++)
        incline_free(&drivers->paths[i]);
}

/* A folder of .icd files that only this process uses. With a slash at its end: one loader wants it.
 */
struct folder {
    char path[256];
    size_t count;
};

static enum incline_status make_folder(struct incline_context *ctx, struct folder *folder)
{
    const char *parent = getenv("TMPDIR");
    *folder = (struct folder){.count = 0};
    int length = snprintf(folder->path, sizeof folder->path - 1, "%s/incline-icd-XXXXXX",
                          parent && parent[0] == '/' ? parent : "/tmp");
    if (length < 0 || length >= (int)sizeof folder->path - 1 || !mkdtemp(folder->path)) {
        folder->path[0] = '\0';
        return incline_fail(ctx, INCLINE_ERROR_IO,
                            "cannot keep a bad OpenCL driver away: no folder in %s: %s",
                            parent ? parent : "/tmp", strerror(errno));
    }
    strcat(folder->path, "/");
    return INCLINE_OK;
}

static void name_entry(const struct folder *folder, size_t number, char out[300])
{
    snprintf(out, 300, "%s%02zu.icd", folder->path, number);
}

/* Adds a driver: the text of its .icd file, or the name of the library itself. */
static enum incline_status add_driver(struct incline_context *ctx, struct folder *folder,
                                      const char *driver)
{
    char path[300], *text = NULL;
    size_t length = 0;
    enum incline_status status;
    name_entry(folder, folder->count, path);
    status = ends_with(driver, ".icd")
                 ? incline_file_read(ctx, driver, ICD_BYTES_MAX, &text, &length)
                 : incline_strdup(ctx, driver, &text);
    if (!status)
        status = incline_file_write(ctx, path, text, strlen(text));
    folder->count += status == INCLINE_OK;
    incline_free(&text);
    return status;
}

static void drop_last(struct folder *folder)
{
    char path[300];
    name_entry(folder, --folder->count, path);
    unlink(path);
}

static void remove_folder(struct folder *folder)
{
    while (folder->count > 0)
        drop_last(folder);
    if (folder->path[0])
        rmdir(folder->path);
}

static void note_bad(const char *driver, const struct outcome *outcome, const char *more)
{
    struct incline_probe *found = &process.found;
    if (found->bad_count == INCLINE_BAD_DRIVERS_MAX)
        return;
    struct incline_bad_driver *bad = &found->bad[found->bad_count++];
    const char *slash = strrchr(driver, '/');
    *bad = outcome->bad;
    snprintf(bad->state, sizeof bad->state, "%.40s%s", outcome->bad.state, more);
    if (!bad->name[0])
        snprintf(bad->name, sizeof bad->name, "%.127s", slash ? slash + 1 : driver);
}

static void warn(struct incline_context *ctx, const char *driver)
{
    const struct incline_bad_driver *bad =
        &process.found.bad[process.found.bad_count ? process.found.bad_count - 1 : 0];
    incline_log(
        ctx, INCLINE_LOG_WARN,
        "OpenCL %s (%s): %s when asked for its devices; it is not used. If it worked before, "
        "remove its cache (PoCL: ~/.cache/pocl), or reinstall or remove the driver",
        bad->name, driver, bad->state);
}

/* Tries a driver alone, and beside the good ones before it, since two drivers may not get on. */
static enum incline_status try_driver(struct incline_context *ctx, struct folder *good,
                                      const char *driver, unsigned seconds)
{
    struct folder alone = {.count = 0};
    struct outcome outcome = {0};
    const char *more = "";
    enum incline_status status = make_folder(ctx, &alone);
    if (!status)
        status = add_driver(ctx, &alone, driver);
    if (!status)
        status = probe(ctx, alone.path, seconds, &outcome);
    remove_folder(&alone);
    if (status)
        return status;
    if (outcome.good) {
        status = add_driver(ctx, good, driver);
        if (!status && good->count > 1)
            status = probe(ctx, good->path, seconds, &outcome);
        if (status)
            return status;
        if (outcome.good)
            return INCLINE_OK;
        drop_last(good);
        outcome.bad.name[0] = '\0'; /* where it came to is not who did it */
        more = " beside the others";
    }
    note_bad(driver, &outcome, more);
    warn(ctx, driver);
    return INCLINE_OK;
}

/* The loader reads its variable at its first call in the process. */
static enum incline_status start_loader(struct incline_context *ctx, const char *vendors)
{
    const char *before = getenv(vendors_variable), *names = getenv("OCL_ICD_FILENAMES");
    char *kept = NULL, *kept_names = NULL;
    cl_uint count = 0;
    enum incline_status status = before ? incline_strdup(ctx, before, &kept) : INCLINE_OK;
    if (!status && names)
        status = incline_strdup(ctx, names, &kept_names);
    if (!status) {
        setenv(vendors_variable, vendors, 1);
        unsetenv("OCL_ICD_FILENAMES");
        (void)clGetPlatformIDs(0, NULL, &count);
        unsetenv(vendors_variable);
        if (kept)
            setenv(vendors_variable, kept, 1);
        if (kept_names)
            setenv("OCL_ICD_FILENAMES", kept_names, 1);
    }
    incline_free(&kept);
    incline_free(&kept_names);
    return status;
}

static enum incline_status separate(struct incline_context *ctx, unsigned seconds)
{
    struct drivers drivers = {.count = 0};
    struct folder good = {.count = 0};
    process.found.bad_count = 0;
    enum incline_status status = list_drivers(ctx, &drivers);
    if (status)
        goto out;
    status = make_folder(ctx, &good);
    for (size_t i = 0; !status && i < drivers.count; i++)
        status = try_driver(ctx, &good, drivers.paths[i], seconds);
    if (status)
        goto out;
    status = start_loader(ctx, good.path);
out:
    remove_folder(&good);
    finish_drivers(&drivers);
    return status;
}

/* ---- Once for the process ---- */

static unsigned limit_seconds(void)
{
    const char *text = getenv("INCLINE_PROBE_SECONDS");
    char *end = NULL;
    long seconds = text && *text ? strtol(text, &end, 10) : SECONDS_DEFAULT;
    if ((end && *end) || seconds < 0 || seconds > SECONDS_MAX)
        return SECONDS_DEFAULT;
    return (unsigned)seconds;
}

/* Holding the lock. */
static enum incline_status begin(struct incline_context *ctx)
{
    unsigned seconds = limit_seconds();
    if (process.begun || process.done)
        return INCLINE_OK;
    if (seconds == 0) {
        process.done = true;
        return INCLINE_OK;
    }
    enum incline_status status = start(ctx, NULL, seconds, &process.child);
    process.begun = status == INCLINE_OK;
    return status;
}

/* Holding the lock. */
static enum incline_status complete(struct incline_context *ctx)
{
    struct outcome outcome;
    enum incline_status status = begin(ctx);
    if (status || process.done)
        return status;
    finish(&process.child, &outcome);
    process.begun = false;
    if (!outcome.good)
        status = separate(ctx, limit_seconds());
    process.done = status == INCLINE_OK;
    return status;
}

enum incline_status incline_probe_begin(struct incline_context *ctx)
{
    pthread_mutex_lock(&process.lock);
    enum incline_status status = begin(ctx);
    pthread_mutex_unlock(&process.lock);
    return status;
}

enum incline_status incline_probe_drivers(struct incline_context *ctx, struct incline_probe *out)
{
    pthread_mutex_lock(&process.lock);
    enum incline_status status = complete(ctx);
    *out = process.found;
    pthread_mutex_unlock(&process.lock);
    return status;
}
