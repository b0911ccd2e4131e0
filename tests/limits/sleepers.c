/* SPDX-License-Identifier: MIT */
/*
 * Blocking C code that knows nothing of weft: 64 goroutines in sleep(1) at the
 * same time, and others that look names up, while a ticker goes on.  A thread
 * of its own tells how late the machine itself is.
 */
#include <netdb.h>
#include <pthread.h>

#include "limits.h"

enum { SLEEPERS = 64, LOOKUPS = 4 };
#define MOST_NS   (50 * WEFT_MILLISECOND)
#define PERIOD_NS WEFT_MILLISECOND

static atomic_bool over;

static int64_t worst_gap(void (*nap)(void))
{
    int64_t worst = 0, last = weft_now();
    while (!over) {
        nap();
        int64_t now = weft_now();
        if (now - last > worst)
            worst = now - last;
        last = now;
    }
    return worst;
}

static void nap_in_goroutine(void) { weft_sleep(weft_background(), PERIOD_NS); }

static void nap_in_thread(void) { usleep(PERIOD_NS / 1000); }

static void *tick_in_thread(void *gap)
{
    *(int64_t *)gap = worst_gap(nap_in_thread);
    return NULL;
}

static void tick(int64_t *gap, weft_wg *wg)
{
    *gap = worst_gap(nap_in_goroutine);
    weft_wg_done(wg);
}

static void sleeps(void) { sleep(1); }

static void looks_up(void)
{
    struct addrinfo *found;
    if (getaddrinfo("localhost", "80", NULL, &found) == 0)
        freeaddrinfo(found);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg blocked = {0}, ticker = {0};
    int64_t ours = 0, theirs = 0;
    pthread_t thread;
    weft_procs(2);
    REQUIRE(pthread_create(&thread, NULL, tick_in_thread, &theirs) == 0);
    weft_wg_add(&ticker, 1);
    weft_go(tick, &ours, &ticker);
    weft_sleep(weft_background(), 20 * WEFT_MILLISECOND);
    int64_t start = weft_now();
    for (int i = 0; i < SLEEPERS; i++) {
        weft_wg_go(&blocked, sleeps);
        if (i < LOOKUPS)
            weft_wg_go(&blocked, looks_up);
    }
    weft_wg_wait(&blocked);
    int64_t took = weft_now() - start;
    over = true;
    weft_wg_wait(&ticker);
    REQUIRE(weft_blocking(pthread_join, thread, (void **)NULL) == 0);
    if (theirs > MOST_NS / 2)
        printf("SKIP a ticker beside 64 blocked goroutines: a thread came %d ms late too\n",
               (int)(theirs / WEFT_MILLISECOND));
    else
        verdict(ours < MOST_NS, "a ticker beside 64 blocked goroutines",
                "at most %.1f ms between ticks, a thread %.1f", (double)ours / 1e6,
                (double)theirs / 1e6);
    verdict(took < 4 * WEFT_SECOND, "64 goroutines in sleep(1)", "all took %.2f s",
            (double)took / 1e9);
    return verdicts_failed != 0;
}
