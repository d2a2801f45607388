/* Preloaded, it lets the OpenCL call that FAULT_CALL names fail with FAULT_CODE: a device that
 * claims more than it holds. Or it compiles FAULT_FROM in kernels as if it were FAULT_TO, which
 * must not be longer: a compiler that is wrong. */
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
    cl_program(CL_API_CALL *create_program)(cl_context, cl_uint, const char **, const size_t *,
                                            cl_int *);
    cl_mem(CL_API_CALL *create_buffer)(cl_context, cl_mem_flags, size_t, void *, cl_int *);
    cl_int(CL_API_CALL *enqueue)(cl_command_queue, cl_kernel, cl_uint, const size_t *,
                                 const size_t *, const size_t *, cl_uint, const cl_event *,
                                 cl_event *);
};

__attribute__((visibility("default"))) cl_mem CL_API_CALL clCreateBuffer(cl_context context,
                                                                         cl_mem_flags flags,
                                                                         size_t size, void *host,
                                                                         cl_int *code)
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

static void replace(char *text, const char *from, const char *to)
{
    for (char *place = strstr(text, from); place; place = strstr(place + 1, from)) {
        memset(place, ' ', strlen(from));
        memcpy(place, to, strlen(to));
    }
}

__attribute__((visibility("default"))) cl_program CL_API_CALL clCreateProgramWithSource(
    cl_context context, cl_uint count, const char **texts, const size_t *lengths, cl_int *code)
{
    const char *from = getenv("FAULT_FROM"), *to = getenv("FAULT_TO");
    union function real = {dlsym(RTLD_NEXT, "clCreateProgramWithSource")};
    if (!from || !to || strlen(to) > strlen(from) || count != 1 || lengths)
        return real.create_program(context, count, texts, lengths, code);
    char *copy = strdup(texts[0]);
    const char *text = copy;
    replace(copy, from, to);
    cl_program program = real.create_program(context, 1, &text, NULL, code);
    free(copy);
    return program;
}
