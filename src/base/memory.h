/* Host memory. Every allocation of the library goes through here. */
#ifndef INCLINE_BASE_MEMORY_H
#define INCLINE_BASE_MEMORY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* *out = zeroed room for count elements of size bytes each; fails with MEMORY, also when the
 * product overflows. count 0 gives a unique pointer. Free with incline_free. */
enum incline_status incline_alloc(struct incline_context *ctx, size_t count, size_t size,
                                  void *out) INCLINE_MUST_CHECK;

/* *out = a copy of text. */
enum incline_status incline_strdup(struct incline_context *ctx, const char *text,
                                   char **out) INCLINE_MUST_CHECK;

/* Grows *array, which has room for *capacity elements of size bytes, to hold at least wanted. The
 * new part is zeroed. */
enum incline_status incline_grow(struct incline_context *ctx, void *array, size_t *capacity,
                                 size_t wanted, size_t size) INCLINE_MUST_CHECK;

/* Frees *(T **)pointer and sets it to NULL. */
void incline_free(void *pointer);

/* true when the result does not fit; *out is then undefined. */
static inline bool incline_mul_overflows(size_t a, size_t b, size_t *out)
{
    return __builtin_mul_overflow(a, b, out);
}

static inline bool incline_add_overflows(size_t a, size_t b, size_t *out)
{
    return __builtin_add_overflow(a, b, out);
}

#endif
