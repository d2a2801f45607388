/* Philox4x32-10; constants and rounds from section 4.3 of the paper named in the header. */
#include "base/philox.h"

enum { ROUNDS = 10 };

static const uint32_t multiplier0 = 0xD2511F53u, multiplier1 = 0xCD9E8D57u;
static const uint32_t weyl0 = 0x9E3779B9u, weyl1 = 0xBB67AE85u; /* added to the key each round */

static struct incline_philox mix(struct incline_philox x, uint32_t key0, uint32_t key1)
{
    uint64_t product0 = (uint64_t)multiplier0 * x.word[0];
    uint64_t product1 = (uint64_t)multiplier1 * x.word[2];
    return (struct incline_philox){{
        (uint32_t)(product1 >> 32) ^ x.word[1] ^ key0,
        (uint32_t)product1,
        (uint32_t)(product0 >> 32) ^ x.word[3] ^ key1,
        (uint32_t)product0,
    }};
}

struct incline_philox incline_philox(uint32_t key0, uint32_t key1, uint32_t c0, uint32_t c1,
                                     uint32_t c2, uint32_t c3)
{
    struct incline_philox x = {{c0, c1, c2, c3}};
    for (int round = 0; round < ROUNDS; round++) {
        x = mix(x, key0, key1);
        key0 += weyl0;
        key1 += weyl1;
    }
    return x;
}

struct incline_philox incline_philox_draw(uint64_t seed, enum incline_stream stream, uint32_t item,
                                          uint64_t index)
{
    return incline_philox((uint32_t)seed, (uint32_t)(seed >> 32), (uint32_t)index,
                          (uint32_t)(index >> 32), (uint32_t)stream, item);
}

float incline_philox_uniform(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24f;
}
