#include "cli/cli.h"
#include "cli/file_output.h"
#include "cli/format.h"

#include <stdlib.h>
#include <string.h>

struct init_options {
    const char *output;
    bool overwrite;
};

static int list_names(struct cli *cli)
{
    for (const char *const *name = incline_builtin_names(); *name != NULL; name++)
        cli_print(cli, "%s\n", *name);
    return CLI_EXIT_OK;
}

static int report_unknown_name(struct cli *cli, const char *name)
{
    const char *const *names = incline_builtin_names();
    size_t count = 0;
    while (names[count] != NULL)
        count++;
    const char *near = cli_suggest(name, names, count);
    cli_error(cli, 0, "init: no built-in configuration '%s'%s%s%s", name,
              near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
              near != NULL ? "'?)" : "");
    cli_say(cli, "'incline init' lists them.");
    return CLI_EXIT_USAGE;
}

static int write_named(struct cli *cli, const struct init_options *options, const char *name,
                       const char *text)
{
    if (options->output != NULL && strcmp(options->output, "-") == 0) {
        cli_print(cli, "%s", text);
        return CLI_EXIT_OK;
    }
    char *path =
        options->output != NULL ? cli_text("%s", options->output) : cli_text("%s.yaml", name);
    char *quoted = path != NULL ? cli_quote_shell(path) : NULL;
    int code = CLI_EXIT_OTHER;
    if (quoted == NULL)
        cli_error(cli, 0, "out of memory");
    else
        code = cli_write_file(cli, path, text, strlen(text),
                              options->overwrite ? NULL : "--overwrite replaces it");
    if (code == CLI_EXIT_OK)
        cli_say(cli, "Wrote %s.  Next: incline train %s", path, quoted);
    free(quoted);
    free(path);
    return code;
}

static int run(struct cli *cli, const void *given)
{
    if (cli->argument_count == 0)
        return list_names(cli);
    const char *name = cli->arguments[0];
    const char *text = incline_builtin_text(name);
    if (text == NULL)
        return report_unknown_name(cli, name);
    return write_named(cli, given, name, text);
}

static const struct cli_option options[] = {
    {"output", 'o', CLI_TEXT, offsetof(struct init_options, output), "FILE",
     "file to write, - for standard output (default: NAME.yaml)"},
    {"overwrite", 0, CLI_FLAG, offsetof(struct init_options, overwrite), NULL,
     "replace an existing file"},
};

static const char *const formats[] = {"text", NULL};

const struct cli_verb cli_verb_init = {
    .name = "init",
    .help = "write a built-in configuration to a file, to start from; without NAME list them",
    .arguments = "[NAME]",
    .examples = "  incline init\n"
                "  incline init mnist-cnn\n"
                "  incline init mnist-cnn -o my.yaml\n",
    .max_arguments = 1,
    .formats = formats,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_size = sizeof(struct init_options),
    .run = run,
};
