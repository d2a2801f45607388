/* Listing, ranking, choosing and opening devices. */
#include "base/memory.h"
#include "device/identity.h"
#include "device/lanes.h"
#include "device/opencl.h"
#include "device/probe.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIAS_BYTES = 16 };

/* A list entry with the handle that the public struct does not show. */
struct found {
    struct incline_device_info info;
    cl_device_id id;
    struct incline_identity identity;
    char alias[ALIAS_BYTES]; /* the platform's short name: "POCL", "MESA", "NV" */
};

struct found_list {
    struct found *items;
    size_t count, capacity;
};

static const char no_driver_text[] =
    "no OpenCL device found\n"
    "The OpenCL loader is installed, but it found no driver with a device.\n"
    "Install one, then run `incline devices`:\n"
    "  any CPU      pocl-opencl-icd                       (Debian, Ubuntu package names)\n"
    "  Intel GPU    intel-opencl-icd\n"
    "  NVIDIA GPU   nvidia-opencl-icd\n"
    "  AMD GPU      the ROCm OpenCL runtime, or mesa-opencl-icd with RUSTICL_ENABLE=radeonsi";

static void device_text(cl_device_id id, cl_device_info what, char *out, size_t size)
{
    char text[1024] = "";
    if (clGetDeviceInfo(id, what, sizeof text, text, NULL) != CL_SUCCESS)
        text[0] = '\0';
    text[sizeof text - 1] = '\0';
    const char *start = text;
    while (isspace((unsigned char)*start))
        start++;
    snprintf(out, size, "%s", start);
}

static void platform_text(cl_platform_id id, cl_platform_info what, char *out, size_t size)
{
    char text[1024] = "";
    if (clGetPlatformInfo(id, what, sizeof text, text, NULL) != CL_SUCCESS)
        text[0] = '\0';
    text[sizeof text - 1] = '\0';
    snprintf(out, size, "%.*s", (int)size - 1, text);
}

static const char *type_name(cl_device_type type)
{
    if (type & CL_DEVICE_TYPE_GPU)
        return "gpu";
    if (type & CL_DEVICE_TYPE_CPU)
        return "cpu";
    return "accelerator";
}

/* "OpenCL 3.0 PoCL HSTR: ..." -> "3.0" */
static void short_version(const char *text, char *out, size_t size)
{
    const char *start = strncmp(text, "OpenCL ", 7) == 0 ? text + 7 : text;
    int length = (int)strcspn(start, " ");
    snprintf(out, size, "%.*s", length, start);
}

static bool version_below_1_2(const char *version)
{
    int major = 0, minor = 0;
    return sscanf(version, "%d.%d", &major, &minor) != 2 || major < 1 || (major == 1 && minor < 2);
}

static void judge(cl_device_id id, struct incline_device_info *info)
{
    cl_bool available = CL_FALSE, compiler = CL_FALSE;
    clGetDeviceInfo(id, CL_DEVICE_AVAILABLE, sizeof available, &available, NULL);
    clGetDeviceInfo(id, CL_DEVICE_COMPILER_AVAILABLE, sizeof compiler, &compiler, NULL);
    const char *state = "ok";
    if (!available)
        state = "skipped: the driver says it is not available";
    else if (!compiler)
        state = "skipped: no compiler";
    else if (version_below_1_2(info->opencl))
        state = "skipped: OpenCL below 1.2";
    else if (strcmp(info->type, "accelerator") == 0)
        state = "skipped: accelerators and emulators are not supported";
    snprintf(info->state, sizeof info->state, "%s", state);
}

static void describe(cl_device_id id, struct incline_device_info *info)
{
    char version[256];
    cl_device_type type = 0;
    cl_uint units = 0, clock = 0;
    cl_ulong memory = 0, max_alloc = 0, local = 0;
    cl_bool unified = CL_FALSE;

    device_text(id, CL_DEVICE_NAME, info->name, sizeof info->name);
    device_text(id, CL_DEVICE_VENDOR, info->vendor, sizeof info->vendor);
    device_text(id, CL_DRIVER_VERSION, info->driver, sizeof info->driver);
    device_text(id, CL_DEVICE_VERSION, version, sizeof version);
    short_version(version, info->opencl, sizeof info->opencl);
    clGetDeviceInfo(id, CL_DEVICE_TYPE, sizeof type, &type, NULL);
    clGetDeviceInfo(id, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof units, &units, NULL);
    clGetDeviceInfo(id, CL_DEVICE_MAX_CLOCK_FREQUENCY, sizeof clock, &clock, NULL);
    clGetDeviceInfo(id, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory, &memory, NULL);
    clGetDeviceInfo(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof max_alloc, &max_alloc, NULL);
    clGetDeviceInfo(id, CL_DEVICE_LOCAL_MEM_SIZE, sizeof local, &local, NULL);
    clGetDeviceInfo(id, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof info->max_work_group,
                    &info->max_work_group, NULL);
    clGetDeviceInfo(id, CL_DEVICE_HOST_UNIFIED_MEMORY, sizeof unified, &unified, NULL);
    snprintf(info->type, sizeof info->type, "%s", type_name(type));
    info->compute_units = (int)units;
    info->clock_mhz = (int)clock;
    info->memory_bytes = memory;
    info->max_alloc_bytes = max_alloc;
    info->local_bytes = local;
    info->integrated = unified;
    judge(id, info);
}

static enum incline_status found_add(struct incline_context *ctx, struct found_list *list,
                                     int platform, const char *platform_name, struct found **out)
{
    enum incline_status status =
        incline_grow(ctx, &list->items, &list->capacity, list->count + 1, sizeof *list->items);
    if (status)
        return status;
    *out = &list->items[list->count++];
    (*out)->info.index = -1;
    (*out)->info.platform = platform;
    (*out)->info.device = -1;
    (*out)->info.same_as = -1;
    snprintf((*out)->info.type, sizeof(*out)->info.type, "-");
    snprintf((*out)->info.name, sizeof(*out)->info.name, "-");
    snprintf((*out)->info.platform_name, sizeof(*out)->info.platform_name, "%s", platform_name);
    return INCLINE_OK;
}

static enum incline_status find_on_platform(struct incline_context *ctx, struct found_list *list,
                                            cl_platform_id platform, int number)
{
    cl_device_id ids[64];
    cl_uint count = 0;
    char name[128], version[256];
    char alias[ALIAS_BYTES] = "";
    struct found *entry;
    enum incline_status status;

    platform_text(platform, CL_PLATFORM_ICD_SUFFIX_KHR, alias, sizeof alias);
    platform_text(platform, CL_PLATFORM_NAME, name, sizeof name);
    platform_text(platform, CL_PLATFORM_VERSION, version, sizeof version);
    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 64, ids, &count) != CL_SUCCESS)
        count = 0;
    if (count == 0) {
        status = found_add(ctx, list, number, name, &entry);
        if (status)
            return status;
        memcpy(entry->alias, alias, ALIAS_BYTES);
        short_version(version, entry->info.opencl, sizeof entry->info.opencl);
        snprintf(entry->info.state, sizeof entry->info.state, "no devices");
    }
    for (cl_uint i = 0; i < count && i < 64; i++) {
        status = found_add(ctx, list, number, name, &entry);
        if (status)
            return status;
        entry->id = ids[i];
        memcpy(entry->alias, alias, ALIAS_BYTES);
        entry->info.device = (int)i;
        describe(ids[i], &entry->info);
        incline_identify(ids[i], &entry->identity);
    }
    return INCLINE_OK;
}

static bool usable(const struct incline_device_info *info)
{
    return strncmp(info->state, "skipped", 7) != 0 && info->device >= 0;
}

/* GPU with its own memory, then integrated GPU, then CPU; within a class compute units x clock. */
static double rank(const struct incline_device_info *info)
{
    double class_rank = 0;
    if (strcmp(info->type, "gpu") == 0)
        class_rank = info->integrated ? 1 : 2;
    return class_rank * 1e12 + (double)info->compute_units * (info->clock_mhz + 1);
}

/* One GPU on two platforms. Processors have several drivers on purpose, and the parts of a GPU are
 * devices of one platform. */
static bool is_same_gpu(const struct found *a, const struct found *b)
{
    return usable(&a->info) && usable(&b->info) && a->info.platform != b->info.platform &&
           strcmp(a->info.type, "gpu") == 0 && strcmp(b->info.type, "gpu") == 0 &&
           incline_identity_is_same(&a->identity, &b->identity);
}

/* The vendor's driver before Mesa's; else by rank, and then the first. */
static bool has_better_driver(const struct found *a, const struct found *b)
{
    bool a_mesa = strcmp(a->alias, "MESA") == 0, b_mesa = strcmp(b->alias, "MESA") == 0;
    double rank_a = rank(&a->info), rank_b = rank(&b->info);
    if (a_mesa != b_mesa)
        return b_mesa;
    return rank_a > rank_b || (!(rank_a < rank_b) && a->info.index < b->info.index);
}

static void mark_same_gpus(struct found_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct found *best = &list->items[i];
        for (size_t j = 0; j < list->count; j++)
            if (is_same_gpu(&list->items[i], &list->items[j]) &&
                has_better_driver(&list->items[j], best))
                best = &list->items[j];
        if (best != &list->items[i])
            list->items[i].info.same_as = best->info.index;
    }
}

static void number(struct found_list *list)
{
    int index = 0;
    for (size_t i = 0; i < list->count; i++)
        if (usable(&list->items[i].info))
            list->items[i].info.index = index++;
}

static void choose_default(struct found_list *list)
{
    struct incline_device_info *best = NULL;
    for (size_t i = 0; i < list->count; i++) {
        struct incline_device_info *info = &list->items[i].info;
        if (usable(info) && info->same_as < 0 && (!best || rank(info) > rank(best)))
            best = info;
    }
    if (best) {
        best->is_default = true;
        snprintf(best->state, sizeof best->state, "default");
    }
}

/* Drivers that crash or hang have no place among the platforms. */
static enum incline_status add_bad_drivers(struct incline_context *ctx, struct found_list *list,
                                           const struct incline_probe *probe)
{
    for (size_t i = 0; i < probe->bad_count; i++) {
        struct found *entry;
        enum incline_status status = found_add(ctx, list, -1, probe->bad[i].name, &entry);
        if (status)
            return status;
        snprintf(entry->info.opencl, sizeof entry->info.opencl, "-");
        snprintf(entry->info.state, sizeof entry->info.state, "%s", probe->bad[i].state);
    }
    return INCLINE_OK;
}

static enum incline_status find_all(struct incline_context *ctx, struct found_list *list)
{
    cl_platform_id platforms[32];
    cl_uint count = 0;
    struct incline_probe probe;
    enum incline_status status = incline_probe_drivers(ctx, &probe);
    if (status)
        return status;
    if (clGetPlatformIDs(32, platforms, &count) != CL_SUCCESS)
        count = 0; /* -1001, no driver at all, is an empty list */
    for (cl_uint i = 0; i < count && i < 32; i++) {
        status = find_on_platform(ctx, list, platforms[i], (int)i);
        if (status)
            return status;
    }
    number(list);
    mark_same_gpus(list);
    choose_default(list);
    return add_bad_drivers(ctx, list, &probe);
}

enum incline_status incline_devices_prepare(struct incline_context *ctx)
{
    INCLINE_REQUIRE(ctx, ctx);
    return incline_probe_begin(ctx);
}

enum incline_status incline_devices_list(struct incline_context *ctx,
                                         struct incline_device_list **out)
{
    INCLINE_REQUIRE(ctx, ctx && out);
    struct found_list found = {0};
    struct incline_device_list *list = NULL;
    enum incline_status status = find_all(ctx, &found);
    if (status)
        goto out;
    status = incline_alloc(ctx, 1, sizeof *list, &list);
    if (status)
        goto out;
    status = incline_alloc(ctx, found.count, sizeof *list->devices, &list->devices);
    if (status)
        goto out;
    list->count = found.count;
    for (size_t i = 0; i < found.count; i++)
        list->devices[i] = found.items[i].info;
    *out = list;
    list = NULL;
    status = INCLINE_OK;
out:
    incline_devices_free(&list);
    incline_free(&found.items);
    return status;
}

void incline_devices_free(struct incline_device_list **list)
{
    if (!*list)
        return;
    incline_free(&(*list)->devices);
    incline_free(list);
}

static bool contains_ignoring_case(const char *text, const char *part)
{
    size_t length = strlen(part);
    for (; *text; text++) {
        size_t i = 0;
        while (i < length && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i]))
            i++;
        if (i == length)
            return true;
    }
    return false;
}

/* A type means the best device of that type; any other selector must fit one device only. */
static bool selects_type(const char *selector)
{
    return strcmp(selector, "gpu") == 0 || strcmp(selector, "cpu") == 0;
}

static bool matches(const struct found *entry, const char *selector)
{
    const struct incline_device_info *info = &entry->info;
    int platform, device, length = 0;
    char *end;
    long number = strtol(selector, &end, 10);
    if (*selector && *end == '\0')
        return info->index == number;
    if (sscanf(selector, "%d:%d%n", &platform, &device, &length) == 2 && selector[length] == '\0')
        return info->platform == platform && info->device == device;
    if (selects_type(selector))
        return strcmp(info->type, selector) == 0;
    return contains_ignoring_case(info->name, selector) ||
           contains_ignoring_case(info->platform_name, selector) ||
           (strlen(selector) == strlen(entry->alias) &&
            contains_ignoring_case(entry->alias, selector));
}

/* A GPU that the selector fits through its better driver as well counts once. */
static bool is_counted(const struct found_list *list, const struct found *entry,
                       const char *selector)
{
    for (size_t i = 0; i < list->count; i++)
        if (entry->info.same_as >= 0 && list->items[i].info.index == entry->info.same_as &&
            matches(&list->items[i], selector))
            return false;
    return matches(entry, selector);
}

static bool names_several(const char *selector)
{
    return strcmp(selector, "all") == 0 || strchr(selector, ',') != NULL;
}

/* selector NULL: all; or else what it fits. */
static void list_into(const struct found_list *list, const char *selector,
                      struct incline_text *text)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct incline_device_info *info = &list->items[i].info;
        if (selector && !is_counted(list, &list->items[i], selector))
            continue;
        if (info->index >= 0)
            incline_text_add(text, "\n  %d  %d:%d  %s  %s (%s)", info->index, info->platform,
                             info->device, info->type, info->name, info->platform_name);
        else if (info->device >= 0)
            incline_text_add(text, "\n  -  %d:%d  %s  %s (%s), %s", info->platform, info->device,
                             info->type, info->name, info->platform_name, info->state);
        else if (info->platform < 0)
            incline_text_add(text, "\n  -  %s: %s", info->platform_name, info->state);
    }
}

/* Drivers that show no device, and what keeps PoCL from it. */
static void list_empty_platforms(const struct found_list *list, struct incline_text *text)
{
    bool any = false, pocl = false;
    for (size_t i = 0; i < list->count; i++) {
        const struct found *entry = &list->items[i];
        if (entry->info.device >= 0)
            continue;
        incline_text_add(text, "%s%s", any ? ", " : "\nInstalled, but without a device: ",
                         entry->info.platform_name);
        any = true;
        pocl = pocl || strcmp(entry->alias, "POCL") == 0;
    }
    if (pocl)
        incline_text_add(text, "\nIs the cache folder of PoCL ($POCL_CACHE_DIR, or ~/.cache/pocl) "
                               "writable? Without one it shows none.");
}

static enum incline_status fail_choice(struct incline_context *ctx, const struct found_list *list,
                                       const char *selector, int hits)
{
    struct incline_text text;
    incline_text_init(&text, ctx);
    list_into(list, hits ? selector : NULL, &text);
    enum incline_status status = incline_fail(
        ctx, INCLINE_ERROR_DEVICE,
        !hits && names_several(selector) ? "'%s' names several devices; one at a time is used:%s"
        : hits                           ? "device '%s' is not unique; choose one by number:%s"
               : "no usable device '%s'; choose by number, P:D, gpu, cpu or part of a name:%s",
        selector, incline_text_get(&text));
    incline_text_finish(&text);
    return status;
}

static enum incline_status choose(struct incline_context *ctx, const struct found_list *list,
                                  const char *selector, const struct found **out)
{
    const struct found *chosen = NULL;
    int hits = 0, usable_count = 0;
    bool by_default = !selector || !*selector;

    for (size_t i = 0; i < list->count; i++) {
        const struct found *entry = &list->items[i];
        if (!usable(&entry->info))
            continue;
        usable_count++;
        if (by_default ? !entry->info.is_default : !is_counted(list, entry, selector))
            continue;
        hits++;
        if (!chosen || rank(&entry->info) > rank(&chosen->info))
            chosen = entry;
    }
    if (usable_count == 0) {
        struct incline_text text, empty;
        incline_text_init(&text, ctx);
        incline_text_init(&empty, ctx);
        list_into(list, NULL, &text);
        list_empty_platforms(list, &empty);
        enum incline_status status =
            incline_fail(ctx, INCLINE_ERROR_DEVICE, "%s%s%s%s", no_driver_text,
                         text.length ? "\nSeen, but not usable:" : "", incline_text_get(&text),
                         incline_text_get(&empty));
        incline_text_finish(&empty);
        incline_text_finish(&text);
        return status;
    }
    if (!chosen || (hits > 1 && !selects_type(selector)))
        return fail_choice(ctx, list, selector, hits);
    *out = chosen;
    return INCLINE_OK;
}

static enum incline_status check_lanes_wish(struct incline_context *ctx)
{
    static const char *const words[] = {"1", "4", "8", "16", NULL};
    const char *wish = getenv("INCLINE_LANES");
    if (!wish || !*wish || incline_is_among(wish, words))
        return INCLINE_OK;
    return incline_fail(ctx, INCLINE_ERROR_ARGUMENT, "INCLINE_LANES=%.40s is none of 1, 4, 8, 16",
                        wish);
}

static enum incline_status check_cache_wish(struct incline_context *ctx)
{
    static const char *const words[] = {"on", "off", NULL};
    const char *wish = getenv("INCLINE_CACHE");
    if (!wish || !*wish || incline_is_among(wish, words))
        return INCLINE_OK;
    return incline_fail(ctx, INCLINE_ERROR_ARGUMENT, "INCLINE_CACHE=%.40s is none of on, off",
                        wish);
}

static void log_choice(struct incline_context *ctx, const struct found_list *list,
                       const struct incline_device *device)
{
    const struct incline_device_info *info = &device->info;
    int usable_count = 0;
    for (size_t i = 0; i < list->count; i++)
        usable_count += usable(&list->items[i].info);
    incline_log(ctx, INCLINE_LOG_INFO,
                "using device #%d of %d usable: %s (%s, driver %s), %d lanes", info->index,
                usable_count, info->name, info->platform_name, info->driver, device->lanes);
}

static void read_most_items(struct incline_device *device)
{
    size_t most[16] = {0};
    cl_int code =
        clGetDeviceInfo(device->id, CL_DEVICE_MAX_WORK_ITEM_SIZES, sizeof most, most, NULL);
    for (int i = 0; i < 3; i++)
        device->most_items[i] = code == CL_SUCCESS && most[i] > 0 ? most[i] : 1;
}

/* Longest launch on a device other than a CPU: a frame or some of a display that it also drives. */
static const double LAUNCH_SECONDS = 0.1;

static enum incline_status open_chosen(struct incline_context *ctx, const struct found *chosen,
                                       struct incline_device **out)
{
    struct incline_device *device = NULL;
    cl_uint align_bits = 0;
    cl_int code;
    enum incline_status status = incline_alloc(ctx, 1, sizeof *device, &device);
    if (status)
        goto out;
    device->id = chosen->id;
    device->info = chosen->info;
    clGetDeviceInfo(chosen->id, CL_DEVICE_MEM_BASE_ADDR_ALIGN, sizeof align_bits, &align_bits,
                    NULL);
    device->align = align_bits / 8 > 128 ? align_bits / 8 : 128;
    read_most_items(device);
    device->launch_seconds = strcmp(device->info.type, "cpu") == 0 ? 0.0 : LAUNCH_SECONDS;
    device->own_builtins = strcmp(device->info.platform_name, "Portable Computing Language") == 0 &&
                           strncmp(device->info.driver, "3.1", 3) == 0; /* where it was tried */
    device->context = clCreateContext(NULL, 1, &device->id, NULL, NULL, &code);
    if (code != CL_SUCCESS) {
        status = incline_cl_fail(ctx, device, code, "clCreateContext", "opening the device");
        goto out;
    }
    device->queue = clCreateCommandQueue(device->context, device->id, 0, &code);
    if (code != CL_SUCCESS) {
        status = incline_cl_fail(ctx, device, code, "clCreateCommandQueue", "opening the device");
        goto out;
    }
    incline_tuning_open(ctx, device);
    incline_device_find_lanes(ctx, device);
    device->counters = (struct incline_device_counters){0}; /* the probe is not the caller's */
    *out = device;
    device = NULL;
    status = INCLINE_OK;
out:
    incline_device_close(&device);
    return status;
}

enum incline_status incline_device_open(struct incline_context *ctx, const char *selector,
                                        struct incline_device **out)
{
    INCLINE_REQUIRE(ctx, ctx && out);
    struct found_list found = {0};
    const struct found *chosen = NULL;
    enum incline_status status = check_lanes_wish(ctx);
    if (!status)
        status = check_cache_wish(ctx);
    if (status)
        goto out;
    status = find_all(ctx, &found);
    if (status)
        goto out;
    status = choose(ctx, &found, selector, &chosen);
    if (status)
        goto out;
    status = open_chosen(ctx, chosen, out);
    if (!status)
        log_choice(ctx, &found, *out);
out:
    incline_free(&found.items);
    return status;
}

void incline_device_forget_programs(struct incline_device *device)
{
    for (size_t i = 0; i < device->program_count; i++) {
        clReleaseProgram(device->programs[i].handle);
        incline_free(&device->programs[i].key);
    }
    device->program_count = 0;
}

void incline_device_close(struct incline_device **pointer)
{
    struct incline_device *device = *pointer;
    if (!device)
        return;
    incline_device_forget_programs(device);
    incline_free(&device->programs);
    incline_tuning_close(device);
    if (device->queue) {
        clFinish(device->queue);
        clReleaseCommandQueue(device->queue);
    }
    if (device->context)
        clReleaseContext(device->context);
    incline_free(pointer);
}

const struct incline_device_info *incline_device_get_info(const struct incline_device *device)
{
    return &device->info;
}

struct incline_device_counters incline_device_get_counters(const struct incline_device *device)
{
    return device->counters;
}

void incline_device_limit_launches(struct incline_device *device, double seconds)
{
    device->launch_seconds = seconds;
}

int incline_device_lanes(const struct incline_device *device)
{
    return device->lanes;
}

bool incline_device_shares_phases(const struct incline_device *device)
{
    return device->lanes == 1 && device->info.local_bytes >= INCLINE_SCRATCH_BYTES;
}

size_t incline_device_align(const struct incline_device *device)
{
    return device->align;
}
