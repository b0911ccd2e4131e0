/* SPDX-License-Identifier: MIT */
/*
 * The mutex: one atomic operation to lock and none to unlock, while nobody
 * waits.
 *
 *   weft_state    FREE, FAST (unlocked by a plain store), SLOW (unlocked under
 *                 the bucket's lock)
 *   weft_waiting  WAITERS: somebody is queued;  WOKEN: one was woken and has
 *                 not tried yet, so that unlocking need not wake another
 *
 * Who waits is queued in a table of buckets, found by the mutex's address, so
 * the mutex itself stays small and all-zero means ready.
 *
 * No wake-up is lost [mutex.waiting].  The unlocker stores FREE, then looks at
 * weft_waiting, with only a compiler barrier between.  A goroutine that is
 * about to wait sets weft_waiting, executes a heavy fence, and then tries once
 * more to take the mutex.  Either its attempt sees FREE, or the unlocker's store
 * came after the fence and its look sees WAITERS.  A holder in state SLOW goes
 * through the bucket's lock, so no fence is needed then; who takes the mutex
 * while others are queued holds it in that state.
 *
 * The inline paths in weft/sync.h are taken only when weft_self is the mutex's
 * own address.  Where the kernel has no membarrier, and under WEFT_CHECK=locks,
 * it is kept zero (weft_self2 serves instead), so that everybody comes here and
 * holds the mutex as SLOW.
 *
 * A waiter of more than STARVING_NS is handed the mutex when it becomes free
 * instead of being woken to compete for it.
 */
#include "base/rand.h"
#include "context/context_impl.h"
#include "debug/debug.h"
#include "platform/platform.h"
#include "sanitize/sanitize.h"
#include "sched/park.h"
#include "sched/sched.h"
#include "sync/lockcheck.h"
#include "sync/mutex_impl.h"
#include "weft/panic.h"
#include "weft/sync.h"

enum { FREE = 0, FAST = 1, SLOW = 2 };
enum { WAITERS = 1, WOKEN = 2 };
enum { BUCKETS = 256, PAUSE_FIRST = 16, PAUSE_NEXT = 8, LOOKS = 8 };
#define POLL_NS     ((int64_t)50 * 1000)
#define STARVING_NS ((int64_t)1000 * 1000)

static struct bucket {
    struct lock lock; /* guards: queue, and weft_waiting of the mutexes in it */
    struct waitq queue;
} __attribute__((aligned(CACHE_LINE))) buckets[BUCKETS];

/* A queued goroutine. */
struct mutex_waiter {
    struct waiter w; /* object: the mutex; ok: it was handed over */
    int64_t since;
};

static struct bucket *bucket_of(const weft_mutex *mu)
{
    uintptr_t h = (uintptr_t)mu >> 3;
    return &buckets[(h ^ h >> 8 ^ h >> 16) % BUCKETS];
}

static uint32_t low(const void *p) { return (uint32_t)(uintptr_t)p; }

/* No inline paths. */
static inline bool outline(void) { return unlikely(weft__fence_light_is_full | weft__lock_check); }

/* Not the inline path's case: the first use, a copy, or no inline paths. */
static noinline void check_self(weft_mutex *mu)
{
    uint32_t known = mu->weft_self ? mu->weft_self : mu->weft_self2;
    if (known != 0 && known != low(mu)) {
        char at[256];
        weft_panic("mutex was copied after its first use\n\tthe original was last locked at %s",
                   weft__site(at, sizeof at, mu->weft_pc));
    }
    if (known == 0)
        lock_made(mu, outline() ? &mu->weft_self2 : &mu->weft_self);
}

static inline uint8_t quick(void) { return outline() ? SLOW : FAST; }

static inline void took(weft_mutex *mu, struct g *g, uintptr_t pc)
{
    lock_took(mu, HELD_MUTEX, pc);
    mu->weft_owner = (uint32_t)g->id;
    mu->weft_pc = pc;
    hb_acquire(mu);
}

static struct mutex_waiter *first_waiter(struct bucket *b, const weft_mutex *mu)
{
    for (struct waiter *w = b->queue.first; w; w = w->next)
        if (w->object == mu)
            return (struct mutex_waiter *)w;
    return NULL;
}

static bool try_take(weft_mutex *mu, uint8_t how)
{
    uint8_t expected = FREE;
    return cas_acquire(&mu->weft_state, &expected, how);
}

/* @mw gives up waiting: the context ended. */
static void leave_queue(struct bucket *b, weft_mutex *mu, struct mutex_waiter *mw)
{
    weft__lock(&b->lock);
    waitq_remove(&b->queue, &mw->w);
    if (!first_waiter(b, mu))
        store_relaxed(&mu->weft_waiting, load_relaxed(&mu->weft_waiting) & WOKEN);
    weft__unlock(&b->lock);
}

/*
 * Another processor's goroutine may be about to unlock: true when we got it.
 *
 * To look is to take the cache line from the holder, and to get the mutex is to
 * make the other wait in turn.  So the first look is late enough that somebody
 * who locks again and again has done so many times meanwhile; the next ones are
 * near enough that the end of a longer section is not missed by much.
 *
 * While the P has nothing else to run, it would search for work for as long,
 * and to queue up costs a fence of all processors.
 */
static bool poll(weft_mutex *mu, struct g *g)
{
    int64_t end = 0;
    for (int look = 0, pause = PAUSE_FIRST;; look++, pause = PAUSE_NEXT) {
        for (int i = 0; i < pause; i++)
            cpu_relax();
        if (load_relaxed(&mu->weft_state) == FREE && try_take(mu, quick()))
            return true;
        if (look < LOOKS)
            continue;
        if (g->thread || !weft__nothing_else())
            break;
        int64_t now = weft__now();
        if (end == 0)
            end = now + POLL_NS;
        else if (now > end)
            break;
    }
    return false;
}

/* Returns 0, or the error of the context that ended first. */
static noinline int lock_slow(weft_mutex *mu, struct g *g, struct context *ctx, uintptr_t pc)
{
    if (load_relaxed(&mu->weft_owner) == (uint32_t)g->id && !g->thread && !ctx) {
        char at[256];
        weft__fatal("deadlock: goroutine %llu locks a mutex that it holds already\n"
                    "\tit was locked at %s",
                    (unsigned long long)g->id, weft__site(at, sizeof at, mu->weft_pc));
    }
    if (load_relaxed(&sched.proc_count) > 1 && poll(mu, g))
        return 0;
    struct bucket *b = bucket_of(mu);
    struct mutex_waiter mw = {.since = weft__now()};
    bool woken = false;
    for (;;) {
        weft__lock(&b->lock);
        bool others = first_waiter(b, mu) != NULL;
        /* WOKEN is ours if we were woken, else somebody's who has not tried yet. */
        uint8_t other_woken = woken ? 0 : load_relaxed(&mu->weft_waiting) & WOKEN;
        store_relaxed(&mu->weft_waiting, WAITERS | other_woken);
        if (load_relaxed(&mu->weft_state) != SLOW)
            heavy_fence(); /* [mutex.waiting] */
        if (try_take(mu, SLOW)) {
            if (!others)
                store_relaxed(&mu->weft_waiting, other_woken);
            weft__unlock(&b->lock);
            return 0;
        }
        mw.w = (struct waiter){.g = g, .object = mu};
        if (ctx)
            mw.w.ticket = weft__ticket_open(g);
        if (woken)
            waitq_push_front(&b->queue, &mw.w); /* it waited before: it keeps its place */
        else
            waitq_push(&b->queue, &mw.w);
        int err = 0;
        weft__lock_wait();
        if (ctx)
            err = weft__ctx_park(ctx, &mw.w, WAIT_MUTEX, mu, pc, &b->lock);
        else
            weft__park(WAIT_MUTEX, mu, pc, &b->lock);
        if (unlikely(err)) {
            leave_queue(b, mu, &mw);
            return err;
        }
        if (mw.w.ok)
            return 0;
        woken = true;
    }
}

static void lock(weft_mutex *mu, uintptr_t pc)
{
    struct g *g = weft__current();
    if (unlikely(mu->weft_self != low(mu)))
        check_self(mu);
    lock_wants(mu, HELD_MUTEX, pc);
    if (unlikely(!try_take(mu, quick())))
        lock_slow(mu, g, NULL, pc);
    took(mu, g, pc);
}

bool(weft_mutex_try_lock)(weft_mutex *mu)
{
    struct g *g = weft__current();
    if (unlikely(mu->weft_self != low(mu)))
        check_self(mu);
    if (!try_take(mu, quick()))
        return false;
    took(mu, g, (uintptr_t)__builtin_return_address(0));
    return true;
}

int(weft_mutex_lock_ctx)(weft_ctx *ctx, weft_mutex *mu)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int err = weft__ctx_check(ctx);
    if (err != 0)
        return err;
    struct g *g = weft__current();
    if (unlikely(mu->weft_self != low(mu)))
        check_self(mu);
    if (unlikely(weft__lock_check) && !weft_ctx_deadline(ctx, NULL))
        lock_wants(mu, HELD_MUTEX, pc);
    if (unlikely(!try_take(mu, quick()))) {
        struct context *c = weft__ctx_hold(ctx);
        err = lock_slow(mu, g, c, pc);
        weft__ctx_release(c);
        if (err != 0)
            return err;
    }
    took(mu, g, pc);
    return 0;
}

void weft__mutex_lock(weft_mutex *mu, uintptr_t pc) { lock(mu, pc); }

void weft_impl_mutex_lock(weft_mutex *mu) { lock(mu, (uintptr_t)__builtin_return_address(0)); }

void(weft_mutex_lock)(weft_mutex *mu) { lock(mu, (uintptr_t)__builtin_return_address(0)); }

uint32_t weft_impl_self_id(void)
{
    struct g *g = weft__self();
    return likely(g != NULL) ? (uint32_t)g->id : 0;
}

static noinline void unlock_of_unlocked(weft_mutex *mu)
{
    char at[256];
    if (mu->weft_pc == 0)
        weft__fatal("unlock of unlocked mutex\n\tit was never locked");
    weft__fatal("unlock of unlocked mutex\n\tit was last locked at %s",
                weft__site(at, sizeof at, mu->weft_pc));
}

/* Somebody waits; the mutex is FREE already, or SLOW and still ours.  When it is
 * FREE others may have used it since, and the last one may have freed it: it is
 * touched only if somebody is queued for it, who needs it still. */
static noinline void unlock_slow(weft_mutex *mu, bool is_free)
{
    struct bucket *b = bucket_of(mu);
    struct g *woken = NULL;
    weft__lock(&b->lock);
    struct mutex_waiter *mw = first_waiter(b, mu);
    if (is_free && !mw) {
        weft__unlock(&b->lock);
        return;
    }
    bool starving = mw && weft__now() - mw->since > STARVING_NS;
    /* Only a mutex that is ours can be handed over. */
    bool ours = !is_free || (starving && try_take(mu, SLOW));
    bool hand_over = starving && ours;
    uint8_t waiting = load_relaxed(&mu->weft_waiting) & WOKEN;
    if (hand_over || !waiting)
        while (mw) {
            waitq_remove(&b->queue, &mw->w);
            if (weft__waiter_take(&mw->w)) {
                woken = mw->w.g;
                break;
            }
            mw = first_waiter(b, mu); /* that one's context ended; it is gone */
        }
    if (woken && hand_over)
        mw->w.ok = true; /* SLOW stays: the mutex is the waiter's now */
    else if (woken)
        waiting |= WOKEN;
    if (first_waiter(b, mu))
        waiting |= WAITERS;
    store_relaxed(&mu->weft_waiting, waiting);
    if (ours && !(woken && hand_over))
        store_release(&mu->weft_state, FREE); /* release [mutex] */
    weft__unlock(&b->lock);
    if (woken)
        weft__ready_soon(woken);
}

void weft_impl_mutex_unlock_slow(weft_mutex *mu) { unlock_slow(mu, true); }

void weft_impl_mutex_unlock(weft_mutex *mu)
{
    hb_release(mu);
    uint8_t state = load_relaxed(&mu->weft_state);
    if (unlikely(state == FREE))
        unlock_of_unlocked(mu);
    lock_drops(mu, HELD_MUTEX);
    mu->weft_owner = 0;
    if (state == SLOW) {
        unlock_slow(mu, false);
        return;
    }
    store_release(&mu->weft_state, FREE); /* release [mutex]: pairs with try_take() */
    light_fence();                        /* [mutex.waiting] */
    if (unlikely(load_relaxed(&mu->weft_waiting) == WAITERS))
        unlock_slow(mu, true);
}

void(weft_mutex_unlock)(weft_mutex *mu) { weft_impl_mutex_unlock(mu); }
