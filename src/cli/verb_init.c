#include "cli/cli.h"
#include "cli/format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static int report_io(struct cli *cli, const char *path)
{
    if (errno == EEXIST)
        return cli_error(cli, CLI_EXIT_OTHER, "%s exists; --overwrite replaces it", path);
    return cli_error(cli, CLI_EXIT_OTHER, "cannot write %s: %s", path, strerror(errno));
}

static int write_file(struct cli *cli, const char *path, const char *text, bool overwrite)
{
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (overwrite ? O_TRUNC : O_EXCL), 0666);
    FILE *stream = file >= 0 ? fdopen(file, "w") : NULL;
    if (stream == NULL) {
        int code = report_io(cli, path);
        if (file >= 0)
            close(file);
        return code;
    }
    bool failed = fputs(text, stream) < 0;
    failed |= fclose(stream) != 0;
    return failed ? report_io(cli, path) : CLI_EXIT_OK;
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
        code = write_file(cli, path, text, options->overwrite);
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
