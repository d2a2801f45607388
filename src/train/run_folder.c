#include "train/run_folder.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "build_config.h"
#include "device/tuning.h"
#include "incline/version.h"
#include "train/config.h"
#include "train/earlier_run.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

extern char **environ;

static const char log_head[] = "epoch,step,time,lr,loss,accuracy,val_loss,val_accuracy,"
                               "images_per_s,data_wait,best\n";

static const char watch_head[] = "epoch,step,layer,parameter,weights,gradient,update,"
                                 "update_per_weights,dead,units\n";

static enum incline_status fail_exists(struct incline_context *ctx, const char *path)
{
    return incline_fail(ctx, INCLINE_ERROR_IO,
                        "%s exists; choose another folder (--out, --name) or add --overwrite",
                        path);
}

/* Keeps the folder for this run. */
static enum incline_status keep(struct incline_context *ctx, const char *path, int *lock)
{
    if (incline_folder_lock(path, lock))
        return INCLINE_OK;
    return incline_fail(ctx, INCLINE_ERROR_IO,
                        "%s: a training writes there; wait for its end or choose another folder "
                        "(--out, --name)",
                        path);
}

/* Only asks; the folder may not be there. */
static enum incline_status check_unkept(struct incline_context *ctx, const char *path)
{
    int lock;
    enum incline_status status = keep(ctx, path, &lock);
    incline_folder_unlock(&lock);
    return status;
}

enum incline_status incline_run_folder_check(struct incline_context *ctx,
                                             const struct incline_train_options *options)
{
    const char *path = options->folder;
    if (options->overwrite && incline_file_exists(path))
        return incline_fail(ctx, INCLINE_ERROR_IO, "%s is a file; a run needs a folder (--out)",
                            path);
    enum incline_status status = options->overwrite ? check_unkept(ctx, path) : INCLINE_OK;
    if (status)
        return status;
    const char *alien = options->overwrite ? incline_earlier_run_find_alien(path) : NULL;
    if (alien)
        return incline_fail(ctx, INCLINE_ERROR_IO,
                            "%s holds no run, but a file %s, which would be lost; choose another "
                            "folder (--out, --name)",
                            path, alien);
    if (!options->overwrite && !options->unique &&
        (incline_folder_exists(path) || incline_file_exists(path)))
        return fail_exists(ctx, path);
    return INCLINE_OK;
}

typedef enum incline_status (*write_fn)(struct incline_context *ctx, const char *path,
                                        const void *bytes, size_t length);

static enum incline_status put(struct incline_context *ctx, const char *folder, const char *name,
                               const char *text, write_fn write)
{
    char *path = NULL;
    enum incline_status status = incline_path_join(ctx, folder, name, &path);
    if (status)
        return status;
    status = write(ctx, path, text, strlen(text));
    incline_free(&path);
    return status;
}

/* Takes json; a NULL stands for an earlier failure to make it. */
static enum incline_status put_json(struct incline_context *ctx, const char *folder,
                                    const char *name, json_t *json, size_t flags, write_fn write)
{
    struct incline_text line;
    char *text = json ? json_dumps(json, flags) : NULL;
    enum incline_status status;
    json_decref(json);
    if (!text)
        return incline_fail(ctx, INCLINE_ERROR_MEMORY, "out of memory writing %s/%s", folder, name);
    incline_text_init(&line, ctx);
    incline_text_add(&line, "%s\n", text);
    free(text);
    status = incline_text_status(&line);
    if (!status)
        status = put(ctx, folder, name, incline_text_get(&line), write);
    incline_text_finish(&line);
    return status;
}

/* A JSON text, in which bytes that are not UTF-8 are '?': a file name must not spoil the file. NULL
 * when memory ran out. */
static json_t *text_to_json(const char *value)
{
    struct incline_text text;
    incline_text_init(&text, NULL);
    incline_text_add_utf8(&text, value);
    json_t *json = incline_text_status(&text) ? NULL : json_string(incline_text_get(&text));
    incline_text_finish(&text);
    return json;
}

/* Variables that change what a run does; written down, never read here. */
static json_t *variables(void)
{
    static const char *const prefixes[] = {"INCLINE_", "OCL_ICD_", "POCL_", "CUDA_", "RUSTICL_"};
    json_t *object = json_object();
    for (char **entry = environ; object && *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        for (size_t i = 0; equals && i < sizeof prefixes / sizeof *prefixes; i++)
            if (strncmp(*entry, prefixes[i], strlen(prefixes[i])) == 0) {
                char name[128];
                size_t length = (size_t)(equals - *entry);
                if (length >= sizeof name)
                    break;
                memcpy(name, *entry, length);
                name[length] = '\0';
                json_object_set_new(object, name, text_to_json(equals + 1));
            }
    }
    return object;
}

/* CRC-32, as in gzip and PNG files. */
static uLong checksum(const unsigned char *bytes, size_t length)
{
    enum { PIECE_BYTES = 1 << 30 }; /* zlib counts in unsigned int */
    uLong sum = crc32(0, NULL, 0);
    for (size_t at = 0; at < length; at += PIECE_BYTES)
        sum = crc32(sum, bytes + at, (uInt)(length - at < PIECE_BYTES ? length - at : PIECE_BYTES));
    return sum;
}

static json_t *checksum_to_json(const unsigned char *bytes, size_t length)
{
    char text[12];
    snprintf(text, sizeof text, "%08lx", checksum(bytes, length));
    return json_string(text);
}

/* As 32-bit numbers, the lowest byte first; null when there are none. */
static json_t *label_checksum(const int *labels, size_t count)
{
    unsigned char *bytes = NULL;
    if (!labels)
        return json_null();
    if (incline_alloc(NULL, count, 4, &bytes))
        return NULL;
    for (size_t i = 0; i < count; i++)
        for (int byte = 0; byte < 4; byte++)
            bytes[4 * i + (size_t)byte] = (unsigned char)((unsigned)labels[i] >> (8 * byte));
    json_t *json = checksum_to_json(bytes, 4 * count);
    incline_free(&bytes);
    return json;
}

/* Size and checksums of one part as it is used, whatever files it came from; null when empty. */
static json_t *contents(const struct incline_images *images, int classes)
{
    size_t bytes =
        images->count * (size_t)images->height * (size_t)images->width * (size_t)images->channels;
    if (images->count == 0)
        return json_null();
    return json_pack("{s:I, s:o, s:o}", "bytes", (json_int_t)bytes, "images_crc32",
                     checksum_to_json(images->pixels, bytes), "labels_crc32",
                     images->targets
                         ? checksum_to_json(images->targets, images->count * (size_t)classes)
                         : label_checksum(images->labels, images->count));
}

static json_t *tile_numbers(const struct incline_tile *tile)
{
    json_t *numbers = json_array();
    for (size_t i = 0; numbers && i < INCLINE_TILE_VALUES; i++)
        json_array_append_new(numbers, json_integer(tile->values[i]));
    return numbers;
}

/* The kernel shapes of this run's plans, and why those; "gemm" [1, ...] is CLBlast. */
static json_t *kernels(const struct incline_device *device)
{
    static const char *const sources[] = {"guess", "shipped", "stored", "measured"};
    json_t *list = json_array();
    for (size_t i = 0; list && i < incline_tuning_count(device); i++) {
        const struct incline_tuning_question *question = incline_tuning_get(device, i);
        if (question->asked)
            json_array_append_new(list,
                                  json_pack("{s:s, s:s, s:o, s:s}", "op", question->op, "shape",
                                            question->shape, "tile",
                                            tile_numbers(&question->candidates[question->chosen]),
                                            "from", sources[question->source]));
    }
    return list;
}

static json_t *environment(const struct incline_device *device,
                           const struct incline_dataset *dataset)
{
    const struct incline_device_info *info = incline_device_get_info(device);
    return json_pack(
        "{s:s, s:b, s:{s:o, s:s, s:o, s:o, s:o, s:i, s:i}, s:{s:o, s:o, s:I, s:I, s:I, s:i}, "
        "s:{s:o, s:o, s:o}, s:o, s:o}",
        "incline", incline_version(), "clblast", INCLINE_HAVE_CLBLAST, "device", "name",
        text_to_json(info->name), "type", info->type, "platform", text_to_json(info->platform_name),
        "opencl", text_to_json(info->opencl), "driver", text_to_json(info->driver), "compute_units",
        info->compute_units, "lanes", incline_device_lanes(device), "data", "name",
        text_to_json(dataset->name), "folder", text_to_json(dataset->folder), "train",
        (json_int_t)dataset->train.count, "val", (json_int_t)dataset->val.count, "test",
        (json_int_t)dataset->test.count, "classes", dataset->classes, "contents", "train",
        contents(&dataset->train, dataset->classes), "val",
        contents(&dataset->val, dataset->classes), "test",
        contents(&dataset->test, dataset->classes), "kernels", kernels(device), "variables",
        variables());
}

static json_int_t now(void)
{
    return (json_int_t)time(NULL);
}

/* What was warned of since the last event. */
static enum incline_status put_warnings(struct incline_context *ctx, const char *path)
{
    enum incline_status status = INCLINE_OK;
    for (char *text; !status && (text = incline_warning_take(ctx)) != NULL;) {
        status = put_json(ctx, path, "events.jsonl",
                          json_pack("{s:s, s:I, s:o}", "event", "warning", "unix_time", now(),
                                    "text", text_to_json(text)),
                          JSON_COMPACT, incline_file_append);
        incline_text_free(&text);
    }
    return status;
}

/* Takes event, like put_json(). */
static enum incline_status put_event(struct incline_context *ctx, const char *path, json_t *event)
{
    enum incline_status status = put_warnings(ctx, path);
    if (!status)
        return put_json(ctx, path, "events.jsonl", event, JSON_COMPACT, incline_file_append);
    json_decref(event);
    return status;
}

/* *out = path, or path-number from 2 on; allocated. */
static enum incline_status numbered(struct incline_context *ctx, const char *path, int number,
                                    char **out)
{
    struct incline_text text;
    incline_text_init(&text, ctx);
    incline_text_add(&text, "%s", path);
    if (number > 1)
        incline_text_add(&text, "-%d", number);
    enum incline_status status = incline_text_status(&text);
    if (!status)
        status = incline_strdup(ctx, incline_text_get(&text), out);
    incline_text_finish(&text);
    return status;
}

/* Creates the folder and sets *path, which is NULL on failure. *is_new: it did not exist before. */
static enum incline_status take_folder(struct incline_context *ctx,
                                       const struct incline_train_options *options, char **path,
                                       bool *is_new)
{
    bool existed = true;
    for (int number = 1; existed; number++) {
        enum incline_status status = numbered(ctx, options->folder, number, path);
        if (status)
            return status;
        status = incline_folder_create_new(ctx, *path, &existed);
        *is_new = !status && !existed;
        if (!status && existed && options->overwrite)
            return INCLINE_OK;
        if (!status && existed && !options->unique)
            status = fail_exists(ctx, *path);
        if (status || existed)
            incline_free(path);
        if (status)
            return status;
    }
    return INCLINE_OK;
}

static enum incline_status fill(struct incline_context *ctx, const char *path,
                                const struct incline_train_options *options,
                                const struct incline_config *config,
                                const struct incline_device *device,
                                const struct incline_dataset *dataset)
{
    char *weights = NULL;
    enum incline_status status = incline_path_join(ctx, path, "weights", &weights);
    if (status)
        return status;
    status = incline_folder_create(ctx, weights);
    incline_free(&weights);
    if (status)
        return status;
    status = put(ctx, path, "config.yaml", config->text, incline_file_write);
    if (status)
        return status;
    status = put_json(ctx, path, "environment.json", environment(device, dataset), JSON_INDENT(2),
                      incline_file_write);
    if (status)
        return status;
    status = put(ctx, path, "log.csv", log_head, incline_file_write);
    if (!status && options->watch > 0)
        status = put(ctx, path, "watch.csv", watch_head, incline_file_write);
    if (status)
        return status;
    status = put_json(ctx, path, "events.jsonl",
                      json_pack("{s:s, s:I}", "event", "start", "unix_time", now()), JSON_COMPACT,
                      incline_file_write);
    return status ? status : put_warnings(ctx, path);
}

/* Removes what fill() made. A failure has one before it. */
static void remove_folder(const char *path)
{
    static const char *const names[] = {"config.yaml",  "environment.json", "log.csv", "watch.csv",
                                        "events.jsonl", "weights",          ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *entry = NULL;
        if (incline_path_join(NULL, path, names[i], &entry) == INCLINE_OK)
            (void)remove(entry);
        incline_free(&entry);
    }
}

enum incline_status
incline_run_folder_start(struct incline_context *ctx, const struct incline_train_options *options,
                         const struct incline_config *config, const struct incline_device *device,
                         const struct incline_dataset *dataset, char **path, int *lock)
{
    bool is_new = false, has_earlier = false;
    *path = NULL;
    *lock = -1;
    enum incline_status status = take_folder(ctx, options, path, &is_new);
    if (status)
        return status;
    status = keep(ctx, *path, lock);
    if (status) {
        incline_free(path);
        return status;
    }
    if (!is_new) {
        incline_earlier_run_sweep(*path);
        status = incline_earlier_run_set_aside(ctx, *path, &has_earlier);
    }
    if (!status)
        status = fill(ctx, *path, options, config, device, dataset);
    if (status) {
        if (is_new)
            remove_folder(*path);
        if (has_earlier) /* the first failure is the one to report */
            (void)!incline_earlier_run_bring_back(NULL, *path);
        incline_folder_unlock(lock);
        incline_free(path);
    }
    return status;
}

/* Seconds that steps of the epoch waited for images: none, as the whole set lies on the device. */
static const double data_wait = 0;

static enum incline_status append_log(struct incline_context *ctx, const char *path,
                                      const struct incline_progress *progress)
{
    struct incline_text line;
    incline_text_init(&line, ctx);
    incline_text_add(&line, "%d,%lld,%.3f,%.9g,%.9g,%.6f,", progress->epoch, progress->total_step,
                     progress->seconds, progress->learning_rate, progress->loss,
                     progress->accuracy);
    if (progress->has_val)
        incline_text_add(&line, "%.9g,%.6f,", progress->val_loss, progress->val_accuracy);
    else
        incline_text_add(&line, ",,");
    incline_text_add(&line, "%.1f,%.3f,%d\n", progress->images_per_second, data_wait,
                     progress->best);
    enum incline_status status = incline_text_status(&line);
    if (!status)
        status = put(ctx, path, "log.csv", incline_text_get(&line), incline_file_append);
    incline_text_finish(&line);
    return status;
}

/* What has no meaning is left empty. */
static void write_watch_row(const struct incline_watched *watched,
                            const struct incline_watch_row *row, struct incline_text *lines)
{
    incline_text_add(lines, "%d,%lld,%s,", watched->epoch, watched->total_step, row->layer);
    if (row->parameter)
        incline_text_add(lines, "%s,%.9g,%.9g,%.9g,", row->parameter, row->weights, row->gradient,
                         row->update);
    else
        incline_text_add(lines, ",,,,");
    if (row->parameter && row->weights != 0)
        incline_text_add(lines, "%.9g", row->update / row->weights);
    if (row->units > 0)
        incline_text_add(lines, ",%d,%d\n", row->dead, row->units);
    else
        incline_text_add(lines, ",,\n");
}

void incline_run_folder_write_watched(const struct incline_watched *watched,
                                      struct incline_text *lines)
{
    for (size_t i = 0; i < watched->row_count; i++)
        write_watch_row(watched, &watched->rows[i], lines);
}

enum incline_status incline_run_folder_append_watched(struct incline_context *ctx, const char *path,
                                                      struct incline_text *lines)
{
    enum incline_status status = incline_text_status(lines);
    return status ? status
                  : put(ctx, path, "watch.csv", incline_text_get(lines), incline_file_append);
}

enum incline_status incline_run_folder_step(struct incline_context *ctx, const char *path,
                                            const struct incline_progress *progress)
{
    return put_event(ctx, path,
                     json_pack("{s:s, s:I, s:i, s:I, s:f, s:f, s:f, s:f}", "event", "step",
                               "unix_time", now(), "epoch", progress->epoch, "step",
                               (json_int_t)progress->total_step, "seconds", progress->seconds, "lr",
                               progress->learning_rate, "loss", progress->loss, "accuracy",
                               progress->accuracy));
}

/* JSON has neither NaN nor infinity. */
static json_t *number_to_json(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

static json_t *watch_row_to_json(const struct incline_watch_row *row)
{
    json_t *json = json_pack("{s:s}", "layer", row->layer);
    if (json && row->parameter) {
        json_object_set_new(json, "parameter", json_string(row->parameter));
        json_object_set_new(json, "weights", number_to_json(row->weights));
        json_object_set_new(json, "gradient", number_to_json(row->gradient));
        json_object_set_new(json, "update", number_to_json(row->update));
    }
    if (json && row->units > 0) {
        json_object_set_new(json, "dead", json_integer(row->dead));
        json_object_set_new(json, "units", json_integer(row->units));
    }
    return json;
}

enum incline_status incline_run_folder_watch(struct incline_context *ctx, const char *path,
                                             const struct incline_watched *watched)
{
    json_t *rows = json_array();
    for (size_t i = 0; rows && i < watched->row_count; i++)
        json_array_append_new(rows, watch_row_to_json(&watched->rows[i]));
    return put_event(ctx, path,
                     json_pack("{s:s, s:I, s:i, s:I, s:o}", "event", "watch", "unix_time", now(),
                               "epoch", watched->epoch, "step", (json_int_t)watched->total_step,
                               "rows", rows));
}

enum incline_status incline_run_folder_epoch(struct incline_context *ctx, const char *path,
                                             const struct incline_progress *progress)
{
    enum incline_status status = append_log(ctx, path, progress);
    if (status)
        return status;
    json_t *event =
        json_pack("{s:s, s:I, s:i, s:I, s:f, s:f, s:f, s:f, s:b}", "event", "epoch", "unix_time",
                  now(), "epoch", progress->epoch, "step", (json_int_t)progress->total_step,
                  "seconds", progress->seconds, "lr", progress->learning_rate, "loss",
                  progress->loss, "accuracy", progress->accuracy, "best", (int)progress->best);
    if (event && progress->has_val) {
        json_object_set_new(event, "val_loss", json_real(progress->val_loss));
        json_object_set_new(event, "val_accuracy", json_real(progress->val_accuracy));
    }
    return put_event(ctx, path, event);
}

enum incline_status incline_run_folder_checkpoint(struct incline_context *ctx, const char *path,
                                                  const struct incline_progress *progress,
                                                  const char *weights)
{
    return put_event(ctx, path,
                     json_pack("{s:s, s:I, s:i, s:I, s:s}", "event", "checkpoint", "unix_time",
                               now(), "epoch", progress->epoch, "step",
                               (json_int_t)progress->total_step, "weights", weights));
}

enum incline_status incline_run_folder_end(struct incline_context *ctx, const char *path,
                                           const char *how, long long total_step)
{
    return put_event(ctx, path,
                     json_pack("{s:s, s:I, s:s, s:I}", "event", "end", "unix_time", now(), "how",
                               how, "step", (json_int_t)total_step));
}
