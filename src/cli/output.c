#include "cli/cli.h"
#include "cli/format.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cli_print(struct cli *cli, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    errno = 0;
    if (vprintf(format, arguments) < 0 && cli->output_errno == 0)
        cli->output_errno = errno != 0 ? errno : EIO;
    va_end(arguments);
}

int cli_finish_output(struct cli *cli, int code)
{
    errno = 0;
    if (fflush(stdout) != 0 && cli->output_errno == 0)
        cli->output_errno = errno != 0 ? errno : EIO;
    if (cli->output_errno == 0 || cli->output_errno == EPIPE)
        return code;
    return cli_error(cli, code != CLI_EXIT_OK ? code : CLI_EXIT_OTHER,
                     "cannot write to standard output: %s", strerror(cli->output_errno));
}

void cli_clear_line(struct cli *cli)
{
    if (cli->line_drawn)
        fputs("\r\033[K", stderr);
    cli->line_drawn = false;
}

/* One line to stderr, free of control characters. */
static void write_line(struct cli *cli, const char *prefix, const char *format, va_list arguments)
    INCLINE_PRINTF(3, 0);

static void write_line(struct cli *cli, const char *prefix, const char *format, va_list arguments)
{
    char *text = cli_text_va(format, arguments);
    if (text != NULL)
        cli_make_printable(text);
    cli_clear_line(cli);
    const char *shown = text != NULL ? text : "out of memory";
    if (cli->color && prefix[0] != '\0')
        fprintf(stderr, "\033[1;31m%s\033[0m%s\n", prefix, shown);
    else
        fprintf(stderr, "%s%s\n", prefix, shown);
    free(text);
}

void cli_say(struct cli *cli, const char *format, ...)
{
    va_list arguments;
    if (cli->common.quiet)
        return;
    va_start(arguments, format);
    write_line(cli, "", format, arguments);
    va_end(arguments);
}

int cli_error(struct cli *cli, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(cli, "incline: ", format, arguments);
    va_end(arguments);
    return code;
}

/* Like cli_error, for text that needs no name before it. */
static void print_plain(struct cli *cli, const char *format, ...) INCLINE_PRINTF(2, 3);

static void print_plain(struct cli *cli, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(cli, "", format, arguments);
    va_end(arguments);
}

static int exit_code(enum incline_status status)
{
    switch (status) {
    case INCLINE_OK:
        return CLI_EXIT_OK;
    case INCLINE_ERROR_ARGUMENT:
        return CLI_EXIT_USAGE;
    case INCLINE_ERROR_CONFIG:
        return CLI_EXIT_CONFIG;
    case INCLINE_ERROR_DATA:
        return CLI_EXIT_DATA;
    case INCLINE_ERROR_DEVICE:
    case INCLINE_ERROR_BUILD:
        return CLI_EXIT_DEVICE;
    case INCLINE_ERROR_NUMERIC:
        return CLI_EXIT_NUMERIC;
    case INCLINE_ERROR_IO:
    case INCLINE_ERROR_MEMORY:
    case INCLINE_ERROR_UNSUPPORTED:
    case INCLINE_ERROR_INTERRUPTED:
    case INCLINE_ERROR_BUG:
        return CLI_EXIT_OTHER;
    }
    return CLI_EXIT_OTHER;
}

int cli_fail(struct cli *cli, enum incline_status status)
{
    const char *text = incline_error_text(cli->ctx);
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '\n')
        length--;
    if (length == 0)
        cli_error(cli, 0, "failed without a text: %s", incline_status_name(status));
    else if (cli_has_place(text))
        print_plain(cli, "%.*s", (int)length, text);
    else
        cli_error(cli, 0, "%.*s", (int)length, text);
    incline_error_clear(cli->ctx);
    if (status == INCLINE_ERROR_ARGUMENT)
        return cli_usage_hint(cli);
    return exit_code(status);
}

void cli_log(void *cookie, enum incline_log_level level, const char *text)
{
    struct cli *cli = cookie;
    if (level > cli->log_level)
        return;
    if (level <= INCLINE_LOG_WARN)
        cli_error(cli, 0, "%s: %s", level == INCLINE_LOG_ERROR ? "error" : "warning", text);
    else
        print_plain(cli, "%s", text);
}

static bool environment_is_set(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

static bool stderr_takes_escapes(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && (term == NULL || strcmp(term, "dumb") != 0);
}

static int level_from_environment(struct cli *cli)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    const char *name = getenv("INCLINE_LOG");
    cli->log_level = INCLINE_LOG_WARN;
    if (!environment_is_set("INCLINE_LOG"))
        return CLI_EXIT_OK;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            cli->log_level = (enum incline_log_level)i;
            return CLI_EXIT_OK;
        }
    }
    return cli_error(cli, CLI_EXIT_USAGE,
                     "INCLINE_LOG is '%s'; it takes error, warn, info or debug", name);
}

int cli_setup_output(struct cli *cli)
{
    cli->color = cli->common.color == CLI_ALWAYS ||
                 (cli->common.color == CLI_AUTO && stderr_takes_escapes() &&
                  !environment_is_set("NO_COLOR"));
    int code = level_from_environment(cli);
    if (cli->common.quiet)
        cli->log_level = INCLINE_LOG_ERROR;
    else if (cli->common.verbose > 0)
        cli->log_level = cli->common.verbose > 1 ? INCLINE_LOG_DEBUG : INCLINE_LOG_INFO;
    return code;
}

bool cli_device_is_from_environment(const struct cli *cli)
{
    return cli->common.device == NULL && environment_is_set("INCLINE_DEVICE");
}

const char *cli_device_selector(const struct cli *cli)
{
    if (cli->common.device != NULL)
        return cli->common.device;
    return environment_is_set("INCLINE_DEVICE") ? getenv("INCLINE_DEVICE") : NULL;
}

int cli_open_device(struct cli *cli, struct incline_device **device)
{
    enum incline_status status = incline_device_open(cli->ctx, cli_device_selector(cli), device);
    if (status == INCLINE_OK)
        return CLI_EXIT_OK;
    int code = cli_fail(cli, status);
    if (cli_device_is_from_environment(cli))
        cli_say(cli, "INCLINE_DEVICE=%s chose it; -d chooses another one.",
                cli_device_selector(cli));
    return code;
}

bool cli_all_takes(struct cli *cli, const struct incline_device_info *info)
{
    if (info->same_as >= 0)
        cli_say(cli, "#%d %s (%s) is left out: the same GPU as #%d; -d %d takes it", info->index,
                info->name, info->platform_name, info->same_as, info->index);
    return info->index >= 0 && info->same_as < 0;
}
