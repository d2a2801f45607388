/* What the files of this room that read and write share. */
#ifndef INCLINE_BASE_FILE_INNER_H
#define INCLINE_BASE_FILE_INNER_H

#include "base/file.h"

/* Reads to the end of file into *bytes, which grows from `room` bytes; one byte of room stays free
 * for the final zero. More than limit bytes are DATA. path is for messages. *bytes is the caller's
 * to free, also after a failure. */
enum incline_status incline_file_read_rest(struct incline_context *ctx, const char *path, int file,
                                           size_t limit, size_t room, char **bytes,
                                           size_t *length) INCLINE_MUST_CHECK;

/* 0, or -1 with errno. */
int incline_file_write_all(int file, const char *bytes, size_t length) INCLINE_MUST_CHECK;

#endif
