/* SPDX-License-Identifier: MIT */
/*
 * Things on the stack that are gone as soon as the wait for them is over,
 * though the last done, unlock or send has not returned yet: what comes into
 * their place is never written to.
 */
#include <pthread.h>

#include "stress.h"

WEFT_CHAN(int_chan, int);

enum { WAITERS = 6, FILL = 512, PATTERN = 0x5a };

static atomic_bool stop;
static atomic_long rounds;

static void nothing(void) {}

static void done_later(weft_wg *wg)
{
    if (random_below(2))
        weft_yield();
    weft_wg_done(wg);
}

static void *done_by_thread(void *wg)
{
    weft_wg_done(wg);
    return NULL;
}

static void wait_too(weft_wg *wg, weft_wg *end)
{
    weft_wg_wait(wg);
    weft_wg_done(end);
}

/* The frames of the function before were here. */
__attribute__((noinline)) static void look_at_what_was_there(void)
{
    volatile unsigned char room[FILL];
    for (int i = 0; i < FILL; i++)
        room[i] = PATTERN;
    for (uint32_t i = random_below(4); i > 0; i--)
        weft_yield();
    for (int i = 0; i < FILL; i++)
        REQUIRE(room[i] == PATTERN);
}

__attribute__((noinline)) static void wait_for_goroutines(void)
{
    weft_wg wg = {0};
    int n = 1 + (int)random_below(4);
    for (int i = 0; i < n; i++)
        if (random_below(2)) {
            weft_wg_go(&wg, nothing);
        } else {
            weft_wg_add(&wg, 1);
            weft_go(done_later, &wg);
        }
    weft_wg_wait(&wg);
}

__attribute__((noinline)) static void wait_for_thread(void)
{
    weft_wg wg = {0};
    pthread_t t;
    weft_wg_add(&wg, 1);
    REQUIRE(pthread_create(&t, NULL, done_by_thread, &wg) == 0);
    REQUIRE(pthread_detach(t) == 0);
    weft_wg_wait(&wg);
}

/* Two wait for the same one; it may go when both are back. */
__attribute__((noinline)) static void wait_together(void)
{
    weft_wg wg = {0}, end = {0};
    weft_wg_add(&end, 1);
    weft_wg_add(&wg, 1);
    weft_go(wait_too, &wg, &end);
    weft_go(done_later, &wg);
    weft_wg_wait(&wg);
    weft_wg_wait(&end);
}

static void unlock(weft_mutex *mu, int_chan_tx *told)
{
    weft_mutex_lock(mu);
    weft_send(told, 1); // weft:ignore lockwait room for one
    weft_mutex_unlock(mu);
}

/* A mutex may go when its last holder has let the next one in. */
__attribute__((noinline)) static void lock_after_another(int_chan *told)
{
    weft_mutex mu = {0};
    weft_go(unlock, &mu, weft_tx(told));
    REQUIRE(weft_recv(told, NULL));
    weft_mutex_lock(&mu); // weft:ignore emptylock waits until it is free
    weft_mutex_unlock(&mu);
}

static void send_from(int_chan_tx *c, int v) { weft_send(c, v); }

/* The variable that was received into goes, and so does the one that was sent. */
__attribute__((noinline)) static void receive_one(int_chan *c)
{
    int v = 0, want = (int)random_below(1000) + 1;
    weft_go(send_from, weft_tx(c), want);
    switch (random_below(3)) {
    case 0:
        REQUIRE(weft_recv(c, &v));
        break;
    case 1:
        weft_select(weft_on_recv(c, &v), weft_on_recv((int_chan *)NULL, &v));
        break;
    default:
        while (weft_select(weft_on_recv(c, &v), weft_on_timeout(WEFT_MICROSECOND)) == 1)
            look_at_what_was_there();
    }
    REQUIRE(v == want);
}

static void play(int id)
{
    weft_auto(int_chan, told) = weft_make(int_chan, 0);
    weft_auto(int_chan, values) = weft_make(int_chan, id % 2);
    while (!stop) {
        switch (random_below(8)) {
        case 0:
            wait_together();
            break;
        case 1:
            lock_after_another(told);
            break;
        case 2:
            receive_one(values);
            break;
        case 3:
            if (random_below(8) == 0) {
                wait_for_thread();
                break;
            }
            /* fall through */
        default:
            wait_for_goroutines();
        }
        look_at_what_was_there();
        atomic_fetch_add(&rounds, 1);
    }
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < WAITERS; i++)
        weft_wg_go(&wg, play, i);
    weft_sleep(weft_background(), stress_time());
    stop = true;
    weft_wg_wait(&wg);
    REQUIRE(rounds > 0);
    puts("ok");
    return 0;
}
