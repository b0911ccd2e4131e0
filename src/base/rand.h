/* SPDX-License-Identifier: MIT */
/* Fast random numbers for scheduling: Marsaglia's xorshift64*, one state per user. */
#ifndef WEFT_SRC_RAND_H
#define WEFT_SRC_RAND_H

#include <stdint.h>

static inline uint64_t rand_next(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545F4914F6CDD1Dull;
}

/* rand_below - uniform in [0, n), without division; n > 0. */
static inline uint32_t rand_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)(((rand_next(state) >> 32) * (uint64_t)n) >> 32);
}

#endif /* WEFT_SRC_RAND_H */
