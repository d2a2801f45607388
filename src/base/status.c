/* The context: the first error's text, and the log callback. */
#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT_TEXT_BYTES = 1024, LOG_TEXT_BYTES = 2048, WARNINGS_MAX = 32 };

struct incline_context {
    incline_log_fn log;
    void *cookie;
    bool failed;
    char *long_text;                   /* the error's text when it needs more room than the next */
    char short_text[SHORT_TEXT_BYTES]; /* inside, so that "out of memory" always has room */
    char *warned;                      /* the failure that a warning told of last, or NULL */
    char *warnings[WARNINGS_MAX];
    size_t warning_count;
};

struct incline_context *incline_context_create(incline_log_fn log, void *cookie)
{
    struct incline_context *ctx = calloc(1, sizeof *ctx);
    if (!ctx)
        return NULL;
    ctx->log = log;
    ctx->cookie = cookie;
    return ctx;
}

void incline_context_destroy(struct incline_context **ctx)
{
    if (!ctx || !*ctx)
        return;
    incline_error_clear(*ctx);
    for (size_t i = 0; i < (*ctx)->warning_count; i++)
        free((*ctx)->warnings[i]);
    free((*ctx)->warned);
    free(*ctx);
    *ctx = NULL;
}

const char *incline_error_text(const struct incline_context *ctx)
{
    if (!ctx || !ctx->failed)
        return "";
    return ctx->long_text ? ctx->long_text : ctx->short_text;
}

void incline_error_clear(struct incline_context *ctx)
{
    if (!ctx)
        return;
    free(ctx->long_text);
    ctx->long_text = NULL;
    ctx->short_text[0] = '\0';
    ctx->failed = false;
}

const char *incline_status_name(enum incline_status status)
{
    static const char *const names[] = {
        [INCLINE_OK] = "ok",
        [INCLINE_ERROR_ARGUMENT] = "argument",
        [INCLINE_ERROR_CONFIG] = "config",
        [INCLINE_ERROR_DATA] = "data",
        [INCLINE_ERROR_IO] = "io",
        [INCLINE_ERROR_MEMORY] = "memory",
        [INCLINE_ERROR_DEVICE] = "device",
        [INCLINE_ERROR_BUILD] = "build",
        [INCLINE_ERROR_NUMERIC] = "numeric",
        [INCLINE_ERROR_UNSUPPORTED] = "unsupported",
        [INCLINE_ERROR_INTERRUPTED] = "interrupted",
        [INCLINE_ERROR_BUG] = "bug",
    };
    size_t index = (size_t)status;
    return index < sizeof names / sizeof *names ? names[index] : "unknown";
}

/* Errors quote file content, which must not reach a terminal as control sequences. */
static void remove_controls(char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f)
            *text = '?';
    }
}

/* Formats into short_text, or into fresh room when that is too small; without memory the text is
 * cut, not lost. */
static INCLINE_PRINTF(2, 0) void record(struct incline_context *ctx, const char *format,
                                        va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(ctx->short_text, sizeof ctx->short_text, format, args);
    if (length >= (int)sizeof ctx->short_text) {
        size_t bytes = (size_t)length + 1;
        ctx->long_text = malloc(bytes);
        if (ctx->long_text)
            vsnprintf(ctx->long_text, bytes, format, again);
    }
    va_end(again);
    remove_controls(ctx->long_text ? ctx->long_text : ctx->short_text);
    ctx->failed = true;
}

enum incline_status incline_fail(struct incline_context *ctx, enum incline_status status,
                                 const char *format, ...)
{
    if (!ctx || ctx->failed)
        return status;
    va_list args;
    va_start(args, format);
    record(ctx, format, args);
    va_end(args);
    return status;
}

/* One that finds no memory has at least been said. */
static void keep_warning(struct incline_context *ctx, const char *text)
{
    char *copy = ctx->warning_count < WARNINGS_MAX ? strdup(text) : NULL;
    if (copy)
        ctx->warnings[ctx->warning_count++] = copy;
}

char *incline_warning_take(struct incline_context *ctx)
{
    if (ctx->warning_count == 0)
        return NULL;
    char *text = ctx->warnings[0];
    ctx->warning_count--;
    memmove(ctx->warnings, ctx->warnings + 1, ctx->warning_count * sizeof *ctx->warnings);
    return text;
}

/* A folder that cannot be used fails again and again. */
static bool was_warned(struct incline_context *ctx)
{
    const char *failure = incline_error_text(ctx);
    if (!ctx->failed)
        return false;
    if (ctx->warned && strcmp(ctx->warned, failure) == 0)
        return true;
    free(ctx->warned);
    ctx->warned = strdup(failure);
    return false;
}

void incline_log(struct incline_context *ctx, enum incline_log_level level, const char *format, ...)
{
    if (!ctx || (!ctx->log && level != INCLINE_LOG_WARN))
        return;
    char text[LOG_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (level == INCLINE_LOG_WARN && was_warned(ctx))
        level = INCLINE_LOG_DEBUG;
    if (level == INCLINE_LOG_WARN)
        keep_warning(ctx, text);
    if (ctx->log)
        ctx->log(ctx->cookie, level, text);
}
