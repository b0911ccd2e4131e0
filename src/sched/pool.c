/* SPDX-License-Identifier: MIT */
/*
 * A bounded pool of threads, made as jobs come and ended when none has come for
 * a while.
 *
 * Jobs wait in one queue; a thread without one sleeps on pool.word.  There are
 * always as many threads as jobs that wait or run, up to the limit.
 *
 * sched.pool_jobs counts a job until whoever waits for it has been made ready,
 * so that the deadlock detector does not mistake the one for idle; the threads
 * are known to it as sched.helpers.
 */
#include "sched/pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "platform/platform.h"
#include "sanitize/sanitize.h"
#include "sched/sched.h"

enum { DEFAULT_THREADS = 128, MOST_THREADS = 4096, STACK = 1 << 20 };
#define IDLE_NS ((int64_t)10 * 1000 * 1000 * 1000)

struct worker {
    pthread_t thread;
    struct worker *next, **at; /* in pool.workers */
};

static struct {
    struct lock lock; /* guards: all */
    struct pool_job *first, **end;
    struct worker *workers;
    int queued; /* jobs that no thread has taken, also those announced by weft__pool_ready() */
    int idle;   /* threads without a job */
    int threads, limit;
    bool stopping;
    uint32_t word; /* futex: grows when there is news for idle threads */
} pool;

static int limit_wanted(void)
{
    const char *text = getenv("WEFT_BLOCKING");
    if (!text || !*text)
        return DEFAULT_THREADS;
    char *end;
    long n = strtol(text, &end, 10);
    if (*end == '\0' && n >= 1)
        return n > MOST_THREADS ? MOST_THREADS : (int)n;
    weft__warn_once("WEFT_BLOCKING is not a number of at least 1; using 128");
    return DEFAULT_THREADS;
}

/* Called with the lock held; releases it. */
static void run_first(void)
{
    struct pool_job *job = pool.first;
    pool.first = job->next;
    if (!pool.first)
        pool.end = &pool.first;
    pool.queued--;
    weft__unlock(&pool.lock);
    job->run(job);
    sub_seq(&sched.pool_jobs, 1);
}

/* Called with the lock held, when there is no job: false when none came. */
static bool wait_for_job(void)
{
    uint32_t word = pool.word;
    int64_t until = weft__now() + IDLE_NS;
    pool.idle++;
    while (!pool.first && !pool.stopping) {
        int64_t left = until - weft__now();
        /* Never leave a job that was announced without the thread it counts on. */
        if (left <= 0 && pool.queued < pool.idle)
            break;
        weft__unlock(&pool.lock);
        weft__futex_wait(&pool.word, word, left > 0 ? left : IDLE_NS);
        weft__lock(&pool.lock);
        word = pool.word;
    }
    pool.idle--;
    return pool.first != NULL;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    weft__thread_name("weft blocking");
    weft__san_lent(true);
    for (;;) {
        weft__lock(&pool.lock);
        if (!pool.first && !wait_for_job())
            break;
        run_first();
    }
    /* The lock is held.  Whoever stops the pool joins those that are on the list. */
    pool.threads--;
    bool leaves = !pool.stopping;
    if (leaves) {
        *w->at = w->next;
        if (w->next)
            w->next->at = w->at;
    }
    weft__unlock(&pool.lock);
    if (leaves) {
        pthread_detach(w->thread);
        weft__free(w, sizeof *w);
    }
    weft__after_main();
    sub_seq(&sched.helpers, 1);
    return NULL;
}

/* Called with the lock held, so that it is on the list before it can end, and so
 * that nobody counts on a thread that does not come. */
static bool start_worker(void)
{
    struct worker *w = weft__alloc_zero(sizeof *w);
    if (!w)
        return false;
    add_seq(&sched.helpers, 1);
    void *before = weft__san_neutral();
    int err = weft__thread_start(&w->thread, work, w, STACK);
    weft__san_back(before);
    if (err != 0) {
        sub_seq(&sched.helpers, 1);
        weft__free(w, sizeof *w);
        return false;
    }
    pool.threads++;
    w->next = pool.workers;
    w->at = &pool.workers;
    if (w->next)
        w->next->at = &w->next;
    pool.workers = w;
    return true;
}

bool weft__pool_ready(void)
{
    weft__lock(&pool.lock);
    if (unlikely(pool.limit == 0)) {
        pool.end = &pool.first;
        pool.limit = limit_wanted();
    }
    bool ok = true;
    if (++pool.queued > pool.idle && pool.threads < pool.limit && !start_worker() &&
        pool.threads == 0) {
        pool.queued--;
        ok = false;
    }
    weft__unlock(&pool.lock);
    return ok;
}

void weft__pool_put(struct pool_job *job)
{
    job->next = NULL;
    add_seq(&sched.pool_jobs, 1);
    weft__lock(&pool.lock);
    *pool.end = job;
    pool.end = &job->next;
    bool wake = pool.idle > 0;
    store_relaxed(&pool.word, pool.word + 1);
    weft__unlock(&pool.lock);
    if (wake)
        weft__futex_wake(&pool.word, 1);
}

void weft__pool_stop(void)
{
    weft__lock(&pool.lock);
    pool.stopping = true;
    store_relaxed(&pool.word, pool.word + 1);
    weft__unlock(&pool.lock);
    weft__futex_wake(&pool.word, INT32_MAX);
    /* Nobody else touches the list any more: no job can start a thread. */
    for (struct worker *w = pool.workers, *next; w; w = next) {
        next = w->next;
        pthread_join(w->thread, NULL);
        weft__free(w, sizeof *w);
    }
    pool.workers = NULL;
    pool.limit = pool.queued = 0;
    pool.stopping = false;
}
