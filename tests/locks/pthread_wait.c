/* SPDX-License-Identifier: MIT */
/* Waiting, or letting others run, while the thread holds a pthread mutex: said once a place. */
#include <pthread.h>
#include <threads.h>
#include <weft.h>

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static mtx_t c11;

static void naps(void)
{
    pthread_mutex_lock(&mu);                                  /* @lock */
    (void)weft_sleep(weft_background(), WEFT_MILLISECOND); /* @sleep */
    pthread_mutex_unlock(&mu);
}

static void yields(void)
{
    if (mtx_trylock(&c11) == thrd_success) { /* @trylock */
        weft_yield();                        /* @yield */
        mtx_unlock(&c11);
    }
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    mtx_init(&c11, mtx_plain);
    for (int i = 0; i < 5; i++)
        naps();
    weft_wg_add(&wg, 1);
    weft_go(weft_wg_done, &wg); /* somebody to yield to */
    yields();
    weft_wg_wait(&wg);
    puts("done");
    return 0;
}
/*
 * exit: 0
 * env: WEFT_CHECK=locks
 * procs: 1
 * stdout:
 *     done
 * stderr:
 *     weft: warning: goroutine N waits at naps pthread_wait.c:@sleep while its thread holds a pthread mutex locked at naps pthread_wait.c:@lock; another goroutine on this thread would lock it for ever (unlock it first, or weft_pin)
 *     weft: warning: goroutine N waits at yields pthread_wait.c:@yield while its thread holds a pthread mutex locked at yields pthread_wait.c:@trylock; another goroutine on this thread would lock it for ever (unlock it first, or weft_pin)
 */
