/* Philox4x32-10, a counter-based random number generator: word = f(key, counter), so that any draw
 * can be made in any order on host and device, and there is no state to save.
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11. */
#ifndef INCLINE_BASE_PHILOX_H
#define INCLINE_BASE_PHILOX_H

#include <stdint.h>

/* What a draw is for, so that equal counters in different uses stay independent. */
enum incline_stream {
    INCLINE_STREAM_SHUFFLE = 1, /* counter: index, epoch */
    INCLINE_STREAM_WEIGHTS = 2, /* counter: element, parameter number */
    INCLINE_STREAM_CHECK = 3,   /* counter: element, tensor number */
    INCLINE_STREAM_DROPOUT = 4  /* counter: element and step, layer number; see cl/dropout.cl */
};

struct incline_philox {
    uint32_t word[4];
};

/* The four words for key (seed) and counter. */
struct incline_philox incline_philox(uint32_t key0, uint32_t key1, uint32_t c0, uint32_t c1,
                                     uint32_t c2, uint32_t c3);

/* Words for draw number `index` of a stream: key = seed, counter = {index, stream, item}. */
struct incline_philox incline_philox_draw(uint64_t seed, enum incline_stream stream, uint32_t item,
                                          uint64_t index);

/* Uniform in [0, 1), 24 bits. */
float incline_philox_uniform(uint32_t word);

#endif
