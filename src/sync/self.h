/* SPDX-License-Identifier: MIT */
/*
 * How a copied lock is recognised: it remembers its own address.
 *
 * The low half is enough, and zero, which an address may end in, only means
 * that the copy is not noticed.  Goroutines that race for the first use write
 * the same word.
 */
#ifndef WEFT_SRC_SELF_H
#define WEFT_SRC_SELF_H

#include "base/atomic.h"
#include "debug/debug.h"
#include "sync/lockcheck.h"

static inline uint32_t low_half(const void *at) { return (uint32_t)(uintptr_t)at; }

/* self_is - false: what lives at @at was copied from elsewhere after its first use. */
static inline bool self_is(uint32_t *self, const void *at)
{
    uint32_t known = load_relaxed(self);
    if (likely(known == low_half(at)))
        return true;
    if (known != 0)
        return false;
    lock_made((void *)(uintptr_t)at, self);
    return true;
}

/* when_last - "it was last locked at f.c:7" into @out, or "it was never locked". */
static inline const char *when_last(char *out, size_t size, const char *what, uintptr_t pc)
{
    int n = snprintf(out, size, pc ? "it was last %s at " : "it was never %s", what);
    if (pc)
        weft__site(out + n, size - (size_t)n, pc);
    return out;
}

#endif /* WEFT_SRC_SELF_H */
