/* SPDX-License-Identifier: MIT */
/* C's own means between goroutines, plain threads that call in, and panics. */
#include "pairs.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

PAIR(atomic)

static void publish(memory_order order)
{
    x = 1;
    atomic_store_explicit(&told, 1, order);
}

static void atomic_pair(memory_order store, memory_order load)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, publish, store);
    while (atomic_load_explicit(&told, load) == 0)
        weft_yield();
    get_x();
    weft_wg_wait(&wg);
}

static void norace_atomic(void) { atomic_pair(memory_order_release, memory_order_acquire); }
static void race_atomic(void) { atomic_pair(memory_order_relaxed, memory_order_relaxed); }

PAIR(pthread_mutex)

static void count_locked(pthread_mutex_t *mu)
{
    pthread_mutex_lock(mu);
    x++;
    pthread_mutex_unlock(mu);
}

static void norace_pthread_mutex(void)
{
    static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
    weft_wg wg = {0};
    weft_wg_go(&wg, count_locked, &mu);
    weft_wg_go(&wg, count_locked, &mu);
    weft_wg_wait(&wg);
}

static void race_pthread_mutex(void)
{
    static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
    weft_wg wg = {0};
    weft_wg_go(&wg, count_locked, &a);
    weft_wg_go(&wg, count_locked, &b);
    weft_wg_wait(&wg);
}

/* pthread_join() orders; that the thread is known to be done does not. */
PAIR(pthread_join)

static void *write_thread(void *arg)
{
    (void)arg;
    x = 1;
    tell(1);
    return NULL;
}

static void pthread_join_pair(bool wait)
{
    pthread_t thread;
    pthread_create(&thread, NULL, write_thread, NULL);
    until_told(1);
    if (wait)
        pthread_join(thread, NULL);
    get_x();
    if (!wait)
        pthread_join(thread, NULL);
}

static void norace_pthread_join(void) { pthread_join_pair(true); }
static void race_pthread_join(void) { pthread_join_pair(false); }

/* A plain thread sends to a goroutine. */
PAIR(thread_sends)

static void *thread_write_send(void *c)
{
    x = 1;
    weft_send((int_chan *)c, 1);
    return NULL;
}

static void *thread_send_write(void *c)
{
    weft_send((int_chan *)c, 1);
    x = 1;
    return NULL;
}

static void with_thread(void *(*f)(void *), int cap)
{
    pthread_t thread;
    weft_auto(int_chan, c) = weft_make(int_chan, cap);
    pthread_create(&thread, NULL, f, c);
    weft_recv(c, NULL);
    get_x();
    pthread_join(thread, NULL);
}

static void norace_thread_sends(void) { with_thread(thread_write_send, 0); }
static void race_thread_sends(void) { with_thread(thread_send_write, 0); }

/* A plain thread waits for a goroutine's value. */
PAIR(thread_receives)

static void *thread_receive_read(void *c)
{
    weft_recv((int_chan *)c, NULL);
    get_x();
    return NULL;
}

static void thread_receives(bool late)
{
    pthread_t thread;
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    pthread_create(&thread, NULL, thread_receive_read, c);
    if (!late)
        x = 1;
    weft_send(c, 1);
    if (late)
        x = 1;
    pthread_join(thread, NULL);
}

static void norace_thread_receives(void) { thread_receives(false); }
static void race_thread_receives(void) { thread_receives(true); }

/* A plain thread starts a goroutine and takes a lock with others. */
PAIR(thread_starts)

static void read_close(int_chan *c)
{
    get_x();
    weft_close(c);
}

static void *thread_starts_early(void *c)
{
    x = 1;
    weft_go(read_close, (int_chan *)c);
    return NULL;
}

static void *thread_starts_late(void *c)
{
    weft_go(read_close, (int_chan *)c);
    x = 1;
    return NULL;
}

static void thread_starts(void *(*f)(void *))
{
    pthread_t thread;
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    pthread_create(&thread, NULL, f, c);
    weft_recv(c, NULL);
    pthread_join(thread, NULL);
}

static void norace_thread_starts(void) { thread_starts(thread_starts_early); }
static void race_thread_starts(void) { thread_starts(thread_starts_late); }

PAIR(thread_locks)

static weft_mutex thread_mu;

static void *thread_locked(void *arg)
{
    (void)arg;
    weft_mutex_lock(&thread_mu);
    x++;
    weft_mutex_unlock(&thread_mu);
    return NULL;
}

static void *thread_unlocked(void *arg)
{
    (void)arg;
    x++;
    return NULL;
}

static void thread_locks(void *(*f)(void *))
{
    pthread_t thread;
    pthread_create(&thread, NULL, f, NULL);
    thread_locked(NULL);
    pthread_join(thread, NULL);
}

static void norace_thread_locks(void) { thread_locks(thread_locked); }
static void race_thread_locks(void) { thread_locks(thread_unlocked); }

/* What happened up to a panic is the goroutine's that contained it. */
PAIR(panic)

static void write_panic(void)
{
    x = 1;
    weft_panic("as planned");
}

static void contained(int_chan *c)
{
    weft_panic_info_free(weft_try(write_panic));
    x = 2;
    weft_close(c);
    add_told();
}

static void norace_panic(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_wg_go(&wg, contained, c);
    weft_recv(c, NULL);
    get_x();
    weft_wg_wait(&wg);
}

static void race_panic(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_wg_go(&wg, contained, c);
    until_told(1);
    get_x();
    weft_wg_wait(&wg);
}

/* A lock that a panic released by its scope is released for others too. */
PAIR(panic_unlocks)

static void panic_locked(weft_mutex *mu)
{
    weft_scoped_lock(mu);
    x = 1;
    weft_panic("as planned");
}

static void try_locked(weft_mutex *mu, bool late)
{
    weft_panic_info_free(weft_try(panic_locked, mu));
    if (late)
        x = 2;
    tell(1);
}

static void panic_unlocks(bool late)
{
    weft_mutex mu = {0};
    weft_wg wg = {0};
    weft_wg_go(&wg, try_locked, &mu, late);
    until_told(1);
    weft_mutex_lock(&mu);
    get_x();
    weft_mutex_unlock(&mu);
    weft_wg_wait(&wg);
}

static void norace_panic_unlocks(void) { panic_unlocks(false); }
static void race_panic_unlocks(void) { panic_unlocks(true); }

/* errno is each goroutine's own affair; using it orders nothing. */
PAIR(errno_use)

static void write_errno(void)
{
    x = 1;
    errno = 1;
    tell(1);
}

static void errno_pair(bool wait)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, write_errno);
    until_told(1);
    if (wait)
        weft_wg_wait(&wg);
    errno = 2;
    get_x();
    weft_wg_wait(&wg);
}

static void norace_errno_use(void) { errno_pair(true); }
static void race_errno_use(void) { errno_pair(false); }

/* A blocking call is part of the goroutine, whatever thread it runs on. */
PAIR(blocking)

static void call_and_tell(void)
{
    weft_blocking(set_x, 1);
    tell(1);
}

static void norace_blocking(void)
{
    weft_wg wg = {0};
    x = 1;
    weft_blocking(get_x);
    weft_blocking(set_x, 2);
    x = 3;
    weft_wg_go(&wg, call_and_tell);
    weft_wg_wait(&wg);
    weft_blocking(set_x, 2);
}

static void race_blocking(void)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, call_and_tell);
    until_told(1);
    weft_blocking(set_x, 2);
    weft_wg_wait(&wg);
}

/* A panic on the pool's thread goes on in the goroutine. */
PAIR(blocking_panic)

static void write_panic_there(void) { weft_blocking(write_panic); }

static void blocked(int_chan *c)
{
    weft_panic_info_free(weft_try(write_panic_there));
    x = 2;
    weft_close(c);
    add_told();
}

static void norace_blocking_panic(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_wg_go(&wg, blocked, c);
    weft_recv(c, NULL);
    get_x();
    weft_wg_wait(&wg);
}

static void race_blocking_panic(void)
{
    weft_wg wg = {0};
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    weft_wg_go(&wg, blocked, c);
    until_told(1);
    get_x();
    weft_wg_wait(&wg);
}

/* What is written to a pipe carries an edge, as in Go; another pipe does not. */
PAIR(pipe)

static void write_to(int fd)
{
    x = 1;
    (void)!weft_write(weft_background(), fd, "x", 1);
    tell(1);
}

static void pipe_pair(bool right)
{
    weft_wg wg = {0};
    int one[2], other[2];
    char byte;
    if (pipe(one) != 0 || pipe(other) != 0)
        abort();
    weft_wg_go(&wg, write_to, one[1]);
    until_told(1);
    if (!right)
        (void)!write(other[1], "x", 1);
    (void)!weft_read(weft_background(), right ? one[0] : other[0], &byte, 1);
    get_x();
    weft_wg_wait(&wg);
    for (int i = 0; i < 2; i++) {
        close(one[i]);
        close(other[i]);
    }
}

static void norace_pipe(void) { pipe_pair(true); }
static void race_pipe(void) { pipe_pair(false); }

/* The stack of the pool's thread is each call's own, and nobody's in between. */
PAIR(blocking_stack)

static int use_locals(int n)
{
    volatile int local[32];
    for (int i = 0; i < 32; i++)
        local[i] = n + i;
    return local[n];
}

static void call_locals(int n)
{
    weft_blocking(use_locals, n);
    add_told();
}

static void norace_blocking_stack(void)
{
    weft_wg wg = {0};
    for (int i = 0; i < 4; i++) {
        weft_wg_go(&wg, call_locals, i);
        until_told(i + 1);
    }
    weft_wg_wait(&wg);
}

static int write_outside(int *out)
{
    *out = use_locals(1);
    return 0;
}

static void call_outside(void)
{
    weft_blocking(write_outside, planted);
    add_told();
}

static void race_blocking_stack(void)
{
    weft_wg wg = {0};
    for (int i = 0; i < 2; i++) {
        weft_wg_go(&wg, call_outside);
        until_told(i + 1);
    }
    weft_wg_wait(&wg);
}
