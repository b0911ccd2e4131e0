/* SPDX-License-Identifier: MIT */
/*
 * The lock of the runtime's own structures: one byte-sized state in a word.
 *
 * Sections under it are a few dozen instructions and never park, so a waiter
 * spins; when that takes long the holder was probably preempted and the waiter
 * gives its time slice away.  Releasing is a plain store, which makes the
 * uncontended pair one atomic operation instead of two; a futex would need the
 * second to learn of sleepers.
 *
 * It is no pthread mutex on purpose: a sanitizer would see an edge between any
 * two goroutines that used the same queue, and hide their races.
 *
 * Ranks, taken in this order: channel, timer heap, semaphore tables, scheduler,
 * stacks, memory.  Two channels are locked in address order.
 */
#ifndef WEFT_SRC_LOCK_H
#define WEFT_SRC_LOCK_H

#include "base/atomic.h"

struct lock {
    uint32_t held;
};

void weft__lock_slow(struct lock *l);

static inline void weft__lock(struct lock *l)
{
    uint32_t expected = 0;
    /* acquire [lock]: pairs with the release in weft__unlock(). */
    if (unlikely(!cas_acquire(&l->held, &expected, 1)))
        weft__lock_slow(l);
}

static inline bool weft__try_lock(struct lock *l)
{
    uint32_t expected = 0;
    return cas_acquire(&l->held, &expected, 1);
}

static inline void weft__unlock(struct lock *l)
{
    /* release [lock] */
    store_release(&l->held, 0);
}

static inline void weft__assert_held(struct lock *l)
{
    if (unlikely(!load_relaxed(&l->held)))
        __builtin_trap();
}

#endif /* WEFT_SRC_LOCK_H */
