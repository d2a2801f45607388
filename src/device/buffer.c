/* Device memory, copies and fences. */
#include "base/memory.h"
#include "device/handles.h"
#include "device/opencl.h"

struct incline_fence {
    struct incline_device *device;
    cl_event event;
};

static double mebibytes(double bytes)
{
    return bytes / (1024.0 * 1024.0);
}

/* Drivers overcommit, abort or fail at a later launch when memory is short, so the limits they
 * state are checked before they are asked. */
static enum incline_status check_room(struct incline_context *ctx,
                                      const struct incline_device *device, const char *what,
                                      size_t bytes)
{
    const struct incline_device_info *info = &device->info;
    if (bytes > info->max_alloc_bytes)
        return incline_fail(ctx, INCLINE_ERROR_DEVICE,
                            "%s needs %.1f MiB in one buffer; device %s allows %.1f MiB: use a "
                            "smaller batch (-b), fewer images or another device",
                            what, mebibytes((double)bytes), info->name,
                            mebibytes((double)info->max_alloc_bytes));
    if (device->buffer_bytes + bytes > info->memory_bytes)
        return incline_fail(ctx, INCLINE_ERROR_DEVICE,
                            "%s needs %.1f MiB; device %s has %.1f of %.1f MiB left: use a smaller "
                            "batch (-b), fewer images or another device",
                            what, mebibytes((double)bytes), info->name,
                            mebibytes((double)(info->memory_bytes - device->buffer_bytes)),
                            mebibytes((double)info->memory_bytes));
    return INCLINE_OK;
}

enum incline_status incline_buffer_create(struct incline_context *ctx,
                                          struct incline_device *device, const char *what,
                                          size_t bytes, struct incline_buffer **out)
{
    struct incline_buffer *buffer = NULL;
    cl_int code;
    enum incline_status status = check_room(ctx, device, what, bytes);
    if (status)
        return status;
    status = incline_alloc(ctx, 1, sizeof *buffer, &buffer);
    if (status)
        return status;
    buffer->device = device;
    buffer->handle = clCreateBuffer(device->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    if (code != CL_SUCCESS) {
        incline_free(&buffer);
        return incline_cl_fail(ctx, device, code, "clCreateBuffer", what);
    }
    buffer->bytes = bytes;
    device->buffer_bytes += bytes;
    device->counters.allocations++;
    *out = buffer;
    return INCLINE_OK;
}

enum incline_status incline_buffer_part(struct incline_context *ctx, struct incline_buffer *parent,
                                        size_t offset, size_t bytes, struct incline_buffer **out)
{
    struct incline_buffer *buffer = NULL;
    cl_buffer_region region = {offset, bytes};
    cl_int code;
    enum incline_status status = incline_alloc(ctx, 1, sizeof *buffer, &buffer);
    if (status)
        return status;
    buffer->device = parent->device;
    buffer->handle = clCreateSubBuffer(parent->handle, CL_MEM_READ_WRITE,
                                       CL_BUFFER_CREATE_TYPE_REGION, &region, &code);
    if (code != CL_SUCCESS) {
        incline_free(&buffer);
        return incline_cl_fail(ctx, parent->device, code, "clCreateSubBuffer", "dividing memory");
    }
    buffer->bytes = bytes;
    buffer->is_part = true;
    *out = buffer;
    return INCLINE_OK;
}

void incline_buffer_destroy(struct incline_buffer **buffer)
{
    if (!*buffer)
        return;
    clReleaseMemObject((*buffer)->handle);
    if (!(*buffer)->is_part)
        (*buffer)->device->buffer_bytes -= (*buffer)->bytes;
    incline_free(buffer);
}

size_t incline_buffer_bytes(const struct incline_buffer *buffer)
{
    return buffer->bytes;
}

static enum incline_status write_bytes(struct incline_context *ctx, struct incline_buffer *buffer,
                                       size_t offset, const void *bytes, size_t length,
                                       cl_bool blocking)
{
    cl_int code = clEnqueueWriteBuffer(buffer->device->queue, buffer->handle, blocking, offset,
                                       length, bytes, 0, NULL, NULL);
    if (code != CL_SUCCESS)
        return incline_cl_fail(ctx, buffer->device, code, "clEnqueueWriteBuffer",
                               "copying to the device");
    buffer->device->counters.blocking_calls += blocking;
    return INCLINE_OK;
}

enum incline_status incline_buffer_write(struct incline_context *ctx, struct incline_buffer *buffer,
                                         size_t offset, const void *bytes, size_t length)
{
    return write_bytes(ctx, buffer, offset, bytes, length, CL_TRUE);
}

enum incline_status incline_buffer_write_async(struct incline_context *ctx,
                                               struct incline_buffer *buffer, size_t offset,
                                               const void *bytes, size_t length)
{
    return write_bytes(ctx, buffer, offset, bytes, length, CL_FALSE);
}

enum incline_status incline_buffer_read(struct incline_context *ctx, struct incline_buffer *buffer,
                                        size_t offset, void *bytes, size_t length)
{
    struct incline_device *device = buffer->device;
    cl_int code = clEnqueueReadBuffer(device->queue, buffer->handle, CL_TRUE, offset, length, bytes,
                                      0, NULL, NULL);
    if (code != CL_SUCCESS)
        return incline_cl_fail(ctx, device, code, "clEnqueueReadBuffer", "copying from the device");
    device->counters.blocking_calls++;
    return INCLINE_OK;
}

enum incline_status incline_buffer_fill(struct incline_context *ctx, struct incline_buffer *buffer,
                                        unsigned char value)
{
    cl_int code = clEnqueueFillBuffer(buffer->device->queue, buffer->handle, &value, 1, 0,
                                      buffer->bytes, 0, NULL, NULL);
    if (code != CL_SUCCESS)
        return incline_cl_fail(ctx, buffer->device, code, "clEnqueueFillBuffer", "clearing memory");
    return INCLINE_OK;
}

enum incline_status incline_device_flush(struct incline_context *ctx, struct incline_device *device)
{
    cl_int code = clFlush(device->queue);
    if (code != CL_SUCCESS)
        return incline_cl_fail(ctx, device, code, "clFlush", "submitting work");
    return INCLINE_OK;
}

enum incline_status incline_device_wait(struct incline_context *ctx, struct incline_device *device)
{
    cl_int code = clFinish(device->queue);
    if (code != CL_SUCCESS)
        return incline_cl_fail(ctx, device, code, "clFinish", "waiting for the device");
    device->counters.blocking_calls++;
    return INCLINE_OK;
}

enum incline_status incline_fence_put(struct incline_context *ctx, struct incline_device *device,
                                      struct incline_fence **out)
{
    struct incline_fence *fence = NULL;
    enum incline_status status = incline_alloc(ctx, 1, sizeof *fence, &fence);
    if (status)
        return status;
    fence->device = device;
    cl_int code = clEnqueueMarkerWithWaitList(device->queue, 0, NULL, &fence->event);
    if (code != CL_SUCCESS) {
        incline_free(&fence);
        return incline_cl_fail(ctx, device, code, "clEnqueueMarkerWithWaitList",
                               "marking a point in the queue");
    }
    *out = fence;
    return INCLINE_OK;
}

enum incline_status incline_fence_wait(struct incline_context *ctx, struct incline_fence **fence)
{
    if (!*fence)
        return INCLINE_OK;
    struct incline_device *device = (*fence)->device;
    cl_int code = clWaitForEvents(1, &(*fence)->event);
    clReleaseEvent((*fence)->event);
    incline_free(fence);
    device->counters.window_waits++;
    if (code != CL_SUCCESS)
        return incline_cl_fail(ctx, device, code, "clWaitForEvents", "waiting for the device");
    return INCLINE_OK;
}

cl_mem incline_buffer_handle(const struct incline_buffer *buffer)
{
    return buffer->handle;
}

cl_command_queue incline_device_queue(const struct incline_device *device)
{
    return device->queue;
}
