#include "device/program_cache.h"

#include "base/clock.h"
#include "base/memory.h"
#include "device/cache.h"
#include "incline/version.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Below this a compilation is not worth a file. */
static const double slow_seconds = 0.1;

enum { BINARY_BYTES_MAX = 64 << 20, NAME_BYTES = 64, ENTRIES_MAX = 100000 };

/* What a file begins with; the binary follows. */
struct header {
    char magic[16];
    char checksum[INCLINE_HASH_TEXT]; /* of the binary */
    char padding[7];
    uint64_t bytes; /* of the binary */
};

static const char magic[16] = "incline program";

/* ---- names ---- */

static void add_info(struct incline_hash *hash, cl_device_id id, cl_device_info what)
{
    char text[1024] = "";
    if (clGetDeviceInfo(id, what, sizeof text, text, NULL) != CL_SUCCESS)
        text[0] = '\0';
    incline_hash_add_text(hash, text);
}

static void add_platform(struct incline_hash *hash, cl_device_id id)
{
    cl_platform_id platform = NULL;
    char text[1024] = "";
    clGetDeviceInfo(id, CL_DEVICE_PLATFORM, sizeof platform, &platform, NULL);
    if (clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof text, text, NULL) == CL_SUCCESS)
        incline_hash_add_text(hash, text);
    if (clGetPlatformInfo(platform, CL_PLATFORM_VERSION, sizeof text, text, NULL) == CL_SUCCESS)
        incline_hash_add_text(hash, text);
}

void incline_program_key(const struct incline_device *device, const char *source,
                         const char *options, struct incline_program_key *key)
{
    struct incline_hash hash;
    incline_hash_init(&hash);
    incline_hash_add_text(&hash, INCLINE_VERSION);
    add_platform(&hash, device->id);
    add_info(&hash, device->id, CL_DEVICE_NAME);
    add_info(&hash, device->id, CL_DEVICE_VERSION);
    add_info(&hash, device->id, CL_DRIVER_VERSION);
    incline_hash_add_text(&hash, options);
    incline_hash_add_text(&hash, source);
    incline_hash_write(&hash, key->text);
}

static void binary_name(const struct incline_program_key *key, char name[NAME_BYTES])
{
    snprintf(name, NAME_BYTES, "%s.bin", key->text);
}

/* An empty file: a process has found this program slow to compile, or, under the key of the driver,
 * it is known that the driver keeps nothing itself. */
static void slow_name(const struct incline_program_key *key, char name[NAME_BYTES])
{
    snprintf(name, NAME_BYTES, "%s.slow", key->text);
}

/* An empty file: keeping this program does not pay. */
static void left_name(const struct incline_program_key *key, char name[NAME_BYTES])
{
    snprintf(name, NAME_BYTES, "%s.left", key->text);
}

/* ---- loading ---- */

static void checksum(const void *bytes, size_t length, char text[INCLINE_HASH_TEXT])
{
    struct incline_hash hash;
    incline_hash_init(&hash);
    incline_hash_add(&hash, bytes, length);
    incline_hash_write(&hash, text);
}

/* The binary in a file's bytes, or NULL when they are not what was written. */
static const unsigned char *open_binary(const char *bytes, size_t length, size_t *binary_length)
{
    struct header header;
    char found[INCLINE_HASH_TEXT];
    if (length < sizeof header)
        return NULL;
    memcpy(&header, bytes, sizeof header);
    *binary_length = length - sizeof header;
    if (memcmp(header.magic, magic, sizeof magic) != 0 || header.bytes != *binary_length)
        return NULL;
    checksum(bytes + sizeof header, *binary_length, found);
    if (memcmp(found, header.checksum, sizeof found) != 0)
        return NULL;
    return (const unsigned char *)bytes + sizeof header;
}

static cl_program create(const struct incline_device *device, const unsigned char *binary,
                         size_t length)
{
    cl_int code, loaded = CL_SUCCESS;
    cl_program program = clCreateProgramWithBinary(device->context, 1, &device->id, &length,
                                                   &binary, &loaded, &code);
    if (code != CL_SUCCESS)
        return NULL;
    if (loaded == CL_SUCCESS &&
        clBuildProgram(program, 1, &device->id, NULL, NULL, NULL) == CL_SUCCESS)
        return program;
    clReleaseProgram(program);
    return NULL;
}

/* So that trimming knows what is in use. */
static void touch(const struct incline_cache_folder *folder, const char *name)
{
    (void)utimensat(folder->descriptor, name, NULL, AT_SYMLINK_NOFOLLOW);
}

static cl_program use_file(struct incline_context *ctx, const struct incline_device *device,
                           const struct incline_cache_folder *folder, const char *name,
                           const char *bytes, size_t length)
{
    size_t binary_length;
    const unsigned char *binary = open_binary(bytes, length, &binary_length);
    cl_program program = binary ? create(device, binary, binary_length) : NULL;
    if (program) {
        touch(folder, name);
        return program;
    }
    incline_log(ctx, INCLINE_LOG_WARN, "cache %s/%s: %s; it is removed and compiled anew",
                folder->path, name, binary ? "the driver refuses it" : "damaged");
    incline_cache_remove(folder, name);
    return NULL;
}

cl_program incline_program_cache_load(struct incline_context *ctx, struct incline_device *device,
                                      const struct incline_program_key *key)
{
    struct incline_cache_folder folder;
    char name[NAME_BYTES], *bytes = NULL;
    size_t length;
    cl_program program = NULL;
    if (!incline_device_cache_open(ctx, device, "programs", &folder))
        goto out;
    binary_name(key, name);
    if (incline_cache_read(ctx, &folder, name, BINARY_BYTES_MAX, &bytes, &length) != INCLINE_OK)
        incline_device_cache_failed(ctx, device, "the program is compiled");
    if (bytes)
        program = use_file(ctx, device, &folder, name, bytes, length);
    incline_free(&bytes);
out:
    incline_cache_close(&folder);
    return program;
}

/* ---- trimming ---- */

struct entry {
    char name[NAME_BYTES];
    struct timespec used;
    size_t bytes;
};

static int older_first(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->used.tv_sec != b->used.tv_sec)
        return a->used.tv_sec < b->used.tv_sec ? -1 : 1;
    return (a->used.tv_nsec > b->used.tv_nsec) - (a->used.tv_nsec < b->used.tv_nsec);
}

static size_t list_entries(DIR *listing, struct entry **entries, size_t *total)
{
    size_t count = 0, capacity = 0;
    for (struct dirent *item = readdir(listing); item; item = readdir(listing)) {
        struct stat info;
        if (count == ENTRIES_MAX || strlen(item->d_name) >= NAME_BYTES ||
            fstatat(dirfd(listing), item->d_name, &info, AT_SYMLINK_NOFOLLOW) ||
            !S_ISREG(info.st_mode) ||
            incline_grow(NULL, entries, &capacity, count + 1, sizeof **entries))
            continue;
        struct entry *entry = &(*entries)[count++];
        strcpy(entry->name, item->d_name);
        entry->used = info.st_mtim;
        entry->bytes = (size_t)info.st_size;
        *total += entry->bytes;
    }
    return count;
}

void incline_program_cache_trim(const struct incline_cache_folder *folder, size_t bytes)
{
    struct entry *entries = NULL;
    size_t total = 0, count = 0;
    int descriptor = openat(folder->descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = descriptor >= 0 ? fdopendir(descriptor) : NULL;
    if (listing)
        count = list_entries(listing, &entries, &total);
    if (count > 0)
        qsort(entries, count, sizeof *entries, older_first);
    for (size_t i = 0; i < count && total > bytes; i++) {
        incline_cache_remove(folder, entries[i].name);
        total -= entries[i].bytes;
    }
    incline_free(&entries);
    if (listing)
        closedir(listing);
    else if (descriptor >= 0)
        close(descriptor);
}

/* ---- keeping ---- */

static bool is_there(const struct incline_cache_folder *folder, const char *name)
{
    struct stat info;
    return fstatat(folder->descriptor, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

/* *file = header and binary, to be freed; false when the driver gives none. */
static bool get_binary(struct incline_context *ctx, cl_program program, char **file, size_t *length)
{
    struct header header = {.padding = ""};
    size_t bytes = 0;
    unsigned char *binary;
    *file = NULL;
    if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof bytes, &bytes, NULL) !=
            CL_SUCCESS ||
        bytes == 0 || bytes > BINARY_BYTES_MAX - sizeof header)
        return false;
    if (incline_alloc(ctx, sizeof header + bytes, 1, file) != INCLINE_OK)
        return false;
    binary = (unsigned char *)*file + sizeof header;
    if (clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL) != CL_SUCCESS)
        return false;
    memcpy(header.magic, magic, sizeof magic);
    header.bytes = bytes;
    checksum(binary, bytes, header.checksum);
    memcpy(*file, &header, sizeof header);
    *length = sizeof header + bytes;
    return true;
}

/* Does the driver load its own binary, and at least twice as fast as it compiled? */
static bool pays(const struct incline_device *device, const char *file, size_t length,
                 double compile_seconds)
{
    double start = incline_clock_process_seconds();
    cl_program program = create(device, (const unsigned char *)file + sizeof(struct header),
                                length - sizeof(struct header));
    if (!program)
        return false;
    clReleaseProgram(program);
    return incline_clock_process_seconds() - start < compile_seconds / 2;
}

/* The driver's marker: its programs are kept at sight. */
static void driver_name(const struct incline_device *device, char name[NAME_BYTES])
{
    struct incline_program_key driver;
    incline_program_key(device, "", "", &driver);
    slow_name(&driver, name);
}

enum incline_program_fate incline_program_cache_judge(struct incline_context *ctx,
                                                      struct incline_device *device,
                                                      const struct incline_program_key *key,
                                                      double seconds)
{
    struct incline_cache_folder folder;
    enum incline_program_fate fate = INCLINE_PROGRAM_LEAVE;
    char slow[NAME_BYTES], left[NAME_BYTES], slow_driver[NAME_BYTES];
    if (seconds < slow_seconds)
        return fate;
    slow_name(key, slow);
    left_name(key, left);
    driver_name(device, slow_driver);
    if (!incline_device_cache_open(ctx, device, "programs", &folder))
        fate = INCLINE_PROGRAM_LEAVE;
    else if (is_there(&folder, left))
        touch(&folder, left);
    else if (is_there(&folder, slow_driver))
        fate = INCLINE_PROGRAM_KEEP;
    else if (is_there(&folder, slow))
        fate = INCLINE_PROGRAM_COMPILE_AGAIN;
    else if (incline_cache_write(ctx, &folder, slow, "", 0))
        incline_device_cache_failed(ctx, device, "compiled programs are not kept");
    incline_cache_close(&folder);
    return fate;
}

static enum incline_status write_binary(struct incline_context *ctx,
                                        const struct incline_device *device,
                                        const struct incline_cache_folder *folder,
                                        const struct incline_program_key *key, const char *file,
                                        size_t length)
{
    char name[NAME_BYTES], slow_driver[NAME_BYTES];
    binary_name(key, name);
    driver_name(device, slow_driver);
    enum incline_status status = incline_cache_write(ctx, folder, name, file, length);
    if (!status)
        status = incline_cache_write(ctx, folder, slow_driver, "", 0);
    incline_program_cache_trim(folder, INCLINE_PROGRAM_CACHE_BYTES);
    return status;
}

static enum incline_status keep(struct incline_context *ctx, const struct incline_device *device,
                                const struct incline_cache_folder *folder,
                                const struct incline_program_key *key, cl_program program,
                                double seconds)
{
    char slow[NAME_BYTES], left[NAME_BYTES], *file = NULL;
    size_t length;
    enum incline_status status;
    slow_name(key, slow);
    left_name(key, left);
    if (get_binary(ctx, program, &file, &length) && pays(device, file, length, seconds))
        status = write_binary(ctx, device, folder, key, file, length);
    else
        status = incline_cache_write(ctx, folder, left, "", 0);
    incline_cache_remove(folder, slow);
    incline_free(&file);
    return status;
}

void incline_program_cache_keep(struct incline_context *ctx, struct incline_device *device,
                                const struct incline_program_key *key, cl_program program,
                                double seconds)
{
    struct incline_cache_folder folder;
    if (incline_device_cache_open(ctx, device, "programs", &folder) &&
        keep(ctx, device, &folder, key, program, seconds) != INCLINE_OK)
        incline_device_cache_failed(ctx, device, "compiled programs are not kept");
    incline_cache_close(&folder);
}
