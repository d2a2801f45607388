/* What stands behind the data of a gzip file: zlib's own reader passes over it silently. */
#ifndef INCLINE_DATA_GZIP_END_H
#define INCLINE_DATA_GZIP_END_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* *clean: nothing but further gzip members and padding with zeros follows. unpacked: bytes that the
 * file was seen to hold; the file itself is sound. Fails with DATA when it cannot be read. */
enum incline_status incline_gzip_end_check(struct incline_context *ctx, const char *path,
                                           uint64_t unpacked, bool *clean) INCLINE_MUST_CHECK;

#endif
