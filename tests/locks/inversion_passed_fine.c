/* SPDX-License-Identifier: MIT */
/*
 * Locks that one goroutine takes and another gives back: a mutex, and readers
 * who hand over what they read.  Who took it may go on to lock others, in any
 * order.
 */
#include <weft.h>

static weft_mutex passed, a;
static weft_rwmutex table;

static void unlocks(weft_mutex *mu)
{
    weft_yield();
    weft_mutex_unlock(mu);
}

static void passes_on(weft_wg *wg)
{
    weft_mutex_lock(&passed);
    weft_wg_go(wg, unlocks, &passed);
}

static void forth(weft_wg *wg)
{
    passes_on(wg);
    weft_scoped_lock(&a);
}

static void back(void)
{
    weft_scoped_lock(&a);
    weft_mutex_lock(&passed); /* waits for the one that unlocks */
    weft_mutex_unlock(&passed);
}

static void ends_reading(void)
{
    weft_yield();
    weft_rwmutex_runlock(&table);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    passes_on(&wg); /* what the check learns from */
    weft_wg_wait(&wg);
    for (int i = 0; i < 100; i++) {
        weft_wg_go(&wg, forth, &wg);
        weft_wg_go(&wg, back);
    }
    weft_wg_wait(&wg);
    weft_rwmutex_rlock(&table);
    weft_wg_go(&wg, ends_reading);
    weft_wg_wait(&wg);
    for (int i = 0; i < 100; i++) {
        weft_rwmutex_rlock(&table);
        weft_wg_go(&wg, ends_reading);
    }
    weft_wg_wait(&wg);
    weft_rwmutex_lock(&table);
    weft_rwmutex_unlock(&table);
    puts("done");
    return 0;
}
/*
 * exit: 0
 * env: WEFT_CHECK=locks
 * stdout:
 *     done
 * stderr:
 */
