/* Preloaded, it lets the OpenCL call that FAULT_CALL names fail with FAULT_CODE: a device that claims
 * more than it holds. */
#define _GNU_SOURCE
#include <CL/cl.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static cl_int fault_of(const char *call)
{
    const char *name = getenv("FAULT_CALL"), *code = getenv("FAULT_CODE");
    return name && code && strcmp(name, call) == 0 ? atoi(code) : CL_SUCCESS;
}

/* ISO C has no way from an object to a function. */
union function {
    void *address;
    cl_mem(CL_API_CALL *create_buffer)(cl_context, cl_mem_flags, size_t, void *, cl_int *);
    cl_int(CL_API_CALL *enqueue)(cl_command_queue, cl_kernel, cl_uint, const size_t *,
                                 const size_t *, const size_t *, cl_uint, const cl_event *,
                                 cl_event *);
};

__attribute__((visibility("default"))) cl_mem CL_API_CALL
clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code)
{
    cl_int fault = fault_of("clCreateBuffer");
    union function real = {dlsym(RTLD_NEXT, "clCreateBuffer")};
    if (fault == CL_SUCCESS)
        return real.create_buffer(context, flags, size, host, code);
    *code = fault;
    return NULL;
}

__attribute__((visibility("default"))) cl_int CL_API_CALL
clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                       const size_t *offset, const size_t *global, const size_t *local,
                       cl_uint waits, const cl_event *wait_list, cl_event *event)
{
    cl_int fault = fault_of("clEnqueueNDRangeKernel");
    union function real = {dlsym(RTLD_NEXT, "clEnqueueNDRangeKernel")};
    if (fault == CL_SUCCESS)
        return real.enqueue(queue, kernel, dimensions, offset, global, local, waits, wait_list,
                            event);
    return fault;
}
