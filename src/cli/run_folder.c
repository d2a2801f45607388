#include "cli/run_folder.h"

#include "cli/format.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static bool exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* A name that is one path component and needs no quoting. */
static char *make_component(const char *name)
{
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    char *component = cli_text("%s", name);
    for (char *byte = component; byte != NULL && *byte != '\0'; byte++) {
        if (strchr(safe, *byte) == NULL)
            *byte = '-';
    }
    return component;
}

static char *stamped_folder(const char *component)
{
    char stamp[32] = "";
    time_t seconds = time(NULL);
    struct tm local;
    if (localtime_r(&seconds, &local) != NULL)
        strftime(stamp, sizeof stamp, "%Y-%m-%d-%H%M-", &local);
    return cli_text("runs/%s%s", stamp, component);
}

char *cli_new_run_folder(const char *name)
{
    char *component = make_component(name);
    char *folder = component != NULL ? stamped_folder(component) : NULL;
    free(component);
    return folder;
}

/* FOLDER/weights/NAME, or NULL when there is no such file. */
static char *find_in_run(const char *folder, const char *name)
{
    char *path = cli_text("%s/%s", folder, name);
    if (path != NULL && !exists(path)) {
        free(path);
        path = NULL;
    }
    return path;
}

static bool is_in_run(const char *folder, const char *name)
{
    char *path = find_in_run(folder, name);
    bool is_there = path != NULL;
    free(path);
    return is_there;
}

/* A run that failed in its first epoch has all but the weights. */
static int report_no_weights(struct cli *cli, const char *folder)
{
    if (is_in_run(folder, "previous/config.yaml"))
        return cli_error(cli, CLI_EXIT_DATA,
                         "%s: that run saved no weights; the run before it is %s/previous", folder,
                         folder);
    if (is_in_run(folder, "config.yaml"))
        return cli_error(cli, CLI_EXIT_DATA,
                         "%s: that run saved no weights: it ended before its first epoch was done",
                         folder);
    return cli_error(cli, CLI_EXIT_DATA,
                     "%s is no run folder: it has neither weights/best.safetensors nor "
                     "weights/last.safetensors",
                     folder);
}

static time_t changed_at(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? info.st_mtime : 0;
}

/* Of one second by name, which begins with the time unless a user chose it. */
static int compare_newest_first(const void *a, const void *b)
{
    const char *one = *(char *const *)a, *other = *(char *const *)b;
    time_t first = changed_at(one), second = changed_at(other);
    return first != second ? (first < second ? 1 : -1) : strcmp(other, one);
}

/* The run folders in runs/, the last one that was begun first. */
static void find_runs(struct cli_texts *runs)
{
    DIR *folder = opendir("runs");
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char *path = cli_text("runs/%s", entry->d_name);
        bool is_run = path != NULL && entry->d_name[0] != '.' && is_in_run(path, "config.yaml");
        if (!is_run)
            free(path);
        else if (!cli_texts_take(runs, path))
            break;
    }
    if (folder != NULL)
        closedir(folder);
    if (runs->count > 0)
        qsort(runs->items, runs->count, sizeof *runs->items, compare_newest_first);
}

static int report_missing(struct cli *cli, const char *given, int cause)
{
    enum { SHOWN = 3 };
    struct cli_texts runs = {0};
    const char *shown[SHOWN] = {"", "", ""};
    find_runs(&runs);
    for (size_t i = 0; i < SHOWN && i < runs.count; i++)
        shown[i] = runs.items[i];
    cli_error(cli, 0, "%s: %s; it must be a run folder or a .safetensors file%s%s%s%s%s%s", given,
              strerror(cause), runs.count > 0 ? "; newest runs here: " : "", shown[0],
              runs.count > 1 ? ", " : "", shown[1], runs.count > 2 ? ", " : "", shown[2]);
    cli_texts_finish(&runs);
    return CLI_EXIT_DATA;
}

int cli_find_weights(struct cli *cli, const char *given, char **path)
{
    *path = NULL;
    if (!exists(given))
        return report_missing(cli, given, errno);
    if (!is_folder(given)) {
        *path = cli_text("%s", given);
        return *path != NULL ? CLI_EXIT_OK : cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    }
    *path = find_in_run(given, "weights/best.safetensors");
    if (*path == NULL)
        *path = find_in_run(given, "weights/last.safetensors");
    return *path != NULL ? CLI_EXIT_OK : report_no_weights(cli, given);
}

static bool is_safetensors(const char *name)
{
    static const char ending[] = ".safetensors";
    size_t length = strlen(name), wanted = sizeof ending - 1;
    return length >= wanted && strcmp(name + length - wanted, ending) == 0;
}

int cli_weights_open(struct cli *cli, const char *given, struct cli_weights *weights)
{
    *weights = (struct cli_weights){0};
    int code = cli_find_weights(cli, given, &weights->path);
    if (code != CLI_EXIT_OK)
        return code;
    if (is_folder(given))
        weights->config_path = find_in_run(given, "config.yaml");
    enum incline_status status =
        incline_weights_describe(cli->ctx, weights->path, &weights->config_text,
                                 &weights->class_names, &weights->class_count);
    if (status == INCLINE_OK)
        return CLI_EXIT_OK;
    code = cli_fail(cli, status);
    if (!is_folder(given) && !is_safetensors(given))
        cli_say(cli, "A run folder or a .safetensors file comes first: incline %s %s",
                cli->verb->name, cli->verb->arguments);
    return code;
}

void cli_weights_close(struct cli_weights *weights)
{
    free(weights->path);
    free(weights->config_path);
    incline_text_free(&weights->config_text);
    incline_names_free(&weights->class_names, weights->class_count);
    *weights = (struct cli_weights){0};
}

int cli_weights_load_config(struct cli *cli, const struct cli_weights *weights, const char *source,
                            const char *remedy, struct incline_config **config)
{
    const struct cli_settings *settings = &cli->settings;
    enum incline_status status;
    if (source == NULL)
        source = weights->config_path;
    if (source == NULL && weights->config_text == NULL)
        return cli_error(cli, CLI_EXIT_CONFIG,
                         "%s carries no configuration, as weights made by PyTorch do not: name it, "
                         "too, %s",
                         weights->path, remedy);
    if (source != NULL)
        status = incline_config_load(cli->ctx, source, settings->items, settings->count, config);
    else
        status = incline_config_parse(cli->ctx, weights->path, weights->config_text,
                                      settings->items, settings->count, config);
    return status == INCLINE_OK ? CLI_EXIT_OK : cli_fail(cli, status);
}
