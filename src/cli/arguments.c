#include "cli/arguments.h"

#include "cli/format.h"
#include "cli/number_list.h"

#include <assert.h>
#include <limits.h>
#include <popt.h>
#include <stdlib.h>
#include <string.h>

static const char *const whens[] = {"auto", "always", "never", NULL};
static const char *const progresses[] = {"auto", "bar", "line", "none", NULL};

static const struct cli_option common_options[] = {
    {"device", 'd', CLI_TEXT, offsetof(struct cli_common, device), "SEL",
     "number, P:D, gpu, cpu or part of a name; default: INCLINE_DEVICE"},
    {"quiet", 'q', CLI_FLAG, offsetof(struct cli_common, quiet), NULL, "say nothing but errors"},
    {"verbose", 'v', CLI_COUNTER, offsetof(struct cli_common, verbose), NULL,
     "say more; twice for debugging"},
    {"color", 0, CLI_CHOICE, offsetof(struct cli_common, color), "WHEN", "auto, always or never",
     NULL, whens},
    {"progress", 0, CLI_CHOICE, offsetof(struct cli_common, progress), "WHEN",
     "auto, bar, line or none", NULL, progresses},
    {"format", 0, CLI_TEXT, offsetof(struct cli_common, format), "FMT", "form of the output: "},
    {"help", 'h', CLI_FLAG, offsetof(struct cli_common, help), NULL, "show this help"},
    {"version", 'V', CLI_FLAG, offsetof(struct cli_common, version), NULL, "show the version"},
};

const struct cli_option *cli_common_options(size_t *count)
{
    *count = sizeof common_options / sizeof common_options[0];
    return common_options;
}

const struct cli_option *cli_get_option(const struct cli_verb *verb, size_t index)
{
    size_t count;
    const struct cli_option *common = cli_common_options(&count);
    if (index < verb->option_count)
        return &verb->options[index];
    index -= verb->option_count;
    return index < count ? &common[index] : NULL;
}

static size_t count_options(const struct cli_verb *verb)
{
    size_t count = 0;
    while (cli_get_option(verb, count) != NULL)
        count++;
    return count;
}

/* popt's form of a verb's tables: each option returns its position, from 1. */
static struct poptOption *make_popt_table(const struct cli_verb *verb)
{
    size_t count = count_options(verb);
    struct poptOption *table = calloc(count + 1, sizeof *table);
    for (size_t i = 0; table != NULL && i < count; i++) {
        const struct cli_option *option = cli_get_option(verb, i);
        table[i].longName = option->name;
        table[i].shortName = option->letter;
        table[i].argInfo = option->value != NULL ? POPT_ARG_STRING : POPT_ARG_NONE;
        table[i].val = (int)i + 1;
    }
    return table;
}

/* The parser state that cli->parser stands for. */
struct parser {
    poptContext context;
    struct poptOption *table;
};

int cli_usage_hint(struct cli *cli)
{
    cli_say(cli, "See 'incline %s --help'.", cli->verb->name);
    return CLI_EXIT_USAGE;
}

static int report_value(struct cli *cli, const struct cli_option *option, const char *text,
                        const char *wanted)
{
    cli_error(cli, 0, "%s: --%s: '%s' is not %s", cli->verb->name, option->name, text, wanted);
    return cli_usage_hint(cli);
}

static int report_choice(struct cli *cli, const char *name, const char *text,
                         const char *const *choices)
{
    char *list = NULL;
    size_t count = 0;
    for (; choices[count] != NULL; count++) {
        char *longer =
            cli_text("%s%s%s", count > 0 ? list : "", count > 0 ? ", " : "", choices[count]);
        free(list);
        list = longer;
        if (list == NULL)
            return cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    }
    const char *near = cli_suggest(text, choices, count);
    cli_error(cli, 0, "%s: --%s: unknown '%s'%s%s%s; it takes: %s", cli->verb->name, name, text,
              near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
              near != NULL ? "'?)" : "", list);
    free(list);
    return cli_usage_hint(cli);
}

static int find_choice(struct cli *cli, const char *name, const char *text,
                       const char *const *choices, int *index)
{
    for (int i = 0; choices[i] != NULL; i++) {
        if (strcmp(choices[i], text) == 0) {
            *index = i;
            return CLI_EXIT_OK;
        }
    }
    return report_choice(cli, name, text, choices);
}

/* Words between commas. */
static int add_words(struct cli *cli, const struct cli_option *option, const char *text,
                     unsigned *words)
{
    for (;; text++) {
        size_t length = strcspn(text, ",");
        char word[32] = "";
        int index = 0;
        strncat(word, text, length < sizeof word ? length : sizeof word - 1);
        int code = find_choice(cli, option->name, word, option->choices, &index);
        if (code != CLI_EXIT_OK)
            return code;
        *words |= 1u << index;
        text += length;
        if (*text == '\0')
            return CLI_EXIT_OK;
    }
}

static int add_file(struct cli *cli, const struct cli_option *option, struct cli_files *files,
                    const char *text)
{
    if (files->count == CLI_FILES_MAX) {
        cli_error(cli, 0, "%s: --%s is given more than %d times", cli->verb->name, option->name,
                  (int)CLI_FILES_MAX);
        return cli_usage_hint(cli);
    }
    files->items[files->count++] = text;
    return CLI_EXIT_OK;
}

static bool is_long_form(const char *word, const char *name)
{
    size_t length = strlen(name);
    return strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, length) == 0 &&
           (word[2 + length] == '\0' || word[2 + length] == '=');
}

/* The option as it was typed; with the long name where both ways were used. */
static char *option_as_typed(const struct cli *cli, const struct cli_option *option,
                             const char *text)
{
    bool is_long = option->letter == '\0';
    for (const char *const *word = cli->words; *word != NULL; word++)
        is_long |= is_long_form(*word, option->name);
    return is_long ? cli_text("--%s %s", option->name, text)
                   : cli_text("-%c %s", option->letter, text);
}

int cli_add_setting(struct cli *cli, const char *path, const char *value, const char *given)
{
    struct cli_settings *settings = &cli->settings;
    void *items = settings->items;
    if (!cli_reserve(&items, &settings->capacity, settings->count, sizeof *settings->items))
        return cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    settings->items = items;
    settings->items[settings->count++] = (struct incline_setting){path, value, given};
    return CLI_EXIT_OK;
}

static int add_setting(struct cli *cli, const struct cli_option *option, const char *text,
                       const char *path, const char *value)
{
    char *given = option_as_typed(cli, option, text);
    if (!cli_texts_take(&cli->texts, given))
        return cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    return cli_add_setting(cli, path, value, given);
}

static int add_assignment(struct cli *cli, const struct cli_option *option, const char *text)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        return report_value(cli, option, text, "PATH=VALUE");
    char *path = cli_text("%.*s", (int)(equals - text), text);
    if (!cli_texts_take(&cli->texts, path))
        return cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    return add_setting(cli, option, text, path, equals + 1);
}

static bool is_too_large(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' &&
           text[strspn(text, "0")] != '\0';
}

static int report_number(struct cli *cli, const struct cli_option *option, const char *text,
                         const char *wanted)
{
    if (!is_too_large(text))
        return report_value(cli, option, text, wanted);
    cli_error(cli, 0, "%s: --%s: %s is too large: at most %d", cli->verb->name, option->name, text,
              INT_MAX);
    return cli_usage_hint(cli);
}

static int store_number(struct cli *cli, const struct cli_option *option, const char *text,
                        size_t *number)
{
    return cli_parse_number(text, INT_MAX, number)
               ? CLI_EXIT_OK
               : report_number(cli, option, text, "a whole number above 0");
}

static int store_count(struct cli *cli, const struct cli_option *option, const char *text,
                       struct cli_count *count)
{
    *count = (struct cli_count){.given = true};
    return strcmp(text, "0") == 0 || cli_parse_number(text, INT_MAX, &count->value)
               ? CLI_EXIT_OK
               : report_number(cli, option, text, "a whole number");
}

static int store_numbers(struct cli *cli, const struct cli_option *option, const char *text,
                         struct cli_numbers *numbers)
{
    char problem[CLI_NUMBERS_PROBLEM];
    if (cli_parse_numbers(text, CLI_NUMBERS_LARGEST, numbers, problem))
        return CLI_EXIT_OK;
    cli_error(cli, 0, "%s: --%s: '%s': %s", cli->verb->name, option->name, text, problem);
    return cli_usage_hint(cli);
}

/* Stores one option's argument; text is NULL where it takes none, and outlives cli's use. */
static int store(struct cli *cli, const struct cli_option *option, void *values, char *text)
{
    void *place = (char *)values + option->offset;
    switch (option->type) {
    case CLI_FLAG:
        *(bool *)place = true;
        return CLI_EXIT_OK;
    case CLI_COUNTER:
        *(int *)place += 1;
        return CLI_EXIT_OK;
    case CLI_TEXT:
        *(const char **)place = text;
        return CLI_EXIT_OK;
    case CLI_CHOICE:
        return find_choice(cli, option->name, text, option->choices, place);
    case CLI_NUMBER:
        return store_number(cli, option, text, place);
    case CLI_COUNT:
        return store_count(cli, option, text, place);
    case CLI_DURATION:
        return cli_parse_duration(text, place)
                   ? CLI_EXIT_OK
                   : report_value(cli, option, text, "a time such as 30s, 10m or 1h");
    case CLI_RATIO:
        return cli_parse_ratio(text, place)
                   ? CLI_EXIT_OK
                   : report_value(cli, option, text, "a number above 0, such as 0.95");
    case CLI_NUMBERS:
        return store_numbers(cli, option, text, place);
    case CLI_WORDS:
        return add_words(cli, option, text, place);
    case CLI_FILES:
        return add_file(cli, option, place, text);
    case CLI_SETTING:
        return add_setting(cli, option, text, option->path, text);
    case CLI_ASSIGNMENT:
        return add_assignment(cli, option, text);
    }
    return CLI_EXIT_OTHER;
}

static int store_next(struct cli *cli, const struct parser *parser, int number)
{
    size_t index = (size_t)number - 1;
    const struct cli_option *option = cli_get_option(cli->verb, index);
    char *text = NULL;
    assert(option != NULL);
    if (option->value != NULL) {
        text = poptGetOptArg(parser->context);
        if (!cli_texts_take(&cli->texts, text))
            return cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    }
    bool common = index >= cli->verb->option_count;
    return store(cli, option, common ? (void *)&cli->common : cli->options, text);
}

static int report_unknown(struct cli *cli, const char *given)
{
    const char *names[64];
    size_t count = 0;
    char word[64] = "";
    for (; count < 64 && cli_get_option(cli->verb, count) != NULL; count++)
        names[count] = cli_get_option(cli->verb, count)->name;
    if (strncmp(given, "--", 2) == 0 && strcspn(given + 2, "=") < sizeof word)
        strncat(word, given + 2, strcspn(given + 2, "="));
    const char *near = cli_suggest(word, names, count);
    cli_error(cli, 0, "%s: unknown option '%s'%s%s%s", cli->verb->name, given,
              near != NULL ? " (did you mean '--" : "", near != NULL ? near : "",
              near != NULL ? "'?)" : "");
    return cli_usage_hint(cli);
}

static int report_bad_option(struct cli *cli, poptContext context, int error)
{
    const char *given = poptBadOption(context, 0);
    if (error == POPT_ERROR_BADOPT)
        return report_unknown(cli, given);
    const char *problem = error == POPT_ERROR_NOARG         ? "needs an argument"
                          : error == POPT_ERROR_UNWANTEDARG ? "takes no argument"
                                                            : poptStrerror(error);
    cli_error(cli, 0, "%s: option '%s' %s", cli->verb->name, given, problem);
    return cli_usage_hint(cli);
}

static int check_arguments(struct cli *cli)
{
    const struct cli_verb *verb = cli->verb;
    if (cli->argument_count < verb->min_arguments)
        cli_error(cli, 0, "%s: expected %s", verb->name, verb->arguments);
    else if (cli->argument_count > verb->max_arguments)
        cli_error(cli, 0, "%s: unexpected argument '%s'", verb->name,
                  cli->arguments[verb->max_arguments]);
    else
        return CLI_EXIT_OK;
    return cli_usage_hint(cli);
}

static int read_options(struct cli *cli, struct parser *parser)
{
    int number, code = CLI_EXIT_OK;
    while (code == CLI_EXIT_OK && (number = poptGetNextOpt(parser->context)) > 0)
        code = store_next(cli, parser, number);
    if (code == CLI_EXIT_OK && number < -1)
        code = report_bad_option(cli, parser->context, number);
    return code;
}

/* Everything that --help and --version make unnecessary. */
static int check_parsed(struct cli *cli)
{
    if (cli->common.help || cli->common.version)
        return CLI_EXIT_OK;
    int code = CLI_EXIT_OK;
    if (cli->common.format != NULL)
        code = find_choice(cli, "format", cli->common.format, cli->verb->formats, &cli->format);
    return code == CLI_EXIT_OK ? check_arguments(cli) : code;
}

int cli_parse(struct cli *cli, int argc, char **argv)
{
    struct parser *parser = calloc(1, sizeof *parser);
    cli->parser = parser;
    cli->words = (const char *const *)argv;
    if (parser != NULL)
        parser->table = make_popt_table(cli->verb);
    if (parser != NULL && parser->table != NULL)
        parser->context = poptGetContext("incline", argc, (const char **)argv, parser->table, 0);
    if (parser == NULL || parser->context == NULL)
        return cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    int code = read_options(cli, parser);
    if (code != CLI_EXIT_OK)
        return code;
    cli->arguments = (const char *const *)poptGetArgs(parser->context);
    while (cli->arguments != NULL && cli->arguments[cli->argument_count] != NULL)
        cli->argument_count++;
    return check_parsed(cli);
}

void cli_parse_finish(struct cli *cli)
{
    struct parser *parser = cli->parser;
    if (parser != NULL) {
        poptFreeContext(parser->context);
        free(parser->table);
    }
    free(parser);
    cli->parser = NULL;
    cli_texts_finish(&cli->texts);
    free(cli->settings.items);
    cli->settings = (struct cli_settings){0};
}
