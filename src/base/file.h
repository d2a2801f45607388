/* Files: reading whole ones with a limit, and writing so that a crash never leaves half a file. */
#ifndef INCLINE_BASE_FILE_H
#define INCLINE_BASE_FILE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Reads the file at path, at most limit bytes (a larger file is DATA). *out is terminated with an
 * extra zero byte that *length does not count. Free *out with incline_free. A file that cannot be
 * opened or read is DATA. */
enum incline_status incline_file_read(struct incline_context *ctx, const char *path, size_t limit,
                                      char **out, size_t *length) INCLINE_MUST_CHECK;

/* Fails with DATA where path is a pipe, a socket or a device: nobody may ever write there, and it
 * cannot be read twice. */
enum incline_status incline_file_check_kind(struct incline_context *ctx,
                                            const char *path) INCLINE_MUST_CHECK;

/* Writes `length` bytes to path: beside it under a temporary name, synced, then renamed, so path
 * holds either its old content or all of the new. Fails with IO, naming path and the cause. */
enum incline_status incline_file_write(struct incline_context *ctx, const char *path,
                                       const void *bytes, size_t length) INCLINE_MUST_CHECK;

/* Appends bytes to path, creating it if needed. Fails with IO. */
enum incline_status incline_file_append(struct incline_context *ctx, const char *path,
                                        const void *bytes, size_t length) INCLINE_MUST_CHECK;

/* Creates the folder and its missing parents; a folder that exists is fine. Fails with IO. */
enum incline_status incline_folder_create(struct incline_context *ctx,
                                          const char *path) INCLINE_MUST_CHECK;

/* Creates the folder, which must not exist yet, and its missing parents: of several callers one
 * succeeds, for the others *existed is true and the status OK. Fails with IO. */
enum incline_status incline_folder_create_new(struct incline_context *ctx, const char *path,
                                              bool *existed) INCLINE_MUST_CHECK;

/* Keeps the folder for the caller until *lock is given to incline_folder_unlock() or the process
 * ends, against others that ask for it, in this process, too. false: another has it. *lock is -1
 * then, and where the folder is absent or cannot be locked, as on NFS: there everybody gets it. The
 * lock stays with the folder itself when that is renamed. */
bool incline_folder_lock(const char *path, int *lock) INCLINE_MUST_CHECK;
void incline_folder_unlock(int *lock);

bool incline_file_exists(const char *path);
bool incline_folder_exists(const char *path);

/* *out = path as seen from the root, allocated. Fails with IO when the working folder is gone. */
enum incline_status incline_path_absolute(struct incline_context *ctx, const char *path,
                                          char **out) INCLINE_MUST_CHECK;

/* "folder/name", allocated; free with incline_free. */
enum incline_status incline_path_join(struct incline_context *ctx, const char *folder,
                                      const char *name, char **out) INCLINE_MUST_CHECK;

#endif
