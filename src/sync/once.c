/* SPDX-License-Identifier: MIT */
/*
 * Once.
 *
 * weft_done is zero, or made from the once's own address when it is done: so
 * the inline test in weft/sync.h is one comparison, and fails for a copy.  It
 * is released [once.done] after the call has returned, under weft_lock, which
 * also guards who runs and who waits.
 *
 * However the call ends, the scope record finishes it: by returning, by a
 * panic or by weft_goexit().
 *
 * Whoever sees that it is done may free it.  So that is said with the last touch
 * of it: weft_done and weft_lock, which is unlocked, are one word.
 */
#include "debug/debug.h"
#include "sanitize/sanitize.h"
#include "sched/park.h"
#include "sched/sched.h"
#include "sync/self.h"
#include "weft/panic.h"
#include "weft/sync.h"

static struct lock *lock_of(weft_once *o) { return (struct lock *)&o->weft_lock; }

static noinline void panic_copied(weft_once *o)
{
    char at[256];
    weft_panic("once was copied after its first use\n\tthe original was begun at %s",
               weft__site(at, sizeof at, o->weft_pc));
}

static noinline void fatal_recursion(weft_once *o, const struct g *g)
{
    char at[256];
    weft__fatal(
        "deadlock: goroutine %llu waits for a once that it runs itself\n\tit was begun at %s",
        (unsigned long long)g->id, weft__site(at, sizeof at, o->weft_pc));
}

union done_and_lock {
    struct {
        uint32_t done, lock;
    } part;
    uint64_t whole;
};

_Static_assert(offsetof(weft_once, weft_done) % sizeof(uint64_t) == 0 &&
                   offsetof(weft_once, weft_lock) == offsetof(weft_once, weft_done) + 4,
               "one word");

typedef uint64_t __attribute__((may_alias)) word;

static void finish(weft_once *o)
{
    const union done_and_lock unlocked = {.part = {low_half(o) | 1, 0}};
    hb_release(&o->weft_done);
    weft__lock(lock_of(o));
    struct g *list = o->weft_waiting;
    o->weft_waiting = NULL;
    o->weft_running = false;
    store_release((word *)(void *)&o->weft_done, unlocked.whole); /* release [once.done], [lock] */
    weft__ready_all(list);
}

void weft_impl_once_do(weft_once *o, weft_impl_fn fn, unsigned n, const uintptr_t *args)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct g *g = weft__current();
    if (unlikely(!self_is(&o->weft_self, o)))
        panic_copied(o);
    weft__lock(lock_of(o));
    if (o->weft_done) { /* since the caller looked */
        weft__unlock(lock_of(o));
        hb_acquire(&o->weft_done);
        return;
    }
    if (o->weft_running) {
        if (unlikely(o->weft_runner == g->id && !g->thread))
            fatal_recursion(o, g);
        g->link = o->weft_waiting; /* a parked goroutine's link is free to use */
        o->weft_waiting = g;
        weft__lock_wait();
        weft__park(WAIT_ONCE, o, pc, lock_of(o));
        hb_acquire(&o->weft_done);
        return;
    }
    o->weft_running = true;
    o->weft_runner = g->id;
    o->weft_pc = pc;
    weft__unlock(lock_of(o));

    weft_defer(finish, o);
    uintptr_t a[6] = {0};
    for (unsigned i = 0; i < n; i++)
        a[i] = args[i];
    ((void (*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t))fn)(
        a[0], a[1], a[2], a[3], a[4], a[5]);
}
