#include "cli/cli.h"

#include <string.h>

static int print_topic(struct cli *cli, const char *topic)
{
    char *text = NULL;
    enum incline_status status = incline_config_help(cli->ctx, topic, &text);
    const char *near = topic != NULL ? cli_suggest_verb(topic) : NULL;
    if (status == INCLINE_ERROR_ARGUMENT && near != NULL)
        return cli_error(cli, CLI_EXIT_USAGE, "unknown verb '%s' (did you mean '%s'?)", topic,
                         near);
    if (status == INCLINE_ERROR_ARGUMENT) {
        cli_error(cli, 0, "%s", incline_error_text(cli->ctx));
        cli_say(cli, "'incline help' lists the verbs, 'incline help topics' the rest.");
        return CLI_EXIT_USAGE;
    }
    if (status != INCLINE_OK)
        return cli_fail(cli, status);
    size_t length = strlen(text);
    cli_print(cli, "%s%s", text, length > 0 && text[length - 1] != '\n' ? "\n" : "");
    incline_text_free(&text);
    return CLI_EXIT_OK;
}

static int run(struct cli *cli, const void *options)
{
    (void)options;
    if (cli->argument_count == 0) {
        cli_print_overview(cli);
        return CLI_EXIT_OK;
    }
    const struct cli_verb *verb = cli_find_verb(cli->arguments[0]);
    if (verb == NULL)
        return print_topic(cli,
                           strcmp(cli->arguments[0], "topics") == 0 ? NULL : cli->arguments[0]);
    cli_print_verb_help(cli, verb);
    return CLI_EXIT_OK;
}

static const char *const formats[] = {"text", NULL};

const struct cli_verb cli_verb_help = {
    .name = "help",
    .help = "help on a verb, or on a layer or section of the configuration",
    .arguments = "[VERB|TOPIC]",
    .examples = "  incline help train\n"
                "  incline help topics        # what the configuration knows\n"
                "  incline help conv2d\n",
    .max_arguments = 1,
    .formats = formats,
    .run = run,
};
