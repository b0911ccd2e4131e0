/* SPDX-License-Identifier: MIT */
/* Goroutines that end while they hold a lock: one warning for each place. */
#include <weft.h>

static weft_mutex many[10];
static weft_rwmutex rw;

static void forgetful(int i)
{
    weft_mutex_lock(&many[i]); /* @lock */
}

static void leaves(void)
{
    weft_rwmutex_rlock(&rw); /* @rlock */
    weft_goexit();
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < 10; i++) {
        weft_wg_go(&wg, forgetful, i);
        weft_wg_wait(&wg);
    }
    weft_wg_go(&wg, leaves);
    weft_wg_wait(&wg);
    for (int i = 0; i < 10; i++)
        weft_mutex_unlock(&many[i]); /* belongs to no goroutine: allowed */
    weft_rwmutex_runlock(&rw);
    puts("done");
    return 0;
}
/*
 * exit: 0
 * env: WEFT_CHECK=locks
 * stdout:
 *     done
 * stderr:
 *     weft: warning: goroutine N ends while it holds the mutex locked at forgetful left.c:@lock
 *     weft: warning: goroutine N ends while it holds the rwmutex locked for reading at leaves left.c:@rlock
 */
