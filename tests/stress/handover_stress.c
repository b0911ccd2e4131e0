/* SPDX-License-Identifier: MIT */
/*
 * Processors taken away and found again: goroutines that block their thread or
 * compute while others ping-pong, lock and sleep; pinned ones stay on their
 * thread.  Nothing is lost, and the ping-pong never stops for long.
 */
#include <pthread.h>
#include <time.h>

#include "stress.h"

WEFT_CHAN(int_chan, int);

static atomic_bool stop;
static atomic_long blocks, passes;
static weft_mutex mu;
static long guarded;

static void block(void)
{
    while (!stop) {
        struct timespec t = {0, (long)random_below(8) * 1000000};
        nanosleep(&t, NULL);
        weft_mutex_lock(&mu);
        guarded++;
        weft_mutex_unlock(&mu);
        atomic_fetch_add(&blocks, 1);
    }
}

static void hog(void)
{
    while (!stop) {
        weft_time end = weft_now() + (weft_duration)random_below(20) * WEFT_MILLISECOND;
        while (weft_now() < end && !stop)
            ;
        weft_mutex_lock(&mu);
        guarded++;
        weft_mutex_unlock(&mu);
        atomic_fetch_add(&blocks, 1);
        weft_yield();
    }
}

static void pinned(void)
{
    weft_pin();
    pthread_t self = pthread_self();
    while (!stop) {
        weft_sleep(weft_background(), (weft_duration)random_below(2000) * WEFT_MICROSECOND);
        __asm__ volatile("" ::: "memory");
        REQUIRE(pthread_equal(self, pthread_self()));
        weft_yield();
    }
    weft_unpin();
}

static void echo(int_chan_rx *in, int_chan_tx *out)
{
    weft_range (v, in)
        weft_send(out, v + 1);
    weft_close(out);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < 3; i++)
        weft_wg_go(&wg, block);
    for (int i = 0; i < 2; i++)
        weft_wg_go(&wg, hog);
    for (int i = 0; i < 2; i++)
        weft_wg_go(&wg, pinned);
    weft_auto(int_chan, a) = weft_make(int_chan, 0);
    weft_auto(int_chan, b) = weft_make(int_chan, 0);
    weft_wg_go(&wg, echo, weft_rx(a), weft_tx(b));
    weft_time end = weft_now() + stress_time();
    for (int i = 0; weft_now() < end; i++) {
        int v;
        weft_send(a, i);
        REQUIRE(weft_recv(b, &v) && v == i + 1);
        passes++;
    }
    stop = true;
    weft_close(a);
    weft_wg_wait(&wg);
    REQUIRE(guarded == blocks);
    REQUIRE(passes > stress_time() / (10 * WEFT_MILLISECOND)); /* a hundred a second */
    puts("ok");
    return 0;
}
