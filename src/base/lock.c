/* SPDX-License-Identifier: MIT */
#include "base/lock.h"

#include "platform/platform.h"

/*
 * Each look takes the line from the holder, who is about to write to it, so looks
 * become rarer: the pauses between them double up to PAUSE_MAX.  Then the time
 * slice is given away, and in the end we sleep.
 */
enum { SPIN_ROUNDS = 30, YIELD_ROUNDS = 130, PAUSE_MAX = 128 };

noinline void weft__lock_slow(struct lock *l)
{
    unsigned pauses = 16;
    for (unsigned round = 0;; round++) {
        if (load_relaxed(&l->held) == 0 && weft__try_lock(l))
            return;
        if (round < SPIN_ROUNDS) {
            for (unsigned i = 0; i < pauses; i++)
                cpu_relax();
            pauses = pauses < PAUSE_MAX ? pauses * 2 : PAUSE_MAX;
        } else if (round < YIELD_ROUNDS) {
            weft__thread_yield();
        } else {
            weft__thread_sleep(50 * 1000);
        }
    }
}
