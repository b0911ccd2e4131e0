/* SPDX-License-Identifier: MIT */
/*
 * The mutex under every kind of contention, from goroutines and threads: no
 * two inside at once, no wake-up lost, everybody gets in.
 */
#include <pthread.h>
#include <sched.h>

#include "stress.h"

enum { GOROUTINES = 24, THREADS = 3 };

static weft_mutex mu;
static long inside, total;
static atomic_long entries[GOROUTINES + THREADS];
static atomic_bool stop;

static void contend(int id)
{
    while (!stop) {
        weft_mutex_lock(&mu);
        REQUIRE(++inside == 1);
        total++;
        switch (random_below(64)) {
        case 0: weft_yield(); break;
        case 1: weft_sleep(weft_background(), 20 * WEFT_MICROSECOND); break;
        case 2: sched_yield(); break;
        }
        inside--;
        weft_mutex_unlock(&mu);
        atomic_fetch_add(&entries[id], 1);
        if (random_below(16) == 0)
            weft_yield();
    }
}

static void *thread(void *id)
{
    contend((int)(intptr_t)id);
    return NULL;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    pthread_t threads[THREADS];
    for (int i = 0; i < GOROUTINES; i++)
        weft_wg_go(&wg, contend, i);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, thread, (void *)(intptr_t)(GOROUTINES + i));
    weft_sleep(weft_background(), stress_time());
    stop = true;
    weft_wg_wait(&wg);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    long sum = 0;
    for (int i = 0; i < GOROUTINES + THREADS; i++) {
        REQUIRE(entries[i] > 0);
        sum += entries[i];
    }
    REQUIRE(sum == total);
    puts("ok");
    return 0;
}
