/* SPDX-License-Identifier: MIT */
/*
 * Wait groups.
 *
 * weft_state holds the counter (upper half, signed) and the number of waiters
 * (lower half) in one word, so that the call that brings the counter to zero
 * learns in the same step whether anybody waits.  If nobody does, that step was
 * its last touch of the wait group, which may be gone by then.  If somebody
 * does, they cannot return before it wakes them.
 */
#include "debug/debug.h"
#include "sanitize/sanitize.h"
#include "sched/park.h"
#include "sched/sched.h"
#include "weft/panic.h"
#include "weft/sync.h"

static int32_t counter_of(uint64_t state) { return (int32_t)(state >> 32); }

static uint32_t waiters_of(uint64_t state) { return (uint32_t)state; }

static void check_copy(weft_wg *wg)
{
    uint32_t self = (uint32_t)(uintptr_t)wg;
    uint32_t known = load_relaxed(&wg->weft_self);
    if (likely(known == self))
        return;
    if (known != 0)
        weft_panic("wait group was copied after its first use");
    store_relaxed(&wg->weft_self, self);
}

static noinline void wake_all(weft_wg *wg)
{
    struct lock *lock = (struct lock *)&wg->weft_lock;
    weft__lock(lock);
    struct g *list = wg->weft_list;
    wg->weft_list = NULL;
    /* The counter is zero and stays so: adding while waiters are released is a
     * mistake that add() reports. */
    store_relaxed(&wg->weft_state, 0);
    weft__unlock(lock);
    weft__ready_all(list);
}

static inline void add(weft_wg *wg, int n)
{
    check_copy(wg);
    if (n < 0)
        hb_release(wg);
    uint64_t state =
        __atomic_add_fetch(&wg->weft_state, (uint64_t)(uint32_t)n << 32, __ATOMIC_ACQ_REL);
    int32_t counter = counter_of(state);
    if (unlikely(counter < 0))
        weft_panic("negative WaitGroup counter");
    if (unlikely(waiters_of(state) != 0 && n > 0 && counter == n))
        weft_panic("WaitGroup misuse: weft_wg_add called while weft_wg_wait returns");
    if (counter == 0 && waiters_of(state) != 0)
        wake_all(wg);
}

void weft_wg_add(weft_wg *wg, int n) { add(wg, n); }

void weft_wg_done(weft_wg *wg) { add(wg, -1); }

static void wait(weft_wg *wg, uintptr_t pc)
{
    check_copy(wg);
    uint64_t state = load_acquire(&wg->weft_state);
    if (counter_of(state) == 0) {
        hb_acquire(wg);
        return;
    }
    struct lock *lock = (struct lock *)&wg->weft_lock;
    weft__lock(lock);
    do {
        if (counter_of(state) == 0) {
            weft__unlock(lock);
            hb_acquire(wg);
            return;
        }
    } while (!__atomic_compare_exchange_n(&wg->weft_state, &state, state + 1, false,
                                          __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    struct g *g = weft__current();
    g->link = wg->weft_list; /* a parked goroutine's link is free to use */
    wg->weft_list = g;
    weft__lock_wait();
    weft__park(WAIT_WG, wg, pc, lock);
    hb_acquire(wg);
}

void weft_impl_wg_wait(weft_wg *wg) { wait(wg, (uintptr_t)__builtin_return_address(0)); }

void(weft_wg_wait)(weft_wg *wg) { wait(wg, (uintptr_t)__builtin_return_address(0)); }

void weft_impl_wg_go(weft_wg *wg, weft_impl_fn fn, unsigned n, const uintptr_t *args)
{
    add(wg, 1);
    weft__spawn(NULL, 0, 0, wg, (uintptr_t)__builtin_return_address(0), fn, n, args);
}
