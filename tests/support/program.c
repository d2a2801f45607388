/* posix_openpt */
#define _XOPEN_SOURCE 700

#include "support/program.h"

#include "support/device.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>

/* A run that takes longer is stuck. */
enum { LIMIT_SECONDS = 240 };

int program_setup(void **state)
{
    struct program *program = calloc(1, sizeof *program);
    void *scratch = NULL;
    assert_non_null(program);
    assert_int_equal(scratch_setup(&scratch), 0);
    program->scratch = scratch;
    *state = program;
    return 0;
}

static void forget_result(struct program *program)
{
    free(program->out);
    free(program->err);
    program->out = program->err = NULL;
}

int program_teardown(void **state)
{
    struct program *program = *state;
    void *scratch = program->scratch;
    if (program->pid > 0) {
        kill(program->pid, SIGKILL);
        waitpid(program->pid, NULL, 0);
    }
    forget_result(program);
    free(program);
    return scratch_teardown(&scratch);
}

int program_need_device(void)
{
    struct test_device device;
    int code = test_device_open(&device);
    if (code == 0)
        test_device_close(&device);
    return code;
}

/* ---- running ---- */

static void add_options(const char *name, const char *more)
{
    const char *there = getenv(name);
    char text[1024];
    snprintf(text, sizeof text, "%s%s%s", there ? there : "", there ? ":" : "", more);
    setenv(name, text, 1);
}

static void change_environment(const struct program *program)
{
    static const char *const own[] = {"INCLINE_DATA_PATH", "INCLINE_LOG", "INCLINE_CACHE",
                                      "XDG_DATA_HOME",     "NO_COLOR",    "POPT_DEBUG"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        unsetenv(own[i]);
    /* Never the user's; the build's, where meson runs the test, so that checks are remembered. */
    setenv("INCLINE_CACHE_DIR", scratch_path(program->scratch, ".cache"), 0);
    setenv("INCLINE_TUNE", "off", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TERM", "xterm", 1);
    /* What a sanitizer finds must not pass for a documented exit code. Drivers leak. */
    add_options("ASAN_OPTIONS", "exitcode=99:detect_leaks=0");
    add_options("UBSAN_OPTIONS", "halt_on_error=1:exitcode=99:print_stacktrace=1");
    for (size_t i = 0; i < PROGRAM_VARIABLES && program->environment[i]; i++) {
        char name[64] = "";
        const char *equals = strchr(program->environment[i], '=');
        if (!equals) {
            unsetenv(program->environment[i]);
            continue;
        }
        strncat(name, program->environment[i], (size_t)(equals - program->environment[i]));
        setenv(name, equals + 1, 1);
    }
}

static int temporary_file(const char *text, size_t length)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    if (text && length == 0)
        length = strlen(text);
    assert_int_equal(fwrite(text ? text : "", 1, length, file), length);
    rewind(file);
    int number = dup(fileno(file));
    fclose(file);
    assert_true(number >= 0);
    assert_int_equal(lseek(number, 0, SEEK_SET), 0);
    return number;
}

/* Returns the side of the program; ours goes into program->terminal_file. */
static int open_terminal(struct program *program)
{
    struct winsize size = {.ws_row = 25, .ws_col = 160};
    program->terminal_file = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (program->terminal_file < 0) {
        print_message("no terminal to be had here (/dev/pts is not mounted?)\n");
        skip();
    }
    assert_int_equal(grantpt(program->terminal_file), 0);
    assert_int_equal(unlockpt(program->terminal_file), 0);
    int theirs = open(ptsname(program->terminal_file), O_RDWR | O_NOCTTY);
    assert_true(theirs >= 0);
    assert_int_equal(ioctl(theirs, TIOCSWINSZ, &size), 0);
    return theirs;
}

static void become(struct program *program, const char *const *arguments, int in, int out, int err)
{
    const char *path = getenv("INCLINE_TEST_PROGRAM");
    const char *argv[64] = {"incline"};
    for (size_t i = 0; i + 2 < 64 && arguments[i]; i++)
        argv[i + 1] = arguments[i];
    change_environment(program);
    if (!path || chdir(program->scratch->folder) || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
        dup2(err, 2) < 0)
        _exit(98);
    alarm(LIMIT_SECONDS);
    execv(path, (char *const *)argv);
    _exit(98);
}

void program_start(struct program *program, const char *const *arguments)
{
    int in = temporary_file(program->input, program->input_length);
    assert_int_equal(program->pid, 0);
    forget_result(program);
    program->out_file = program->output ? open(program->output, O_WRONLY) : temporary_file(NULL, 0);
    assert_true(program->out_file >= 0);
    program->err_file = program->terminal ? open_terminal(program) : temporary_file(NULL, 0);
    fflush(NULL);
    program->pid = fork();
    assert_true(program->pid >= 0);
    if (program->pid == 0)
        become(program, arguments, in, program->out_file, program->err_file);
    close(in);
}

static char *read_all(int file, size_t *length)
{
    size_t room = 1 << 12;
    char *text = malloc(room);
    ssize_t count;
    *length = 0;
    assert_non_null(text);
    while ((count = read(file, text + *length, room - *length - 1)) > 0) {
        *length += (size_t)count;
        if (room - *length < 2) {
            text = realloc(text, room *= 2);
            assert_non_null(text);
        }
    }
    text[*length] = '\0';
    return text;
}

static char *read_back(int file, size_t *length)
{
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    char *text = read_all(file, length);
    close(file);
    return text;
}

void program_wait(struct program *program)
{
    int status;
    if (program->terminal) {
        /* Reading ends, with an error, when the program has closed its side. */
        close(program->err_file);
        program->err = read_all(program->terminal_file, &program->err_length);
        close(program->terminal_file);
    }
    assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
    program->pid = 0;
    program->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (program->output)
        close(program->out_file);
    else
        program->out = read_back(program->out_file, &program->out_length);
    if (!program->terminal)
        program->err = read_back(program->err_file, &program->err_length);
    if (!program->out)
        program->out = calloc(1, 1);
    program->input = program->output = NULL;
    program->input_length = 0;
    program->terminal = false;
    memset(program->environment, 0, sizeof program->environment);
    if (program->code == 98 || program->code == 99)
        fail_msg("%s\n%s", program->code == 98 ? "cannot run the program" : "a sanitizer's finding",
                 program->err);
}

void program_run(struct program *program, const char *const *arguments)
{
    program_start(program, arguments);
    program_wait(program);
}

void program_signal(struct program *program, int number)
{
    assert_int_equal(kill(program->pid, number), 0);
}

void program_await(struct program *program, const char *path, const char *text)
{
    for (int tries = 0; tries < 100 * LIMIT_SECONDS; tries++) {
        if (program_exists(program, path)) {
            size_t length;
            char *content = program_read(program, path, &length);
            bool found = strstr(content, text) != NULL;
            free(content);
            if (found)
                return;
        }
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    fail_msg("%s does not come to hold '%s'", path, text);
}

void program_await_err(struct program *program, const char *text)
{
    char content[4096];
    for (int tries = 0; tries < 100 * LIMIT_SECONDS; tries++) {
        ssize_t length = pread(program->err_file, content, sizeof content - 1, 0);
        content[length > 0 ? length : 0] = 0;
        if (strstr(content, text))
            return;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    fail_msg("standard error does not come to hold '%s'", text);
}

/* ---- checking ---- */

static void show(const struct program *program)
{
    print_error("exit %d\n---- standard output\n%s\n---- standard error\n%s\n----\n", program->code,
                program->out, program->err);
}

void assert_exit(struct program *program, int code)
{
    if (program->code == code)
        return;
    show(program);
    fail_msg("exit status %d, not %d", program->code, code);
}

static void assert_holds(struct program *program, const char *name, const char *all,
                         const char *text, bool wanted)
{
    if ((strstr(all, text) != NULL) == wanted)
        return;
    show(program);
    fail_msg("%s %s '%s'", name, wanted ? "does not hold" : "holds", text);
}

void assert_out(struct program *program, const char *text)
{
    assert_holds(program, "standard output", program->out, text, true);
}

void assert_err(struct program *program, const char *text)
{
    assert_holds(program, "standard error", program->err, text, true);
}

void assert_no_out(struct program *program, const char *text)
{
    assert_holds(program, "standard output", program->out, text, false);
}

void assert_no_err(struct program *program, const char *text)
{
    assert_holds(program, "standard error", program->err, text, false);
}

void assert_silent_out(struct program *program)
{
    if (program->out_length > 0) {
        show(program);
        fail_msg("standard output is not empty");
    }
}

void assert_silent_err(struct program *program)
{
    if (program->err_length > 0) {
        show(program);
        fail_msg("standard error is not empty");
    }
}

static void assert_plain(struct program *program)
{
    for (size_t i = 0; i < program->err_length; i++)
        if (iscntrl((unsigned char)program->err[i]) && program->err[i] != '\n') {
            show(program);
            fail_msg("control character %02x", (unsigned char)program->err[i]);
        }
}

void assert_refused(struct program *program, int code, const char *first, const char *const *parts)
{
    const char *said = program->err;
    bool named = strncmp(said, "incline: ", 9) == 0;
    assert_exit(program, code);
    assert_silent_out(program);
    if (named)
        said += 9;
    else
        assert_err(program, ": error: ");
    if (strncmp(said, first, strlen(first)) != 0) {
        show(program);
        fail_msg("the first line does not begin with '%s'", first);
    }
    for (; *parts; parts++)
        assert_err(program, *parts);
    assert_plain(program);
}

/* ---- files ---- */

const char *program_path(struct program *program, const char *name)
{
    return name[0] == '/' ? name : scratch_path(program->scratch, name);
}

void program_write(struct program *program, const char *name, const char *text)
{
    scratch_write(program->scratch, name, text, strlen(text));
}

char *program_read(struct program *program, const char *name, size_t *length)
{
    int file = open(program_path(program, name), O_RDONLY);
    if (file < 0)
        fail_msg("%s: %s", name, strerror(errno));
    return read_back(file, length);
}

bool program_exists(struct program *program, const char *name)
{
    return access(program_path(program, name), F_OK) == 0;
}

bool program_same_bytes(struct program *program, const char *one, const char *other)
{
    size_t lengths[2];
    char *bytes[2] = {program_read(program, one, &lengths[0]),
                      program_read(program, other, &lengths[1])};
    bool same = lengths[0] == lengths[1] && memcmp(bytes[0], bytes[1], lengths[0]) == 0;
    free(bytes[0]);
    free(bytes[1]);
    return same;
}

void program_folder(struct program *program, const char *name)
{
    assert_int_equal(mkdir(program_path(program, name), 0777), 0);
}

size_t program_count_entries(struct program *program, const char *folder)
{
    DIR *entries = opendir(program_path(program, folder));
    size_t count = 0;
    if (!entries)
        return 0;
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries))
        count += entry->d_name[0] != '.';
    closedir(entries);
    return count;
}

size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}
