/* What the program's files share: one invocation, a verb's descriptor, option tables, and the only
 * ways to print. Names start with cli_ here, so that incline_ always means the library, of which
 * only the public headers are used.
 *
 * Data goes to stdout, talk to stderr. Functions that return int return an exit code. */
#ifndef INCLINE_CLI_CLI_H
#define INCLINE_CLI_CLI_H

#include "incline/incline.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

enum cli_exit {
    CLI_EXIT_OK = 0,
    CLI_EXIT_OTHER = 1,
    CLI_EXIT_USAGE = 2,
    CLI_EXIT_CONFIG = 3,
    CLI_EXIT_DATA = 4,
    CLI_EXIT_DEVICE = 5,
    CLI_EXIT_NUMERIC = 6,
    CLI_EXIT_CHECK = 7,   /* a result is wrong, or a speed fell below its limit */
    CLI_EXIT_SIGNAL = 128 /* plus the signal's number */
};

/* ---- options ---- */

enum cli_option_type {
    CLI_FLAG,      /* bool */
    CLI_COUNTER,   /* int, one more each time */
    CLI_TEXT,      /* const char * */
    CLI_CHOICE,    /* int: index into choices */
    CLI_NUMBER,    /* size_t, from 1 to INT_MAX */
    CLI_COUNT,     /* struct cli_count, from 0 to INT_MAX */
    CLI_DURATION,  /* double, seconds */
    CLI_RATIO,     /* double, above 0 */
    CLI_NUMBERS,   /* struct cli_numbers (number_list.h) */
    CLI_WORDS,     /* unsigned: a set of 1 << index into choices */
    CLI_FILES,     /* struct cli_files, one more each time */
    CLI_SETTING,   /* the argument becomes the configuration's value at path */
    CLI_ASSIGNMENT /* the argument is PATH=VALUE */
};

struct cli_option {
    const char *name; /* without dashes */
    char letter;      /* '\0': none */
    enum cli_option_type type;
    size_t offset;              /* of the value in the options struct; all values start as zero */
    const char *value;          /* name of the argument in the help, NULL: no argument */
    const char *help;           /* one line, with the unit */
    const char *path;           /* SETTING only */
    const char *const *choices; /* CHOICE only, NULL-terminated */
};

/* A number for which 0 says something, too. */
struct cli_count {
    bool given;
    size_t value;
};

enum { CLI_FILES_MAX = 8 };

/* What a repeatable option was given. */
struct cli_files {
    size_t count;
    const char *items[CLI_FILES_MAX];
};

enum cli_when { CLI_AUTO, CLI_ALWAYS, CLI_NEVER };
enum cli_progress_choice {
    CLI_PROGRESS_AUTO,
    CLI_PROGRESS_BAR,
    CLI_PROGRESS_LINE,
    CLI_PROGRESS_NONE
};

/* The options that every verb has. */
struct cli_common {
    const char *device;
    bool quiet;
    int verbose;
    int color;    /* enum cli_when */
    int progress; /* enum cli_progress_choice */
    const char *format;
    bool help;
    bool version;
};

struct cli_settings {
    struct incline_setting *items;
    size_t count, capacity;
};

/* A growing list of owned texts. */
struct cli_texts {
    char **items;
    size_t count, capacity;
};

/* ---- verbs ---- */

struct cli;

/* One verb. Its file ends with this descriptor; its name is one word in meson.build. */
struct cli_verb {
    const char *name;
    const char *const *aliases; /* NULL-terminated, or NULL */
    const char *help;           /* one line */
    const char *notes;          /* more, for --help: whole lines; or NULL */
    const char *arguments;      /* "CONFIG", "RUN|WEIGHTS PATH...", "" */
    const char *examples;       /* command lines, each indented by two and ended by a newline */
    size_t min_arguments, max_arguments;
    bool several_devices;       /* -d takes a list, and "all" */
    const char *const *formats; /* for --format, NULL-terminated; the first is the default */
    const struct cli_option *options;
    size_t option_count;
    size_t options_size; /* bytes of the struct that run receives */
    int (*run)(struct cli *cli, const void *options);
};

/* One invocation of the program. */
struct cli {
    const struct cli_verb *verb;
    struct cli_common common;
    void *options; /* the verb's */
    int format;    /* index into the verb's formats */
    struct cli_settings settings;
    struct cli_texts texts;       /* arguments of options */
    const char *const *words;     /* as typed, the verb first; NULL-terminated */
    const char *const *arguments; /* owned by parser */
    size_t argument_count;
    void *parser;
    struct incline_context *ctx;
    enum incline_log_level log_level;
    bool color;       /* escape sequences for colour on stderr */
    bool line_drawn;  /* a progress line waits on stderr for its successor */
    int output_errno; /* of the first failed write to stdout */
};

/* The verbs, NULL-terminated, and one by its name or alias (NULL when there is none). */
const struct cli_verb *const *cli_verbs(void);
const struct cli_verb *cli_find_verb(const char *name);

/* The nearest verb's name, or NULL. */
const char *cli_suggest_verb(const char *word);

/* ---- arguments.c ---- */

/* Reads the words after the verb into cli; argv[0] is the verb. Prints what is wrong. */
int cli_parse(struct cli *cli, int argc, char **argv);
void cli_parse_finish(struct cli *cli);

/* Adds a setting after those of the command line. given: what messages call it. The texts outlive
 * cli. */
int cli_add_setting(struct cli *cli, const char *path, const char *value, const char *given);

/* Says how to get the verb's help; returns USAGE. */
int cli_usage_hint(struct cli *cli);

/* ---- help.c ---- */

void cli_print_overview(struct cli *cli);
void cli_print_verb_help(struct cli *cli, const struct cli_verb *verb);
void cli_print_version(struct cli *cli);

/* ---- output.c ---- */

/* To stdout. Failures are remembered for cli_finish_output. */
void cli_print(struct cli *cli, const char *format, ...) INCLINE_PRINTF(2, 3);

/* Flushes stdout. Returns code, or OTHER after a message when something could not be written; a
 * reader that went away (EPIPE) is no failure. */
int cli_finish_output(struct cli *cli, int code);

/* A line of talk to stderr; nothing with --quiet. */
void cli_say(struct cli *cli, const char *format, ...) INCLINE_PRINTF(2, 3);

/* `incline: <text>` to stderr; returns code. */
int cli_error(struct cli *cli, int code, const char *format, ...) INCLINE_PRINTF(3, 4);

/* Prints the library's error text, clears it, and returns the exit code that status stands for. */
int cli_fail(struct cli *cli, enum incline_status status);

/* Removes a waiting progress line from the screen. */
void cli_clear_line(struct cli *cli);

/* The log callback of the context; cookie is the struct cli. */
void cli_log(void *cookie, enum incline_log_level level, const char *text);

/* Sets cli->log_level and cli->color from options, environment and terminal. */
int cli_setup_output(struct cli *cli);

/* ---- device selection, shared by the verbs ---- */

/* What -d or else INCLINE_DEVICE says, or NULL. */
const char *cli_device_selector(const struct cli *cli);
bool cli_device_is_from_environment(const struct cli *cli);
int cli_open_device(struct cli *cli, struct incline_device **device);

/* Whether `-d all` takes the device: a usable one, and each GPU once; says which view of it is left
 * out. */
bool cli_all_takes(struct cli *cli, const struct incline_device_info *info);

/* ---- texts.c ---- */

/* Makes room for one more item of `size` bytes in a growing array; false when memory ran out. */
bool cli_reserve(void **items, size_t *capacity, size_t count, size_t size);

/* Takes text, which may be NULL (then false); frees it when memory ran out. */
bool cli_texts_take(struct cli_texts *texts, char *text);
void cli_texts_finish(struct cli_texts *texts);

/* printf into allocated memory; NULL when it ran out. */
char *cli_text(const char *format, ...) INCLINE_PRINTF(1, 2);
char *cli_text_va(const char *format, va_list arguments) INCLINE_PRINTF(1, 0);

#endif
