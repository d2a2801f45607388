/* Runs a kernel that writes one element past the end of its buffer ("bounds"), whose work-items
 * race for one element ("race"), or that reads local memory nobody wrote ("uninitialized"). A
 * kernel checker has to object; the program itself exits with 0. "none" runs it without a fault. */
#include <CL/cl.h>
#include <stdio.h>
#include <string.h>

enum { COUNT = 16 };

static const char source[] = "kernel void faulty(global int *x, local int *scratch, int fault)\n"
                             "{\n"
                             "    int i = (int)get_global_id(0);\n"
                             "    if (fault == 1) i++;\n"
                             "    x[fault == 2 ? 0 : i] = fault == 3 ? scratch[i] + 1 : i;\n"
                             "}\n";

static cl_int run(cl_device_id device, cl_int fault)
{
    cl_int code;
    const char *text = source;
    const size_t global = COUNT;
    cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &code);
    if (code != CL_SUCCESS)
        return code;
    cl_command_queue queue = clCreateCommandQueue(context, device, 0, &code);
    cl_mem x = clCreateBuffer(context, CL_MEM_READ_WRITE, COUNT * sizeof(cl_int), NULL, &code);
    cl_program program = clCreateProgramWithSource(context, 1, &text, NULL, &code);
    clBuildProgram(program, 1, &device, "-cl-std=CL1.2", NULL, NULL);
    cl_kernel kernel = clCreateKernel(program, "faulty", &code);
    clSetKernelArg(kernel, 0, sizeof x, &x);
    clSetKernelArg(kernel, 1, COUNT * sizeof(cl_int), NULL);
    clSetKernelArg(kernel, 2, sizeof fault, &fault);
    code = clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &global, 0, NULL, NULL);
    if (code == CL_SUCCESS)
        code = clFinish(queue);
    clReleaseKernel(kernel);
    clReleaseProgram(program);
    clReleaseMemObject(x);
    clReleaseCommandQueue(queue);
    clReleaseContext(context);
    return code;
}

int main(int argc, char **argv)
{
    static const char *const faults[] = {"none", "bounds", "race", "uninitialized"};
    cl_platform_id platform;
    cl_device_id device;
    cl_int fault = 0;
    while (argc == 2 && fault < 4 && strcmp(argv[1], faults[fault]) != 0)
        fault++;
    if (argc != 2 || fault == 4) {
        fprintf(stderr, "usage: faulty_kernel none|bounds|race|uninitialized\n");
        return 2;
    }
    if (clGetPlatformIDs(1, &platform, NULL) != CL_SUCCESS ||
        clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL) != CL_SUCCESS)
        return 3;
    return run(device, fault) == CL_SUCCESS ? 0 : 1;
}
