/* An OpenCL driver with one GPU that can be listed and not be opened. FAKE_NAME and FAKE_SUFFIX are
 * its platform's; FAKE_TELLS says which query tells that the GPU is on PCI bus FAKE_BUS. */
#include <CL/cl.h>
#include <CL/cl_ext.h>
#include <CL/cl_icd.h>

#include <string.h>

enum { NOTHING, AMD, NVIDIA, KHRONOS };

static const char *const extensions[] = {"", "cl_amd_device_attribute_query",
                                         "cl_nv_device_attribute_query", "cl_khr_pci_bus_info"};

static cl_int give(const void *value, size_t bytes, size_t room, void *out, size_t *needed)
{
    if (needed)
        *needed = bytes;
    if (out && room < bytes)
        return CL_INVALID_VALUE;
    if (out)
        memcpy(out, value, bytes);
    return CL_SUCCESS;
}

static cl_int give_text(const char *text, size_t room, void *out, size_t *needed)
{
    return give(text, strlen(text) + 1, room, out, needed);
}

static cl_int give_number(cl_uint number, size_t room, void *out, size_t *needed)
{
    return give(&number, sizeof number, room, out, needed);
}

static cl_int CL_API_CALL platform_info(cl_platform_id platform, cl_platform_info what, size_t room,
                                        void *out, size_t *needed)
{
    (void)platform;
    switch (what) {
    case CL_PLATFORM_NAME:
        return give_text(FAKE_NAME, room, out, needed);
    case CL_PLATFORM_VERSION:
        return give_text("OpenCL 3.0 fake", room, out, needed);
    case CL_PLATFORM_EXTENSIONS:
        return give_text("cl_khr_icd", room, out, needed);
    case CL_PLATFORM_ICD_SUFFIX_KHR:
        return give_text(FAKE_SUFFIX, room, out, needed);
    default:
        return CL_INVALID_VALUE;
    }
}

/* NVIDIA's slot is device * 8 + function; AMD's bytes end in bus, device, function. */
static cl_int tell_bus(cl_device_info what, size_t room, void *out, size_t *needed)
{
    const cl_uint khronos[4] = {0, FAKE_BUS, 1, 2};
    cl_uchar amd[24] = {0};
    memcpy(amd, &(cl_uint){1}, sizeof(cl_uint));
    memcpy(amd + 21, (const cl_uchar[]){FAKE_BUS, 1, 2}, 3);
    if (what == CL_DEVICE_PCI_BUS_INFO_KHR && FAKE_TELLS == KHRONOS)
        return give(khronos, sizeof khronos, room, out, needed);
    if (what == CL_DEVICE_TOPOLOGY_AMD && FAKE_TELLS == AMD)
        return give(amd, sizeof amd, room, out, needed);
    if (what == 0x4008 && FAKE_TELLS == NVIDIA)
        return give_number(FAKE_BUS, room, out, needed);
    if (what == 0x4009 && FAKE_TELLS == NVIDIA)
        return give_number(1 << 3 | 2, room, out, needed);
    return CL_INVALID_VALUE;
}

static cl_int CL_API_CALL device_info(cl_device_id device, cl_device_info what, size_t room,
                                      void *out, size_t *needed)
{
    (void)device;
    switch (what) {
    case CL_DEVICE_NAME:
        return give_text("Fake GPU", room, out, needed);
    case CL_DEVICE_VERSION:
        return give_text("OpenCL 3.0 fake", room, out, needed);
    case CL_DEVICE_EXTENSIONS:
        return give_text(extensions[FAKE_TELLS], room, out, needed);
    case CL_DEVICE_TYPE:
        return give(&(cl_device_type){CL_DEVICE_TYPE_GPU}, sizeof(cl_device_type), room, out,
                    needed);
    case CL_DEVICE_AVAILABLE:
    case CL_DEVICE_COMPILER_AVAILABLE:
        return give_number(CL_TRUE, room, out, needed);
    default:
        return tell_bus(what, room, out, needed);
    }
}

static cl_int CL_API_CALL device_ids(cl_platform_id platform, cl_device_type type, cl_uint room,
                                     cl_device_id *out, cl_uint *count);

static cl_context CL_API_CALL create_context(
    const cl_context_properties *properties, cl_uint count, const cl_device_id *devices,
    void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *data, cl_int *code)
{
    (void)properties;
    (void)count;
    (void)devices;
    (void)notify;
    (void)data;
    if (code)
        *code = CL_DEVICE_NOT_AVAILABLE;
    return NULL;
}

static const cl_icd_dispatch dispatch = {
    .clGetPlatformInfo = platform_info,
    .clGetDeviceIDs = device_ids,
    .clGetDeviceInfo = device_info,
    .clCreateContext = create_context,
};

/* The loader finds the functions through the first member of what a handle points to. */
static struct handle {
    const cl_icd_dispatch *dispatch;
} platform = {&dispatch}, device = {&dispatch};

static cl_int CL_API_CALL device_ids(cl_platform_id from, cl_device_type type, cl_uint room,
                                     cl_device_id *out, cl_uint *count)
{
    (void)from;
    (void)type;
    if (out && room > 0)
        *out = (cl_device_id)&device;
    if (count)
        *count = 1;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL platform_ids(cl_uint room, cl_platform_id *out, cl_uint *count)
{
    if (out && room > 0)
        *out = (cl_platform_id)&platform;
    if (count)
        *count = 1;
    return CL_SUCCESS;
}

__attribute__((visibility("default"))) void *clGetExtensionFunctionAddress(const char *name);
__attribute__((visibility("default"))) void *clGetExtensionFunctionAddress(const char *name)
{
    union {
        cl_int(CL_API_CALL *ids)(cl_uint, cl_platform_id *, cl_uint *);
        cl_int(CL_API_CALL *info)(cl_platform_id, cl_platform_info, size_t, void *, size_t *);
        void *address;
    } both = {.address = NULL};
    if (strcmp(name, "clIcdGetPlatformIDsKHR") == 0)
        both.ids = platform_ids;
    else if (strcmp(name, "clGetPlatformInfo") == 0)
        both.info = platform_info;
    return both.address;
}
