/* incline_check_once(): what has passed is remembered in a file of the cache folder, a line each:
 *   <key, 32 hexadecimal digits> <version> <device> / <network>
 * Only the key counts; the rest is for people. It is a hash of everything that decides what runs;
 * see check_key.c. */
#include "base/cache_folder.h"
#include "base/memory.h"
#include "check/checker.h"
#include "device/cache.h"
#include "incline/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char file_name[] = "checks";
enum { FILE_BYTES_MAX = 1 << 18, LINES_MAX = 500, KEY_DIGITS = INCLINE_HASH_TEXT - 1 };

/* ---- The file ---- */

/* A line whose first word is a key; what was damaged is none. */
static bool is_record(const char *line, size_t length)
{
    return length > KEY_DIGITS + 1 && line[KEY_DIGITS] == ' ' &&
           strspn(line, "0123456789abcdef") == KEY_DIGITS;
}

static bool holds(const char *text, const char *key)
{
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (is_record(line, strcspn(line, "\n")) && strncmp(line, key, KEY_DIGITS) == 0)
            return true;
    return false;
}

/* The newest records of text, which are its last. */
static void keep_newest(const char *text, struct incline_text *out)
{
    size_t records = 0;
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
        records += is_record(line, strcspn(line, "\n"));
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        size_t length = strcspn(line, "\n");
        if (is_record(line, length) && records-- < LINES_MAX)
            incline_text_add(out, "%.*s\n", (int)length, line);
    }
}

static enum incline_status read_file(struct incline_context *ctx,
                                     const struct incline_cache_folder *folder, char **text)
{
    size_t length;
    enum incline_status status =
        incline_cache_read(ctx, folder, file_name, FILE_BYTES_MAX, text, &length);
    if (status || *text)
        return status;
    return incline_strdup(ctx, "", text);
}

static enum incline_status look_up(struct incline_context *ctx, const char *key, bool *found)
{
    struct incline_cache_folder folder;
    char *text = NULL;
    enum incline_status status = incline_cache_open(ctx, NULL, &folder);
    if (!status)
        status = read_file(ctx, &folder, &text);
    *found = !status && holds(text, key);
    incline_free(&text);
    incline_cache_close(&folder);
    return status;
}

/* One record, without control characters, which the file's form depends on. */
static void add_record(struct incline_text *out, const char *key,
                       const struct incline_device *device, const struct incline_config *config)
{
    size_t start = out->length;
    incline_text_add(out, "%s %s %s / %.80s", key, incline_version(),
                     incline_device_get_info(device)->name, config->model.name);
    for (size_t i = start; i < out->length; i++)
        if ((unsigned char)out->bytes[i] < ' ')
            out->bytes[i] = ' ';
    incline_text_add(out, "\n");
}

static enum incline_status remember(struct incline_context *ctx, const char *key,
                                    const struct incline_device *device,
                                    const struct incline_config *config)
{
    struct incline_cache_folder folder;
    struct incline_text out;
    char *text = NULL;
    incline_text_init(&out, ctx);
    enum incline_status status = incline_cache_open(ctx, NULL, &folder);
    if (!status)
        status = read_file(ctx, &folder, &text);
    if (status)
        goto out;
    keep_newest(text, &out);
    add_record(&out, key, device, config);
    status = incline_text_status(&out);
    if (!status)
        status = incline_cache_write(ctx, &folder, file_name, incline_text_get(&out), out.length);
out:
    incline_free(&text);
    incline_text_finish(&out);
    incline_cache_close(&folder);
    return status;
}

/* A cache that cannot be used costs time, nothing else. */
static enum incline_status forgive(struct incline_context *ctx, enum incline_status status,
                                   const char *what)
{
    if (status != INCLINE_ERROR_IO)
        return status;
    incline_log(ctx, INCLINE_LOG_WARN, "%s (%s)", incline_error_text(ctx), what);
    incline_error_clear(ctx);
    return INCLINE_OK;
}

enum incline_status incline_check_once(struct incline_context *ctx, struct incline_device *device,
                                       const struct incline_config *config,
                                       const struct incline_check_options *options,
                                       struct incline_check_result *out, bool *before)
{
    INCLINE_REQUIRE(ctx,
                    ctx && device && config && options && options->batch >= 0 && out && before);
    const char *own_kernels = getenv("INCLINE_KERNEL_DIR");
    bool remembers = (!own_kernels || !*own_kernels) && !incline_device_cache_is_off();
    char key[INCLINE_HASH_TEXT];
    *out = (struct incline_check_result){0};
    *before = false;
    enum incline_status status = incline_check_key(ctx, device, config, options, key);
    if (status)
        return status;
    if (remembers) {
        status = look_up(ctx, key, before);
        remembers = status == INCLINE_OK;
        status = forgive(ctx, status, "the device is checked without it");
    }
    if (status || *before)
        return status;
    status = incline_check(ctx, device, config, options, out);
    if (status || out->failed > 0 || !remembers)
        return status;
    return forgive(ctx, remember(ctx, key, device, config), "the check will be made again");
}
