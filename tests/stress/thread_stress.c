/* SPDX-License-Identifier: MIT */
/*
 * Threads that are no goroutines, in every operation, and new ones all the
 * time: each carries tokens between channels, and at the end all are there.
 */
#include <pthread.h>

#include "stress.h"

WEFT_CHAN(int_chan, int);

enum { THREADS = 4, GOROUTINES = 4, CHANNELS = 3, TOKENS = 7 };

static int_chan *pool[CHANNELS];
static atomic_bool stop;
static atomic_long moves, launched, landed;
static weft_mutex mu;
static weft_rwmutex rw;
static long guarded, seen;

/* A token never stays outside a channel. */
static void move_one(void)
{
    int_chan *from = pool[random_below(CHANNELS)], *to = pool[random_below(CHANNELS)];
    int v = 0;
    switch (random_below(5)) {
    case 0:
        if (!weft_try_recv(from, &v))
            return;
        break;
    case 1:
        if (weft_select(weft_on_recv(from, &v), weft_on_timeout(50 * WEFT_MICROSECOND)) == 1)
            return;
        break;
    case 2:
        if (weft_select(weft_on_recv(from, &v), weft_on_default()) == 1)
            return;
        break;
    case 3: {
        weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(weft_background(), 50 * WEFT_MICROSECOND);
        if (weft_recv_ctx(ctx, from, &v) != 0)
            return;
        break;
    }
    default:
        weft_select(weft_on_recv(pool[0], &v), weft_on_recv(pool[1], &v),
                    weft_on_recv(pool[2], &v));
    }
    REQUIRE(v == 1);
    if (random_below(2))
        weft_send(to, v);
    else
        weft_select(weft_on_send(pool[0], v), weft_on_send(pool[1], v), weft_on_send(pool[2], v));
    atomic_fetch_add(&moves, 1);
}

static void land(void) { atomic_fetch_add(&landed, 1); }

static void launch_some(void)
{
    weft_wg wg = {0};
    int n = (int)random_below(5);
    atomic_fetch_add(&launched, n);
    for (int i = 0; i < n; i++)
        weft_wg_go(&wg, land);
    weft_wg_wait(&wg);
}

static void use_timers(void)
{
    weft_auto(weft_timer, t) = weft_timer_new(30 * WEFT_MICROSECOND);
    if (random_below(2))
        REQUIRE(weft_recv(weft_timer_chan(t), NULL));
    weft_timer_reset(t, WEFT_HOUR);
    REQUIRE(weft_timer_stop(t));
    weft_time before = weft_now();
    weft_sleep(weft_background(), 20 * WEFT_MICROSECOND);
    REQUIRE(weft_now() - before >= 20 * WEFT_MICROSECOND);
}

static void use_locks(void)
{
    if (random_below(2)) {
        weft_scoped_lock(&mu);
        guarded++;
    } else if (random_below(4)) {
        weft_scoped_rlock(&rw);
        REQUIRE(seen >= 0);
    } else {
        weft_scoped_wlock(&rw);
        seen++;
    }
}

static void anything(void)
{
    switch (random_below(6)) {
    case 0:
        launch_some();
        break;
    case 1:
        use_timers();
        break;
    case 2:
        use_locks();
        break;
    default:
        move_one();
    }
}

static void *thread(void *arg)
{
    (void)arg;
    for (uint32_t i = 1 + random_below(60); i > 0 && !stop; i--)
        anything();
    return NULL;
}

static void *parent(void *arg)
{
    (void)arg;
    while (!stop) {
        pthread_t t;
        REQUIRE(pthread_create(&t, NULL, thread, NULL) == 0);
        anything();
        REQUIRE(pthread_join(t, NULL) == 0);
    }
    return NULL;
}

static void goroutine(void)
{
    while (!stop)
        anything();
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    pthread_t threads[THREADS];
    weft_wg wg = {0};
    long left = 0;
    for (int i = 0; i < CHANNELS; i++)
        pool[i] = weft_make(int_chan, TOKENS);
    for (int i = 0; i < TOKENS; i++)
        weft_send(pool[i % CHANNELS], 1);
    for (int i = 0; i < THREADS; i++)
        REQUIRE(pthread_create(&threads[i], NULL, parent, NULL) == 0);
    for (int i = 0; i < GOROUTINES; i++)
        weft_wg_go(&wg, goroutine);
    weft_sleep(weft_background(), stress_time());
    stop = true;
    for (int i = 0; i < THREADS; i++)
        REQUIRE(pthread_join(threads[i], NULL) == 0);
    weft_wg_wait(&wg);
    for (int i = 0; i < CHANNELS; i++) {
        while (weft_try_recv(pool[i], NULL))
            left++;
        weft_unref(pool[i]);
    }
    REQUIRE(left == TOKENS);
    REQUIRE(landed == launched);
    REQUIRE(moves > 0 && guarded > 0);
    puts("ok");
    return 0;
}
