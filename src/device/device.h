/* An open device: context, one in-order queue, buffers and programs. The only room that includes
 * CL/cl.h; the rooms above see the opaque types below, and src/gemm also handles.h. */
#ifndef INCLINE_DEVICE_DEVICE_H
#define INCLINE_DEVICE_DEVICE_H

#include "base/error.h"
#include "incline/device.h"

#include <stdbool.h>
#include <stddef.h>

struct incline_buffer; /* device memory, or a part of another buffer */

/* Images that lie side by side, innermost, in every activation: [N/NB][H][W][C][NB]. */
enum { INCLINE_NB = 16 };

/* Images per work-item: 16, 8 or 4 on CPUs, 1 on GPUs. INCLINE_LANES in the environment overrides;
 * another value than these is refused when the device is opened. */
int incline_device_lanes(const struct incline_device *device);

/* Launches of plans enqueued for the first time from now on that would last longer are cut to
 * pieces, down to a work-group each; 0: none are. At first 0 on CPUs and 0.1 elsewhere. See
 * enqueue.c. */
void incline_device_limit_launches(struct incline_device *device, double seconds);

/* Whether the items of a work-group share the phases of a kernel, through at most
 * INCLINE_SCRATCH_BYTES of local memory; see cl/phases.h. Otherwise its groups have one item. */
enum { INCLINE_SCRATCH_BYTES = 16 << 10 };
bool incline_device_shares_phases(const struct incline_device *device);

/* Drops the programs built so far, so that the next plan builds its own; plans keep theirs. */
void incline_device_forget_programs(struct incline_device *device);

/* Bytes to which the start of a sub-buffer must be aligned. */
size_t incline_device_align(const struct incline_device *device);

/* Creates a buffer of `bytes` (>= 1), uninitialised. Fails with DEVICE, naming `what`, the size and
 * the room left, before asking the driver where the limit is known. */
enum incline_status incline_buffer_create(struct incline_context *ctx,
                                          struct incline_device *device, const char *what,
                                          size_t bytes,
                                          struct incline_buffer **out) INCLINE_MUST_CHECK;

/* A window of parent; offset must be a multiple of incline_device_align(). parent must outlive it.
 */
enum incline_status incline_buffer_part(struct incline_context *ctx, struct incline_buffer *parent,
                                        size_t offset, size_t bytes,
                                        struct incline_buffer **out) INCLINE_MUST_CHECK;
void incline_buffer_destroy(struct incline_buffer **buffer);
size_t incline_buffer_bytes(const struct incline_buffer *buffer);

/* Blocking copies; in queue order. */
enum incline_status incline_buffer_write(struct incline_context *ctx, struct incline_buffer *buffer,
                                         size_t offset, const void *bytes,
                                         size_t length) INCLINE_MUST_CHECK;
enum incline_status incline_buffer_read(struct incline_context *ctx, struct incline_buffer *buffer,
                                        size_t offset, void *bytes,
                                        size_t length) INCLINE_MUST_CHECK;

/* Queues a write and returns; bytes must stay untouched until the queue has passed it. */
enum incline_status incline_buffer_write_async(struct incline_context *ctx,
                                               struct incline_buffer *buffer, size_t offset,
                                               const void *bytes, size_t length) INCLINE_MUST_CHECK;

/* Fills the buffer with a byte pattern; queued. */
enum incline_status incline_buffer_fill(struct incline_context *ctx, struct incline_buffer *buffer,
                                        unsigned char value) INCLINE_MUST_CHECK;

enum incline_status incline_device_flush(struct incline_context *ctx,
                                         struct incline_device *device) INCLINE_MUST_CHECK;
enum incline_status incline_device_wait(struct incline_context *ctx,
                                        struct incline_device *device) INCLINE_MUST_CHECK;

/* Marks a point in the queue that the host can wait for without draining what follows. */
struct incline_fence;
enum incline_status incline_fence_put(struct incline_context *ctx, struct incline_device *device,
                                      struct incline_fence **out) INCLINE_MUST_CHECK;
/* Waits for the point, then frees the fence and sets it to NULL; NULL is fine. */
enum incline_status incline_fence_wait(struct incline_context *ctx,
                                       struct incline_fence **fence) INCLINE_MUST_CHECK;

#endif
