/* Raising errors and writing to the log: the inner side of incline/status.h. */
#ifndef INCLINE_BASE_ERROR_H
#define INCLINE_BASE_ERROR_H

#include "incline/status.h"

#include <stdarg.h>

/* Records the text (unless an earlier failure is still recorded: the first one wins) and returns
 * status, so that a failing step reads `return incline_fail(ctx, ...)`. The text says what, where
 * and, when known, what to do next; no final newline; several lines are allowed. Control
 * characters in it become '?'. */
enum incline_status incline_fail(struct incline_context *ctx, enum incline_status status,
                                 const char *format, ...) INCLINE_PRINTF(3, 4);

/* For public entry points: returns ARGUMENT from the calling function unless condition holds. */
#define INCLINE_REQUIRE(ctx, condition)                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return incline_fail(ctx, INCLINE_ERROR_ARGUMENT, "%s: needs %s", __func__,             \
                                #condition);                                                       \
    } while (0)

/* Gives the text to the caller's log; the context also keeps warnings, the first 32 of them, until
 * they are taken. A warning while a failure is recorded tells of that; when the one before told of
 * the same failure, it goes to the log at DEBUG only. */
void incline_log(struct incline_context *ctx, enum incline_log_level level, const char *format, ...)
    INCLINE_PRINTF(3, 4);

/* The oldest warning that was not taken yet, to be freed with incline_text_free(); NULL: none. */
char *incline_warning_take(struct incline_context *ctx);

#endif
