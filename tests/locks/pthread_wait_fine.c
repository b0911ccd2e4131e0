/* SPDX-License-Identifier: MIT */
/* Unlocked before, pinned, on a thread of its own, recursive and balanced, or not obtained. */
#define _GNU_SOURCE
#include <pthread.h>
#include <weft.h>

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER,
                       again = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static void unlocks_before(void)
{
    pthread_mutex_lock(&mu);
    pthread_mutex_unlock(&mu);
    pthread_mutex_lock(&again);
    pthread_mutex_lock(&again);
    pthread_mutex_unlock(&again);
    pthread_mutex_unlock(&again);
    (void)weft_sleep(weft_background(), WEFT_MILLISECOND);
}

static void pinned(void)
{
    weft_pin();
    pthread_mutex_lock(&mu);
    (void)weft_sleep(weft_background(), WEFT_MILLISECOND);
    pthread_mutex_unlock(&mu);
    weft_unpin();
    (void)weft_sleep(weft_background(), WEFT_MILLISECOND);
}

static void *thread(void *wg)
{
    pthread_mutex_lock(&mu);
    weft_wg_wait(wg);
    pthread_mutex_unlock(&mu);
    return NULL;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    pthread_t t;
    for (int i = 0; i < 10; i++)
        unlocks_before();
    weft_wg_go(&wg, pinned);
    weft_wg_wait(&wg);
    weft_wg_add(&wg, 1);
    pthread_create(&t, NULL, thread, &wg);
    while (pthread_mutex_trylock(&mu) == 0) {
        pthread_mutex_unlock(&mu);
        weft_yield();
    }
    (void)weft_sleep(weft_background(), WEFT_MILLISECOND);
    weft_wg_done(&wg);
    pthread_join(t, NULL);
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
