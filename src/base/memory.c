/* Host memory. */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Callers pass the address of a pointer of any type as void *. C does not promise that writing it
 * through a void ** is allowed, so its bytes are copied. */
static void *load_pointer(const void *place)
{
    void *pointer;
    memcpy(&pointer, place, sizeof pointer);
    return pointer;
}

static void store_pointer(void *place, void *pointer)
{
    memcpy(place, &pointer, sizeof pointer);
}

static enum incline_status out_of_memory(struct incline_context *ctx, size_t count, size_t size)
{
    return incline_fail(ctx, INCLINE_ERROR_MEMORY, "out of memory (%zu x %zu bytes wanted)", count,
                        size);
}

enum incline_status incline_alloc(struct incline_context *ctx, size_t count, size_t size, void *out)
{
    size_t bytes;
    void *room = NULL;
    if (!incline_mul_overflows(count, size, &bytes))
        room = calloc(bytes ? bytes : 1, 1);
    store_pointer(out, room);
    return room ? INCLINE_OK : out_of_memory(ctx, count, size);
}

enum incline_status incline_strdup(struct incline_context *ctx, const char *text, char **out)
{
    size_t bytes = strlen(text) + 1;
    enum incline_status status = incline_alloc(ctx, bytes, 1, out);
    if (!status)
        memcpy(*out, text, bytes);
    return status;
}

/* Twice the old capacity at least, so that growing one by one costs linear time. */
static size_t next_capacity(size_t capacity, size_t wanted)
{
    size_t doubled;
    if (incline_mul_overflows(capacity, 2, &doubled) || doubled < wanted)
        return wanted;
    return doubled;
}

enum incline_status incline_grow(struct incline_context *ctx, void *array, size_t *capacity,
                                 size_t wanted, size_t size)
{
    if (wanted <= *capacity)
        return INCLINE_OK;
    size_t count = next_capacity(*capacity, wanted);
    size_t bytes;
    if (incline_mul_overflows(count, size, &bytes))
        return out_of_memory(ctx, count, size);
    char *room = realloc(load_pointer(array), bytes);
    if (!room)
        return out_of_memory(ctx, count, size);
    memset(room + *capacity * size, 0, bytes - *capacity * size);
    store_pointer(array, room);
    *capacity = count;
    return INCLINE_OK;
}

void incline_free(void *pointer)
{
    free(load_pointer(pointer));
    store_pointer(pointer, NULL);
}

void incline_text_free(char **text)
{
    if (text)
        incline_free(text);
}

void incline_names_free(char ***names, size_t count)
{
    if (!names || !*names)
        return;
    for (size_t i = 0; i < count; i++)
        incline_free(&(*names)[i]);
    incline_free(names);
}
