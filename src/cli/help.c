#include "cli/arguments.h"

#include "incline/version.h"

#include <string.h>

void cli_print_version(struct cli *cli)
{
    cli_print(cli, "incline %s\n", incline_version());
}

void cli_print_overview(struct cli *cli)
{
    cli_print(cli, "Usage: incline VERB [ARGUMENT...] [OPTION...]\n"
                   "Trains image classifiers on OpenCL devices.\n\n"
                   "Examples:\n"
                   "  incline devices\n"
                   "  incline init mnist-cnn\n"
                   "  incline train mnist-cnn.yaml\n"
                   "  incline eval runs/2026-11-23-1801-mnist-cnn\n\n"
                   "Verbs:\n");
    for (const struct cli_verb *const *verb = cli_verbs(); *verb != NULL; verb++)
        cli_print(cli, "  %-9s %s\n", (*verb)->name, (*verb)->help);
    cli_print(cli,
              "\n'incline VERB --help' tells more about one, 'incline help topics' what else is "
              "explained;\n'incline --version' shows the version.\n");
}

static void print_formats(struct cli *cli, const struct cli_verb *verb)
{
    for (size_t i = 0; verb->formats[i] != NULL; i++)
        cli_print(cli, "%s%s", i > 0 ? ", " : "", verb->formats[i]);
}

static void print_option(struct cli *cli, const struct cli_verb *verb,
                         const struct cli_option *option)
{
    const char *value = option->value != NULL ? option->value : "";
    int used = (int)(strlen(option->name) + strlen(value)) + (option->value != NULL);
    char letter[8] = "    ";
    if (option->letter != '\0')
        memcpy(letter, (char[]){'-', option->letter, ',', ' '}, 4);
    cli_print(cli, "  %s--%s%s%s%*s  %s", letter, option->name, value[0] != '\0' ? " " : "", value,
              used < 18 ? 18 - used : 0, "", option->help);
    if (strcmp(option->name, "format") == 0)
        print_formats(cli, verb);
    if (strcmp(option->name, "device") == 0 && verb->several_devices)
        cli_print(cli, ";\n%28sseveral with commas between, or all", "");
    cli_print(cli, "\n");
}

void cli_print_verb_help(struct cli *cli, const struct cli_verb *verb)
{
    cli_print(cli, "Usage: incline %s %s%s[OPTION...]\n%s\n%s\nExamples:\n%s\nOptions:\n",
              verb->name, verb->arguments, verb->arguments[0] != '\0' ? " " : "", verb->help,
              verb->notes != NULL ? verb->notes : "", verb->examples);
    const struct cli_option *option;
    for (size_t i = 0; (option = cli_get_option(verb, i)) != NULL; i++) {
        if (i == verb->option_count && i > 0)
            cli_print(cli, "\nOptions of every verb:\n");
        print_option(cli, verb, option);
    }
    for (size_t i = 0; verb->aliases != NULL && verb->aliases[i] != NULL; i++)
        cli_print(cli, "%s%s", i > 0 ? ", " : "\nOther names of this verb: ", verb->aliases[i]);
    cli_print(cli, verb->aliases != NULL ? "\n" : "");
}
