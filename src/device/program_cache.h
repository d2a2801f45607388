/* Compiled programs, kept in the folder `programs` of the cache, for drivers that do not keep them
 * themselves. Which do is found out: when a second process has found the compilation of one program
 * slow, it compiles it again; when that is slow too, this program and later ones of the driver are
 * kept, where loading is faster; one that does not load faster is left from then on. Times are of
 * the processor, which a busy machine does not change.
 *
 * A file holds the binary of one program, named by a hash of everything that it came from, with its
 * length and a checksum. What is damaged, or refused by the driver, is removed and compiled anew.
 * Nothing here fails: the caller compiles. */
#ifndef INCLINE_DEVICE_PROGRAM_CACHE_H
#define INCLINE_DEVICE_PROGRAM_CACHE_H

#include "base/cache_folder.h"
#include "device/opencl.h"

struct incline_program_key {
    char text[INCLINE_HASH_TEXT];
};

/* Source, options, platform and its version, device and its, driver, and this library's version. */
void incline_program_key(const struct incline_device *device, const char *source,
                         const char *options, struct incline_program_key *key);

/* A built program, or NULL. */
cl_program incline_program_cache_load(struct incline_context *ctx, struct incline_device *device,
                                      const struct incline_program_key *key);

/* What is to be done about a program that took `seconds` of the processor to compile. Remembers
 * that it was slow. */
enum incline_program_fate {
    INCLINE_PROGRAM_LEAVE,
    INCLINE_PROGRAM_COMPILE_AGAIN, /* keep it when that takes as long again: at least half */
    INCLINE_PROGRAM_KEEP
};
enum incline_program_fate incline_program_cache_judge(struct incline_context *ctx,
                                                      struct incline_device *device,
                                                      const struct incline_program_key *key,
                                                      double seconds);

/* Keeps the program and remembers that the driver keeps nothing itself; or, where loading it takes
 * more than half of `seconds` or fails, remembers to leave it. */
void incline_program_cache_keep(struct incline_context *ctx, struct incline_device *device,
                                const struct incline_program_key *key, cl_program program,
                                double seconds);

/* Bytes that the folder may hold. */
enum { INCLINE_PROGRAM_CACHE_BYTES = 256 << 20 };

/* Removes files, the longest unused first, until the rest have at most `bytes`. */
void incline_program_cache_trim(const struct incline_cache_folder *folder, size_t bytes);

#endif
