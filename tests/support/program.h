/* Runs the program that INCLINE_TEST_PROGRAM names, without a shell, and checks what came of it.
 *
 * Each test has its own empty folder, in which the program runs; paths of the functions below are
 * relative to it. The program sees none of the caller's INCLINE_ variables but INCLINE_DEVICE and
 * INCLINE_CACHE_DIR; it does not tune; and it has no terminal unless asked for. */
#ifndef TESTS_SUPPORT_PROGRAM_H
#define TESTS_SUPPORT_PROGRAM_H

#include "support/scratch.h"

#include <stdbool.h>
#include <sys/types.h>

enum { PROGRAM_VARIABLES = 8 };

struct program {
    struct scratch *scratch;

    /* What the next run gets. Reset by each run. */
    const char *input;                          /* on standard input; NULL: nothing */
    size_t input_length;                        /* when it holds zero bytes; 0: a text */
    const char *output;                         /* the file for standard output; NULL: it is kept */
    const char *environment[PROGRAM_VARIABLES]; /* "NAME=VALUE", or "NAME" to take it away */
    bool terminal;                              /* standard error is a terminal of 160 columns */

    /* What the latest run did. */
    int code; /* its exit status; 128 + the signal that ended it */
    char *out, *err;
    size_t out_length, err_length;

    pid_t pid; /* of the run in progress, 0: none */
    int out_file, err_file, terminal_file;
};

int program_setup(void **state);
int program_teardown(void **state);

/* For group_setup of tests that need a device: 0, or the exit code of the whole test program. */
int program_need_device(void);

void program_start(struct program *program, const char *const *arguments);
/* Waits until the file holds the text, or fails after some seconds. */
void program_await(struct program *program, const char *path, const char *text);
/* The same of the first 4 KiB of standard error, where that is no terminal. */
void program_await_err(struct program *program, const char *text);
void program_signal(struct program *program, int number);
void program_wait(struct program *program);
void program_run(struct program *program, const char *const *arguments);

/* Runs the program with these arguments. */
#define run(program, ...) program_run(program, (const char *const[]){__VA_ARGS__, NULL})

/* Its exit status must be `code`; otherwise what it printed is shown. */
void assert_exit(struct program *program, int code);
/* Standard output or error must hold the text. */
void assert_out(struct program *program, const char *text);
void assert_err(struct program *program, const char *text);
void assert_no_out(struct program *program, const char *text);
void assert_no_err(struct program *program, const char *text);
/* Nothing was printed there. */
void assert_silent_out(struct program *program);
void assert_silent_err(struct program *program);

/* The run failed with `code` and said so: nothing on standard output; a first line on standard
 * error that begins with "incline: " and `first`, or with `first` where that is a place in a file;
 * `parts` somewhere in what was said; no control characters. */
void assert_refused(struct program *program, int code, const char *first, const char *const *parts);
#define refused(program, code, first, ...)                                                         \
    assert_refused(program, code, first, (const char *const[]){__VA_ARGS__, NULL})

/* Files below the test's folder. Contents end in a 0 that *length does not count; free them. */
const char *program_path(struct program *program, const char *name);
void program_write(struct program *program, const char *name, const char *text);
char *program_read(struct program *program, const char *name, size_t *length);
bool program_exists(struct program *program, const char *name);
bool program_same_bytes(struct program *program, const char *one, const char *other);
void program_folder(struct program *program, const char *name);

/* The number of entries in a folder, hidden ones apart; 0 when there is none. */
size_t program_count_entries(struct program *program, const char *folder);
size_t count_lines(const char *text);

#define program_test(function)                                                                     \
    cmocka_unit_test_setup_teardown(function, program_setup, program_teardown)

#endif
