#include "train/run_folder.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "device/tuning.h"
#include "incline/version.h"
#include "train/config.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern char **environ;

static const char log_head[] = "epoch,step,time,lr,loss,accuracy,val_loss,val_accuracy,"
                               "images_per_s,best\n";

enum incline_status incline_run_folder_check(struct incline_context *ctx, const char *path,
                                             bool overwrite)
{
    if (!overwrite && (incline_folder_exists(path) || incline_file_exists(path)))
        return incline_fail(ctx, INCLINE_ERROR_IO,
                            "%s exists; choose another folder (--out, --name) or add --overwrite",
                            path);
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
                json_object_set_new(object, name, json_string(equals + 1));
            }
    }
    return object;
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
            json_array_append_new(
                list, json_pack("{s:s, s:s, s:o, s:s}", "op", question->op, "shape",
                                question->shape, "tile",
                                tile_numbers(&question->candidates[question->chosen]), "from",
                                sources[question->source]));
    }
    return list;
}

static json_t *environment(const struct incline_device *device,
                           const struct incline_dataset *dataset)
{
    const struct incline_device_info *info = incline_device_get_info(device);
    return json_pack(
        "{s:s, s:{s:s, s:s, s:s, s:s, s:s, s:i, s:i}, s:{s:s, s:s, s:I, s:I, s:I, s:i}, "
        "s:o, s:o}",
        "incline", incline_version(), "device", "name", info->name, "type", info->type, "platform",
        info->platform_name, "opencl", info->opencl, "driver", info->driver, "compute_units",
        info->compute_units, "lanes", incline_device_lanes(device), "data", "name", dataset->name, "folder", dataset->folder, "train",
        (json_int_t)dataset->train.count, "val", (json_int_t)dataset->val.count, "test",
        (json_int_t)dataset->test.count, "classes", dataset->classes, "kernels", kernels(device),
        "variables", variables());
}

static json_int_t now(void)
{
    return (json_int_t)time(NULL);
}

/* Weights of the run that is overwritten must not pass for those of the new one. */
static enum incline_status remove_old(struct incline_context *ctx, const char *folder,
                                      const char *name)
{
    char *path = NULL;
    enum incline_status status = incline_path_join(ctx, folder, name, &path);
    if (status)
        return status;
    if (incline_file_exists(path) && remove(path))
        status = incline_fail(ctx, INCLINE_ERROR_IO, "%s: cannot remove it: %s", path,
                              strerror(errno));
    incline_free(&path);
    return status;
}

enum incline_status incline_run_folder_start(struct incline_context *ctx, const char *path,
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
    status = remove_old(ctx, path, "weights/best.safetensors");
    if (status)
        return status;
    status = remove_old(ctx, path, "weights/last.safetensors");
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
    if (status)
        return status;
    return put_json(ctx, path, "events.jsonl",
                    json_pack("{s:s, s:I}", "event", "start", "unix_time", now()), JSON_COMPACT,
                    incline_file_write);
}

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
    incline_text_add(&line, "%.1f,%d\n", progress->images_per_second, progress->best);
    enum incline_status status = incline_text_status(&line);
    if (!status)
        status = put(ctx, path, "log.csv", incline_text_get(&line), incline_file_append);
    incline_text_finish(&line);
    return status;
}

enum incline_status incline_run_folder_epoch(struct incline_context *ctx, const char *path,
                                             const struct incline_progress *progress)
{
    enum incline_status status = append_log(ctx, path, progress);
    if (status)
        return status;
    json_t *event = json_pack(
        "{s:s, s:I, s:i, s:I, s:f, s:f, s:f, s:b}", "event", "epoch", "unix_time", now(), "epoch",
        progress->epoch, "step", (json_int_t)progress->total_step, "seconds", progress->seconds,
        "loss", progress->loss, "accuracy", progress->accuracy, "best", (int)progress->best);
    if (event && progress->has_val) {
        json_object_set_new(event, "val_loss", json_real(progress->val_loss));
        json_object_set_new(event, "val_accuracy", json_real(progress->val_accuracy));
    }
    return put_json(ctx, path, "events.jsonl", event, JSON_COMPACT, incline_file_append);
}

enum incline_status incline_run_folder_end(struct incline_context *ctx, const char *path,
                                           const char *how, long long total_step)
{
    return put_json(ctx, path, "events.jsonl",
                    json_pack("{s:s, s:I, s:s, s:I}", "event", "end", "unix_time", now(), "how",
                              how, "step", (json_int_t)total_step),
                    JSON_COMPACT, incline_file_append);
}
