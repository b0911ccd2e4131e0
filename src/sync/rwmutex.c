/* SPDX-License-Identifier: MIT */
/*
 * Reader-writer lock.
 *
 * weft_state, one word:
 *
 *   WRITER   a writer holds it
 *   QUEUED   somebody is queued; whoever lets go has to see to that
 *   READER * number of readers that hold it
 *
 * While QUEUED is clear, locking and unlocking are one atomic operation on the
 * word.  QUEUED is set and cleared only under weft_lock, together with the
 * queues: it is set if and only if one of them is not empty.  It is set by a
 * compare-and-swap on the very state that makes the goroutine wait, so the
 * holder's own operation on the word either comes before, and the wait is off,
 * or comes after, and sees it.
 *
 * With QUEUED set nobody gets in by the word alone: new readers and writers
 * queue up.  The lock is then passed on, by who makes it free, under
 * weft_lock: the last reader passes it to the first writer; a writer passes it
 * to all readers that are queued, and if there are none to the next writer.  So
 * readers that came during a write go before the next write, those that come
 * later behind it, and neither side starves.  Who was passed the lock holds it
 * when it wakes.
 *
 * The sanitizer's edges are Go's: a write unlock publishes on weft_state, a
 * read unlock on weft_pc; readers take over from the first, writers from both.
 * So nothing leads from one reader to another.
 */
#include "debug/debug.h"
#include "sanitize/sanitize.h"
#include "sched/park.h"
#include "sched/sched.h"
#include "sync/lockcheck.h"
#include "sync/self.h"
#include "weft/panic.h"
#include "weft/sync.h"

enum { WRITER = 1, QUEUED = 2, READER = 4, SPINS = 30 };

/* ---- misuse ----------------------------------------------------------------------- */

static noinline void panic_copied(weft_rwmutex *rw)
{
    char at[256];
    weft_panic("rwmutex was copied after its first use\n\tthe original was last locked at %s",
               weft__site(at, sizeof at, load_relaxed(&rw->weft_pc)));
}

static inline void check_self(weft_rwmutex *rw)
{
    if (unlikely(!self_is(&rw->weft_self, rw)))
        panic_copied(rw);
}

/* @s: what it is instead of locked in the way that @what ends. */
static noinline void fatal_unlock(weft_rwmutex *rw, uint32_t s, const char *what)
{
    char at[256];
    check_self(rw);
    weft__site(at, sizeof at, load_relaxed(&rw->weft_pc));
    if (s & WRITER)
        weft__fatal("%s of a rwmutex that is locked for writing\n"
                    "\tit was locked at %s by goroutine %u",
                    what, at, load_relaxed(&rw->weft_owner));
    if (s >= READER)
        weft__fatal("%s of a rwmutex that is locked for reading\n\tit was last locked at %s", what,
                    at);
    weft__fatal("%s of unlocked rwmutex\n\tit was last locked at %s", what, at);
}

static noinline void fatal_own(weft_rwmutex *rw, struct g *g, const char *how)
{
    char at[256];
    weft__fatal(
        "deadlock: goroutine %llu locks a rwmutex for %s that it holds for writing already\n"
        "\tit was locked at %s",
        (unsigned long long)g->id, how, weft__site(at, sizeof at, load_relaxed(&rw->weft_pc)));
}

static void check_own(weft_rwmutex *rw, uint32_t s, struct g *g, const char *how)
{
    if (s & WRITER && load_relaxed(&rw->weft_owner) == (uint32_t)g->id && !g->thread)
        fatal_own(rw, g, how);
}

/* ---- the word ---------------------------------------------------------------------- */

static inline bool try_read(weft_rwmutex *rw)
{
    uint32_t s = load_relaxed(&rw->weft_state);
    while (!(s & (WRITER | QUEUED)))
        if (cas_acquire(&rw->weft_state, &s, s + READER)) /* acquire [rwmutex] */
            return true;
    return false;
}

static inline bool try_write(weft_rwmutex *rw)
{
    uint32_t free = 0;
    return cas_acquire(&rw->weft_state, &free, WRITER); /* acquire [rwmutex] */
}

/* Called with weft_lock held.  True: somebody else must let go first, and will see QUEUED. */
static bool must_queue(weft_rwmutex *rw, bool writes)
{
    uint32_t s = load_relaxed(&rw->weft_state);
    for (;;) {
        if (s & QUEUED)
            return true;
        if (s & WRITER || (writes && s >= READER)) {
            if (cas_acquire(&rw->weft_state, &s, s | QUEUED))
                return true;
        } else if (cas_acquire(&rw->weft_state, &s, writes ? WRITER : s + READER)) {
            return false; /* acquire [rwmutex]: it is ours */
        }
    }
}

static struct lock *lock_of(weft_rwmutex *rw) { return (struct lock *)&rw->weft_lock; }

static inline void wrote(weft_rwmutex *rw, struct g *g, uintptr_t pc)
{
    lock_took(rw, HELD_WRITE, pc);
    store_relaxed(&rw->weft_owner, (uint32_t)g->id);
    store_relaxed(&rw->weft_pc, pc);
    hb_acquire(&rw->weft_state);
    hb_acquire(&rw->weft_pc);
}

static inline void read_begins(weft_rwmutex *rw, uintptr_t pc)
{
    lock_took(rw, HELD_READ, pc);
    store_relaxed(&rw->weft_pc, pc);
    hb_acquire(&rw->weft_state);
}

/* Called with weft_lock held and QUEUED set, nobody else holding it: the first
 * writer of the queue gets it. */
static struct g *pass_to_writer(weft_rwmutex *rw)
{
    struct g *g = rw->weft_first;
    rw->weft_first = g->link;
    if (!g->link)
        rw->weft_last = NULL;
    g->link = NULL;
    uint32_t queued = rw->weft_first || rw->weft_readers ? QUEUED : 0;
    store_release(&rw->weft_state, WRITER | queued); /* release [rwmutex] */
    return g;
}

/* Called with weft_lock held: all readers of the queue get it. */
static struct g *pass_to_readers(weft_rwmutex *rw)
{
    struct g *list = NULL;
    uint32_t n = 0;
    for (struct g *g = rw->weft_readers, *next; g; g = next) {
        next = g->link; /* newest first: turned round */
        g->link = list;
        list = g;
        n++;
    }
    rw->weft_readers = NULL;
    store_release(&rw->weft_state,
                  n * READER | (rw->weft_first ? QUEUED : 0)); /* release [rwmutex] */
    return list;
}

/* ---- locking ------------------------------------------------------------------------ */

/* A parked goroutine's link is free: the queues need nothing else. */
static noinline void rlock_slow(weft_rwmutex *rw, struct g *g, uintptr_t pc)
{
    weft__lock(lock_of(rw));
    if (!must_queue(rw, false)) {
        weft__unlock(lock_of(rw));
        return;
    }
    check_own(rw, load_relaxed(&rw->weft_state), g, "reading");
    g->link = rw->weft_readers;
    rw->weft_readers = g;
    weft__lock_wait();
    weft__park(WAIT_RWMUTEX_READ, rw, pc, lock_of(rw));
}

static noinline void lock_slow(weft_rwmutex *rw, struct g *g, uintptr_t pc)
{
    check_own(rw, load_relaxed(&rw->weft_state), g, "writing");
    if (load_relaxed(&sched.proc_count) > 1)
        for (int i = 0; i < SPINS; i++) {
            if (load_relaxed(&rw->weft_state) == 0 && try_write(rw))
                return;
            cpu_relax();
        }
    weft__lock(lock_of(rw));
    if (!must_queue(rw, true)) {
        weft__unlock(lock_of(rw));
        return;
    }
    g->link = NULL;
    if (rw->weft_last)
        ((struct g *)rw->weft_last)->link = g;
    else
        rw->weft_first = g;
    rw->weft_last = g;
    weft__lock_wait();
    weft__park(WAIT_RWMUTEX_WRITE, rw, pc, lock_of(rw));
}

void(weft_rwmutex_rlock)(weft_rwmutex *rw)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    check_self(rw);
    lock_wants(rw, HELD_READ, pc);
    if (unlikely(!try_read(rw)))
        rlock_slow(rw, weft__current(), pc);
    read_begins(rw, pc);
}

void(weft_rwmutex_lock)(weft_rwmutex *rw)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct g *g = weft__current();
    check_self(rw);
    lock_wants(rw, HELD_WRITE, pc);
    if (unlikely(!try_write(rw)))
        lock_slow(rw, g, pc);
    wrote(rw, g, pc);
}

bool(weft_rwmutex_try_rlock)(weft_rwmutex *rw)
{
    check_self(rw);
    if (!try_read(rw))
        return false;
    read_begins(rw, (uintptr_t)__builtin_return_address(0));
    return true;
}

bool(weft_rwmutex_try_lock)(weft_rwmutex *rw)
{
    check_self(rw);
    if (!try_write(rw))
        return false;
    wrote(rw, weft__current(), (uintptr_t)__builtin_return_address(0));
    return true;
}

/* ---- unlocking ------------------------------------------------------------------------ */

/* The last reader left, and somebody was queued. */
static noinline void readers_gone(weft_rwmutex *rw)
{
    weft__lock(lock_of(rw));
    /* It still is nobody's: all who came since have queued up. */
    struct g *g = pass_to_writer(rw);
    weft__unlock(lock_of(rw));
    weft__ready(g);
}

void(weft_rwmutex_runlock)(weft_rwmutex *rw)
{
    uint32_t s = load_relaxed(&rw->weft_state);
    hb_release(&rw->weft_pc);
    lock_drops(rw, HELD_READ);
    do
        if (unlikely(s < READER || s & WRITER))
            fatal_unlock(rw, s, "read unlock");
    while (!__atomic_compare_exchange_n(&rw->weft_state, &s, s - READER, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED)); /* release [rwmutex] */
    if (unlikely(s - READER == QUEUED))
        readers_gone(rw);
}

static noinline void unlock_queued(weft_rwmutex *rw)
{
    weft__lock(lock_of(rw));
    struct g *list = rw->weft_readers ? pass_to_readers(rw) : pass_to_writer(rw);
    weft__unlock(lock_of(rw));
    weft__ready_all(list);
}

void(weft_rwmutex_unlock)(weft_rwmutex *rw)
{
    uint32_t s = load_relaxed(&rw->weft_state);
    if (unlikely(!(s & WRITER)))
        fatal_unlock(rw, s, "unlock");
    lock_drops(rw, HELD_WRITE);
    hb_release(&rw->weft_state);
    store_relaxed(&rw->weft_owner, 0);
    uint32_t alone = WRITER;
    if (unlikely(!__atomic_compare_exchange_n(&rw->weft_state, &alone, 0, false, __ATOMIC_RELEASE,
                                              __ATOMIC_RELAXED))) /* release [rwmutex] */
        unlock_queued(rw);
}
