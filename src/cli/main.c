#include "cli/cli.h"
#include "cli/format.h"
#include "cli/signals.h"
#include "verb_list.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DECLARE(name) extern const struct cli_verb cli_verb_##name;
#define LIST(name) &cli_verb_##name,

CLI_VERBS(DECLARE)

static const struct cli_verb *const verbs[] = {CLI_VERBS(LIST) NULL};

const struct cli_verb *const *cli_verbs(void)
{
    return verbs;
}

static bool has_alias(const struct cli_verb *verb, const char *name)
{
    for (size_t i = 0; verb->aliases != NULL && verb->aliases[i] != NULL; i++) {
        if (strcmp(verb->aliases[i], name) == 0)
            return true;
    }
    return false;
}

const struct cli_verb *cli_find_verb(const char *name)
{
    for (size_t i = 0; verbs[i] != NULL; i++) {
        if (strcmp(verbs[i]->name, name) == 0 || has_alias(verbs[i], name))
            return verbs[i];
    }
    return NULL;
}

const char *cli_suggest_verb(const char *word)
{
    const char *names[sizeof verbs / sizeof verbs[0]];
    size_t count = 0;
    for (; verbs[count] != NULL; count++)
        names[count] = verbs[count]->name;
    return cli_suggest(word, names, count);
}

/* A closed standard file would be the number of the next file opened, and talk would end up in
 * that. Opened for the wrong direction, so that its use still fails. */
static void keep_standard_files(void)
{
    for (int file = STDIN_FILENO; file <= STDERR_FILENO; file++) {
        if (fcntl(file, F_GETFD) == -1)
            (void)!open("/dev/null", file == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
}

static void prepare_process(void)
{
    keep_standard_files();
    cli_signals_note_start();
    signal(SIGPIPE, SIG_IGN);
    setlocale(LC_CTYPE, "");
}

static int run_with_context(struct cli *cli)
{
    int code = cli_setup_output(cli);
    if (code != CLI_EXIT_OK)
        return code;
    cli->ctx = incline_context_create(cli_log, cli);
    if (cli->ctx == NULL)
        return cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    code = cli->verb->run(cli, cli->options);
    incline_context_destroy(&cli->ctx);
    return code;
}

static int run_parsed(struct cli *cli)
{
    if (cli->common.help)
        cli_print_verb_help(cli, cli->verb);
    else if (cli->common.version)
        cli_print_version(cli);
    else
        return run_with_context(cli);
    return CLI_EXIT_OK;
}

static int run_verb(struct cli *cli, int argc, char **argv)
{
    cli->options = calloc(1, cli->verb->options_size > 0 ? cli->verb->options_size : 1);
    if (cli->options == NULL)
        return cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    int code = cli_parse(cli, argc, argv);
    if (code == CLI_EXIT_OK)
        code = run_parsed(cli);
    cli_parse_finish(cli);
    free(cli->options);
    return code;
}

static int report_unknown_verb(struct cli *cli, const char *word)
{
    const char *near = cli_suggest_verb(word);
    if (word[0] == '-')
        cli_error(cli, 0, "the verb comes first, then '%s'", word);
    else if (near != NULL)
        cli_error(cli, 0, "unknown verb '%s' (did you mean '%s'?)", word, near);
    else
        cli_error(cli, 0, "unknown verb '%s'", word);
    cli_say(cli, "See 'incline help'.");
    return CLI_EXIT_USAGE;
}

static int dispatch(struct cli *cli, int argc, char **argv)
{
    if (argc < 2) {
        cli_error(cli, 0, "expected a verb");
        cli_say(cli, "See 'incline help'.");
        return CLI_EXIT_USAGE;
    }
    cli->verb = cli_find_verb(argv[1]);
    if (cli->verb != NULL)
        return run_verb(cli, argc - 1, argv + 1);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        cli_print_overview(cli);
    else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        cli_print_version(cli);
    else
        return report_unknown_verb(cli, argv[1]);
    return CLI_EXIT_OK;
}

int main(int argc, char **argv)
{
    struct cli cli = {0};
    prepare_process();
    int code = dispatch(&cli, argc, argv);
    return cli_finish_output(&cli, code);
}
