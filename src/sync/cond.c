/* SPDX-License-Identifier: MIT */
/*
 * Condition variables, by numbers as Go has them.
 *
 * Every wait takes a number before it unlocks the mutex.  A signal moves
 * weft_notify on by one: the wait of that number is over, whether its goroutine
 * is queued already, and is woken, or still on its way, and then does not
 * queue.  So a goroutine that holds the mutex when it looks at its condition
 * misses no signal, and one that came later takes none away from it.
 *
 * All fields are written under weft_lock, which guards the queue too; signal
 * and broadcast first compare the two numbers without it.
 *
 * The sanitizer's edge goes from a signal to the wait that it ends: through the
 * waiter if it was queued, else through the cond.
 */
#include "debug/debug.h"
#include "sanitize/sanitize.h"
#include "sched/park.h"
#include "sched/sched.h"
#include "sync/mutex_impl.h"
#include "sync/self.h"
#include "weft/panic.h"
#include "weft/sync.h"

struct cond_waiter {
    struct cond_waiter *next;
    struct g *g;
    uint32_t number;
};

static noinline void panic_copied(weft_cond *c)
{
    char at[256];
    weft_panic("cond was copied after its first use\n\tthe original was last waited on at %s",
               weft__site(at, sizeof at, load_relaxed(&c->weft_pc)));
}

static inline void check_self(weft_cond *c)
{
    if (unlikely(!self_is(&c->weft_self, c)))
        panic_copied(c);
}

static struct lock *lock_of(weft_cond *c) { return (struct lock *)&c->weft_lock; }

/* ---- waiting ------------------------------------------------------------------------ */

static noinline void panic_not_held(weft_mutex *mu)
{
    char at[256];
    uintptr_t pc = load_relaxed(&mu->weft_pc);
    if (load_relaxed(&mu->weft_state) == 0)
        weft_panic("cond wait without its lock: the mutex is not locked\n\t%s",
                   when_last(at, sizeof at, "locked", pc));
    weft_panic("cond wait without its lock: the mutex is locked by goroutine %u\n"
               "\tit was locked at %s",
               load_relaxed(&mu->weft_owner), weft__site(at, sizeof at, pc));
}

/* A thread has no number to be known by. */
static bool holds(const struct g *g, weft_mutex *mu)
{
    return load_relaxed(&mu->weft_state) != 0 &&
           (g->thread || load_relaxed(&mu->weft_owner) == (uint32_t)g->id);
}

/* Called with the lock held, unlocks it. */
static noinline void panic_other_mutex(weft_cond *c)
{
    char at[256];
    uintptr_t pc = c->weft_pc;
    weft__unlock(lock_of(c));
    weft_panic("cond wait with another mutex than the goroutines that wait already\n"
               "\tthe last of them waits at %s",
               weft__site(at, sizeof at, pc));
}

static uint32_t take_number(weft_cond *c, weft_mutex *mu, uintptr_t pc)
{
    weft__lock(lock_of(c));
    if (unlikely(c->weft_next != c->weft_notify && c->weft_mu != mu))
        panic_other_mutex(c);
    c->weft_mu = mu;
    c->weft_pc = pc;
    uint32_t number = c->weft_next;
    store_relaxed(&c->weft_next, number + 1);
    weft__unlock(lock_of(c));
    return number;
}

void(weft_cond_wait)(weft_cond *c, weft_mutex *mu)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct g *g = weft__current();
    check_self(c);
    if (unlikely(!holds(g, mu)))
        panic_not_held(mu);
    struct cond_waiter w = {.g = g, .number = take_number(c, mu, pc)};
    (weft_mutex_unlock)(mu); /* the function: the inline path tells a race detector nothing */

    weft__lock(lock_of(c));
    if ((int32_t)(w.number - c->weft_notify) < 0) {
        weft__unlock(lock_of(c));
        hb_acquire(c);
    } else {
        if (c->weft_last)
            ((struct cond_waiter *)c->weft_last)->next = &w;
        else
            c->weft_first = &w;
        c->weft_last = &w;
        weft__park(WAIT_COND, c, pc, lock_of(c));
        hb_acquire(&w);
    }
    weft__mutex_lock(mu, pc);
}

/* ---- signalling ---------------------------------------------------------------------- */

/* Nobody has a number that was not signalled yet.  Exact for who holds the
 * mutex that the waits were begun under: its lock orders their numbers. */
static bool nobody(weft_cond *c)
{
    return load_relaxed(&c->weft_next) == load_relaxed(&c->weft_notify);
}

/* Called with the lock held.  Numbers need not queue in order, but nearly do. */
static struct cond_waiter *take(weft_cond *c, uint32_t number)
{
    struct cond_waiter *before = NULL, *w = c->weft_first;
    while (w && w->number != number) {
        before = w;
        w = w->next;
    }
    if (!w)
        return NULL;
    if (before)
        before->next = w->next;
    else
        c->weft_first = w->next;
    if (!w->next)
        c->weft_last = before;
    return w;
}

void weft_cond_signal(weft_cond *c)
{
    struct g *g = NULL;
    check_self(c);
    if (nobody(c))
        return;
    weft__lock(lock_of(c));
    if (!nobody(c)) {
        uint32_t number = c->weft_notify;
        store_relaxed(&c->weft_notify, number + 1);
        struct cond_waiter *w = take(c, number);
        if (w) {
            hb_release(w);
            g = w->g;
        } else {
            hb_release(c);
        }
    }
    weft__unlock(lock_of(c));
    if (g)
        weft__ready(g);
}

void weft_cond_broadcast(weft_cond *c)
{
    struct g *list = NULL, **end = &list;
    check_self(c);
    if (nobody(c))
        return;
    weft__lock(lock_of(c));
    store_relaxed(&c->weft_notify, c->weft_next);
    hb_release(c);
    for (struct cond_waiter *w = c->weft_first; w; w = w->next) {
        hb_release(w);
        w->g->link = NULL; /* a parked goroutine's link is free to use */
        *end = w->g;
        end = &w->g->link;
    }
    c->weft_first = c->weft_last = NULL;
    weft__unlock(lock_of(c));
    weft__ready_all(list);
}
