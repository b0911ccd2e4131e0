/* SPDX-License-Identifier: MIT */
/*
 * The scheduler's own records, for the files of this folder and for reports.
 *
 *   G  a goroutine (sched/g.h)
 *   M  an OS thread
 *   P  a processor: the right to run goroutines, with a queue of them.  There
 *      are WEFT_PROCS of them, and an M needs one to run goroutines.
 *
 * Who may touch a P.  The M that owns it, and only inside the runtime: every
 * call that uses the P stands between weft__enter() and weft__leave(), which
 * set and clear m->inside with plain stores.  A goroutine may meanwhile block
 * its thread or compute for long; then the monitor takes the P away
 * (monitor.c): it sets m->retake, executes a heavy fence, and looks at
 * m->inside.  Clear: the M is in user code and will see m->retake, or later
 * m->p == NULL, when it enters, so the P is the monitor's.  Set: it leaves the
 * M alone and tries another time.  The store of `inside` and the load of
 * `retake` in weft__enter() are the other half of that barrier [inside]; the
 * fence costs the frequent side nothing.
 *
 * The ring of a P is also read by thieves (runq.h); its next slot is not, so a
 * hand-over from one goroutine to the next costs no atomic operation.
 */
#ifndef WEFT_SRC_SCHED_H
#define WEFT_SRC_SCHED_H

#include <pthread.h>

#include "arch/switch.h"
#include "base/atomic.h"
#include "base/lock.h"
#include "sched/g.h"
#include "sched/timers.h"
#include "stack/stack.h"

enum { MAX_PROCS = 256, RUNQ_SIZE = 256 };

/* How late the kernel may wake a thread that sleeps until a timer (its default
 * is 50 us). */
enum { M_SLACK_NS = 1000 };

struct runq {
    uint32_t head __attribute__((aligned(CACHE_LINE))); /* owner and thieves, by CAS */
    uint32_t tail __attribute__((aligned(CACHE_LINE))); /* owner only */
    struct g *slot[RUNQ_SIZE];
};

/* Why the owner should look up from its queue at the next switch. */
enum {
    ATTN_TIMERS = 1, /* timers are due, or nobody watches the earliest */
    ATTN_STOP = 2,   /* the runtime ends, or this P is surplus */
};

/* Where a P is.  TAKEN: an M has it, or it is on its way to one. */
enum p_place { P_SURPLUS, P_IDLE, P_TAKEN };

struct p {
    struct g *next;     /* runs before the queue; owner only */
    uint32_t tick;      /* switches; owner writes, monitor reads */
    uint32_t attention; /* ATTN_ bits; set by anyone, cleared by the owner */
    struct m *m;        /* owner */
    uint32_t streak;    /* hand-overs in a row through next */
    uint32_t samples;   /* hand-overs until the next measurement */
    bool coarse;        /* hand-overs tend to wait long: wake others for them; thieves read */
    int64_t hold_start; /* when the only runnable goroutine began to wait; 0: not measured */
    int64_t live;       /* goroutines started minus ended here */
    struct g *free;     /* dead records */
    uint32_t free_count;
    int index;
    uint64_t id_next, id_end;
    uint64_t random;
    struct stack_cache stacks;
    struct runq runq;
    struct timer_heap timers;
    uint8_t place;  /* enum p_place; under sched.lock */
    struct p *link; /* while idle; under sched.lock */

    /* the monitor's notes */
    uint32_t seen_tick;
    struct m *seen_m;
    int64_t seen_since, seen_cpu, seen_cpu_at;
};

struct m {
    struct g g0;            /* the scheduler's own context, on the thread's stack */
    struct g *current;      /* the goroutine that runs here, or &g0 */
    struct p *p;            /* NULL: may not touch any; see above */
    uint32_t inside;        /* in the runtime, how deep; 1 at every switch */
    uint32_t retake;        /* the monitor is about to take the P */
    bool spinning;          /* counted in sched.spinning */
    bool lost;              /* counted in sched.lost: runs a goroutine without a P */
    bool computes;          /* counted in sched.computing too */
    bool parked;            /* pinned and asleep: only its goroutine may wake it; sched.lock */
    bool polls;             /* asleep in the poll and not on its word; set under sched.lock */
    void *commit_arg;       /* after a switch: NULL, or the lock to release, */
    void (*commit)(void *); /* or what to call this with */
    uint32_t wake;          /* futex: 0 asleep or about to, else why it was woken; sched.lock */
    struct p *given;        /* the P to go on with; sched.lock */
    struct g *locked;       /* a pinned goroutine that may only run here */
    struct g *handed;       /* that goroutine, to be run next */
    pthread_t thread;
    int tid;
    uint64_t random;
    struct m *link; /* while idle; under sched.lock */
    struct m *all;  /* list of all; under sched.lock */
    void *signal_stack;
    uint64_t signal_request; /* for reports: see debug/ */
    bool joined;
    bool first;    /* the thread that called weft_run() */
    bool finisher; /* ran the first goroutine to its end */
};

/* lock guards: idle lists, all_m, global queue, procs, lost, poller; words marked
 * * are read without it. */
struct sched {
    struct lock lock;
    struct p *procs[MAX_PROCS]; /* * filled once, in order */
    int proc_max;               /* * how many of procs exist */
    int proc_count;             /* * how many may run */
    struct p *idle_p;
    struct m *idle_m;
    struct m *all_m;
    struct m *failed_m; /* whose thread could not be made; the next attempt uses it */
    bool no_threads;    /* * the last attempt failed: not again before the monitor's look */
    int thread_error;   /* and why */
    struct m *first_m;
    uint32_t idle_count;   /* * */
    uint32_t taken_count;  /* * Ps that an M has, or is given; surplus ones too */
    uint32_t spinning;     /* * atomic */
    uint32_t thread_count; /* Ms that exist */
    uint32_t lost;         /* Ms that run a goroutine without a P */
    struct g *global_first, *global_last;
    uint32_t global_count; /* * */
    struct g *free;        /* dead records beyond the Ps' own lists */
    uint64_t id_next;      /* atomic */
    int64_t live;          /* of goroutines started by threads without a P; atomic */

    bool running;   /* * the runtime is up */
    bool stopping;  /* * Ms end themselves */
    bool main_gone; /* * the first goroutine ended by weft_goexit() */
    bool main_done; /* * it returned */
    bool exits;     /* its end is the end of the process */
    int result;
    struct lock retake; /* held by who takes a P from a running M */
    uint32_t computing; /* Ms among the lost that compute; the monitor's */
    int64_t coarse_now; /* * ns, advanced by the monitor and by wake-ups */

    struct m *keeper;    /* the idle M that sleeps until the earliest timer */
    int64_t keeper_when; /* * */

    struct m *poller;   /* the idle M that sleeps in the poll (netpoll.c) */
    int64_t polled_at;  /* * when somebody last looked for events */
    uint32_t io_waits;  /* * goroutines that wait for a descriptor; atomic */
    uint32_t pool_jobs; /* * calls given to the blocking pool and not over; atomic */
    uint32_t helpers;   /* * threads of the blocking pool; atomic */

    pthread_t monitor;
    bool monitor_started;
    uint32_t monitor_word; /* futex */
    bool monitor_deep;     /* * asleep until something runs */
    int64_t monitor_next;  /* * when it will look */
    int foreign_base;      /* threads of the sanitizers, there from the start */
    bool lock_waits;       /* * goroutines wait for locks that were not judged yet */
};

extern HIDDEN struct sched sched;

/* ---- entering the runtime ------------------------------------------------ */

struct m *weft__enter_slow(struct m *m);

/* weft__enter - returns the M, with its P safe to use until weft__leave(); NULL
 * on a thread without one.  May park the goroutine: hold no lock.  Nests; inside
 * a commit or a timer the M may have no P. */
static inline struct m *weft__enter(void)
{
    struct g *g = weft__self();
    if (unlikely(!g || !g->m))
        return NULL;
    struct m *m = g->m;
    store_relaxed(&m->inside, m->inside + 1);
    light_fence(); /* [inside] */
    if (likely(!load_acquire(&m->retake) && load_relaxed(&m->p)))
        return m;
    return weft__enter_slow(m);
}

static inline void weft__leave(struct m *m)
{
    /* release [inside]: what the owner wrote to its P is seen by who takes it. */
    store_release(&m->inside, m->inside - 1);
}

/* ---- between the files of this folder ------------------------------------ */

/* weft__spawn - a new goroutine, queued; it may have ended when this returns. */
void weft__spawn(const char *name, size_t stack_size, uint8_t flags, struct weft_wg *wg,
                 uintptr_t pc, weft_impl_fn fn, unsigned n, const uintptr_t *args);
/* weft__exit - end the running goroutine. */
void weft__exit(void) __attribute__((noreturn));

/* weft__schedule - the loop of an M's own context; returns when the M must end. */
void weft__schedule(struct m *m);
/* weft__try_last - weft_try() for the runtime's own use at the bottom of a
 * goroutine, which then ends: a race detector need not see to what comes after. */
struct weft_panic_info *weft__try_last(weft_impl_fn fn, unsigned n, const uintptr_t *args);
/* weft__run_next - continue @g; returns, maybe much later, when the M has nothing to run. */
struct m *weft__run_next(struct m *m, struct g *g);
void weft__hold_end(struct p *p);

struct m *weft__m_new(void);
void weft__m_free(struct m *m);
/* Why an M was woken: it was given a P; or things have changed. */
enum { WOKEN_RUN = 1, WOKEN_LOOK = 2 };
/* weft__m_wake - after m->wake was set, under sched.lock: end its sleep. */
void weft__m_wake(struct m *m);

struct p *weft__p_new(int index);
/* weft__p_idle - nobody has it now: to the idle list, or out of use.  Under sched.lock. */
void weft__p_idle(struct p *p);
/* weft__p_resolve - after weft__enter() saw no P: wait for the monitor to make
 * up its mind; the P, or NULL when it is gone. */
struct p *weft__p_resolve(struct m *m);
/* weft__p_acquire - take an idle P for @m; false when there is none. */
bool weft__p_acquire(struct m *m);
/* weft__hand_off - a P without an M: start it if it has work, else idle it. */
void weft__hand_off(struct p *p);
/* weft__wake_p - start an idle P whose M searches for work. */
void weft__wake_p(void);
/* weft__threads_retry - after an attempt to make a thread failed: try again if
 * work waits for one.  True when it failed again and no goroutine has a P. */
bool weft__threads_retry(void);
void weft__global_put(struct g *g);

/* weft__after_main - for a race detector: what this thread does from here on comes
 * after what the first goroutine knew at its end.  Destructors of thread-local data
 * that goroutines left on the thread are to run. */
void weft__after_main(void);
/* weft__finish - the first goroutine has returned: judge leaks, end the runtime. */
void weft__finish(struct m *m);
void weft__warn_once(const char *text);
/* weft__watch_forks, weft__forked - is this the child of a fork()?  See fork.c.
 * weft__no_runtime - panic: there is no runtime, or no longer, to do @what with. */
void weft__watch_forks(void);
bool weft__forked(void);
void weft__no_runtime(const char *what) __attribute__((noreturn));
/* weft__at_rest - no goroutine runs or could.  Under sched.lock. */
static inline bool weft__at_rest(void)
{
    return sched.taken_count == 0 && load_relaxed(&sched.lost) == 0 && sched.global_count == 0;
}
/* weft__check_dead - everything is idle: is there anybody who could change that? */
void weft__check_dead(void);

int weft__monitor_start(void);
void weft__monitor_stop(void);
void weft__monitor_poke(void);
/* weft__monitor_busy - something runs again: end the monitor's deep sleep. */
static inline void weft__monitor_busy(void)
{
    full_fence(); /* [deep]: the P is not idle any more, before we look */
    if (unlikely(load_relaxed(&sched.monitor_deep)))
        weft__monitor_poke();
}

/* weft__lock_wait - the caller is about to wait for what another goroutine has:
 * should that take long, the monitor looks for a cycle (debug/waitfor.c). */
static inline void weft__lock_wait(void)
{
    if (!load_relaxed(&sched.lock_waits))
        store_relaxed(&sched.lock_waits, true);
}

/* weft__timers_next - the earliest deadline of all heaps. */
int64_t weft__timers_next(void);
/* weft__timers_run - fire what is due in all heaps; true when goroutines became ready. */
bool weft__timers_run(int64_t now);
/* weft__timers_watch - see that somebody wakes at @when. */
void weft__timers_watch(int64_t when);

#endif /* WEFT_SRC_SCHED_H */
