/* Kernel sources (embedded, or from INCLINE_KERNEL_DIR), their includes, and built programs. */
#include "base/clock.h"
#include "base/embedded.h"
#include "base/file.h"
#include "base/memory.h"
#include "device/opencl.h"
#include "device/program_cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INCLUDE_DEPTH_MAX = 8, SOURCE_MAX = 1 << 20 };

/* Kernels run with the user's rights, so a folder that others can write to is refused. */
static enum incline_status check_folder(struct incline_context *ctx, const char *folder)
{
    struct stat info;
    if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode))
        return incline_fail(ctx, INCLINE_ERROR_ARGUMENT, "INCLINE_KERNEL_DIR=%s is no folder",
                            folder);
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) || (info.st_uid != 0 && info.st_uid != geteuid()) ||
        geteuid() != getuid())
        return incline_fail(ctx, INCLINE_ERROR_ARGUMENT,
                            "INCLINE_KERNEL_DIR=%s is refused: it must belong to you or root, and "
                            "others must not be able to write to it",
                            folder);
    return INCLINE_OK;
}

static enum incline_status read_source(struct incline_context *ctx, const char *name, char **out)
{
    const char *folder = getenv("INCLINE_KERNEL_DIR");
    if (folder && *folder) {
        char *path = NULL;
        size_t length;
        enum incline_status status = check_folder(ctx, folder);
        if (status)
            return status;
        status = incline_path_join(ctx, folder, name, &path);
        if (status)
            return status;
        status = incline_file_read(ctx, path, SOURCE_MAX, out, &length);
        incline_free(&path);
        return status;
    }
    for (const struct incline_embedded_file *file = incline_kernel_files; file->name; file++)
        if (strcmp(file->name, name) == 0)
            return incline_strdup(ctx, file->text, out);
    return incline_fail(ctx, INCLINE_ERROR_BUG, "no kernel file %s", name);
}

/* The name in a line `#include "name"`, or false. */
static bool include_name(const char *line, size_t length, char name[64])
{
    static const char start[] = "#include \"";
    size_t skip = sizeof start - 1;
    if (length <= skip || strncmp(line, start, skip) != 0)
        return false;
    const char *end = memchr(line + skip, '"', length - skip);
    if (!end || end - (line + skip) >= 64)
        return false;
    memcpy(name, line + skip, (size_t)(end - (line + skip)));
    name[end - (line + skip)] = '\0';
    return true;
}

/* seen holds one name a line. */
static bool was_added(const struct incline_text *seen, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = incline_text_get(seen); *line; line = strchr(line, '\n') + 1)
        if (strncmp(line, name, length) == 0 && line[length] == '\n')
            return true;
    return false;
}

/* Adds the file with its includes put in place; compilers get no -I, so no path reaches them. A
 * file that was already added is left out. */
static enum incline_status add_source(struct incline_context *ctx, const char *name, int depth,
                                      struct incline_text *seen, struct incline_text *out)
{
    char *source = NULL, included[64];
    int line_number = 1;
    enum incline_status status;

    if (depth > INCLUDE_DEPTH_MAX)
        return incline_fail(ctx, INCLINE_ERROR_BUG, "kernel includes too deep at %s", name);
    if (was_added(seen, name))
        return INCLINE_OK;
    incline_text_add(seen, "%s\n", name);
    status = read_source(ctx, name, &source);
    if (status)
        return status;
    incline_text_add(out, "#line 1 \"%s\"\n", name);
    for (const char *line = source; *line; line_number++) {
        size_t length = strcspn(line, "\n");
        if (include_name(line, length, included)) {
            status = add_source(ctx, included, depth + 1, seen, out);
            if (status)
                break;
            incline_text_add(out, "#line %d \"%s\"\n", line_number + 1, name);
        } else {
            incline_text_add_bytes(out, line, length);
            incline_text_add(out, "\n");
        }
        line += length + (line[length] == '\n');
    }
    incline_free(&source);
    return status;
}

enum incline_status incline_kernels_hash(struct incline_context *ctx, char text[INCLINE_HASH_TEXT])
{
    struct incline_hash hash;
    incline_hash_init(&hash);
    for (const struct incline_embedded_file *file = incline_kernel_files; file->name; file++) {
        char *source = NULL;
        enum incline_status status = read_source(ctx, file->name, &source);
        if (status)
            return status;
        incline_hash_add_text(&hash, file->name);
        incline_hash_add_text(&hash, source);
        incline_free(&source);
    }
    incline_hash_write(&hash, text);
    return INCLINE_OK;
}

static enum incline_status fail_build(struct incline_context *ctx, struct incline_device *device,
                                      cl_program program, cl_int code, const char *source,
                                      const char *options)
{
    enum { LOG_MAX = 3000 };
    char *log = NULL;
    size_t bytes = 0;
    enum incline_status status;
    clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &bytes);
    if (incline_alloc(ctx, bytes + 1, 1, &log) == INCLINE_OK)
        clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, bytes, log, NULL);
    status = incline_fail(ctx, INCLINE_ERROR_BUILD,
                          "building %s failed with %s (%d) on device %s\noptions: %s\n%.*s", source,
                          incline_cl_error_name(code), (int)code, device->info.name, options,
                          LOG_MAX, log ? log : "");
    incline_free(&log);
    return status;
}

static enum incline_status compile(struct incline_context *ctx, struct incline_device *device,
                                   const char *source, const char *text, const char *options,
                                   cl_program *out)
{
    cl_int code;
    cl_program program = clCreateProgramWithSource(device->context, 1, &text, NULL, &code);
    if (code != CL_SUCCESS)
        return incline_cl_fail(ctx, device, code, "clCreateProgramWithSource", source);
    code = clBuildProgram(program, 1, &device->id, options, NULL, NULL);
    if (code != CL_SUCCESS) {
        enum incline_status status = fail_build(ctx, device, program, code, source, options);
        clReleaseProgram(program);
        return status;
    }
    *out = program;
    return INCLINE_OK;
}

/* Seconds of the processor for compiling once more: little, where the driver keeps programs. */
static double time_again(struct incline_device *device, const char *text, const char *options)
{
    double start = incline_clock_process_seconds();
    cl_program program = NULL;
    if (compile(NULL, device, "", text, options, &program) != INCLINE_OK)
        return 0;
    clReleaseProgram(program);
    return incline_clock_process_seconds() - start;
}

/* From the cache, or else compiled and, where that pays, kept there. */
static enum incline_status build_text(struct incline_context *ctx, struct incline_device *device,
                                      const char *source, const char *text, const char *options,
                                      cl_program *out)
{
    struct incline_program_key key;
    incline_program_key(device, text, options, &key);
    *out = incline_program_cache_load(ctx, device, &key);
    if (*out)
        return INCLINE_OK;
    double start = incline_clock_process_seconds();
    enum incline_status status = compile(ctx, device, source, text, options, out);
    if (status)
        return status;
    double seconds = incline_clock_process_seconds() - start;
    enum incline_program_fate fate = incline_program_cache_judge(ctx, device, &key, seconds);
    if (fate == INCLINE_PROGRAM_KEEP ||
        (fate == INCLINE_PROGRAM_COMPILE_AGAIN && time_again(device, text, options) > seconds / 2))
        incline_program_cache_keep(ctx, device, &key, *out, seconds);
    return INCLINE_OK;
}

static enum incline_status build(struct incline_context *ctx, struct incline_device *device,
                                 const char *source, const char *options, cl_program *out)
{
    struct incline_text text, seen;
    double start = incline_clock_seconds();
    incline_text_init(&text, ctx);
    incline_text_init(&seen, ctx);
    enum incline_status status = add_source(ctx, source, 0, &seen, &text);
    if (!status)
        status = incline_text_status(&text);
    if (!status)
        status = build_text(ctx, device, source, incline_text_get(&text), options, out);
    if (!status) {
        device->counters.program_builds++;
        device->counters.build_seconds += incline_clock_seconds() - start;
    }
    if (!status)
        incline_log(ctx, INCLINE_LOG_DEBUG, "built %s in %.3f s: %s", source,
                    incline_clock_seconds() - start, options);
    incline_text_finish(&seen);
    incline_text_finish(&text);
    return status;
}

static enum incline_status keep(struct incline_context *ctx, struct incline_device *device,
                                const char *key, cl_program program)
{
    enum incline_status status = incline_grow(ctx, &device->programs, &device->program_capacity,
                                              device->program_count + 1, sizeof *device->programs);
    if (status)
        return status;
    struct incline_program *entry = &device->programs[device->program_count];
    status = incline_strdup(ctx, key, &entry->key);
    if (status)
        return status;
    entry->handle = program;
    device->program_count++;
    return INCLINE_OK;
}

static cl_program find(const struct incline_device *device, const char *key)
{
    for (size_t i = 0; i < device->program_count; i++)
        if (strcmp(device->programs[i].key, key) == 0)
            return device->programs[i].handle;
    return NULL;
}

/* PoCL reads Clang's header of OpenCL C's functions before each program, which takes 95 of the 110
 * ms of a small one. The first name is that header's guard. */
static const char own_builtins[] = " -D _OPENCL_H_ -D OWN_BUILTINS=1";

/* Items with one lane share phases by default; see cl/phases.h. */
static bool lacks_scratch(const struct incline_device *device)
{
    return device->lanes == 1 && !incline_device_shares_phases(device);
}

void incline_program_add_options(const struct incline_device *device, const char *defines,
                                 struct incline_text *out)
{
    incline_text_add(out, "-cl-std=CL1.2 -D LANES=%d -D NB=%d%s%s%s", device->lanes,
                     (int)INCLINE_NB, device->own_builtins ? own_builtins : "",
                     lacks_scratch(device) ? " -D SOLO=1" : "", defines ? defines : "");
}

static enum incline_status get(struct incline_context *ctx, struct incline_device *device,
                               const char *source, const char *defines, cl_program *out)
{
    struct incline_text options, key;
    cl_program program = NULL;
    enum incline_status status;

    incline_text_init(&options, ctx);
    incline_text_init(&key, ctx);
    incline_program_add_options(device, defines, &options);
    incline_text_add(&key, "%s %s", source, incline_text_get(&options));
    status = incline_text_status(&options);
    if (status)
        goto out;
    status = incline_text_status(&key);
    if (status)
        goto out;
    *out = find(device, incline_text_get(&key));
    if (*out) {
        status = INCLINE_OK;
        goto out;
    }
    status = build(ctx, device, source, incline_text_get(&options), &program);
    if (status)
        goto out;
    status = keep(ctx, device, incline_text_get(&key), program);
    if (status) {
        clReleaseProgram(program);
        goto out;
    }
    *out = program;
out:
    incline_text_finish(&key);
    incline_text_finish(&options);
    return status;
}

enum incline_status incline_program_get(struct incline_context *ctx, struct incline_device *device,
                                        const char *source, const char *defines, cl_program *out)
{
    enum incline_status status = get(ctx, device, source, defines, out);
    if (status != INCLINE_ERROR_BUILD || !device->own_builtins)
        return status;
    device->own_builtins = false;
    incline_error_clear(ctx);
    status = get(ctx, device, source, defines, out);
    if (status)
        device->own_builtins = true; /* the fault was not theirs */
    else
        incline_log(ctx, INCLINE_LOG_INFO,
                    "this driver needs its own declarations of OpenCL C; that it counted errors "
                    "in %s does no harm",
                    source);
    return status;
}
