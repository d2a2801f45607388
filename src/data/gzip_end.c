#include "data/gzip_end.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum { PIECE_BYTES = 64 * 1024, LENGTH_BYTES = 4, GZIP_WINDOW = 15 + 16 };

/* A file of one member ends with the length of what it holds, modulo 2^32. */
static bool ends_in_length(FILE *file, uint64_t unpacked)
{
    unsigned char b[LENGTH_BYTES];
    if (fseek(file, -LENGTH_BYTES, SEEK_END) || fread(b, 1, sizeof b, file) != sizeof b)
        return false;
    uint32_t length = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    return length == (uint32_t)unpacked;
}

/* Unpacks what is in stream, for where it ends. */
static int skip_input(z_stream *stream)
{
    unsigned char out[PIECE_BYTES];
    int code = Z_OK;
    while (code == Z_OK && stream->avail_in > 0) {
        stream->next_out = out;
        stream->avail_out = sizeof out;
        code = inflate(stream, Z_NO_FLUSH);
    }
    return code == Z_BUF_ERROR ? Z_OK : code;
}

static bool is_padding(const z_stream *stream)
{
    for (unsigned i = 0; i < stream->avail_in; i++)
        if (stream->next_in[i])
            return false;
    return true;
}

/* Member after member, to the first byte that belongs to none. */
static bool walk_members(FILE *file, z_stream *stream)
{
    unsigned char in[PIECE_BYTES];
    bool ended = false; /* between members */
    size_t got;
    while ((got = fread(in, 1, sizeof in, file)) > 0) {
        stream->next_in = in;
        stream->avail_in = (unsigned)got;
        while (stream->avail_in > 0) {
            if (ended && is_padding(stream))
                break;
            if (ended && inflateReset(stream) != Z_OK)
                return false;
            int code = skip_input(stream);
            if (code != Z_OK && code != Z_STREAM_END)
                return false;
            ended = code == Z_STREAM_END;
        }
    }
    return ended && !ferror(file);
}

enum incline_status incline_gzip_end_check(struct incline_context *ctx, const char *path,
                                           uint64_t unpacked, bool *clean)
{
    z_stream stream;
    FILE *file = fopen(path, "rb");
    if (!file)
        return incline_fail(ctx, INCLINE_ERROR_DATA, "%s: cannot read it: %s", path,
                            strerror(errno));
    *clean = ends_in_length(file, unpacked);
    memset(&stream, 0, sizeof stream);
    if (!*clean && inflateInit2(&stream, GZIP_WINDOW) == Z_OK) {
        rewind(file);
        *clean = walk_members(file, &stream);
        inflateEnd(&stream);
    }
    fclose(file);
    return INCLINE_OK;
}
