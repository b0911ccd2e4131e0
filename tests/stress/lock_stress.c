/* SPDX-License-Identifier: MIT */
/*
 * The mutex under every kind of contention, from goroutines and threads: no
 * two inside at once, no wake-up lost, everybody gets in.  And it may go with
 * the object it stands in as soon as the last holder has unlocked it, while the
 * one before is not quite out of its unlock.
 */
#include <pthread.h>
#include <sched.h>

#include "stress.h"

enum { GOROUTINES = 24, THREADS = 3, SHARERS = 6 };

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
        case 0:
            weft_yield();
            break;
        case 1:
            // weft:ignore lockwait others are to wait meanwhile
            weft_sleep(weft_background(), 20 * WEFT_MICROSECOND);
            break;
        case 2:
            sched_yield();
            break;
        }
        inside--;
        weft_mutex_unlock(&mu);
        atomic_fetch_add(&entries[id], 1);
        if (random_below(16) == 0)
            weft_yield();
    }
}

struct object {
    weft_mutex mu;
    weft_rwmutex rw;
    bool by_rw; /* refs is guarded by: rw, else mu */
    int refs;
    int to_come; /* who holds the object alone: so many are still to know it */
};

static _Atomic(struct object *) on_offer;

static void drop(struct object *o)
{
    bool by_rw = o->by_rw;
    by_rw ? weft_rwmutex_lock(&o->rw) : weft_mutex_lock(&o->mu);
    bool last = --o->refs == 0;
    by_rw ? weft_rwmutex_unlock(&o->rw) : weft_mutex_unlock(&o->mu);
    if (!last)
        return;
    /* What is left looks like locks that somebody waits for. */
    unsigned char *byte = memset(o, 1, sizeof *o);
    for (int i = 0; i < 20; i++)
        for (size_t k = 0; k < sizeof *o; k++)
            REQUIRE(*(volatile unsigned char *)&byte[k] == 1);
    free(o);
}

/* Some goroutines each know an object: who made it and those who took it. */
static void share(void)
{
    while (!stop) {
        struct object *o = atomic_exchange(&on_offer, NULL), *none = NULL;
        if (!o) {
            o = calloc(1, sizeof *o);
            o->by_rw = random_below(2);
            o->to_come = o->by_rw ? 3 : 2;
            o->refs = o->to_come;
        }
        if (--o->to_come > 0 && !atomic_compare_exchange_strong(&on_offer, &none, o))
            for (int gone = o->to_come; gone > 0; gone--)
                drop(o); /* another was quicker: for those who will not come */
        drop(o);
        if (random_below(64) == 0)
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
    for (int i = 0; i < SHARERS; i++)
        weft_wg_go(&wg, share);
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
    struct object *o = on_offer;
    for (int left = o ? o->to_come : 0; left > 0; left--)
        drop(o);
    puts("ok");
    return 0;
}
