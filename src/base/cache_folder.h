/* The folder for what can be made again: results of checks and measurements, compiled programs.
 *
 * $INCLINE_CACHE_DIR, or $XDG_CACHE_HOME/incline, or $HOME/.cache/incline. What lies there decides
 * what runs, so it is used only when nobody else can have put it there: folder and files must
 * belong to the user and be writable by nobody else, and no link is followed to them. The folder is
 * held by its descriptor, so that it cannot be exchanged behind our back.
 *
 * Every failure but MEMORY is IO with a text that names the path and says why. A cache is never
 * needed: callers go on without, after one incline_log() at WARN. */
#ifndef INCLINE_BASE_CACHE_FOLDER_H
#define INCLINE_BASE_CACHE_FOLDER_H

#include "base/error.h"

#include <stddef.h>

struct incline_cache_folder {
    char *path;     /* for messages */
    int descriptor; /* of the open folder */
};

/* Opens the folder, or a folder of that name in it (part, a plain name; NULL: the folder itself),
 * and creates what is missing with mode 0700. Close with incline_cache_close, also after a failure.
 */
enum incline_status incline_cache_open(struct incline_context *ctx, const char *part,
                                       struct incline_cache_folder *out) INCLINE_MUST_CHECK;
void incline_cache_close(struct incline_cache_folder *folder);

/* Reads a whole file of at most limit bytes. *out = NULL and *length = 0 when there is none;
 * otherwise the bytes and an extra zero, to be freed with incline_free. */
enum incline_status incline_cache_read(struct incline_context *ctx,
                                       const struct incline_cache_folder *folder, const char *name,
                                       size_t limit, char **out, size_t *length) INCLINE_MUST_CHECK;

/* Writes a file of mode 0600 beside name and renames it, so that readers find the old bytes or the
 * new ones. It is not synced: after a power cut it may be gone or empty. */
enum incline_status incline_cache_write(struct incline_context *ctx,
                                        const struct incline_cache_folder *folder, const char *name,
                                        const void *bytes, size_t length) INCLINE_MUST_CHECK;

/* Removes a file, for instance a damaged one; one that is not there is fine. */
void incline_cache_remove(const struct incline_cache_folder *folder, const char *name);

#endif
