/* SPDX-License-Identifier: MIT */
/* Condition variables: who wakes, in which order, and that no signal is lost. */
#include <pthread.h>
#include <string.h>

#include <weft.h>

static weft_mutex mu;
static weft_cond cond;

static bool panics_with(weft_panic_info *p, const char *text)
{
    bool ok = p && strstr(weft_panic_message(p), text);
    if (p && !ok)
        printf("the panic says: %s\n", weft_panic_message(p));
    weft_panic_info_free(p);
    return ok;
}

static int awake;

static void wait_once(void)
{
    weft_scoped_lock(&mu);
    weft_cond_wait(&cond, &mu);
    awake++;
}

static int awake_now(void)
{
    weft_scoped_lock(&mu);
    return awake;
}

WEFT_TEST(signal_wakes_one_and_broadcast_all)
{
    weft_cond_signal(&cond); /* nobody there: not kept */
    weft_cond_broadcast(&cond);
    for (int i = 0; i < 5; i++)
        weft_go(wait_once);
    weft_test_until_waiting(5, WEFT_WAIT_COND);
    weft_check(awake_now(), ==, 0);
    for (int i = 1; i <= 2; i++) {
        weft_cond_signal(&cond);
        weft_test_until_idle();
        weft_check(awake_now(), ==, i);
    }
    weft_cond_broadcast(&cond);
    weft_test_until_idle();
    weft_check(awake_now(), ==, 5);
}

static char order[8];

static void wait_and_note(char who)
{
    weft_scoped_lock(&mu);
    weft_cond_wait(&cond, &mu);
    order[awake++] = who;
}

WEFT_TEST(signals_wake_in_the_order_of_waiting)
{
    for (int i = 0; i < 5; i++) {
        weft_go(wait_and_note, (char)('a' + i));
        weft_test_until_waiting(i + 1, WEFT_WAIT_COND);
    }
    for (int i = 0; i < 5; i++) {
        weft_cond_signal(&cond);
        weft_test_until_idle();
    }
    weft_scoped_lock(&mu);
    weft_check(order, ==, "abcde");
}

/* A signal given with the mutex held is for those that waited before, not for
 * one that begins to wait afterwards. */
static void wait_late(_Atomic int *stage)
{
    weft_scoped_lock(&mu);
    *stage = 1;
    weft_cond_wait(&cond, &mu);
    *stage = 2;
}

WEFT_TEST(a_latecomer_does_not_take_the_signal)
{
    static _Atomic int stage;
    weft_go(wait_once);
    weft_test_until_waiting(1, WEFT_WAIT_COND);
    weft_mutex_lock(&mu);
    weft_cond_signal(&cond); /* the woken one cannot have the mutex yet */
    weft_go(wait_late, &stage);
    weft_mutex_unlock(&mu);
    weft_test_until_idle();
    weft_check(awake_now(), ==, 1);
    weft_check(stage, ==, 1);
    weft_cond_signal(&cond);
    weft_test_until_idle();
    weft_check(stage, ==, 2);
}

/* ---- a queue --------------------------------------------------------------------- */

static int queue[4], length;
static weft_cond not_empty, not_full;
static _Atomic long sum;

static void put(int v)
{
    weft_scoped_lock(&mu);
    while (length == 4)
        weft_cond_wait(&not_full, &mu);
    queue[length++] = v;
    weft_cond_signal(&not_empty);
}

static int take(void)
{
    weft_scoped_lock(&mu);
    while (length == 0)
        weft_cond_wait(&not_empty, &mu);
    int v = queue[--length];
    weft_cond_signal(&not_full);
    return v;
}

static void produce(int n)
{
    for (int i = 1; i <= n; i++)
        put(i);
}

static void consume(int n)
{
    for (int i = 0; i < n; i++)
        sum += take();
}

static void *produce_on_thread(void *n)
{
    produce((int)(intptr_t)n);
    return NULL;
}

WEFT_TEST(no_signal_is_lost)
{
    enum { N = 5000, EACH = 8 };
    pthread_t thread;
    weft_wg wg = {0};
    for (int i = 0; i < EACH; i++) {
        weft_wg_go(&wg, produce, N);
        weft_wg_go(&wg, consume, N);
    }
    pthread_create(&thread, NULL, produce_on_thread, (void *)(intptr_t)N);
    weft_wg_go(&wg, consume, N);
    weft_wg_wait(&wg);
    pthread_join(thread, NULL);
    weft_check(sum, ==, (EACH + 1) * (long)N * (N + 1) / 2);
}

/* Broadcast may come between the unlocking and the parking of a wait. */
static long generation;

static void follow(int rounds)
{
    weft_scoped_lock(&mu);
    for (long seen = 0; seen < rounds;) {
        while (generation == seen)
            weft_cond_wait(&cond, &mu);
        seen = generation;
    }
}

WEFT_TEST(broadcasts_reach_those_on_their_way)
{
    enum { ROUNDS = 20000 };
    weft_wg wg = {0};
    for (int i = 0; i < 8; i++)
        weft_wg_go(&wg, follow, ROUNDS);
    for (int i = 0; i < ROUNDS; i++) {
        weft_mutex_lock(&mu);
        generation++;
        weft_mutex_unlock(&mu);
        weft_cond_broadcast(&cond);
        if (i % 16 == 0)
            weft_yield();
    }
    weft_wg_wait(&wg);
    weft_check(cond.weft_next, ==, cond.weft_notify);
    weft_check(cond.weft_first == NULL && cond.weft_last == NULL);
}

/* ---- misuse -------------------------------------------------------------------------- */

static void wait_on(weft_cond *c, weft_mutex *m) { weft_cond_wait(c, m); }
static void lock_and_wait(weft_cond *c, weft_mutex *m)
{
    weft_scoped_lock(m);
    weft_cond_wait(c, m);
}
static void signal_it(weft_cond *c) { weft_cond_signal(c); }
static void broadcast(weft_cond *c) { weft_cond_broadcast(c); }

static void hold(weft_mutex *m, _Atomic bool *over)
{
    weft_scoped_lock(m);
    while (!*over)
        weft_yield();
}

WEFT_TEST(waiting_without_the_lock_panics)
{
    static _Atomic bool over;
    weft_check(panics_with(weft_try(wait_on, &cond, &mu), "without its lock"));
    weft_mutex_lock(&mu);
    weft_mutex_unlock(&mu);
    weft_check(panics_with(weft_try(wait_on, &cond, &mu), "last locked at"));
    weft_go(hold, &mu, &over);
    while (weft_mutex_try_lock(&mu)) {
        weft_mutex_unlock(&mu);
        weft_yield();
    }
    weft_check(panics_with(weft_try(wait_on, &cond, &mu), "locked by goroutine"));
    over = true;
}

WEFT_TEST(waiting_with_two_mutexes_panics)
{
    static weft_mutex other;
    weft_go(wait_once);
    weft_test_until_waiting(1, WEFT_WAIT_COND);
    weft_check(panics_with(weft_try(lock_and_wait, &cond, &other), "another mutex"));
    weft_check(weft_mutex_try_lock(&other));
    weft_mutex_unlock(&other);
    weft_cond_signal(&cond);
    weft_test_until_idle();
    weft_check(awake_now(), ==, 1);
}

WEFT_TEST(a_copy_panics)
{
    weft_go(wait_once);
    weft_test_until_waiting(1, WEFT_WAIT_COND);
    weft_cond copy = cond;
    weft_check(panics_with(weft_try(lock_and_wait, &copy, &mu), "cond was copied"));
    weft_check(panics_with(weft_try(signal_it, &copy), "cond was copied"));
    weft_check(panics_with(weft_try(broadcast, &copy), "cond was copied"));
    weft_cond_signal(&cond);
    weft_test_until_idle();
}
