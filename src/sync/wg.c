/* SPDX-License-Identifier: MIT */
/*
 * Wait groups.
 *
 * weft_state holds the counter (upper half, signed) and the number of waiters
 * (lower half) in one word, so that the call that brings the counter to zero
 * learns in the same step whether anybody waits.  If nobody does, that step was
 * its last touch of the wait group, which may be gone by then.  If somebody
 * does, they cannot return before it wakes them.
 *
 * A waiter takes itself out of the number when it is about to return.  So
 * whoever adds to a counter of zero while there still are waiters has begun the
 * next round too early, and is told in any case, not only when they see it.
 */
#include "debug/debug.h"
#include "sanitize/sanitize.h"
#include "sched/park.h"
#include "sched/sched.h"
#include "sync/self.h"
#include "weft/panic.h"
#include "weft/sync.h"

static int32_t counter_of(uint64_t state) { return (int32_t)(state >> 32); }

static uint32_t waiters_of(uint64_t state) { return (uint32_t)state; }

static noinline void panic_copied(weft_wg *wg)
{
    char at[256];
    weft_panic("wait group was copied after its first use\n\tthe original was last added to at %s",
               weft__site(at, sizeof at, load_relaxed(&wg->weft_pc)));
}

static inline void check_copy(weft_wg *wg)
{
    if (unlikely(!self_is(&wg->weft_self, wg)))
        panic_copied(wg);
}

static noinline void panic_negative(uintptr_t pc)
{
    char at[256];
    weft_panic("negative WaitGroup counter\n\t%s", when_last(at, sizeof at, "added to", pc));
}

static noinline void panic_early(weft_wg *wg)
{
    char at[256];
    weft_panic("WaitGroup misuse: weft_wg_add called while weft_wg_wait returns\n"
               "\tthe last of those who wait does so at %s",
               weft__site(at, sizeof at, load_relaxed(&wg->weft_wait_pc)));
}

static noinline void wake_all(weft_wg *wg)
{
    struct lock *lock = (struct lock *)&wg->weft_lock;
    weft__lock(lock);
    struct g *list = wg->weft_list;
    wg->weft_list = NULL;
    weft__unlock(lock);
    weft__ready_all(list);
}

/* @pc: of the call that adds; not looked at when it takes away. */
static inline void add(weft_wg *wg, int n, uintptr_t pc)
{
    check_copy(wg);
    if (n < 0)
        hb_release(wg);
    else
        store_relaxed(&wg->weft_pc, pc);
    uint64_t state =
        __atomic_add_fetch(&wg->weft_state, (uint64_t)(uint32_t)n << 32, __ATOMIC_ACQ_REL);
    int32_t counter = counter_of(state);
    if (unlikely(counter < 0))
        panic_negative(load_relaxed(&wg->weft_pc));
    if (unlikely(waiters_of(state) != 0 && n > 0 && counter == n))
        panic_early(wg);
    if (counter == 0 && waiters_of(state) != 0)
        wake_all(wg);
}

void(weft_wg_add)(weft_wg *wg, int n) { add(wg, n, (uintptr_t)__builtin_return_address(0)); }

void weft_wg_done(weft_wg *wg) { add(wg, -1, 0); }

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
    wg->weft_wait_pc = pc;
    weft__lock_wait();
    weft__park(WAIT_WG, wg, pc, lock);
    hb_acquire(wg);
    sub_seq(&wg->weft_state, 1);
}

void weft_impl_wg_wait(weft_wg *wg) { wait(wg, (uintptr_t)__builtin_return_address(0)); }

void(weft_wg_wait)(weft_wg *wg) { wait(wg, (uintptr_t)__builtin_return_address(0)); }

void weft_impl_wg_go(weft_wg *wg, weft_impl_fn fn, unsigned n, const uintptr_t *args)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    add(wg, 1, pc);
    weft__spawn(NULL, 0, 0, wg, pc, fn, n, args);
}
