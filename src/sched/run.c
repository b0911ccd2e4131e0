/* SPDX-License-Identifier: MIT */
/*
 * The life of the runtime: weft_run(), from the first mapping to the last.
 *
 * The calling thread becomes the first M.  When the first goroutine returns,
 * the M that ran it lets the others come to rest, judges leaks, and then either
 * ends the process (a program with weft_main) or stops all Ms, so that the
 * first one returns to its caller with everything released.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/rand.h"
#include "context/context_impl.h"
#include "debug/debug.h"
#include "platform/platform.h"
#include "sanitize/sanitize.h"
#include "sched/netpoll.h"
#include "sched/park.h"
#include "sched/pool.h"
#include "sched/queue.h"
#include "sync/lockcheck.h"
#include "weft/go.h"
#include "weft/panic.h"

/* How long the rest may take to come to rest after the first goroutine
 * returned: while only timers could wake somebody, and while something runs. */
#define GRACE_TIMERS_NS ((int64_t)10 * 1000 * 1000)
#define GRACE_BUSY_NS   ((int64_t)100 * 1000 * 1000)
#define MAIN_STACK      ((size_t)8 << 20)

static struct main_call {
    weft_impl_fn fn;
    uintptr_t arg[6];
} main_call;

void weft__warn_once(const char *text)
{
    static const char *said[16];
    for (size_t i = 0; i < array_len(said); i++) {
        const char *none = NULL;
        if (load_relaxed(&said[i]) == text)
            return;
        if (__atomic_compare_exchange_n(&said[i], &none, text, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            break;
        if (none == text)
            return;
    }
    char line[256];
    int n = snprintf(line, sizeof line, "weft: warning: %s\n", text);
    if (write(STDERR_FILENO, line, (size_t)n) < 0)
        return;
}

struct p *weft__p_new(int index)
{
    struct p *p = weft__alloc_zero(sizeof *p);
    if (!p)
        return NULL;
    p->index = index;
    p->samples = 1;
    p->coarse = true; /* until measured: better to wake one too many */
    p->random = weft__random_seed();
    weft__timers_init(&p->timers);
    return p;
}

/* Called with sched.lock held. */
static int procs_grow(int n)
{
    for (int i = sched.proc_max; i < n; i++) {
        struct p *p = weft__p_new(i);
        if (!p)
            return -ENOMEM;
        sched.procs[i] = p;
        store_seq(&sched.proc_max, i + 1); /* [rwmutex.cells] too */
    }
    return 0;
}

static int procs_wanted(void)
{
    const char *text = getenv("WEFT_PROCS");
    if (text && *text) {
        char *end;
        long n = strtol(text, &end, 10);
        if (*end == '\0' && n >= 1)
            return n > MAX_PROCS ? MAX_PROCS : (int)n;
        weft__warn_once("WEFT_PROCS is not a number of at least 1; using the number of cores");
    }
    int n = weft__cpu_count();
    return n > MAX_PROCS ? MAX_PROCS : n;
}

int weft_procs(int n)
{
    if (!load_relaxed(&sched.running))
        return procs_wanted();
    if (n > MAX_PROCS)
        n = MAX_PROCS;
    weft__lock(&sched.lock);
    int before = sched.proc_count;
    if (n >= 1 && n != before && procs_grow(n) == 0) {
        store_relaxed(&sched.proc_count, n);
        sched.idle_p = NULL;
        store_relaxed(&sched.idle_count, 0);
        for (int i = 0; i < sched.proc_max; i++) {
            struct p *p = sched.procs[i];
            if (p->place != P_TAKEN)
                weft__p_idle(p);
            else if (i >= n) /* its owner gives it up */
                __atomic_fetch_or(&p->attention, ATTN_STOP, __ATOMIC_RELAXED);
        }
    }
    weft__unlock(&sched.lock);
    if (n > before)
        wake_if_idle();
    return before;
}

/* ---- end -------------------------------------------------------------------------- */

static bool at_rest(void)
{
    weft__lock(&sched.lock);
    bool rest = weft__at_rest();
    weft__unlock(&sched.lock);
    return rest;
}

static bool come_to_rest(void)
{
    int64_t start = weft__now(), nap = 20 * 1000;
    for (;;) {
        bool rest = at_rest();
        if (rest && weft__timers_next() == TIME_NEVER)
            return true;
        int64_t past = weft__now() - start;
        if (past > (rest ? GRACE_TIMERS_NS : GRACE_BUSY_NS))
            return rest;
        weft__thread_sleep(nap);
        if (nap < 1000 * 1000)
            nap *= 2;
    }
}

static void stop_all(void)
{
    weft__lock(&sched.lock);
    store_relaxed(&sched.stopping, true);
    int n = sched.proc_max;
    for (int i = 0; i < n; i++)
        __atomic_fetch_or(&sched.procs[i]->attention, ATTN_STOP, __ATOMIC_RELAXED);
    for (struct m *m = sched.all_m; m; m = m->all) {
        uint32_t asleep = 0;
        /* One that was just given a P keeps its word; it sees the end itself. */
        if (cas_seq(&m->wake, &asleep, WOKEN_LOOK))
            weft__m_wake(m);
    }
    weft__unlock(&sched.lock);
}

void weft__finish(struct m *m)
{
    struct p *p = m->p;
    store_relaxed(&sched.main_done, true);
    store_relaxed(&m->p, NULL);
    weft__hand_off(p);
    weft__after_main();
    bool rest = come_to_rest();
    int leaks = weft__leaks_judge(rest);
    if (leaks > 0 && weft__leaks_fail() && sched.result == 0)
        sched.result = 3;
    stop_all();
    if (sched.exits) {
        weft__monitor_stop();
        exit(sched.result);
    }
}

void weft__after_main(void) { hb_acquire(&main_call); }

static void run_main(struct main_call *c)
{
    uintptr_t *a = c->arg;
    sched.result = ((int (*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t,
                             uintptr_t))c->fn)(a[0], a[1], a[2], a[3], a[4], a[5]);
    hb_release(c); /* to what runs at the end of the process */
}

/* ---- beginning ---------------------------------------------------------------------- */

static size_t main_stack_size(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        limit.rlim_cur > MAIN_STACK)
        return limit.rlim_cur < ((size_t)1 << 30) ? (size_t)limit.rlim_cur : (size_t)1 << 30;
    return MAIN_STACK;
}

static void release_all(void)
{
    for (int i = 0; i < sched.proc_max; i++) {
        weft__timers_fini(&sched.procs[i]->timers);
        weft__free(sched.procs[i], sizeof(struct p));
    }
    for (struct m *m = sched.all_m, *next; m; m = next) {
        next = m->all;
        weft__m_free(m);
    }
    for (struct m *m = sched.failed_m, *next; m; m = next) {
        next = m->all;
        weft__m_free(m);
    }
    weft__netpoll_stop();
    weft__gtable_fini();
    weft__stacks_fini();
    bytes_zero(&sched, sizeof sched);
}

static const char *missing; /* what a start that failed could not get */

static int start_up(void)
{
    weft__platform_init();
    weft__san_init();
    weft__lock_check_init();
    sched.keeper_when = TIME_NEVER;
    sched.id_next = 1;
    sched.coarse_now = weft__now();
    int err = weft__stacks_init();
    missing = "address space for stacks";
    if (err == 0) {
        err = weft__gtable_init();
        missing = "address space for goroutines";
    }
    if (err == 0) {
        err = procs_grow(procs_wanted());
        missing = "memory for processors";
    }
    if (err != 0)
        return err;
    sched.proc_count = sched.proc_max;
    for (int i = sched.proc_count - 1; i > 0; i--)
        weft__p_idle(sched.procs[i]);
    sched.procs[0]->place = P_TAKEN;
    sched.taken_count = 1;
    struct m *m = weft__m_new();
    if (!m)
        return -ENOMEM;
    m->first = true;
    m->thread = pthread_self();
    m->tid = weft__thread_id();
    sched.first_m = m;
    return 0;
}

static int run(bool exits, weft_impl_fn fn, unsigned n, const uintptr_t *args)
{
    if (weft__forked())
        weft__no_runtime("weft_run");
    if (__atomic_exchange_n(&sched.running, true, __ATOMIC_SEQ_CST))
        weft_panic("weft_run: the runtime is running already");
    struct g *thread = weft__self();
    int err = start_up();
    sched.exits = exits;
    if (err == 0) {
        err = weft__monitor_start();
        missing = "thread";
    }
    if (err != 0) {
        release_all();
        return err;
    }
    sched.foreign_base = weft__tsan ? 1 : 0; /* TSan's own thread, which wakes nobody */
    struct m *m = sched.first_m;
    m->g0.m = m;
    m->p = sched.procs[0];
    m->p->m = m;
    weft__set_self(&m->g0);
    weft__san_thread(&m->g0);
    weft__signals_init();
    weft__pthread_watch(true);
    weft__watch_forks();
    weft__signals_thread_init(m);
    long slack = weft__thread_slack(M_SLACK_NS);

    main_call.fn = fn;
    for (unsigned i = 0; i < n; i++)
        main_call.arg[i] = args[i];
    uintptr_t arg = (uintptr_t)&main_call;
    weft__spawn("main", main_stack_size(), G_FLAG_MAIN, NULL, 0, (weft_impl_fn)run_main, 1, &arg);
    weft__schedule(m);
    while (exits)
        pause(); /* another M is about to end the process */

    for (;;) {
        weft__lock(&sched.lock);
        struct m *other = sched.all_m;
        while (other && (other->first || other->joined))
            other = other->all;
        if (other)
            other->joined = true;
        weft__unlock(&sched.lock);
        if (!other)
            break;
        pthread_join(other->thread, NULL);
    }
    weft__pool_stop();
    weft__monitor_stop();
    weft__thread_slack(slack);
    weft__signals_thread_fini(m);
    weft__signals_fini();
    weft__pthread_watch(false);
    int result = sched.result;
    weft__set_self(thread);
    release_all();
    return result;
}

int weft_impl_run(weft_impl_fn fn, unsigned n, const uintptr_t *args)
{
    return run(false, fn, n, args);
}

/* A program with weft_main() and no main() of its own gets this one; see main.c. */
int weft__run_program(int argc, char **argv, int (*program)(int, char **))
{
    uintptr_t args[2] = {(uintptr_t)argc, (uintptr_t)argv};
    int result = run(true, (weft_impl_fn)program, 2, args);
    if (result < 0) {
        fprintf(stderr, "weft: the runtime cannot start: no %s: %s\n", missing,
                weft_strerror(result));
        return 2;
    }
    return result;
}

/* ---- deadlock ------------------------------------------------------------------------ */

/*
 * Nothing runs, nothing is due.  That is final unless a thread that is not ours
 * could call in.  The count of threads is the kernel's; one of ours that is
 * just ending counts as foreign, and then nobody is accused.  It is taken first:
 * a thread that is not there any more may have made somebody ready before.
 */
void weft__check_dead(void)
{
    /* Whoever the outside may wake is counted until it runs again: asked first. */
    if (weft__signals_watched() || load_seq(&sched.io_waits) > 0 || load_seq(&sched.pool_jobs) > 0)
        return;
    int threads = weft__thread_count();
    weft__lock(&sched.lock);
    int ours = (int)(sched.thread_count + load_seq(&sched.helpers)) + 1; /* and the monitor */
    bool idle =
        weft__at_rest() && weft__timers_next() == TIME_NEVER && !sched.main_done && !sched.stopping;
    int base = sched.foreign_base;
    weft__unlock(&sched.lock);
    if (idle && threads >= 0 && threads <= ours + base)
        weft__deadlock();
}
