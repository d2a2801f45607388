#include "check/guarded.h"

#include "base/memory.h"

#include <string.h>

enum { GUARD_BYTES_MIN = 4096 };

/* A quiet NaN that tells the name. */
static uint32_t pattern_of(const char *name)
{
    uint32_t mixed = 0;
    for (; *name; name++)
        mixed = mixed * 31 + (unsigned char)*name;
    return 0x7fc00000u | (mixed & 0x3fffffu);
}

static unsigned char pattern_byte(const struct incline_guarded *guarded, size_t at)
{
    return (unsigned char)(guarded->pattern >> 8 * (at % sizeof guarded->pattern));
}

enum incline_status incline_guarded_create(struct incline_context *ctx,
                                           struct incline_device *device, const char *name,
                                           size_t bytes, struct incline_guarded *out)
{
    size_t align = incline_device_align(device), guard = align;
    while (guard < GUARD_BYTES_MIN)
        guard += align;
    *out = (struct incline_guarded){.name = name, .guard = guard, .pattern = pattern_of(name)};
    enum incline_status status =
        incline_buffer_create(ctx, device, name, bytes + 2 * guard, &out->whole);
    if (status)
        return status;
    return incline_buffer_part(ctx, out->whole, guard, bytes, &out->part);
}

void incline_guarded_destroy(struct incline_guarded *guarded)
{
    incline_buffer_destroy(&guarded->part);
    incline_buffer_destroy(&guarded->whole);
}

/* In one write of everything: for oclgrind, a second one makes what is beside it uninitialised. */
enum incline_status incline_guarded_reset(struct incline_context *ctx,
                                          struct incline_guarded *guarded, const void *bytes,
                                          size_t length)
{
    size_t whole = incline_buffer_bytes(guarded->whole);
    unsigned char *contents = NULL;
    enum incline_status status = incline_alloc(ctx, whole, 1, &contents);
    if (status)
        return status;
    for (size_t i = 0; i < whole; i++)
        contents[i] = pattern_byte(guarded, i);
    if (bytes)
        memcpy(contents + guarded->guard, bytes, length);
    status = incline_buffer_write(ctx, guarded->whole, 0, contents, whole);
    incline_free(&contents);
    return status;
}

enum incline_status incline_guarded_check(struct incline_context *ctx,
                                          struct incline_guarded *guarded, bool *intact)
{
    size_t behind = guarded->guard + incline_buffer_bytes(guarded->part);
    unsigned char *guard = NULL;
    enum incline_status status = incline_alloc(ctx, 2 * guarded->guard, 1, &guard);
    if (status)
        return status;
    status = incline_buffer_read(ctx, guarded->whole, 0, guard, guarded->guard);
    if (!status)
        status = incline_buffer_read(ctx, guarded->whole, behind, guard + guarded->guard,
                                     guarded->guard);
    *intact = true;
    for (size_t i = 0; !status && i < guarded->guard; i++)
        *intact = *intact && guard[i] == pattern_byte(guarded, i) &&
                  guard[guarded->guard + i] == pattern_byte(guarded, behind + i);
    incline_free(&guard);
    return status;
}

enum incline_status incline_guarded_tensor(struct incline_context *ctx,
                                           struct incline_guarded *guarded,
                                           struct incline_plan *plan, struct incline_tensor **out)
{
    return incline_plan_external(ctx, plan, guarded->name, guarded->part, out);
}

size_t incline_packed_elems(int images, size_t elems)
{
    return (size_t)(images + INCLINE_NB - 1) / INCLINE_NB * INCLINE_NB * elems;
}

static size_t packed_place(size_t image, size_t elem, size_t elems)
{
    return (image / INCLINE_NB * elems + elem) * INCLINE_NB + image % INCLINE_NB;
}

void incline_pack(const double *values, int images, size_t elems, float *packed)
{
    memset(packed, 0, incline_packed_elems(images, elems) * sizeof *packed);
    for (size_t n = 0; n < (size_t)images; n++)
        for (size_t e = 0; e < elems; e++)
            packed[packed_place(n, e, elems)] = (float)values[n * elems + e];
}

void incline_unpack(const float *packed, int images, size_t elems, double *values)
{
    for (size_t n = 0; n < (size_t)images; n++)
        for (size_t e = 0; e < elems; e++)
            values[n * elems + e] = (double)packed[packed_place(n, e, elems)];
}
