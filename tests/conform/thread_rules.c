/* SPDX-License-Identifier: MIT */
/*
 * Threads that are no goroutines: "Any OS thread may call any of it: on a
 * thread that is no goroutine a blocking operation blocks that thread."
 */
#include "rules.h"
#include <pthread.h>

/* join - wait for a thread; it blocks ours, which does not stop the goroutines. */
static void join(pthread_t t)
{
    int r = pthread_join(t, NULL);
    weft_check(r == 0);
}

static pthread_t start(void *(*f)(void *), void *arg)
{
    pthread_t t;
    int r = pthread_create(&t, NULL, f, arg);
    weft_check(r == 0);
    return t;
}

struct pair {
    int_chan *in, *out;
    int n;
};

static void *echo_thread(void *arg)
{
    struct pair *p = arg;
    weft_check(weft_goroutine_id() == 0);
    weft_range (v, p->in)
        weft_send(p->out, v + 1);
    weft_close(p->out);
    return NULL;
}

WEFT_TEST(threads_and_goroutines_share_channels)
{
    for (int capacity = 0; capacity < 3; capacity++) {
        weft_auto(int_chan, in) = weft_make(int_chan, capacity);
        weft_auto(int_chan, out) = weft_make(int_chan, capacity);
        struct pair p = {in, out, 0};
        pthread_t t = start(echo_thread, &p);
        for (int i = 0; i < 2000; i++) {
            int v;
            weft_send(in, i);
            weft_recv(out, &v);
            weft_check(v, ==, i + 1);
        }
        weft_close(in);
        bool ok = weft_recv(out, NULL);
        weft_check(!ok);
        join(t);
    }
}

static void *select_thread(void *arg)
{
    struct pair *p = arg;
    int v = 0, timeouts = 0;
    for (bool ok = true; ok;)
        switch (weft_select(weft_on_recv_ok(p->in, &v, &ok), weft_on_timeout(WEFT_MILLISECOND))) {
        case 0:
            p->n += ok;
            break;
        case 1:
            timeouts++;
            break;
        }
    weft_check(timeouts > 0);
    return NULL;
}

WEFT_TEST(threads_select)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    struct pair p = {c, NULL, 0};
    pthread_t t = start(select_thread, &p);
    for (int i = 0; i < 100; i++) {
        weft_send(c, i);
        if (i % 20 == 0)
            nap(3);
    }
    weft_close(c);
    join(t);
    weft_check(p.n, ==, 100);
}

static void *two_way_thread(void *arg)
{
    struct pair *p = arg;
    weft_auto(int_chan, dead) = weft_make(int_chan, 0);
    for (int i = 0; i < p->n; i++) {
        int v;
        if (weft_select(weft_on_recv(dead, NULL), weft_on_send(p->out, i)) != 1)
            weft_fail("the dead channel was chosen");
        weft_select(weft_on_recv(p->in, &v), weft_on_recv(dead, NULL));
        weft_check(v, ==, i);
    }
    return NULL;
}

static void give_back(int_chan *in, int_chan *out, int n)
{
    for (int i = 0; i < n; i++) {
        int v;
        weft_recv(in, &v);
        weft_send(out, v);
    }
}

WEFT_TEST(threads_and_goroutines_select_on_each_other)
{
    weft_auto(int_chan, a) = weft_make(int_chan, 0);
    weft_auto(int_chan, b) = weft_make(int_chan, 0);
    struct pair p = {b, a, 1000};
    weft_wg wg = {0};
    weft_wg_go(&wg, give_back, a, b, 1000);
    pthread_t t = start(two_way_thread, &p);
    weft_wg_wait(&wg);
    join(t);
}

static void *wg_thread(void *arg)
{
    weft_wg_done(arg);
    return NULL;
}

static void *wg_wait_thread(void *arg)
{
    weft_wg_wait((weft_wg *)arg);
    return NULL;
}

WEFT_TEST(threads_use_wait_groups)
{
    for (int i = 0; i < 100; i++) {
        weft_wg wg = {0};
        weft_wg_add(&wg, 2);
        pthread_t a = start(wg_thread, &wg), b = start(wg_thread, &wg),
                  c = start(wg_wait_thread, &wg);
        weft_wg_wait(&wg);
        join(a), join(b), join(c);
    }
}

static weft_mutex mu;
static long counter;

static void count(int n)
{
    for (int i = 0; i < n; i++) {
        weft_mutex_lock(&mu);
        counter++;
        weft_mutex_unlock(&mu);
    }
}

static void *count_thread(void *arg)
{
    (void)arg;
    count(20000);
    return NULL;
}

WEFT_TEST(threads_and_goroutines_share_a_mutex)
{
    weft_wg wg = {0};
    pthread_t a = start(count_thread, NULL), b = start(count_thread, NULL);
    for (int i = 0; i < 4; i++)
        weft_wg_go(&wg, count, 20000);
    weft_wg_wait(&wg);
    join(a), join(b);
    weft_check(counter, ==, 120000);
}

static atomic_int launched;
static void note(int k) { atomic_fetch_add(&launched, k); }

static void *launch_thread(void *arg)
{
    weft_wg *wg = arg;
    for (int i = 0; i < 500; i++) {
        weft_wg_go(wg, note, 1);
        weft_go(note, 1);
    }
    return NULL;
}

WEFT_TEST(threads_start_goroutines)
{
    weft_wg wg = {0};
    weft_wg_add(&wg, 1);
    pthread_t a = start(launch_thread, &wg), b = start(launch_thread, &wg);
    join(a), join(b);
    weft_wg_done(&wg);
    weft_wg_wait(&wg);
    weft_test_until_idle();
    weft_check(launched, ==, 2000);
}

static void fails(const char *text) { weft_panic("%s", text); }
static void exits(void) { weft_goexit(); }

static void deferring(char *out)
{
    weft_defer(strcat, out, "d");
    weft_panic("with defer");
}

static void *panic_thread(void *arg)
{
    char *out = arg;
    weft_auto(weft_panic_info, p) = weft_try(fails, "on a thread");
    weft_check(p && strcmp(weft_panic_message(p), "on a thread") == 0);
    weft_auto(weft_panic_info, q) = weft_try(deferring, out);
    weft_check(q != NULL);
    /* weft: "Call in: a goroutine; elsewhere it panics." */
    weft_auto(weft_panic_info, r) = weft_try(exits);
    weft_check(r && strstr(weft_panic_message(r), "no goroutine"));
    weft_yield();
    weft_pin();
    weft_unpin();
    return NULL;
}

WEFT_TEST(threads_panic_and_contain)
{
    char out[8] = "";
    join(start(panic_thread, out));
    weft_check((const char *)out, ==, "d");
}

static void *sleep_thread(void *arg)
{
    weft_time start = weft_now();
    int r = weft_sleep(weft_background(), 5 * WEFT_MILLISECOND);
    weft_check(r, ==, 0);
    weft_check(weft_now() - start, >=, 5 * WEFT_MILLISECOND);
    weft_auto(weft_timer, t) = weft_timer_new(WEFT_MILLISECOND);
    bool ok = weft_recv(weft_timer_chan(t), NULL);
    weft_check(ok);
    weft_auto(weft_ticker, k) = weft_ticker_new(WEFT_MILLISECOND);
    for (int i = 0; i < 3; i++)
        weft_recv(weft_ticker_chan(k), NULL);
    (void)weft_after_func(0, note, 1);
    *(int *)arg = 1;
    return NULL;
}

WEFT_TEST(threads_sleep_and_use_timers)
{
    int done = 0;
    join(start(sleep_thread, &done));
    weft_check(done, ==, 1);
    while (launched == 0)
        weft_yield();
}

static void *many_thread(void *arg)
{
    int_chan *c = arg;
    for (int i = 0; i < 1000; i++)
        weft_send(c, 1);
    return NULL;
}

/* Many threads at once, coming and going, all at one channel. */
WEFT_TEST(threads_come_and_go)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 3);
    for (int round = 0; round < 5; round++) {
        pthread_t t[8];
        for (int i = 0; i < 8; i++)
            t[i] = start(many_thread, c);
        int sum = 0;
        for (int i = 0; i < 8000; i++) {
            int v;
            weft_recv(c, &v);
            sum += v;
        }
        weft_check(sum, ==, 8000);
        for (int i = 0; i < 8; i++)
            join(t[i]);
    }
}

/* Deadlock is not declared while a thread could still call in. */
static void *late_thread(void *arg)
{
    struct timespec d = {0, 30 * 1000 * 1000};
    nanosleep(&d, NULL);
    weft_send((int_chan *)arg, 1);
    return NULL;
}

WEFT_TEST(a_thread_may_be_the_one_that_wakes)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    pthread_t t = start(late_thread, c);
    int v;
    weft_recv(c, &v);
    weft_check(v, ==, 1);
    join(t);
}
