/* SPDX-License-Identifier: MIT */
/*
 * The monitor: a thread without a P that sees what the others cannot.
 *
 * While anything runs it looks every 10 ms, every 1 ms when a P seems stuck
 * while work waits for it, and sleeps for good when all Ps are idle.  A P is
 * stuck when it has not switched between two looks.  Its thread's CPU clock
 * then tells blocked from computing, and for a thread that did not run the
 * kernel is asked whether it waits for more than a core:
 *
 *   blocked     the P is handed to another M at once; the old thread finishes
 *               its call as a plain thread and queues up for a P afterwards
 *   computing   after 10 ms the P is handed on too, unless as many threads as
 *               there are cores already compute without one; with idle Ps
 *               around, only the waiting goroutines are moved
 *
 * No signal stops anybody: that could be inside malloc.
 *
 * Goroutines that have waited for locks for a second are judged before that
 * (debug/waitfor.c): for them alone it wakes once more.
 *
 * It is also the alarm clock while all Ps are busy: at the deadline of a timer
 * it wakes an idle P or tells the busy ones to look up.
 */
#include "context/context_impl.h"
#include "debug/debug.h"
#include "debug/waitfor.h"
#include "platform/platform.h"
#include "sched/netpoll.h"
#include "sched/park.h"
#include "sched/queue.h"

#define LOOK_NS       ((int64_t)10 * 1000 * 1000)
#define CLOSE_LOOK_NS ((int64_t)1000 * 1000)
#define COMPUTE_NS    ((int64_t)10 * 1000 * 1000)

/* A goroutine that blocks its thread with nothing else to run loses its P after
 * this, so that the P is idle and the monitor may sleep. */
#define ALONE_NS ((int64_t)200 * 1000 * 1000)
#define STALL_NS ((int64_t)3 * 1000 * 1000 * 1000)

enum { IDLE_LOOKS = 5, MONITOR_STACK = 1 << 20 };

static int cores;

void weft__monitor_poke(void)
{
    store_relaxed(&sched.monitor_deep, false);
    add_seq(&sched.monitor_word, 1);
    weft__futex_wake(&sched.monitor_word, 1);
}

/* [inside] Runs @take on the P of @m if the M is in user code. */
static bool with_p(struct m *m, struct p *p, void (*take)(struct m *, struct p *, void *),
                   void *arg)
{
    weft__lock(&sched.retake);
    store_relaxed(&m->retake, 1);
    heavy_fence();
    bool ours = load_acquire(&m->inside) == 0 && load_relaxed(&m->p) == p;
    if (ours)
        take(m, p, arg);
    store_release(&m->retake, 0);
    weft__unlock(&sched.retake);
    return ours;
}

static void take_all(struct m *m, struct p *p, void *computes)
{
    (void)p;
    store_relaxed(&m->p, NULL);
    m->lost = true;
    add_seq(&sched.lost, 1);
    if (*(bool *)computes) {
        m->computes = true;
        add_seq(&sched.computing, 1);
    }
}

static void take_next(struct m *m, struct p *p, void *g)
{
    (void)m;
    *(struct g **)g = p->next;
    p->next = NULL;
}

static bool retake(struct m *m, struct p *p, bool computes)
{
    if (!with_p(m, p, take_all, &computes))
        return false;
    p->m = NULL;
    weft__hand_off(p);
    return true;
}

/* Idle Ps exist: let them have what waits on a computing one. */
static void spread(struct m *m, struct p *p)
{
    struct g *g = NULL;
    if (load_relaxed(&p->next) && with_p(m, p, take_next, &g) && g)
        weft__global_put(g);
    wake_if_idle();
}

/* Looks at one P; true when work waits for it: look again soon. */
static bool look(struct p *p, int64_t now, bool others_wait)
{
    struct m *m = load_relaxed(&p->m);
    if (!m)
        return false;
    uint32_t tick = load_relaxed(&p->tick);
    if (tick != p->seen_tick || m != p->seen_m) {
        p->seen_tick = tick;
        p->seen_m = m;
        p->seen_since = now;
        p->seen_cpu = -1;
        return false;
    }
    bool waits = others_wait || load_relaxed(&p->next) || runq_length(&p->runq) > 0;
    if (!waits && now - p->seen_since < ALONE_NS)
        return false;
    int64_t cpu = weft__thread_cpu(m->thread);
    if (p->seen_cpu < 0) {
        p->seen_cpu = cpu;
        p->seen_cpu_at = now;
        return waits;
    }
    int64_t span = now - p->seen_cpu_at;
    if (span < CLOSE_LOOK_NS / 2)
        return waits;
    bool computes = cpu - p->seen_cpu > span / 5;
    p->seen_cpu = cpu;
    p->seen_cpu_at = now;
    /* One that got no core, since others have them all, is not blocked. */
    if (!computes && weft__thread_waits(m->tid)) {
        retake(m, p, false);
    } else if (waits && now - p->seen_since >= COMPUTE_NS) {
        if (load_relaxed(&sched.idle_count) > 0)
            spread(m, p);
        else if (load_relaxed(&sched.computing) < (uint32_t)cores)
            retake(m, p, true);
    }
    return waits;
}

static void timers_due(void)
{
    if (load_relaxed(&sched.idle_count) > 0) {
        weft__wake_p();
        return;
    }
    int n = load_acquire(&sched.proc_max);
    for (int i = 0; i < n; i++)
        __atomic_fetch_or(&sched.procs[i]->attention, ATTN_TIMERS, __ATOMIC_RELAXED);
}

/* Events were not looked for since the last look, or so: what runs does not
 * switch.  An idle M is better at it than we, who would do it 10 ms late again. */
static void see_to_descriptors(void)
{
    weft__ready_all(weft__netpoll(0));
    if (load_relaxed(&sched.idle_count) > 0)
        weft__netpoll_cover();
}

static uint32_t all_ticks(void)
{
    uint32_t sum = 0;
    int n = load_acquire(&sched.proc_max);
    for (int i = 0; i < n; i++)
        sum += load_relaxed(&sched.procs[i]->tick);
    return sum;
}

/*
 * No thread could be made when one was needed.  Every look tries again while
 * goroutines wait; when nothing has run for STALL_NS, since all threads that
 * there are stand in calls that block, then that is the end: a program that
 * hangs would be worse.
 */
static void short_of_threads(int64_t now)
{
    static int64_t since; /* only the monitor is here */
    static uint32_t ticks;
    store_relaxed(&sched.no_threads, false);
    uint32_t sum = all_ticks();
    bool stalled = weft__threads_retry();
    if (!stalled || since == 0 || sum != ticks)
        since = stalled ? now : 0;
    ticks = sum;
    if (stalled && now - since > STALL_NS)
        weft__fatal("cannot start a thread (%s), and all others are blocked while goroutines "
                    "wait to run",
                    weft_strerror(sched.thread_error));
}

static void *monitor_main(void *arg)
{
    (void)arg;
    weft__thread_name("weft monitor");
    weft__thread_slack(M_SLACK_NS);
    int idle_looks = 0;
    uint32_t last_ticks = 0;
    weft__waits_begin();
    while (!load_relaxed(&sched.stopping)) {
        uint32_t word = load_seq(&sched.monitor_word);
        weft__debug_poll();
        weft__signals_poll();
        int64_t now = weft__now();
        store_relaxed(&sched.coarse_now, now);
        int64_t next = weft__timers_next();
        bool due = next <= now, close = false;
        if (due)
            timers_due();
        if (!load_relaxed(&sched.poller) && weft__netpoll_due(now, LOOK_NS / 2))
            see_to_descriptors();
        bool look_again = weft__netpoll_look_after();
        bool others_wait = due || load_relaxed(&sched.global_count) > 0;
        int n = load_acquire(&sched.proc_max);
        for (int i = 0; i < n; i++)
            close |= look(sched.procs[i], now, others_wait);
        if (others_wait)
            close = true;

        bool short_now = load_relaxed(&sched.no_threads);
        if (unlikely(short_now))
            short_of_threads(now);

        bool idle = load_relaxed(&sched.taken_count) == 0 && !short_now && !look_again;
        uint32_t ticks = all_ticks();
        bool more = weft__stacks_trim(idle && ticks == last_ticks);
        last_ticks = ticks;
        close |= more;
        idle_looks = idle && !more ? idle_looks + 1 : 0;
        int64_t judge = weft__waits_poll(now, idle_looks > IDLE_LOOKS);
        if (idle_looks > IDLE_LOOKS) {
            /* After a sleep until then it goes on sleeping at once. */
            idle_looks = judge == TIME_NEVER ? 0 : IDLE_LOOKS;
            store_relaxed(&sched.monitor_next, TIME_NEVER);
            /* Threads that could have called in may have ended since the last M
             * went to sleep. */
            if (weft__timers_next() == TIME_NEVER)
                weft__check_dead();
            store_seq(&sched.monitor_deep, true);
            full_fence(); /* [deep] */
            if (load_relaxed(&sched.taken_count) == 0 && !load_relaxed(&sched.stopping) &&
                (judge != TIME_NEVER || !load_relaxed(&sched.lock_waits)))
                weft__futex_wait(&sched.monitor_word, word, judge == TIME_NEVER ? -1 : judge - now);
            store_relaxed(&sched.monitor_deep, false);
            continue;
        }
        int64_t until = now + (close ? CLOSE_LOOK_NS : LOOK_NS);
        if (!due && next < until)
            until = next;
        store_relaxed(&sched.monitor_next, until);
        weft__futex_wait(&sched.monitor_word, word, until - now);
    }
    return NULL;
}

int weft__monitor_start(void)
{
    cores = weft__cpu_count();
    int err = weft__thread_start(&sched.monitor, monitor_main, NULL, MONITOR_STACK);
    sched.monitor_started = err == 0;
    return err;
}

void weft__monitor_stop(void)
{
    if (!sched.monitor_started)
        return;
    weft__monitor_poke();
    pthread_join(sched.monitor, NULL);
    sched.monitor_started = false;
}
