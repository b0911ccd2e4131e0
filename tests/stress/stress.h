/* SPDX-License-Identifier: MIT */
/*
 * What the stress programs share: how long to run, random numbers, failing.
 *
 * Each program runs for STRESS_MS milliseconds (default 1000), checks an
 * invariant that any lost, doubled or reordered step would break, and exits 1
 * with the line when it does not hold.
 */
#ifndef STRESS_H
#define STRESS_H

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <weft.h>

#define REQUIRE(cond)                                                                              \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #cond);                     \
            _Exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static inline weft_duration stress_time(void)
{
    const char *ms = getenv("STRESS_MS");
    return (ms ? atoi(ms) : 1000) * WEFT_MILLISECOND;
}

static inline uint32_t random_below(uint32_t n)
{
    return (uint32_t)(weft_rand() >> 33) % n;
}

#endif
