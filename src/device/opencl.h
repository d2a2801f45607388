/* What the files of this room share: the OpenCL handles behind the opaque types. */
#ifndef INCLINE_DEVICE_OPENCL_H
#define INCLINE_DEVICE_OPENCL_H

#include <CL/cl.h>
#include <CL/cl_ext.h>

#include "base/hash.h"
#include "base/text.h"
#include "device/device.h"

struct incline_program {
    char *key; /* source name and defines */
    cl_program handle;
};

struct incline_device {
    cl_device_id id;
    cl_context context;
    cl_command_queue queue;
    struct incline_device_info info;
    struct incline_device_counters counters;
    int lanes;
    bool own_builtins; /* kernels declare OpenCL C's functions themselves, see cl/builtins.h */
    size_t align;
    size_t most_items[3];  /* of a work-group along each dimension */
    double launch_seconds; /* launches above this are enqueued in pieces; 0: as they are */
    size_t buffer_bytes;   /* in live buffers */
    struct incline_program *programs;
    size_t program_count, program_capacity;
    struct incline_tuning *tuning; /* see tuning.h */
    bool cache_failed;             /* the cache folder could not be used, which has been said */
    cl_event *events; /* while a step is profiled: where the next launch's event goes */
};

struct incline_buffer {
    struct incline_device *device;
    cl_mem handle;
    size_t bytes;
    bool is_part;
};

/* "CL_OUT_OF_RESOURCES" or "OpenCL error -1234". */
const char *incline_cl_error_name(cl_int code);

/* What to do about it, to be put behind a text; "": nothing in particular. */
const char *incline_cl_error_advice(cl_int code);

/* Raises DEVICE: `call: CODE on device NAME: what`, with advice. */
enum incline_status incline_cl_fail(struct incline_context *ctx,
                                    const struct incline_device *device, cl_int code,
                                    const char *call, const char *what);

/* Reads what was measured for the device, with nothing asked yet; device->tuning stays NULL when
 * memory is short. Freed with incline_tuning_close(). */
void incline_tuning_open(struct incline_context *ctx, struct incline_device *device);
void incline_tuning_close(struct incline_device *device);

/* A hash of all kernel sources as they would be built now. */
enum incline_status incline_kernels_hash(struct incline_context *ctx,
                                         char text[INCLINE_HASH_TEXT]) INCLINE_MUST_CHECK;

/* Adds the options that a kernel file is built with; defines may be NULL. */
void incline_program_add_options(const struct incline_device *device, const char *defines,
                                 struct incline_text *out);

/* The program of a kernel file with these defines, built on first use and kept by the device.
 * A failed build raises BUILD with the compiler's words. */
enum incline_status incline_program_get(struct incline_context *ctx, struct incline_device *device,
                                        const char *source, const char *defines,
                                        cl_program *out) INCLINE_MUST_CHECK;

#endif
