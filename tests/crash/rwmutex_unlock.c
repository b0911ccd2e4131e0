/* SPDX-License-Identifier: MIT */
/* Unlock of a rwmutex that is not locked, after many have read it at once. */
#include <weft.h>

static weft_rwmutex rw;

static void read(void)
{
    for (int i = 0; i < 1000; i++) {
        weft_rwmutex_rlock(&rw);
        weft_rwmutex_runlock(&rw);
    }
}

static void unlock(void) { weft_rwmutex_unlock(&rw); /* @unlock */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < 8; i++)
        weft_wg_go(&wg, read);
    weft_wg_wait(&wg);
    weft_rwmutex_lock(&rw); /* @lock */
    unlock();
    weft_auto(weft_panic_info, p) = weft_try(unlock); /* @second */
    puts("not reached");
    return 0;
}
/*
 * exit: 2
 * procs: 1 2 8
 * stdout:
 * stderr:
 *     fatal error: unlock of unlocked rwmutex
 *     	it was last locked at weft_main rwmutex_unlock.c:@lock
 *
 *     goroutine N "main" [running]:
 *     unlock rwmutex_unlock.c:@unlock
 *     weft_main rwmutex_unlock.c:@second
 */
