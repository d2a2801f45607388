/* 128-bit hashes of texts and bytes, for the names and checksums of cache files. They tell contents
 * apart and find damage; they are no protection against forgery. */
#ifndef INCLINE_BASE_HASH_H
#define INCLINE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a with 128 bits; source: Fowler, Noll, Vo, Eastlake, Hansen, RFC 9923. */
struct incline_hash {
    uint64_t high, low;
};

enum { INCLINE_HASH_TEXT = 33 }; /* bytes of a hash as text, with the final zero */

void incline_hash_init(struct incline_hash *hash);
void incline_hash_add(struct incline_hash *hash, const void *bytes, size_t length);

/* Adds text with its final zero, so that "ab", "c" is not "a", "bc". */
void incline_hash_add_text(struct incline_hash *hash, const char *text);

/* 32 lower-case hexadecimal digits. */
void incline_hash_write(const struct incline_hash *hash, char text[INCLINE_HASH_TEXT]);

#endif
