/* SPDX-License-Identifier: MIT */
/* Mutex, reader-writer lock, condition, once, semaphore, flight. */
#include "pairs.h"

PAIR(mutex)

static void count_locked(weft_mutex *mu)
{
    weft_scoped_lock(mu);
    x++;
}

static void mutex(weft_mutex *a, weft_mutex *b)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, count_locked, a);
    weft_wg_go(&wg, count_locked, b);
    weft_wg_wait(&wg);
}

static void norace_mutex(void)
{
    weft_mutex mu = {0};
    mutex(&mu, &mu);
}

static void race_mutex(void)
{
    weft_mutex a = {0}, b = {0};
    mutex(&a, &b);
}

/* Only what happened before the unlock is covered. */
PAIR(mutex_after)

static void lock_then_write(weft_mutex *mu, bool late)
{
    weft_mutex_lock(mu);
    if (!late)
        x = 1;
    weft_mutex_unlock(mu);
    if (late)
        x = 1;
    tell(1);
}

static void mutex_after(bool late)
{
    weft_mutex mu = {0};
    weft_wg wg = {0};
    weft_wg_go(&wg, lock_then_write, &mu, late);
    until_told(1);
    weft_mutex_lock(&mu);
    get_x();
    weft_mutex_unlock(&mu);
    weft_wg_wait(&wg);
}

static void norace_mutex_after(void) { mutex_after(false); }
static void race_mutex_after(void) { mutex_after(true); }

/* A try that fails orders nothing. */
PAIR(mutex_try)

static void write_and_hold(weft_mutex *mu)
{
    weft_mutex_lock(mu);
    x = 1;
    tell(1);
    until_told(2);
    weft_mutex_unlock(mu);
}

static void norace_mutex_try(void)
{
    weft_mutex mu = {0};
    weft_wg wg = {0};
    weft_wg_go(&wg, write_and_hold, &mu);
    until_told(1);
    tell(2);
    while (!weft_mutex_try_lock(&mu))
        weft_yield();
    get_x();
    weft_mutex_unlock(&mu);
    weft_wg_wait(&wg);
}

static void race_mutex_try(void)
{
    weft_mutex mu = {0};
    weft_wg wg = {0};
    weft_wg_go(&wg, write_and_hold, &mu);
    until_told(1);
    if (!weft_mutex_try_lock(&mu))
        get_x();
    tell(2);
    weft_wg_wait(&wg);
}

/* lock_ctx orders when it got the lock, not when the context ended. */
PAIR(mutex_ctx)

static void norace_mutex_ctx(void)
{
    weft_mutex mu = {0};
    weft_wg wg = {0};
    weft_wg_go(&wg, write_and_hold, &mu);
    until_told(1);
    tell(2);
    if (weft_mutex_lock_ctx(weft_background(), &mu) == 0) {
        get_x();
        weft_mutex_unlock(&mu);
    }
    weft_wg_wait(&wg);
}

static void race_mutex_ctx(void)
{
    weft_mutex mu = {0};
    weft_wg wg = {0};
    weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(weft_background(), 1000);
    weft_wg_go(&wg, write_and_hold, &mu);
    until_told(1);
    if (weft_mutex_lock_ctx(ctx, &mu) != 0)
        get_x();
    tell(2);
    weft_wg_wait(&wg);
}

/* A writer's unlock happens before the next reader's lock; readers cannot write. */
PAIR(rwmutex_write)

static void write_under(weft_rwmutex *rw, bool shared)
{
    if (shared)
        weft_rwmutex_rlock(rw);
    else
        weft_rwmutex_lock(rw);
    x = 1;
    if (shared)
        weft_rwmutex_runlock(rw);
    else
        weft_rwmutex_unlock(rw);
    tell(1);
}

static void rwmutex_write(bool shared)
{
    weft_rwmutex rw = {0};
    weft_wg wg = {0};
    weft_wg_go(&wg, write_under, &rw, shared);
    until_told(1);
    weft_rwmutex_rlock(&rw);
    get_x();
    weft_rwmutex_runlock(&rw);
    weft_wg_wait(&wg);
}

static void norace_rwmutex_write(void) { rwmutex_write(false); }
static void race_rwmutex_write(void) { rwmutex_write(true); }

/* A read-unlock happens before the next write lock, and before no read lock. */
PAIR(rwmutex_read)

static void rwmutex_read(bool shared)
{
    weft_rwmutex rw = {0};
    weft_wg wg = {0};
    weft_wg_go(&wg, write_under, &rw, true);
    until_told(1);
    weft_wg_go(&wg, write_under, &rw, shared);
    weft_wg_wait(&wg);
}

static void norace_rwmutex_read(void) { rwmutex_read(false); }
static void race_rwmutex_read(void) { rwmutex_read(true); }

/* Readers are not ordered by a writer that was there before both. */
PAIR(rwmutex_readers)

static void rwmutex_readers(bool writer_between)
{
    weft_rwmutex rw = {0};
    weft_wg wg = {0};
    weft_rwmutex_lock(&rw);
    weft_rwmutex_unlock(&rw);
    weft_wg_go(&wg, write_under, &rw, true);
    until_told(1);
    if (writer_between) {
        weft_rwmutex_lock(&rw);
        weft_rwmutex_unlock(&rw);
    }
    weft_rwmutex_rlock(&rw);
    get_x();
    weft_rwmutex_runlock(&rw);
    weft_wg_wait(&wg);
}

static void norace_rwmutex_readers(void) { rwmutex_readers(true); }
static void race_rwmutex_readers(void) { rwmutex_readers(false); }

PAIR(rwmutex_try)

static void write_and_hold_rw(weft_rwmutex *rw)
{
    weft_rwmutex_lock(rw);
    x = 1;
    tell(1);
    until_told(2);
    weft_rwmutex_unlock(rw);
}

static void norace_rwmutex_try(void)
{
    weft_rwmutex rw = {0};
    weft_wg wg = {0};
    weft_wg_go(&wg, write_and_hold_rw, &rw);
    until_told(1);
    tell(2);
    while (!weft_rwmutex_try_rlock(&rw))
        weft_yield();
    get_x();
    weft_rwmutex_runlock(&rw);
    weft_wg_wait(&wg);
}

static void race_rwmutex_try(void)
{
    weft_rwmutex rw = {0};
    weft_wg wg = {0};
    weft_wg_go(&wg, write_and_hold_rw, &rw);
    until_told(1);
    if (!weft_rwmutex_try_rlock(&rw) && !weft_rwmutex_try_lock(&rw))
        get_x();
    tell(2);
    weft_wg_wait(&wg);
}

/* The signal itself is the edge: the signaller does not touch the mutex here. */
PAIR(cond_signal)

struct queue {
    weft_mutex mu;
    weft_cond c;
};

static void wait_read(struct queue *q)
{
    weft_mutex_lock(&q->mu);
    weft_cond_wait(&q->c, &q->mu);
    weft_mutex_unlock(&q->mu);
    get_x();
}

static void cond(bool late, bool all)
{
    struct queue q = {0};
    weft_wg wg = {0};
    weft_wg_go(&wg, wait_read, &q);
    weft_test_until_waiting(1, WEFT_WAIT_COND);
    if (!late)
        x = 1;
    if (all)
        weft_cond_broadcast(&q.c);
    else
        weft_cond_signal(&q.c);
    if (late)
        x = 1;
    weft_wg_wait(&wg);
}

static void norace_cond_signal(void) { cond(false, false); }
static void race_cond_signal(void) { cond(true, false); }

PAIR(cond_broadcast)
static void norace_cond_broadcast(void) { cond(false, true); }
static void race_cond_broadcast(void) { cond(true, true); }

PAIR(once)

static void once_read(weft_once *o)
{
    weft_once_do(o, set_x, 1);
    get_x();
}

static void once_tell(weft_once *o)
{
    weft_once_do(o, set_x, 1);
    tell(1);
}

static void norace_once(void)
{
    weft_once o = {0};
    weft_wg wg = {0};
    weft_wg_go(&wg, once_read, &o);
    weft_wg_go(&wg, once_read, &o);
    weft_wg_wait(&wg);
}

static void race_once(void)
{
    weft_once o = {0};
    weft_wg wg = {0};
    weft_wg_go(&wg, once_tell, &o);
    until_told(1);
    get_x();
    weft_wg_wait(&wg);
}

/* Two onces are two; what the caller does afterwards is not the function's end. */
PAIR(once_after)

static void nothing(void) {}

static void once_write(weft_once *o)
{
    weft_once_do(o, nothing);
    x = 1;
    tell(1);
}

static void norace_once_after(void)
{
    weft_once o = {0};
    weft_wg wg = {0};
    weft_wg_go(&wg, once_tell, &o);
    until_told(1);
    weft_once_do(&o, nothing);
    get_x();
    weft_wg_wait(&wg);
}

static void race_once_after(void)
{
    weft_once o = {0};
    weft_wg wg = {0};
    weft_wg_go(&wg, once_write, &o);
    until_told(1);
    weft_once_do(&o, nothing);
    get_x();
    weft_wg_wait(&wg);
}

/* A release that made room happens before the acquire. */
PAIR(sem)

static void write_release(weft_sem *s, bool late)
{
    if (!late)
        x = 1;
    weft_sem_release(s, 1);
    if (late)
        x = 1;
}

static void sem(bool late)
{
    weft_sem s = WEFT_SEM(1);
    weft_wg wg = {0};
    weft_sem_try_acquire(&s, 1);
    weft_wg_go(&wg, write_release, &s, late);
    if (weft_sem_acquire(weft_background(), &s, 1) == 0)
        get_x();
    weft_wg_wait(&wg);
}

static void norace_sem(void) { sem(false); }
static void race_sem(void) { sem(true); }

PAIR(sem_try)

static void acquire_write(weft_sem *s)
{
    weft_sem_try_acquire(s, 1);
    x = 1;
    tell(1);
    until_told(2);
    weft_sem_release(s, 1);
}

static void norace_sem_try(void)
{
    weft_sem s = WEFT_SEM(1);
    weft_wg wg = {0};
    weft_wg_go(&wg, acquire_write, &s);
    until_told(1);
    tell(2);
    while (!weft_sem_try_acquire(&s, 1))
        weft_yield();
    get_x();
    weft_sem_release(&s, 1);
    weft_wg_wait(&wg);
}

static void race_sem_try(void)
{
    weft_sem s = WEFT_SEM(1);
    weft_wg wg = {0};
    weft_wg_go(&wg, acquire_write, &s);
    until_told(1);
    if (!weft_sem_try_acquire(&s, 1))
        get_x();
    tell(2);
    weft_wg_wait(&wg);
}

/* The end of a flight's function happens before all get its result. */
PAIR(flight)

static int compute(weft_flight_result *r)
{
    (void)r;
    tell(1);
    weft_test_until_waiting(1, WEFT_WAIT_ONCE);
    x = 1;
    return 0;
}

static void ask(weft_flight *f, bool late)
{
    weft_flight_do(weft_background(), f, "key", NULL, compute);
    if (late)
        x = 2;
}

static void flight(bool late)
{
    weft_flight f = WEFT_FLIGHT_INIT;
    weft_wg wg = {0};
    weft_wg_go(&wg, ask, &f, late);
    until_told(1);
    weft_flight_do(weft_background(), &f, "key", NULL, compute);
    get_x();
    weft_wg_wait(&wg);
}

static void norace_flight(void) { flight(false); }
static void race_flight(void) { flight(true); }
