/* SPDX-License-Identifier: MIT */
/*
 * The search for work, and sleeping without it.
 *
 * This runs on an M's own context, when its P has nothing left.  In order: due
 * timers, the P's own queue, the global queue, ready descriptors, other Ps'
 * rings.  An M that
 * finds nothing searches for SEARCH_NS more, if no other does, and then gives
 * its P up and sleeps on its own word.
 *
 * Stealing.  A lone goroutine in the ring of a P that is not coarse will be
 * run by its owner within microseconds, and moving it costs more than that: it
 * is left alone until the last look before sleeping.
 *
 * Descriptors.  One of the idle Ms sleeps in the poll in place of its futex: the
 * poller.  It goes on with an idle P when something is ready; when all Ps have
 * become busy meanwhile it leaves the goroutines to them, and the polling too:
 * they look when they run out of work, and otherwise now and then.
 *
 * Timers.  Somebody must be awake when the earliest timer is due: the keeper,
 * an idle M that sleeps no longer than until then, or, while anything runs, the
 * monitor, whose next look is known (sched.monitor_next).
 */
#include <errno.h>

#include "base/alloc.h"
#include "base/rand.h"
#include "debug/debug.h"
#include "platform/platform.h"
#include "sanitize/sanitize.h"
#include "sched/netpoll.h"
#include "sched/park.h"
#include "sched/queue.h"

enum { M_STACK = 1 << 20, TAKE_MAX = RUNQ_SIZE / 2 };
#define SEARCH_NS ((int64_t)50 * 1000)

/* ---- Ps and Ms ------------------------------------------------------------------ */

/* Called with sched.lock held. */
void weft__p_idle(struct p *p)
{
    p->m = NULL;
    if (p->place == P_TAKEN)
        store_relaxed(&sched.taken_count, sched.taken_count - 1);
    if (p->index >= sched.proc_count) {
        p->place = P_SURPLUS; /* out of use until weft_procs() grows again */
        return;
    }
    p->place = P_IDLE;
    p->link = sched.idle_p;
    sched.idle_p = p;
    store_relaxed(&sched.idle_count, sched.idle_count + 1);
}

/* Called with sched.lock held. */
static struct p *idle_p_pop(void)
{
    struct p *p = sched.idle_p;
    if (p) {
        sched.idle_p = p->link;
        p->place = P_TAKEN;
        store_relaxed(&sched.taken_count, sched.taken_count + 1);
        store_relaxed(&sched.idle_count, sched.idle_count - 1);
    }
    return p;
}

/* @m runs no goroutine without a P any more. */
static void found(struct m *m)
{
    if (!m->lost)
        return;
    m->lost = false;
    if (m->computes) {
        m->computes = false;
        sub_seq(&sched.computing, 1);
    }
    sub_seq(&sched.lost, 1);
}

static void own(struct m *m, struct p *p)
{
    p->m = m;
    store_relaxed(&m->p, p);
    found(m);
}

struct p *weft__p_resolve(struct m *m)
{
    weft__lock(&sched.retake);
    struct p *p = load_relaxed(&m->p);
    weft__unlock(&sched.retake);
    return p;
}

bool weft__p_acquire(struct m *m)
{
    weft__lock(&sched.lock);
    struct p *p = sched.stopping ? NULL : idle_p_pop();
    weft__unlock(&sched.lock);
    if (!p)
        return false;
    own(m, p);
    weft__monitor_busy();
    return true;
}

/* Called with sched.lock held, on an M that sleeps; the caller then wakes its
 * word.  The sleeper looks at all of this under the lock too. */
static void give(struct m *m, struct p *p, struct g *handed)
{
    m->given = p;
    m->handed = handed;
    store_release(&m->wake, WOKEN_RUN); /* [m.wake] */
}

void weft__m_wake(struct m *m)
{
    if (load_relaxed(&m->polls))
        weft__poll_interrupt();
    else
        weft__futex_wake(&m->wake, 1);
}

static void *m_main(void *arg)
{
    struct m *m = arg;
    m->tid = weft__thread_id();
    if (sched.exits)
        pthread_detach(m->thread); /* the end of the process is its end */
    weft__thread_name("weft");
    weft__thread_slack(M_SLACK_NS);
    m->g0.m = m;
    weft__set_self(&m->g0);
    weft__san_thread(&m->g0);
    weft__san_lent(true);
    weft__signals_thread_init(m);
    weft__monitor_busy();
    weft__schedule(m);
    weft__signals_thread_fini(m);
    weft__set_self(NULL);
    weft__after_main();
    return NULL;
}

struct m *weft__m_new(void)
{
    struct m *m = weft__alloc_zero(sizeof *m);
    if (!m)
        return NULL;
    m->random = weft__random_seed();
    m->inside = 1;
    m->g0.flags = G_FLAG_SYSTEM;
    m->g0.state = G_RUNNING;
    m->current = &m->g0;
    weft__lock(&sched.lock);
    m->all = sched.all_m;
    sched.all_m = m;
    sched.thread_count++;
    weft__unlock(&sched.lock);
    return m;
}

void weft__m_free(struct m *m) { weft__free(m, sizeof *m); }

static void m_unlist(struct m *m)
{
    weft__lock(&sched.lock);
    for (struct m **at = &sched.all_m; *at; at = &(*at)->all)
        if (*at == m) {
            *at = m->all;
            break;
        }
    sched.thread_count--;
    weft__unlock(&sched.lock);
}

/* An M without a thread yet: one that never got it, or a new one. */
static struct m *m_get(void)
{
    weft__lock(&sched.lock);
    struct m *m = sched.no_threads ? NULL : sched.failed_m;
    bool again = m || sched.no_threads;
    if (m) {
        sched.failed_m = m->all;
        m->all = sched.all_m;
        sched.all_m = m;
        sched.thread_count++;
    }
    weft__unlock(&sched.lock);
    if (!again && !(m = weft__m_new()))
        sched.thread_error = -ENOMEM;
    return m;
}

/* The monitor may still look at @m: it is kept for the next attempt. */
static void m_failed(struct m *m, int error)
{
    m_unlist(m);
    weft__lock(&sched.lock);
    m->all = sched.failed_m;
    sched.failed_m = m;
    sched.thread_error = error;
    weft__unlock(&sched.lock);
}

/* There is no M for @p: its work goes to the others. */
static void strand(struct p *p)
{
    struct g *g = p->next;
    p->next = NULL;
    if (g)
        weft__global_put(g);
    while ((g = runq_take(&p->runq)))
        weft__global_put(g);
    weft__lock(&sched.lock);
    store_relaxed(&sched.no_threads, true);
    weft__p_idle(p);
    weft__unlock(&sched.lock);
    weft__monitor_busy();
}

bool weft__threads_retry(void)
{
    if (load_relaxed(&sched.global_count) > 0 || weft__timers_next() <= weft__now())
        weft__wake_p();
    return load_relaxed(&sched.no_threads) && load_relaxed(&sched.taken_count) == 0;
}

/* Called with sched.lock held: the M that fell asleep last, and the poller only
 * when there is no other. */
static struct m *idle_m_pop(void)
{
    struct m **at = &sched.idle_m, *m = *at;
    if (m && m == sched.poller && m->link) {
        at = &m->link;
        m = *at;
    }
    if (m)
        *at = m->link;
    return m;
}

/* An M for @p: a sleeping one, or a new thread. */
static void start_p(struct p *p, bool spinning)
{
    weft__lock(&sched.lock);
    struct m *m = idle_m_pop();
    if (m) {
        m->spinning = spinning;
        give(m, p, NULL);
    }
    weft__unlock(&sched.lock);
    if (m) {
        weft__m_wake(m);
        return;
    }
    m = m_get();
    if (m) {
        m->spinning = spinning;
        own(m, p);
        void *before = weft__san_neutral(); /* it serves all goroutines, not this one */
        int err = weft__thread_start(&m->thread, m_main, m, M_STACK);
        weft__san_back(before);
        if (err == 0)
            return;
        p->m = NULL;
        store_relaxed(&m->p, NULL);
        m_failed(m, err);
    }
    weft__warn_once("cannot start a thread; fewer goroutines will run at the same time");
    strand(p);
    if (spinning)
        sub_seq(&sched.spinning, 1);
}

noinline void weft__wake_p(void)
{
    uint32_t none = 0;
    if (!cas_seq(&sched.spinning, &none, 1))
        return;
    weft__lock(&sched.lock);
    struct p *p = sched.stopping ? NULL : idle_p_pop();
    weft__unlock(&sched.lock);
    if (!p) {
        sub_seq(&sched.spinning, 1);
        return;
    }
    start_p(p, true);
}

void weft__hand_off(struct p *p)
{
    weft__lock(&sched.lock);
    bool work = p->next || runq_length(&p->runq) > 0 || sched.global_count > 0 ||
                load_relaxed(&p->timers.next) != TIME_NEVER ||
                (weft__netpoll_waited() && !sched.poller);
    bool start = work && !sched.stopping;
    if (!start)
        weft__p_idle(p);
    weft__unlock(&sched.lock);
    if (start)
        start_p(p, false);
}

/* ---- sleeping --------------------------------------------------------------------- */

/* Called with sched.lock held. */
static bool unlist_idle(struct m *m)
{
    for (struct m **at = &sched.idle_m; *at; at = &(*at)->link)
        if (*at == m) {
            *at = m->link;
            return true;
        }
    return false;
}

/* Called with sched.lock held. */
static void keeper_resign(struct m *m)
{
    if (sched.keeper != m)
        return;
    sched.keeper = NULL;
    store_relaxed(&sched.keeper_when, TIME_NEVER);
}

/* Called with sched.lock held. */
static void poller_resign(struct m *m)
{
    if (sched.poller != m)
        return;
    sched.poller = NULL;
    store_relaxed(&m->polls, false);
}

/* Called with sched.lock held.  With every P busy it is better done by those who
 * have one: they need not be woken for it. */
static bool poller_wanted(struct m *m)
{
    if (sched.poller == m)
        return true;
    if (sched.poller || m->locked || !weft__netpoll_waited() || sched.idle_count == 0)
        return false;
    sched.poller = m;
    store_relaxed(&m->polls, true);
    return true;
}

/* A sleep is over that began as the keeper, as the poller, or both: takes an idle P
 * for what has come, if there is something and a P.  With sched.lock held; releases
 * it when true. */
static bool take_up(struct m *m, struct g *ready)
{
    keeper_resign(m);
    if (ready)
        poller_resign(m);
    /* When all Ps are busy the monitor tells their owners of timers. */
    struct p *p = idle_p_pop();
    if (!p)
        return false;
    poller_resign(m);
    unlist_idle(m);
    weft__unlock(&sched.lock);
    own(m, p);
    weft__ready_all(ready);
    return true;
}

/*
 * Sleeps until somebody gives @m a P, or, as the keeper, until a timer is due
 * and a P is free, or, as the poller, until a descriptor is ready.  Returns
 * without a P only when the runtime stops.
 */
static void m_sleep(struct m *m)
{
    weft__lock(&sched.lock);
    /* [m.wake] cleared before it is on the list: from then on others set it. */
    store_relaxed(&m->wake, 0);
    if (m->locked) {
        m->parked = true; /* hand_to_pinned() finds it */
    } else {
        m->link = sched.idle_m;
        sched.idle_m = m;
    }
    found(m);
    for (;;) {
        if (sched.stopping) {
            unlist_idle(m);
            keeper_resign(m);
            poller_resign(m);
            weft__unlock(&sched.lock);
            return;
        }
        int64_t next = weft__timers_next();
        if (!m->locked && (next < sched.keeper_when || sched.keeper == m)) {
            sched.keeper = next == TIME_NEVER ? NULL : m;
            store_relaxed(&sched.keeper_when, next);
        }
        bool keeper = sched.keeper == m, poller = poller_wanted(m);
        bool dead = weft__at_rest() && next == TIME_NEVER && !sched.main_done;
        weft__unlock(&sched.lock);
        if (dead)
            weft__check_dead();
        int64_t wait = -1;
        if (keeper) {
            wait = next - weft__now();
            if (wait < 0)
                wait = 0;
        }
        struct g *ready = NULL;
        if (load_acquire(&m->wake) == 0 && wait != 0) { /* [m.wake] */
            if (poller)
                ready = weft__netpoll(wait);
            else
                weft__futex_wait(&m->wake, 0, wait);
        }

        weft__lock(&sched.lock);
        if (load_acquire(&m->wake) == WOKEN_RUN) {
            keeper_resign(m);
            poller_resign(m);
            weft__unlock(&sched.lock);
            own(m, m->given);
            m->given = NULL;
            weft__ready_all(ready);
            break;
        }
        store_relaxed(&m->wake, 0);
        if ((ready || (keeper && next <= weft__now())) && take_up(m, ready))
            break;
        if (ready) {
            weft__unlock(&sched.lock);
            weft__ready_all(ready); /* to the busy ones, by the global queue */
            weft__lock(&sched.lock);
        }
    }
    store_relaxed(&sched.coarse_now, weft__now());
    weft__monitor_busy();
}

noinline void weft__timers_watch(int64_t when)
{
    weft__lock(&sched.lock);
    struct m *m = sched.keeper ? sched.keeper : sched.idle_m;
    bool covered = when >= sched.keeper_when;
    if (!covered && m && load_relaxed(&m->wake) == 0) {
        store_release(&m->wake, WOKEN_LOOK); /* [m.wake] */
        weft__unlock(&sched.lock);
        weft__m_wake(m);
        return;
    }
    weft__unlock(&sched.lock);
    if (!covered)
        weft__monitor_poke();
}

noinline void weft__netpoll_cover(void)
{
    weft__lock(&sched.lock);
    bool idle = !sched.poller && sched.idle_count > 0;
    struct m *m = idle ? sched.idle_m : NULL;
    if (m && load_relaxed(&m->wake) == 0)
        store_release(&m->wake, WOKEN_LOOK); /* [m.wake] */
    weft__unlock(&sched.lock);
    if (m)
        weft__m_wake(m);
    else if (idle)
        weft__wake_p();
}

/* ---- searching -------------------------------------------------------------------- */

static struct g *steal(struct m *m, bool lone_too)
{
    int n = load_acquire(&sched.proc_max);
    int at = (int)rand_below(&m->random, (uint32_t)n);
    for (int i = 0; i < n; i++, at = at + 1 == n ? 0 : at + 1) {
        struct p *victim = sched.procs[at];
        if (victim == m->p)
            continue;
        uint32_t length = runq_length(&victim->runq);
        if (length == 0 || (length == 1 && !lone_too && !load_relaxed(&victim->coarse)))
            continue;
        struct g *g = runq_steal(&victim->runq, &m->p->runq);
        if (g)
            return g;
    }
    return NULL;
}

static struct g *local_take(struct p *p)
{
    struct g *g = p->next;
    if (g) {
        p->next = NULL;
        return g;
    }
    return runq_take(&p->runq);
}

/*
 * What descriptors became ready for, without waiting.  With one P nobody else
 * could do anything meanwhile: it asks only once, when it sleeps.
 */
static struct g *poll_take(struct m *m)
{
    if (likely(!weft__netpoll_waited()) || sched.proc_max == 1)
        return NULL;
    struct g *list = weft__netpoll(0);
    if (!list)
        return NULL;
    weft__ready_all(list);
    return local_take(m->p);
}

static struct g *search(struct m *m)
{
    if (sched.proc_count == 1 && sched.proc_max == 1)
        return NULL;
    if (!m->spinning) {
        uint32_t none = 0;
        if (!cas_seq(&sched.spinning, &none, 1))
            return steal(m, true);
        m->spinning = true;
    }
    int64_t end = weft__now() + SEARCH_NS;
    for (;;) {
        struct g *g = steal(m, false);
        if (!g)
            g = weft__global_take(m->p, TAKE_MAX);
        if (g)
            return g;
        if (load_relaxed(&sched.stopping))
            return NULL;
        if ((g = poll_take(m)))
            return g;
        if (load_relaxed(&sched.main_done))
            return steal(m, true); /* the end waits for us to come to rest */
        for (int i = 0; i < 20; i++)
            cpu_relax();
        int64_t now = weft__now();
        if (weft__timers_next() <= now && weft__timers_run(now) && (g = runq_take(&m->p->runq)))
            return g;
        if (m->p->next) {
            g = m->p->next;
            m->p->next = NULL;
            return g;
        }
        if (now >= end)
            return steal(m, true);
    }
}

/* Is there work that nobody was told of? */
static bool work_visible(void)
{
    if (load_relaxed(&sched.global_count) > 0)
        return true;
    int n = load_acquire(&sched.proc_max);
    for (int i = 0; i < n; i++) {
        struct p *p = sched.procs[i];
        uint32_t length = runq_length(&p->runq);
        if (length > 1 || (length == 1 && load_relaxed(&p->coarse)))
            return true;
    }
    return false;
}

static void stop_spinning(struct m *m)
{
    if (!m->spinning)
        return;
    m->spinning = false;
    sub_seq(&sched.spinning, 1);
}

/* Gives the P up and sleeps; false when there was work after all. */
static bool go_idle(struct m *m)
{
    struct p *p = m->p;
    weft__lock(&sched.lock);
    if (sched.global_count > 0 && !sched.stopping) {
        weft__unlock(&sched.lock);
        return false;
    }
    store_relaxed(&m->p, NULL);
    weft__p_idle(p);
    bool alone = sched.taken_count == 0;
    weft__unlock(&sched.lock);
    stop_spinning(m);
    /* Who has no P fences itself, and whoever takes one from now on sees ours idle. */
    if (alone)
        full_fence();
    else
        heavy_fence(); /* [idle] */
    if (work_visible() && weft__p_acquire(m)) {
        m->spinning = true;
        add_seq(&sched.spinning, 1);
        return false;
    }
    m_sleep(m);
    return true;
}

/* Gives a surplus P up; its queue goes to the others. */
static void retire(struct m *m)
{
    struct p *p = m->p;
    struct g *g = p->next;
    p->next = NULL;
    if (g)
        weft__global_put(g);
    while ((g = runq_take(&p->runq)))
        weft__global_put(g);
    weft__stack_flush(&p->stacks);
    stop_spinning(m);
    weft__lock(&sched.lock);
    store_relaxed(&m->p, NULL);
    weft__p_idle(p); /* or it is wanted again by now */
    weft__unlock(&sched.lock);
    full_fence();
    wake_if_idle();
}

/* The next goroutine for @m, with a P to run it; NULL when the runtime stops. */
static struct g *find_work(struct m *m)
{
    struct g *g;
    for (;;) {
        if (load_relaxed(&sched.stopping))
            return NULL;
        if (m->locked && !m->handed) {
            /* Only the pinned goroutine may run here: others take the P. */
            struct p *p = m->p;
            if (p) {
                store_relaxed(&m->p, NULL);
                weft__hand_off(p);
            }
            m_sleep(m);
            continue;
        }
        if (!m->p && !weft__p_acquire(m)) {
            m_sleep(m);
            continue;
        }
        struct p *p = m->p;
        if (m->handed) {
            g = m->handed;
            m->handed = NULL;
            break;
        }
        if (unlikely(load_relaxed(&p->attention)))
            __atomic_exchange_n(&p->attention, 0, __ATOMIC_RELAXED);
        if (unlikely(p->index >= load_relaxed(&sched.proc_count))) {
            retire(m);
            continue;
        }
        int64_t now = weft__now();
        store_relaxed(&sched.coarse_now, now);
        if (weft__timers_next() <= now)
            weft__timers_run(now);
        if (weft__netpoll_wanted(p, now)) {
            weft__ready_all(weft__netpoll(0));
            /* As long as these come the ring is never empty: the queue has its turn. */
            if ((g = weft__global_take(p, TAKE_MAX)))
                break;
        }
        if ((g = local_take(p)) || (g = weft__global_take(p, TAKE_MAX)) || (g = poll_take(m)) ||
            (g = search(m)))
            break;
        go_idle(m);
    }
    store_relaxed(&m->p->tick, m->p->tick + 1);
    if (m->p->hold_start)
        weft__hold_end(m->p);
    if (m->spinning) {
        stop_spinning(m);
        /* We may have been the only one awake for more than this one. */
        if (runq_length(&m->p->runq) > 0 || work_visible())
            wake_if_idle();
    }
    int64_t next = weft__timers_next();
    if (next < load_relaxed(&sched.keeper_when) && next < load_relaxed(&sched.monitor_next))
        weft__timers_watch(next);
    return g;
}

/* @g may only run on its own M, which waits for a P: it gets ours. */
static void hand_to_pinned(struct m *m, struct g *g)
{
    struct m *to = g->pinned;
    struct p *p = m->p;
    store_relaxed(&m->p, NULL);
    weft__lock(&sched.lock);
    bool asleep = to->parked;
    if (asleep) {
        to->parked = false;
        give(to, p, g);
    }
    weft__unlock(&sched.lock);
    if (asleep) {
        weft__futex_wake(&to->wake, 1);
        return;
    }
    /* It is on its way to sleep. */
    own(m, p);
    weft__global_put(g);
    weft__thread_yield();
}

void weft__schedule(struct m *m)
{
    for (;;) {
        if (unlikely(m->finisher)) {
            m->finisher = false;
            weft__finish(m);
        }
        struct g *g = find_work(m);
        if (!g)
            break;
        if (unlikely(g->pinned && g->pinned != m)) {
            hand_to_pinned(m, g);
            continue;
        }
        weft__run_next(m, g);
    }
    stop_spinning(m);
}
