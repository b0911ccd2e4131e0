/* SPDX-License-Identifier: MIT */
/* A wait group whose counter never comes to zero, and a mutex that is never unlocked. */
#include <weft.h>

static weft_mutex mu;

static void locker(weft_wg *wg)
{
    weft_mutex_lock(&mu); /* @lock */
    weft_wg_done(wg);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    weft_wg_add(&wg, 1);
    weft_mutex_lock(&mu);
    weft_go(locker, &wg);
    weft_wg_wait(&wg); /* @wait */
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     fatal error: all goroutines are asleep - deadlock!
 *
 *     goroutine N "main" [wg wait]:
 *     weft_main deadlock_wg.c:@wait
 *
 *     goroutine N [mutex lock]:
 *     locker deadlock_wg.c:@lock
 *     ...
 */
