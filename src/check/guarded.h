/* Device memory between guards: 4 KiB or more on either side that hold a pattern. The pattern is
 * also what the memory holds before a run, and reads as NaN, so that elements that are left out,
 * read beside or written beside are found. It differs by name: NaN read beside one tensor and
 * passed on beside another shows as well. */
#ifndef INCLINE_CHECK_GUARDED_H
#define INCLINE_CHECK_GUARDED_H

#include "device/plan.h"

#include <stdint.h>

struct incline_guarded {
    struct incline_buffer *whole, *part; /* part: between the guards */
    const char *name;                    /* borrowed */
    size_t guard;                        /* bytes of each */
    uint32_t pattern;                    /* a NaN */
};

enum incline_status incline_guarded_create(struct incline_context *ctx,
                                           struct incline_device *device, const char *name,
                                           size_t bytes,
                                           struct incline_guarded *out) INCLINE_MUST_CHECK;
/* Zeroed ones are fine. */
void incline_guarded_destroy(struct incline_guarded *guarded);

/* Fills everything with the pattern, then writes bytes (NULL: nothing) at the start. */
enum incline_status incline_guarded_reset(struct incline_context *ctx,
                                          struct incline_guarded *guarded, const void *bytes,
                                          size_t length) INCLINE_MUST_CHECK;

/* *intact = false when a guard has changed. */
enum incline_status incline_guarded_check(struct incline_context *ctx,
                                          struct incline_guarded *guarded,
                                          bool *intact) INCLINE_MUST_CHECK;

/* A tensor of the plan that lies in the buffer. */
enum incline_status incline_guarded_tensor(struct incline_context *ctx,
                                           struct incline_guarded *guarded,
                                           struct incline_plan *plan,
                                           struct incline_tensor **out) INCLINE_MUST_CHECK;

/* Activations: [n][elems] to [n / NB][elems][NB] and back; images past the last are 0. packed has
 * room for whole blocks. */
void incline_pack(const double *values, int images, size_t elems, float *packed);
void incline_unpack(const float *packed, int images, size_t elems, double *values);
/* Floats that `images` images take when packed. */
size_t incline_packed_elems(int images, size_t elems);

#endif
