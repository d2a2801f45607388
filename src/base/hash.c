#include "base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void incline_hash_init(struct incline_hash *hash)
{
    *hash = (struct incline_hash){0x6c62272e07bb0142, 0x62b821756295c58d};
}

/* Times the prime 2^88 + 0x13b, modulo 2^128, in 64-bit halves. */
static void multiply(struct incline_hash *hash)
{
    const uint64_t factor = 0x13b;
    uint64_t first = (hash->low & 0xffffffff) * factor;
    uint64_t second = (hash->low >> 32) * factor + (first >> 32);
    hash->high = hash->high * factor + (second >> 32) + (hash->low << 24);
    hash->low = (second << 32) | (first & 0xffffffff);
}

void incline_hash_add(struct incline_hash *hash, const void *bytes, size_t length)
{
    const unsigned char *next = bytes;
    for (size_t i = 0; i < length; i++) {
        hash->low ^= next[i];
        multiply(hash);
    }
}

void incline_hash_add_text(struct incline_hash *hash, const char *text)
{
    incline_hash_add(hash, text, strlen(text) + 1);
}

void incline_hash_write(const struct incline_hash *hash, char text[INCLINE_HASH_TEXT])
{
    snprintf(text, INCLINE_HASH_TEXT, "%016" PRIx64 "%016" PRIx64, hash->high, hash->low);
}
