/* SPDX-License-Identifier: MIT */
/*
 * Weighted semaphores, first come, first served.
 *
 * weft_lock guards all fields.  Always true under it: 0 <= weft_used <=
 * weft_size, and whoever is first in the queue wants more than there is.  So
 * whoever makes room, or leaves the head of the queue because its context
 * ended, lets in from the head as many as fit.  Units are handed over with the
 * waiter's ticket: who is woken by a release holds them, who is woken by its
 * context does not (sched/park.h).
 *
 * A goroutine that wants more than the semaphore has does not queue: nobody
 * behind it should wait for what cannot happen.
 */
#include "context/context_impl.h"
#include "debug/debug.h"
#include "sanitize/sanitize.h"
#include "sched/park.h"
#include "sched/sched.h"
#include "sync/self.h"
#include "weft/panic.h"
#include "weft/sync.h"

struct sem_waiter {
    struct waiter w;
    int64_t n;
};

static struct lock *lock_of(weft_sem *s) { return (struct lock *)&s->weft_lock; }

_Static_assert(sizeof(struct waitq) == 2 * sizeof(void *) &&
                   offsetof(weft_sem, weft_last) == offsetof(weft_sem, weft_first) + sizeof(void *),
               "the queue of a semaphore is a waitq");

static struct waitq *queue_of(weft_sem *s) { return (struct waitq *)&s->weft_first; }

/* ---- misuse ------------------------------------------------------------------------- */

static noinline void panic_copied(weft_sem *s)
{
    char at[256];
    weft_panic("semaphore was copied after its first use\n\tthe original was last acquired at %s",
               weft__site(at, sizeof at, s->weft_pc));
}

static void check(weft_sem *s, int64_t n, const char *what)
{
    if (unlikely(!self_is(&s->weft_self, s)))
        panic_copied(s);
    if (unlikely(n < 0))
        weft_panic("%s: a negative number of units, %lld", what, (long long)n);
}

/* Called with the lock held, unlocks it. */
static noinline void panic_released_too_much(weft_sem *s, int64_t n)
{
    long long used = s->weft_used, size = s->weft_size;
    uintptr_t pc = s->weft_pc;
    char at[256];
    weft__unlock(lock_of(s));
    weft_panic("semaphore released beyond its size: %lld units, while %lld of %lld are held\n"
               "\t%s",
               (long long)n, used, size, when_last(at, sizeof at, "acquired", pc));
}

/* ---- under the lock ------------------------------------------------------------------- */

static bool fits(const weft_sem *s, int64_t n) { return n <= s->weft_size - s->weft_used; }

/* Those at the head of the queue that fit now, to be woken. */
static struct g *let_in(weft_sem *s)
{
    struct g *list = NULL, **end = &list;
    struct waitq *q = queue_of(s);
    for (struct waiter *w; (w = q->first);) {
        int64_t n = container_of(w, struct sem_waiter, w)->n;
        if (!fits(s, n))
            break;
        waitq_remove(q, w);
        if (!weft__waiter_take(w))
            continue; /* its context ended; it is about to find itself off the queue */
        s->weft_used += n;
        w->g->link = NULL; /* a parked goroutine's link is free to use */
        *end = w->g;
        end = &w->g->link;
    }
    return list;
}

/* ---- public ---------------------------------------------------------------------------- */

/* Called with the lock held, unlocks it. */
static noinline int wait_for_units(weft_sem *s, struct context *c, int64_t n, uintptr_t pc)
{
    struct g *g = weft__current();
    struct sem_waiter sw = {
        .w = {.g = g, .ticket = weft__ticket_open(g), .object = s},
        .n = n,
    };
    bool possible = n <= s->weft_size;
    if (possible)
        waitq_push(queue_of(s), &sw.w);
    int err = weft__ctx_park(c, &sw.w, WAIT_SEM, s, pc, lock_of(s));
    if (err == 0 || !possible)
        return err;
    weft__lock(lock_of(s));
    bool first = queue_of(s)->first == &sw.w;
    waitq_remove(queue_of(s), &sw.w);
    struct g *list = first ? let_in(s) : NULL;
    weft__unlock(lock_of(s));
    weft__ready_all(list);
    return err;
}

int(weft_sem_acquire)(weft_ctx *ctx, weft_sem *s, int64_t n)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int err = weft__ctx_check(ctx);
    check(s, n, "weft_sem_acquire");
    if (err != 0)
        return err;
    weft__lock(lock_of(s));
    if (likely(!s->weft_first && fits(s, n))) {
        s->weft_used += n;
        s->weft_pc = pc;
        weft__unlock(lock_of(s));
        hb_acquire(s);
        return 0;
    }
    weft__unlock(lock_of(s));
    struct context *c = weft__ctx_hold(ctx); /* it may panic: not under the lock */
    weft__lock(lock_of(s));
    if (!s->weft_first && fits(s, n)) {
        s->weft_used += n;
        weft__unlock(lock_of(s));
    } else {
        err = wait_for_units(s, c, n, pc);
    }
    weft__ctx_release(c);
    if (err == 0) {
        store_relaxed(&s->weft_pc, pc);
        hb_acquire(s);
    }
    return err;
}

bool(weft_sem_try_acquire)(weft_sem *s, int64_t n)
{
    check(s, n, "weft_sem_try_acquire");
    weft__lock(lock_of(s));
    bool ok = !s->weft_first && fits(s, n);
    if (ok) {
        s->weft_used += n;
        s->weft_pc = (uintptr_t)__builtin_return_address(0);
    }
    weft__unlock(lock_of(s));
    if (ok)
        hb_acquire(s);
    return ok;
}

void weft_sem_release(weft_sem *s, int64_t n)
{
    check(s, n, "weft_sem_release");
    hb_release(s);
    weft__lock(lock_of(s));
    if (unlikely(n > s->weft_used))
        panic_released_too_much(s, n);
    s->weft_used -= n;
    struct g *list = s->weft_first ? let_in(s) : NULL;
    weft__unlock(lock_of(s));
    weft__ready_all(list);
}
