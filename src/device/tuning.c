#include "device/tuning.h"

#include "base/embedded.h"
#include "base/memory.h"
#include "device/cache.h"
#include "device/opencl.h"
#include "device/tuning_record.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char file_name[] = "tuning";

enum { FILE_BYTES_MAX = 4 << 20 };

struct incline_tuning {
    char platform[128], device[128], driver[128]; /* fit for a record */
    char build[INCLINE_HASH_TEXT];
    struct incline_tuning_table shipped, stored;
    struct incline_tuning_question *questions;
    size_t count, capacity;
};

/* ---- opening ---- */

/* Names come from drivers; none may look like two fields or two lines of a record. */
static void copy_name(char out[128], const char *name)
{
    snprintf(out, 128, "%s", *name ? name : "-");
    for (char *byte = out; *byte; byte++)
        if ((unsigned char)*byte < ' ' || *byte == 0x7f)
            *byte = ' ';
}

static enum incline_status read_shipped(struct incline_context *ctx,
                                        struct incline_tuning_table *table)
{
    enum incline_status status = INCLINE_OK;
    for (const struct incline_embedded_file *file = incline_tuning_files; !status && file->name;
         file++)
        status = incline_tuning_table_read(ctx, table, file->name, file->text);
    return status;
}

static enum incline_status read_stored(struct incline_context *ctx,
                                       const struct incline_cache_folder *folder,
                                       struct incline_tuning_table *table)
{
    char *text = NULL;
    size_t length;
    enum incline_status status =
        incline_cache_read(ctx, folder, file_name, FILE_BYTES_MAX, &text, &length);
    if (!status && text)
        status = incline_tuning_table_read(ctx, table, file_name, text);
    incline_free(&text);
    return status;
}

static void read_tables(struct incline_context *ctx, struct incline_device *device)
{
    struct incline_cache_folder folder;
    enum incline_status status = read_shipped(ctx, &device->tuning->shipped);
    if (!status) {
        if (incline_device_cache_open(ctx, device, NULL, &folder))
            status = read_stored(ctx, &folder, &device->tuning->stored);
        incline_cache_close(&folder);
    }
    if (status)
        incline_device_cache_failed(ctx, device, "what was measured before is not used");
}

void incline_tuning_open(struct incline_context *ctx, struct incline_device *device)
{
    struct incline_tuning *tuning = NULL;
    enum incline_status status = incline_alloc(ctx, 1, sizeof *tuning, &tuning);
    if (!status)
        status = incline_kernels_hash(ctx, tuning->build);
    if (status) {
        incline_log(ctx, INCLINE_LOG_WARN, "no tuning: %s", incline_error_text(ctx));
        incline_error_clear(ctx);
        incline_free(&tuning);
        return;
    }
    copy_name(tuning->platform, device->info.platform_name);
    copy_name(tuning->device, device->info.name);
    copy_name(tuning->driver, device->info.driver);
    device->tuning = tuning;
    read_tables(ctx, device);
}

static void finish_question(struct incline_tuning_question *question)
{
    incline_free(&question->op);
    incline_free(&question->shape);
    incline_free(&question->candidates);
}

void incline_tuning_close(struct incline_device *device)
{
    struct incline_tuning *tuning = device->tuning;
    if (!tuning)
        return;
    for (size_t i = 0; i < tuning->count; i++)
        finish_question(&tuning->questions[i]);
    incline_free(&tuning->questions);
    incline_tuning_table_finish(&tuning->shipped);
    incline_tuning_table_finish(&tuning->stored);
    incline_free(&device->tuning);
}

/* ---- choosing ---- */

static struct incline_tuning_key key_of(const struct incline_device *device, const char *op,
                                        const char *shape)
{
    const struct incline_tuning *tuning = device->tuning;
    return (struct incline_tuning_key){
        .platform = tuning->platform,
        .device = tuning->device,
        .driver = tuning->driver,
        .units = device->info.compute_units,
        .lanes = device->lanes,
        .op = op,
        .shape = shape,
        .build = tuning->build,
    };
}

static bool same_tile(const struct incline_tile *a, const struct incline_tile *b)
{
    return memcmp(a->values, b->values, sizeof a->values) == 0;
}

/* Takes the record's tile when it is a candidate. */
static bool use_record(struct incline_tuning_question *question,
                       const struct incline_tuning_record *record,
                       enum incline_tuning_source source)
{
    for (size_t i = 0; record && i < question->count; i++)
        if (same_tile(&record->tile, &question->candidates[i])) {
            question->chosen = i;
            question->source = source;
            return true;
        }
    question->misfit = question->misfit || record;
    return false;
}

static void answer(const struct incline_device *device, struct incline_tuning_question *question)
{
    const struct incline_tuning *tuning = device->tuning;
    struct incline_tuning_key key = key_of(device, question->op, question->shape);
    if (!use_record(question, incline_tuning_table_find(&tuning->stored, &key),
                    INCLINE_TUNING_STORED))
        (void)use_record(question, incline_tuning_table_find(&tuning->shipped, &key),
                         INCLINE_TUNING_SHIPPED);
}

static struct incline_tuning_question *find_question(struct incline_tuning *tuning, const char *op,
                                                     const char *shape,
                                                     const struct incline_tile *candidates,
                                                     size_t count)
{
    for (size_t i = 0; i < tuning->count; i++) {
        struct incline_tuning_question *question = &tuning->questions[i];
        if (strcmp(question->op, op) == 0 && strcmp(question->shape, shape) == 0 &&
            question->count == count &&
            memcmp(question->candidates, candidates, count * sizeof *candidates) == 0)
            return question;
    }
    return NULL;
}

/* NULL when memory is short: then the first candidate is as good as any. */
static struct incline_tuning_question *add_question(struct incline_device *device, const char *op,
                                                    const char *shape,
                                                    const struct incline_tile *candidates,
                                                    size_t count, bool near)
{
    struct incline_tuning *tuning = device->tuning;
    struct incline_tuning_question new = {.count = count, .near = near};
    if (incline_grow(NULL, &tuning->questions, &tuning->capacity, tuning->count + 1,
                     sizeof *tuning->questions) ||
        incline_strdup(NULL, op, &new.op) || incline_strdup(NULL, shape, &new.shape) ||
        incline_alloc(NULL, count, sizeof *candidates, &new.candidates)) {
        finish_question(&new);
        return NULL;
    }
    memcpy(new.candidates, candidates, count * sizeof *candidates);
    answer(device, &new);
    tuning->questions[tuning->count] = new;
    return &tuning->questions[tuning->count++];
}

static const struct incline_tile *choose(struct incline_device *device, const char *op,
                                         const char *shape, const struct incline_tile *candidates,
                                         size_t count, bool near)
{
    struct incline_tuning *tuning = device->tuning;
    if (!tuning)
        return candidates;
    struct incline_tuning_question *question = find_question(tuning, op, shape, candidates, count);
    if (!question)
        question = add_question(device, op, shape, candidates, count, near);
    if (!question)
        return candidates;
    question->asked = true;
    return &candidates[question->chosen];
}

const struct incline_tile *incline_tuning_choose(struct incline_device *device, const char *op,
                                                 const char *shape,
                                                 const struct incline_tile *candidates,
                                                 size_t count)
{
    return choose(device, op, shape, candidates, count, false);
}

const struct incline_tile *incline_tuning_choose_near(struct incline_device *device, const char *op,
                                                      const char *shape,
                                                      const struct incline_tile *candidates,
                                                      size_t count)
{
    return choose(device, op, shape, candidates, count, true);
}

/* ---- for the tuner ---- */

size_t incline_tuning_count(const struct incline_device *device)
{
    return device->tuning ? device->tuning->count : 0;
}

const struct incline_tuning_question *incline_tuning_get(const struct incline_device *device,
                                                         size_t question)
{
    return &device->tuning->questions[question];
}

void incline_tuning_forget_asked(struct incline_device *device)
{
    for (size_t i = 0; i < incline_tuning_count(device); i++)
        device->tuning->questions[i].asked = false;
}

void incline_tuning_set(struct incline_device *device, size_t question, size_t candidate,
                        enum incline_tuning_source source)
{
    device->tuning->questions[question].chosen = candidate;
    device->tuning->questions[question].source = source;
}

void incline_tuning_log(struct incline_context *ctx, struct incline_device *device)
{
    for (size_t i = 0; i < incline_tuning_count(device); i++) {
        struct incline_tuning_question *question = &device->tuning->questions[i];
        if (question->misfit)
            incline_log(
                ctx, INCLINE_LOG_DEBUG,
                "tuning: the record for %s, %s holds no tile of this version; it is ignored",
                question->op, question->shape);
        question->misfit = false;
    }
}

/* ---- storing ---- */

static void today(char date[16])
{
    time_t now = time(NULL);
    struct tm parts;
    if (!gmtime_r(&now, &parts) || strftime(date, 16, "%Y-%m-%d", &parts) == 0)
        strcpy(date, "-");
}

static enum incline_status put(struct incline_context *ctx, const struct incline_device *device,
                               struct incline_tuning_table *table,
                               const struct incline_tuning_result *result)
{
    const struct incline_tuning_question *question = incline_tuning_get(device, result->question);
    char date[16];
    today(date);
    struct incline_tuning_record record = {
        .key = key_of(device, question->op, question->shape),
        .tile = question->candidates[result->best],
        .second = question->candidates[result->second],
        .has_second = result->second != result->best,
        .us = 1e6 * result->best_seconds,
        .second_us = 1e6 * result->second_seconds,
        .date = date,
    };
    return incline_tuning_table_put(ctx, table, &record);
}

static enum incline_status write_table(struct incline_context *ctx,
                                       const struct incline_cache_folder *folder,
                                       const struct incline_tuning_table *table)
{
    struct incline_text text;
    incline_text_init(&text, ctx);
    incline_tuning_table_write(table, &text);
    enum incline_status status = incline_text_status(&text);
    if (!status)
        status = incline_cache_write(ctx, folder, file_name, incline_text_get(&text), text.length);
    incline_text_finish(&text);
    return status;
}

/* The file is read again: another process may have added to it meanwhile. */
enum incline_status incline_tuning_store(struct incline_context *ctx,
                                         const struct incline_device *device,
                                         const struct incline_tuning_result *results, size_t count)
{
    struct incline_tuning_table table = {0};
    struct incline_cache_folder folder;
    enum incline_status status = INCLINE_ERROR_BUG;
    if (incline_device_cache_is_off())
        return incline_fail(ctx, INCLINE_ERROR_IO, "the cache is switched off (INCLINE_CACHE=off)");
    status = incline_cache_open(ctx, NULL, &folder);
    if (!status)
        status = read_stored(ctx, &folder, &table);
    for (size_t i = 0; !status && i < count; i++)
        status = put(ctx, device, &table, &results[i]);
    if (!status)
        status = write_table(ctx, &folder, &table);
    incline_cache_close(&folder);
    incline_tuning_table_finish(&table);
    return status;
}
