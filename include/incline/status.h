/* Status codes, the context that carries error text, and the log callback.
 *
 * Every call that can fail takes a context first and returns a status, which must be checked. The
 * text of the first failure stays in the context until incline_error_clear(). The library never
 * prints and never exits. */
#ifndef INCLINE_STATUS_H
#define INCLINE_STATUS_H

#include <stddef.h>

#if defined(__GNUC__)
#define INCLINE_API __attribute__((visibility("default")))
#define INCLINE_MUST_CHECK __attribute__((warn_unused_result))
#define INCLINE_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define INCLINE_API
#define INCLINE_MUST_CHECK
#define INCLINE_PRINTF(text, first)
#endif

enum incline_status {
    INCLINE_OK = 0,
    INCLINE_ERROR_ARGUMENT, /* the caller passed something unusable */
    INCLINE_ERROR_CONFIG,   /* the configuration is wrong, or does not fit its model */
    INCLINE_ERROR_DATA,     /* a data, weights or image file is missing, damaged or mismatched */
    INCLINE_ERROR_IO,       /* the system refused a file operation (permission, full disk, ...) */
    INCLINE_ERROR_MEMORY,   /* host memory ran out */
    INCLINE_ERROR_DEVICE,   /* no usable device, an OpenCL call failed, device memory ran out */
    INCLINE_ERROR_BUILD,    /* the device's compiler refused a kernel */
    INCLINE_ERROR_NUMERIC,  /* training diverged: a loss is NaN or infinite */
    INCLINE_ERROR_UNSUPPORTED, /* valid, but this build cannot do it */
    INCLINE_ERROR_INTERRUPTED, /* stopped by the caller's request */
    INCLINE_ERROR_BUG          /* an internal promise was broken: please report */
};

enum incline_log_level { INCLINE_LOG_ERROR, INCLINE_LOG_WARN, INCLINE_LOG_INFO, INCLINE_LOG_DEBUG };

/* One message, without a final newline. text is valid during the call only. */
typedef void (*incline_log_fn)(void *cookie, enum incline_log_level level, const char *text);

struct incline_context;

/* Creates a context; log may be NULL (silence). Returns NULL when memory runs out.
 * Two contexts share nothing: each may be used by one thread at a time. */
INCLINE_API struct incline_context *incline_context_create(incline_log_fn log, void *cookie);

/* Frees *ctx and sets it to NULL; NULL is accepted. */
INCLINE_API void incline_context_destroy(struct incline_context **ctx);

/* The text of the first failure since the last clear, "" when there is none. Owned by ctx. */
INCLINE_API const char *incline_error_text(const struct incline_context *ctx);

INCLINE_API void incline_error_clear(struct incline_context *ctx);

/* Free text, or `count` texts and their list, that the library allocated for the caller, and set
 * what is pointed at to NULL. NULL is accepted. */
INCLINE_API void incline_text_free(char **text);
INCLINE_API void incline_names_free(char ***names, size_t count);

/* A fixed lower-case name: "ok", "argument", "config", ... */
INCLINE_API const char *incline_status_name(enum incline_status status);

#endif
