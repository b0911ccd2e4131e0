/* SPDX-License-Identifier: MIT */
/*
 * A chain through whatever has a holder: a wait group whose goroutine waits for
 * a once, the one who runs that waits to write, behind one that writes and
 * waits for units of a semaphore; these have no holder by name, and the chain
 * ends there.
 */
#include <weft.h>

static weft_wg work;
static weft_once once;
static weft_rwmutex rw;
static weft_sem sem = WEFT_SEM(1);

static void last(void)
{
    weft_scoped_wlock(&rw);                       /* @wlock */
    weft_sem_acquire(weft_background(), &sem, 1); /* @acquire */
}

static void init(void) { weft_scoped_wlock(&rw); /* @want */ }

static void runs(void) { weft_once_do(&once, init); /* @runs */ }

static void counted(void) { weft_once_do(&once, init); /* @waits */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_sem_acquire(weft_background(), &sem, 1);
    weft_go(last);
    weft_test_until_waiting(1, WEFT_WAIT_SEM);
    weft_go(runs);
    weft_test_until_waiting(1, WEFT_WAIT_RWMUTEX_WRITE);
    weft_wg_go(&work, counted);
    weft_test_until_waiting(1, WEFT_WAIT_ONCE);
    weft_wg_wait(&work); /* @main */
    return 0;
}
/*
 * exit: 2
 * procs: 1
 * stderr:
 *     fatal error: all goroutines are asleep - deadlock!
 *
 *     goroutine N "main" [wg wait]:
 *     weft_main chain_once_wg.c:@main
 *             waits for the end of goroutine N, which the wait group counts,
 *             which waits for the once begun at runs chain_once_wg.c:@runs by goroutine N,
 *             which waits for the rwmutex locked for writing at last chain_once_wg.c:@wlock by goroutine N,
 *             which waits in sem acquire at last chain_once_wg.c:@acquire
 *
 *     goroutine N [sem acquire]:
 *     last chain_once_wg.c:@acquire
 *     ...
 *
 *     goroutine N [rwmutex write lock]:
 *     init chain_once_wg.c:@want
 *     ...
 *     goroutine N [once]:
 *     counted chain_once_wg.c:@waits
 *     ...
 */
