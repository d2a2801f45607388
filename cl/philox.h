/* Philox4x32-10 as in src/base/philox.c, for LANES counters at once: the same bits as the host's.
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11. */
#ifndef INCL_PHILOX_H
#define INCL_PHILOX_H
#include "lanes.h"

typedef WIDEN(uint) incl_words;
#define AS_WORDS(v) WIDEN(as_uint)(v)

struct incl_philox {
    incl_words word[4];
};

/* The four words for a key and counters that differ in their first word alone. */
INCL_INLINE struct incl_philox incl_philox(ulong key, incl_words c0, uint c1, uint c2, uint c3)
{
    struct incl_philox x = {{c0, (incl_words)(c1), (incl_words)(c2), (incl_words)(c3)}};
    uint key0 = (uint)key, key1 = (uint)(key >> 32);
    for (int round = 0; round < 10; round++) {
        incl_words high0 = mul_hi((incl_words)(0xD2511F53u), x.word[0]);
        incl_words high1 = mul_hi((incl_words)(0xCD9E8D57u), x.word[2]);
        incl_words low0 = 0xD2511F53u * x.word[0], low1 = 0xCD9E8D57u * x.word[2];
        x.word[0] = high1 ^ x.word[1] ^ key0;
        x.word[1] = low1;
        x.word[2] = high0 ^ x.word[3] ^ key1;
        x.word[3] = low0;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return x;
}

#endif
