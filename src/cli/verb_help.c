#include "cli/topics.h"

#include <string.h>

/* topic NULL: the list of them */
static int print_config_topic(struct cli *cli, const char *topic)
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

static int print_topics(struct cli *cli)
{
    int code = print_config_topic(cli, NULL);
    if (code == CLI_EXIT_OK)
        cli_list_topics(cli);
    return code;
}

static int run(struct cli *cli, const void *options)
{
    (void)options;
    if (cli->argument_count == 0) {
        cli_print_overview(cli);
        return CLI_EXIT_OK;
    }
    const char *topic = cli->arguments[0];
    const struct cli_verb *verb = cli_find_verb(topic);
    if (verb != NULL)
        cli_print_verb_help(cli, verb);
    else if (strcmp(topic, "topics") == 0)
        return print_topics(cli);
    else if (!cli_print_topic(cli, topic))
        return print_config_topic(cli, topic);
    return CLI_EXIT_OK;
}

static const char *const formats[] = {"text", NULL};

const struct cli_verb cli_verb_help = {
    .name = "help",
    .help = "help on a verb, a layer or section of the configuration, or a topic",
    .arguments = "[VERB|TOPIC]",
    .examples = "  incline help train\n"
                "  incline help topics        # what there is besides the verbs\n"
                "  incline help conv2d\n"
                "  incline help exit-codes\n",
    .max_arguments = 1,
    .formats = formats,
    .run = run,
};
