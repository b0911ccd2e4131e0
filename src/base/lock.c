/* SPDX-License-Identifier: MIT */
#include "base/lock.h"

#include "platform/platform.h"

/* Rounds of spinning before the time slice is given away, and before sleeping. */
enum { SPIN_ROUNDS = 100, YIELD_ROUNDS = 200 };

noinline void weft__lock_slow(struct lock *l)
{
    for (unsigned round = 0;; round++) {
        if (load_relaxed(&l->held) == 0 && weft__try_lock(l))
            return;
        if (round < SPIN_ROUNDS)
            cpu_relax();
        else if (round < YIELD_ROUNDS)
            weft__thread_yield();
        else
            weft__thread_sleep(50 * 1000);
    }
}
