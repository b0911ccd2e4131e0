/* SPDX-License-Identifier: MIT */
/*
 * The heart: which goroutine runs next, and where.
 *
 * An M runs goroutines one after the other.  One that parks, yields or ends
 * picks its successor from the P's next slot and ring and switches to it
 * directly; only when there is none does it switch to the M's own context
 * (g0), where weft__schedule() looks further: due timers, the global queue,
 * other Ps' rings; after a bounded time of searching it gives the P up and
 * sleeps.
 *
 * When to wake another M.  Waking an OS thread costs tens of microseconds, a
 * hand-over on the same P a few nanoseconds.  A goroutine that was just made
 * runnable waits at least until the running one parks; if that is usually soon
 * (P not coarse) nothing is gained by waking anybody, and it goes to the next
 * slot.  If it is usually late (coarse, measured by sampling; COARSE_NS), or if
 * several wait already, it goes to the ring, where thieves see it, and an idle
 * M is woken.  A misjudged hand-over is found by the monitor.
 *
 * Lost wake-ups.  A submitter puts the goroutine into a ring, then looks for
 * idle Ps.  An M that is about to sleep declares its P idle, executes a heavy
 * fence, and looks into all rings once more [idle].  One of the two sees the
 * other.  At most one M searches at a time; the last searcher that finds work
 * wakes the next one, so work spreads.
 *
 * Fairness.  Every 61st switch takes from the global queue first, and looks for
 * ready descriptors if nobody has for POLL_EVERY_NS; the next slot is skipped
 * after 64 hand-overs in a row.
 */
#include "sched/sched.h"

#include <stdarg.h>

#include "base/rand.h"
#include "debug/debug.h"
#include "platform/platform.h"
#include "sanitize/sanitize.h"
#include "sched/netpoll.h"
#include "sched/park.h"
#include "sched/queue.h"
#include "sync/lockcheck.h"
#include "weft/sync.h"

struct sched sched;
__thread struct g *weft__tls_g __attribute__((tls_model("initial-exec")));

enum {
    GLOBAL_EVERY = 61,  /* switches between looks at the global queue */
    STREAK_MAX = 64,    /* hand-overs in a row before the ring has its turn */
    SAMPLE_OFTEN = 8,   /* hand-overs between measurements: near the limit, */
    SAMPLE_RARELY = 64, /* and far below it */
    FREE_MAX = 256,     /* dead records a P keeps */
    FREE_BATCH = 64,
    ID_BATCH = 64,
};
#define COARSE_NS ((int64_t)10 * 1000)

/* ---- making goroutines runnable --------------------------------------------- */

/* [p.hold] How long does a goroutine wait on this P when it is the only one? */
static noinline void hold_begin(struct p *p) { p->hold_start = weft__now(); }

noinline void weft__hold_end(struct p *p)
{
    int64_t held = weft__now() - p->hold_start;
    p->coarse = held > COARSE_NS;
    p->samples = held > COARSE_NS / 8 ? SAMPLE_OFTEN : SAMPLE_RARELY;
    p->hold_start = 0;
}

/* The owner's half of weft__ready(). */
static inline void ready_here(struct p *p, struct g *g)
{
    store_relaxed(&g->state, G_RUNNABLE);
    struct g *before = p->next;
    if (before == NULL && runq_length(&p->runq) == 0) {
        if (unlikely(p->coarse || --p->samples == 0))
            hold_begin(p);
        if (unlikely(p->coarse)) {
            ring_put(p, g);
            wake_if_idle();
        } else {
            p->next = g;
        }
        return;
    }
    p->next = g;
    if (before)
        ring_put(p, before);
    wake_if_idle();
}

static noinline void ready_elsewhere(struct g *g)
{
    store_relaxed(&g->state, G_RUNNABLE);
    weft__global_put(g);
    full_fence();
    wake_if_idle();
}

static void ready_thread(struct g *g)
{
    store_relaxed(&g->state, G_RUNNING);
    store_release(&g->thread->ready, 1); /* [parker.ready] */
    weft__futex_wake(&g->thread->ready, 1);
}

void weft__ready(struct g *g)
{
    if (unlikely(g->thread)) {
        ready_thread(g);
        return;
    }
    struct g *self = weft__self();
    struct m *m = self ? self->m : NULL;
    if (m && m->inside) { /* called from a commit or a timer */
        if (m->p)
            ready_here(m->p, g);
        else
            ready_elsewhere(g);
        return;
    }
    m = weft__enter();
    if (unlikely(!m)) {
        weft__current(); /* so that the end of this thread is noticed */
        ready_elsewhere(g);
        return;
    }
    ready_here(m->p, g);
    weft__leave(m);
}

void weft__ready_soon(struct g *g)
{
    if (g->thread || (load_relaxed(&sched.idle_count) == 0 && load_relaxed(&sched.spinning) == 0))
        weft__ready(g);
    else
        ready_elsewhere(g);
}

bool weft__nothing_else(void)
{
    struct g *g = weft__self();
    /* The monitor may take the P meanwhile; it stays a P. */
    struct p *p = g && g->m ? load_relaxed(&g->m->p) : NULL;
    return p && !load_relaxed(&p->next) && runq_length(&p->runq) == 0 &&
           load_relaxed(&sched.global_count) == 0;
}

/* Several at once keep their order: through the ring, none by the next slot. */
void weft__ready_all(struct g *list)
{
    if (!list)
        return;
    if (!list->link) {
        weft__ready(list);
        return;
    }
    struct m *m = weft__enter();
    struct p *p = m ? m->p : NULL;
    for (struct g *g = list, *after; g; g = after) {
        after = g->link;
        if (unlikely(g->thread)) {
            ready_thread(g);
            continue;
        }
        store_relaxed(&g->state, G_RUNNABLE);
        if (likely(p != NULL))
            ring_put(p, g);
        else
            weft__global_put(g);
    }
    if (unlikely(!p))
        full_fence();
    wake_if_idle();
    if (m)
        weft__leave(m);
}

/* ---- switching --------------------------------------------------------------- */

static void g_start(void);

/* Gives a goroutine that never ran its stack. */
static noinline void prepare(struct p *p, struct g *g)
{
    bool ok = g->stack_wish ? weft__stack_map(g->stack_wish, &g->stack_lo, &g->stack_hi)
                            : weft__stack_get(&p->stacks, &g->stack_lo, &g->stack_hi);
    if (unlikely(!ok)) {
        g->stack_lo = g->stack_hi = NULL;
        weft__fatal("out of memory: no stack for goroutine %llu", (unsigned long long)g->id);
    }
    if (unlikely(weft__tsan) && !g->stack_wish)
        weft__stack_fresh(g->stack_lo, g->stack_hi);
    g->sp = weft__frame_make(g->stack_hi - 64, g_start);
}

/* After a switch, on the new stack: what the old one could not do itself. */
static inline struct m *settle(void)
{
    struct g *g = weft__self();
    struct m *m = g->m;
    if (unlikely(weft__asan))
        weft__san_arrive(g);
    void *arg = m->commit_arg;
    if (arg) {
        void (*commit)(void *) = m->commit;
        m->commit_arg = NULL;
        if (likely(!commit))
            weft__unlock(arg);
        else
            commit(arg);
    }
    return m;
}

static inline void arrange(struct m *m, struct g *to)
{
    if (unlikely(!to->sp))
        prepare(m->p, to);
    store_relaxed(&to->state, G_RUNNING);
    to->m = m;
    m->current = to;
    weft__set_self(to);
}

/* Continues @to on this thread; returns when somebody continues @from. */
static inline struct m *switch_to(struct m *m, struct g *from, struct g *to)
{
    arrange(m, to);
    if (unlikely(weft__tsan | weft__asan))
        weft__san_leave(from, to, false);
    weft__switch(&from->sp, to->sp);
    return settle();
}

/* The next goroutine of this P; NULL when the M's own context must look. */
static inline struct g *pick(struct p *p)
{
    store_relaxed(&p->tick, p->tick + 1);
    if (unlikely(p->hold_start))
        weft__hold_end(p);
    if (unlikely(load_relaxed(&p->attention)))
        return NULL;
    struct g *g;
    if (unlikely(p->tick % GLOBAL_EVERY == 0)) {
        if (unlikely(weft__netpoll_waited()) && weft__netpoll_wanted(p, weft__now()))
            return NULL;
        if ((g = weft__global_take(p, 1)))
            return g;
    }
    g = p->next;
    if (g && likely(++p->streak < STREAK_MAX)) {
        p->next = NULL;
        return g;
    }
    p->streak = 0;
    struct g *queued = runq_take(&p->runq);
    if (queued)
        return queued;
    p->next = NULL;
    return g;
}

/* The same for an M that runs @self: a pinned goroutine runs on its own M only,
 * and such an M runs nothing else; the M's own context arranges that. */
static inline struct g *pick_here(struct m *m)
{
    if (unlikely(m->locked || !m->p))
        return &m->g0;
    struct g *g = pick(m->p);
    if (!g)
        return &m->g0;
    if (unlikely(g->pinned)) {
        m->handed = g;
        return &m->g0;
    }
    return g;
}

static void check_stack(struct g *g)
{
    /* Only an unguarded slot lets it come to this; better late than never. */
    char *here = __builtin_frame_address(0);
    if (unlikely(here < g->stack_lo || here > g->stack_hi))
        weft__fatal("stack overflow of goroutine %llu: its stack has no guard, and memory of "
                    "others may be damaged",
                    (unsigned long long)g->id);
}

/*
 * Both ways of parking end here, so that all goroutines are suspended at the
 * same instruction: the processor then predicts the return of the switch.
 *
 * Parking must not wait for a P: the caller holds a lock.  An M that lost its P
 * goes to its own context, which lets the lock go and then sees to a P.
 */
static noinline void park(struct g *self, enum wait_reason reason, void *object, uintptr_t pc,
                          void (*commit)(void *), void *arg)
{
    self->wait_reason = (uint8_t)reason;
    self->wait_object = object;
    self->wait_pc = pc;
    self->wait_since = load_relaxed(&sched.coarse_now);
    check_stack(self);
    if (unlikely(self->flags & G_FLAG_PTHREAD))
        weft__pthread_leaves(self, pc);
    struct m *m = self->m;
    m->commit = commit;
    m->commit_arg = arg;
    store_relaxed(&m->inside, 1);
    light_fence(); /* [inside] */
    if (unlikely(load_acquire(&m->retake)))
        weft__p_resolve(m);
    store_relaxed(&self->state, G_WAITING);
    m = switch_to(m, self, pick_here(m));
    self->wait_reason = WAIT_NONE;
    weft__leave(m);
}

static noinline void park_thread(struct g *g, enum wait_reason reason, void *object, uintptr_t pc,
                                 void (*commit)(void *), void *arg)
{
    g->wait_reason = (uint8_t)reason;
    g->wait_object = object;
    g->wait_pc = pc;
    g->wait_since = load_relaxed(&sched.coarse_now);
    store_relaxed(&g->thread->ready, 0);
    store_relaxed(&g->state, G_WAITING);
    if (commit)
        commit(arg);
    else if (arg)
        weft__unlock(arg);
    if (unlikely(weft__forked()))
        weft__no_runtime("waiting");
    while (load_acquire(&g->thread->ready) == 0) /* [parker.ready] */
        weft__futex_wait(&g->thread->ready, 0, -1);
    g->wait_reason = WAIT_NONE;
}

void weft__park(enum wait_reason reason, void *object, uintptr_t pc, struct lock *unlock)
{
    weft__park_commit(reason, object, pc, NULL, unlock);
}

void weft__park_commit(enum wait_reason reason, void *object, uintptr_t pc, void (*commit)(void *),
                       void *arg)
{
    struct g *self = weft__current();
    if (likely(!self->thread))
        park(self, reason, object, pc, commit, arg);
    else
        park_thread(self, reason, object, pc, commit, arg);
}

/* The rest of a yield, on another stack: only now may a thief run @arg. */
static void requeue(void *arg)
{
    struct g *g = arg;
    struct m *m = weft__self()->m;
    store_relaxed(&g->state, G_RUNNABLE);
    if (unlikely(!m->p || g->pinned)) {
        weft__global_put(g);
        return;
    }
    ring_put(m->p, g);
}

void weft_yield(void)
{
    struct m *m = weft__enter();
    if (unlikely(!m)) {
        weft__thread_yield();
        return;
    }
    struct p *p = m->p;
    bool alone = !p->next && runq_length(&p->runq) == 0;
    if (alone && load_relaxed(&sched.global_count) == 0 && !load_relaxed(&p->attention)) {
        store_relaxed(&p->tick, p->tick + 1);
        weft__leave(m);
        return;
    }
    struct g *self = weft__self(), *to = NULL;
    check_stack(self);
    if (unlikely(self->flags & G_FLAG_PTHREAD))
        weft__pthread_leaves(self, (uintptr_t)__builtin_return_address(0));
    if (alone && !m->locked && (to = weft__global_take(p, 1)) && to->pinned) {
        m->handed = to;
        to = &m->g0;
    }
    m->commit = requeue;
    m->commit_arg = self;
    m = switch_to(m, self, to ? to : pick_here(m));
    weft__leave(m);
}

/* weft__enter() on an M whose P the monitor wants or took. */
noinline struct m *weft__enter_slow(struct m *m)
{
    if (weft__p_resolve(m) || m->inside > 1 || weft__p_acquire(m))
        return m;
    /* No P is free: queue up for one like any other goroutine. */
    struct g *self = weft__self();
    if (unlikely(self->flags & G_FLAG_PTHREAD))
        weft__pthread_leaves(self, 0);
    m->commit = requeue;
    m->commit_arg = self;
    return switch_to(m, self, &m->g0);
}

/* ---- beginning and end --------------------------------------------------------- */

static noinline struct g *record_refill(struct p *p)
{
    weft__lock(&sched.lock);
    struct g *list = NULL;
    unsigned n = 0;
    while (sched.free && n < FREE_BATCH) {
        struct g *g = sched.free;
        sched.free = g->link;
        g->link = list;
        list = g;
        n++;
    }
    weft__unlock(&sched.lock);
    if (!list) {
        list = weft__g_grow(p ? FREE_BATCH : 1);
        n = 0;
        for (struct g *g = list; g; g = g->link)
            n++;
    }
    if (!list)
        return NULL;
    struct g *first = list;
    if (p) {
        p->free = first->link;
        p->free_count = n - 1;
    } else if (first->link) {
        weft__lock(&sched.lock);
        struct g *last = first;
        while (last->link)
            last = last->link;
        last->link = sched.free;
        sched.free = first->link;
        weft__unlock(&sched.lock);
    }
    return first;
}

static inline struct g *record_get(struct p *p)
{
    if (unlikely(!p || !p->free))
        return record_refill(p);
    struct g *g = p->free;
    p->free = g->link;
    p->free_count--;
    return g;
}

static void record_put(struct p *p, struct g *g)
{
    store_relaxed(&g->state, G_DEAD);
    g->link = p->free;
    p->free = g;
    if (unlikely(++p->free_count > FREE_MAX)) {
        weft__lock(&sched.lock);
        while (p->free_count > FREE_MAX / 2) {
            struct g *spare = p->free;
            p->free = spare->link;
            p->free_count--;
            spare->link = sched.free;
            sched.free = spare;
        }
        weft__unlock(&sched.lock);
    }
}

static inline uint64_t next_id(struct p *p)
{
    if (unlikely(!p))
        return add_relaxed(&sched.id_next, 1);
    if (unlikely(p->id_next == p->id_end)) {
        p->id_next = add_relaxed(&sched.id_next, ID_BATCH);
        p->id_end = p->id_next + ID_BATCH;
    }
    return p->id_next++;
}

void weft__spawn(const char *name, size_t stack_size, uint8_t flags, struct weft_wg *wg,
                 uintptr_t pc, weft_impl_fn fn, unsigned n, const uintptr_t *args)
{
    struct m *m = weft__enter();
    struct p *p = m ? m->p : NULL;
    struct g *g = record_get(p);
    if (unlikely(!g)) {
        if (m)
            weft__leave(m);
        weft_panic("out of memory: too many goroutines");
    }
    struct g *parent = weft__self();
    g->sp = NULL;
    g->stack_lo = g->stack_hi = NULL;
    g->wait_reason = WAIT_NONE;
    g->flags = flags;
    g->pin_count = 0;
    g->scopes = NULL;
    g->tries = NULL;
    g->id = next_id(p);
    g->parent_id = parent ? parent->id : 0;
    g->create_pc = pc;
    g->fn = fn;
    for (unsigned i = 0; i < n; i++)
        g->arg[i] = args[i];
    g->wg = wg;
    g->name = name;
    g->panic = NULL;
    g->tsan_fiber = g->asan_fake = NULL;
    g->pinned = NULL;
    g->stack_wish = stack_size;
    g->held = NULL;
    store_relaxed(&g->state, G_RUNNABLE);
    if (unlikely(weft__tsan))
        weft__san_start(g); /* here, so that its history begins with its parent's */
    if (unlikely(!p)) {
        add_relaxed(&sched.live, 1);
        ready_elsewhere(g);
        return;
    }
    store_relaxed(&p->live, p->live + 1);
    if (runq_length(&p->runq) == 0 && !p->next) {
        if (unlikely(p->coarse || --p->samples == 0))
            hold_begin(p);
        ring_put(p, g);
        /* The first goroutine has its M: this one.  A second thread would only be in the way. */
        if (unlikely(p->coarse) && likely(!(flags & G_FLAG_MAIN)))
            wake_if_idle();
    } else {
        ring_put(p, g);
        wake_if_idle();
    }
    weft__leave(m);
}

static void g_start(void)
{
    struct m *m = settle();
    struct g *g = weft__self();
    weft__leave(m);
    uintptr_t *a = g->arg;
    ((void (*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t))g->fn)(
        a[0], a[1], a[2], a[3], a[4], a[5]);
    weft__exit();
}

static void give_stack(struct p *p, struct g *g)
{
    if (likely(!g->stack_wish))
        weft__stack_put(&p->stacks, g->stack_hi);
    else
        weft__stack_unmap(g->stack_lo, g->stack_hi);
    g->stack_lo = g->stack_hi = NULL;
}

/* The rest of an end that cannot be done on the ending stack. */
static void bury(void *arg)
{
    struct g *g = arg;
    struct m *m = weft__self()->m;
    weft__san_clear(g->stack_lo, (size_t)(g->stack_hi - g->stack_lo));
    weft__san_end(g);
    give_stack(m->p, g);
    record_put(m->p, g);
}

void weft__exit(void)
{
    struct g *g = weft__self();
    if (unlikely(g->held))
        weft__locks_left(g);
    if (g->wg)
        weft_wg_done(g->wg);
    struct m *m = weft__enter();
    struct p *p = m->p;
    store_relaxed(&p->live, p->live - 1);
    if (unlikely(g->flags & G_FLAG_MAIN)) {
        if (g->flags & G_FLAG_GOEXIT)
            sched.main_gone = true;
        else
            m->finisher = true;
    }
    if (unlikely(g->pinned)) {
        m->locked = NULL;
        g->pinned = NULL;
    }
    if (unlikely(weft__tsan || weft__asan || g->stack_wish || m->finisher)) {
        m->commit = bury;
        m->commit_arg = g;
        struct g *to = m->finisher ? &m->g0 : pick_here(m);
        arrange(m, to);
        weft__san_leave(g, to, true);
        weft__jump(to->sp);
    }
    /* We stand on this stack until the jump; it is in the cache of a P that is
     * ours, and the frame of a new owner goes above our own (weft__entry). */
    weft__stack_put(&p->stacks, g->stack_hi);
    record_put(p, g);
    struct g *to = pick_here(m);
    arrange(m, to);
    weft__jump(to->sp);
}

/* Runs @g on the M's own context's behalf; returns when the M must look again. */
struct m *weft__run_next(struct m *m, struct g *g) { return switch_to(m, &m->g0, g); }

int weft_num_goroutine(void)
{
    int64_t n = load_relaxed(&sched.live);
    int procs = load_acquire(&sched.proc_max);
    for (int i = 0; i < procs; i++)
        n += load_relaxed(&sched.procs[i]->live);
    return (int)n;
}

void weft_pin(void)
{
    struct m *m = weft__enter();
    if (!m)
        return;
    struct g *g = weft__self();
    if (g->pin_count++ == 0) {
        g->pinned = m;
        m->locked = g;
    }
    weft__leave(m);
}

void weft_unpin(void)
{
    struct g *g = weft__self();
    if (!g || g->pin_count == 0)
        return;
    if (--g->pin_count == 0) {
        g->m->locked = NULL;
        g->pinned = NULL;
    }
}

uint64_t weft_goroutine_id(void)
{
    struct g *g = weft__self();
    return g && !g->thread ? g->id : 0;
}

struct weft_impl_options weft_impl_with(const weft_go_opts *opts, ...)
{
    va_list args;
    va_start(args, opts);
    struct weft_impl_options w = {opts, va_arg(args, weft_impl_fn)};
    va_end(args);
    return w;
}

void weft_impl_go(const weft_go_opts *opts, weft_impl_fn fn, unsigned n, const uintptr_t *args)
{
    if (unlikely(!load_relaxed(&sched.running)))
        weft__no_runtime("weft_go");
    weft__spawn(opts ? opts->name : NULL, opts ? opts->stack_size : 0, 0, NULL,
                (uintptr_t)__builtin_return_address(0), fn, n, args);
}
