#include "cli/cli.h"
#include "cli/device_memory.h"
#include "cli/format.h"
#include "cli/json_output.h"
#include "cli/run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum format { FORMAT_TSV, FORMAT_JSONL, FORMAT_CSV };

struct predict_options {
    size_t top;   /* 0: one, or those that the image shows */
    size_t batch; /* 0: the configuration's */
    const char *config;
};

/* One run of the verb. Images gather in `pending` until a batch is full. */
struct prediction {
    struct cli *cli;
    size_t top;
    float least;    /* classes less probable than this are not printed */
    size_t without; /* images of which no class was printed */
    struct cli_weights weights;
    struct incline_config *config;
    struct incline_device *device;
    struct incline_network *network;
    int classes;
    char *const *class_names;      /* the weights' or the configuration's; NULL: there are none */
    struct incline_images pending; /* pixels for batch images; labels stay NULL */
    struct cli_texts names;        /* of the pending images */
    size_t batch, image_bytes;
    float *probabilities; /* [batch][classes] */
    bool *used;           /* [classes]: those that were printed for the image at hand */
    int file_code;        /* of the last file that could not be read; OK when all could */
};

/* ---- preparation ---- */

static int open_network(struct prediction *prediction, const struct predict_options *chosen)
{
    struct cli *cli = prediction->cli;
    int code = cli_weights_open(cli, cli->arguments[0], &prediction->weights);
    if (code == CLI_EXIT_OK)
        code = cli_weights_load_config(cli, &prediction->weights, chosen->config,
                                       "with --config CONFIG", &prediction->config);
    if (code == CLI_EXIT_OK)
        code = cli_open_device(cli, &prediction->device);
    if (code != CLI_EXIT_OK)
        return code;
    prediction->batch =
        chosen->batch > 0 ? chosen->batch : (size_t)incline_config_batch_size(prediction->config);
    enum incline_status status =
        incline_network_create(cli->ctx, prediction->device, prediction->config,
                               (int)prediction->batch, &prediction->network);
    if (status == INCLINE_OK)
        status =
            incline_network_load_weights(cli->ctx, prediction->network, prediction->weights.path);
    return status == INCLINE_OK ? CLI_EXIT_OK : cli_fail(cli, status);
}

/* The names that a given configuration has count more than those in the weights. */
static void choose_class_names(struct prediction *prediction, bool config_is_given)
{
    size_t classes = (size_t)prediction->classes, count;
    char *const *names = incline_config_classes(prediction->config, &count);
    bool in_weights = prediction->weights.class_count == classes;
    if (in_weights && !(config_is_given && count == classes))
        names = prediction->weights.class_names;
    prediction->class_names = in_weights || count == classes ? names : NULL;
}

static int make_buffers(struct prediction *prediction)
{
    const struct incline_model_summary *model = incline_config_summary(prediction->config);
    struct incline_images *pending = &prediction->pending;
    pending->height = model->height;
    pending->width = model->width;
    pending->channels = model->channels;
    prediction->image_bytes =
        (size_t)model->height * (size_t)model->width * (size_t)model->channels;
    prediction->classes = incline_network_classes(prediction->network);
    pending->pixels = calloc(prediction->batch, prediction->image_bytes);
    prediction->probabilities =
        calloc(prediction->batch, (size_t)prediction->classes * sizeof *prediction->probabilities);
    prediction->used = calloc((size_t)prediction->classes, sizeof *prediction->used);
    if (pending->pixels == NULL || prediction->probabilities == NULL || prediction->used == NULL)
        return cli_error(prediction->cli, CLI_EXIT_OTHER, "out of memory");
    return CLI_EXIT_OK;
}

static void finish(struct prediction *prediction)
{
    free(prediction->used);
    free(prediction->probabilities);
    free(prediction->pending.pixels);
    cli_texts_finish(&prediction->names);
    incline_network_destroy(&prediction->network);
    incline_device_close(&prediction->device);
    incline_config_destroy(&prediction->config);
    cli_weights_close(&prediction->weights);
}

/* ---- output ---- */

/* One line of the output. */
struct answer {
    const char *path;
    size_t rank;
    const char *name; /* of the class */
    double probability;
};

static int print_json(struct cli *cli, const struct answer *answer)
{
    json_t *value = json_pack("{s:o, s:I, s:o, s:o}", "path", cli_json_text(answer->path), "rank",
                              (json_int_t)answer->rank, "class", cli_json_text(answer->name),
                              "probability", cli_json_number(answer->probability));
    return cli_json_print(cli, value, JSON_COMPACT | JSON_REAL_PRECISION(6));
}

static int print_separated(struct cli *cli, const struct answer *answer, char separator,
                           char *(*protect)(const char *text))
{
    char *path = protect(answer->path), *name = protect(answer->name);
    int code = CLI_EXIT_OK;
    if (path == NULL || name == NULL)
        code = cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    else
        cli_print(cli, "%s%c%zu%c%s%c%.6f\n", path, separator, answer->rank, separator, name,
                  separator, answer->probability);
    free(path);
    free(name);
    return code;
}

static int print_answer(struct cli *cli, const struct answer *answer)
{
    switch (cli->format) {
    case FORMAT_JSONL:
        return print_json(cli, answer);
    case FORMAT_CSV:
        return print_separated(cli, answer, ',', cli_quote_csv);
    default:
        return print_separated(cli, answer, '\t', cli_escape_tabs);
    }
}

/* Prints the classes of one image from the most probable down. */
static int print_image(struct prediction *prediction, const char *path, const float *probabilities)
{
    int code = CLI_EXIT_OK;
    memset(prediction->used, 0, (size_t)prediction->classes * sizeof *prediction->used);
    for (size_t rank = 1; rank <= prediction->top && code == CLI_EXIT_OK; rank++) {
        int class = cli_find_greatest(probabilities, prediction->used, prediction->classes);
        if (probabilities[class] < prediction->least) {
            prediction->without += rank == 1;
            break;
        }
        struct answer answer = {path, rank, NULL, (double)probabilities[class]};
        char number[16];
        snprintf(number, sizeof number, "%d", class);
        answer.name = prediction->class_names != NULL ? prediction->class_names[class] : number;
        code = print_answer(prediction->cli, &answer);
        prediction->used[class] = true;
    }
    return code;
}

/* The network failed to classify the pending images. */
static int fail(struct prediction *prediction, enum incline_status status)
{
    int code = cli_fail(prediction->cli, status);
    const struct incline_workload workload = {.work = INCLINE_WORK_PREDICT,
                                              .batch = (int)prediction->pending.count};
    incline_network_destroy(&prediction->network);
    if (status == INCLINE_ERROR_DEVICE)
        cli_suggest_batch(prediction->cli, prediction->device, prediction->config, &workload);
    return code;
}

/* Classifies and prints the pending images, and forgets them. */
static int flush(struct prediction *prediction)
{
    struct incline_images *pending = &prediction->pending;
    int code = CLI_EXIT_OK;
    if (pending->count == 0)
        return CLI_EXIT_OK;
    enum incline_status status = incline_network_predict(prediction->cli->ctx, prediction->network,
                                                         pending, prediction->probabilities);
    if (status != INCLINE_OK)
        code = fail(prediction, status);
    for (size_t i = 0; i < pending->count && code == CLI_EXIT_OK; i++)
        code = print_image(prediction, prediction->names.items[i],
                           prediction->probabilities + i * (size_t)prediction->classes);
    cli_texts_finish(&prediction->names);
    pending->count = 0;
    return code;
}

/* ---- input ---- */

/* The output cannot be written, or nobody reads it any more: there is no use in going on. */
static bool is_output_gone(const struct prediction *prediction)
{
    return prediction->cli->output_errno != 0;
}

static int add_image(struct prediction *prediction, const unsigned char *pixels, char *name)
{
    struct incline_images *pending = &prediction->pending;
    if (!cli_texts_take(&prediction->names, name))
        return cli_error(prediction->cli, CLI_EXIT_OTHER, "out of memory");
    memcpy(pending->pixels + pending->count * prediction->image_bytes, pixels,
           prediction->image_bytes);
    pending->count++;
    return pending->count == prediction->batch ? flush(prediction) : CLI_EXIT_OK;
}

/* A file that cannot be read is reported and passed over; the exit code tells of it at the end. */
static int report_file(struct prediction *prediction, enum incline_status status)
{
    int code = cli_fail(prediction->cli, status);
    if (status != INCLINE_ERROR_DATA && status != INCLINE_ERROR_IO)
        return code;
    prediction->file_code = code;
    return CLI_EXIT_OK;
}

static int predict_file(struct prediction *prediction, const char *path)
{
    const struct incline_images *wanted = &prediction->pending;
    struct incline_images images = {0};
    enum incline_status status = incline_images_read(prediction->cli->ctx, path, wanted->height,
                                                     wanted->width, wanted->channels, &images);
    if (status != INCLINE_OK)
        return report_file(prediction, status);
    int code = CLI_EXIT_OK;
    for (size_t i = 0; i < images.count && code == CLI_EXIT_OK; i++) {
        char *name = images.count > 1 ? cli_text("%s#%zu", path, i) : cli_text("%s", path);
        code = add_image(prediction, images.pixels + i * prediction->image_bytes, name);
        if (is_output_gone(prediction))
            break;
    }
    incline_images_finish(&images);
    return code;
}

static bool ends_in_png(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcasecmp(name + length - 4, ".png") == 0;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Takes path into files when it is an image, into folders when it is a folder to be visited.
 * Folders behind symbolic links are not, as they could lead in circles. */
static bool sort_entry(char *path, struct cli_texts *files, struct cli_texts *folders)
{
    struct stat info;
    if (path != NULL && lstat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return cli_texts_take(folders, path);
    if (path == NULL || ends_in_png(path))
        return cli_texts_take(files, path);
    free(path);
    return true;
}

/* A folder that cannot be read is reported and passed over, like a file. */
static int list_folder(struct prediction *prediction, const char *folder, struct cli_texts *files,
                       struct cli_texts *folders)
{
    struct cli *cli = prediction->cli;
    DIR *handle = opendir(folder);
    if (handle == NULL) {
        prediction->file_code =
            cli_error(cli, CLI_EXIT_DATA, "%s: cannot read it: %s", folder, strerror(errno));
        return CLI_EXIT_OK;
    }
    const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
    bool kept = true;
    struct dirent *entry;
    while (kept && (entry = readdir(handle)) != NULL) {
        if (!is_dots(entry->d_name))
            kept = sort_entry(cli_text("%s%s%s", folder, slash, entry->d_name), files, folders);
    }
    closedir(handle);
    return kept ? CLI_EXIT_OK : cli_error(cli, CLI_EXIT_OTHER, "out of memory");
}

/* All images below folder, sorted. */
static int find_images(struct prediction *prediction, const char *folder, struct cli_texts *files)
{
    struct cli_texts folders = {0};
    int before = prediction->file_code;
    prediction->file_code = CLI_EXIT_OK;
    int code = list_folder(prediction, folder, files, &folders);
    for (size_t i = 0; i < folders.count && code == CLI_EXIT_OK; i++) {
        const char *next = folders.items[i];
        code = list_folder(prediction, next, files, &folders);
    }
    cli_texts_finish(&folders);
    if (code == CLI_EXIT_OK && prediction->file_code == CLI_EXIT_OK && files->count == 0)
        prediction->file_code =
            cli_error(prediction->cli, CLI_EXIT_DATA, "%s: no .png files in this folder", folder);
    if (prediction->file_code == CLI_EXIT_OK)
        prediction->file_code = before;
    if (files->count > 0)
        qsort(files->items, files->count, sizeof *files->items, compare_texts);
    return code;
}

static int predict_folder(struct prediction *prediction, const char *folder)
{
    struct cli_texts files = {0};
    int code = find_images(prediction, folder, &files);
    for (size_t i = 0; i < files.count && code == CLI_EXIT_OK && !is_output_gone(prediction); i++)
        code = predict_file(prediction, files.items[i]);
    cli_texts_finish(&files);
    return code;
}

static int predict_path(struct prediction *prediction, const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return predict_folder(prediction, path);
    return predict_file(prediction, path);
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r")] == '\0';
}

/* One line of a list: a path, or several with zero bytes between them, as find -print0 ends them.
 */
static int predict_line(struct prediction *prediction, char *line, size_t length, size_t *paths)
{
    int code = CLI_EXIT_OK;
    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
        line[--length] = '\0';
    for (const char *path = line; path < line + length && code == CLI_EXIT_OK;
         path += strlen(path) + 1) {
        if (is_blank(path) || is_output_gone(prediction))
            continue;
        ++*paths;
        code = predict_path(prediction, path);
    }
    return code;
}

static int predict_listed(struct prediction *prediction)
{
    char *line = NULL;
    size_t size = 0, paths = 0;
    ssize_t length;
    int code = CLI_EXIT_OK;
    errno = 0;
    while (code == CLI_EXIT_OK && !is_output_gone(prediction) &&
           (length = getline(&line, &size, stdin)) >= 0) {
        code = predict_line(prediction, line, (size_t)length, &paths);
        errno = 0;
    }
    free(line);
    if (code == CLI_EXIT_OK && ferror(stdin))
        return cli_error(prediction->cli, CLI_EXIT_OTHER, "cannot read standard input: %s",
                         strerror(errno));
    if (code == CLI_EXIT_OK && paths == 0)
        prediction->file_code =
            cli_error(prediction->cli, CLI_EXIT_DATA, "-: no paths in the list on standard input");
    return code;
}

static int predict_arguments(struct prediction *prediction)
{
    struct cli *cli = prediction->cli;
    int code = CLI_EXIT_OK;
    if (cli->format == FORMAT_CSV)
        cli_print(cli, "path,rank,class,probability\n");
    for (size_t i = 1; i < cli->argument_count && code == CLI_EXIT_OK; i++) {
        const char *path = cli->arguments[i];
        if (strcmp(path, "-") == 0)
            code = predict_listed(prediction);
        else
            code = predict_path(prediction, path);
    }
    if (code == CLI_EXIT_OK)
        code = flush(prediction);
    return code != CLI_EXIT_OK ? code : prediction->file_code;
}

/* Where an image may show several classes, those that it probably shows: none may be. */
static void choose_classes(struct prediction *prediction, size_t top)
{
    size_t classes = (size_t)prediction->classes;
    bool all_shown = top == 0 && incline_config_multi_label(prediction->config);
    size_t wanted = all_shown ? classes : top > 0 ? top : 1;
    prediction->top = wanted < classes ? wanted : classes;
    prediction->least = all_shown ? 0.5f : -INFINITY;
}

static void say_without(const struct prediction *prediction)
{
    if (prediction->without > 0)
        cli_say(prediction->cli,
                "%zu image%s without a class of probability 0.5 or more; --top 1 shows the most "
                "probable",
                prediction->without, prediction->without == 1 ? "" : "s");
}

static int run(struct cli *cli, const void *given)
{
    const struct predict_options *chosen = given;
    struct prediction prediction = {.cli = cli};
    int code = open_network(&prediction, chosen);
    if (code == CLI_EXIT_OK)
        code = make_buffers(&prediction);
    if (code == CLI_EXIT_OK) {
        choose_class_names(&prediction, chosen->config != NULL);
        choose_classes(&prediction, chosen->top);
        code = predict_arguments(&prediction);
        say_without(&prediction);
    }
    finish(&prediction);
    return code;
}

static const struct cli_option options[] = {
    {"top", 0, CLI_NUMBER, offsetof(struct predict_options, top), "N",
     "the N most probable classes of each image (default: 1; with data.multi_label all of "
     "probability 0.5 or more)"},
    {"batch-size", 'b', CLI_NUMBER, offsetof(struct predict_options, batch), "N",
     "images at a time (default: as in training)"},
    {"config", 0, CLI_TEXT, offsetof(struct predict_options, config), "CONFIG",
     "the configuration, for weights that carry none or another one"},
};

static const char *const formats[] = {"tsv", "jsonl", "csv", NULL};

const struct cli_verb cli_verb_predict = {
    .name = "predict",
    .help =
        "classify images: path, rank, class and probability, separated by tabs; where the "
        "network ends without a softmax and its loss applies none (mse, hinge), its score instead",
    .arguments = "RUN|WEIGHTS PATH...",
    .examples = "  incline predict runs/2026-11-23-1801-mnist-cnn shoe.png shirt.png --top 3\n"
                "  incline predict best.safetensors photos/      # all .png files below it\n"
                "  incline predict best.safetensors t10k-images-idx3-ubyte.gz\n"
                "  incline predict pytorch.safetensors --config my.yaml shoe.png\n"
                "  find . -name '*.png' | incline predict best.safetensors -\n",
    .min_arguments = 2,
    .max_arguments = INT_MAX,
    .formats = formats,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_size = sizeof(struct predict_options),
    .run = run,
};
