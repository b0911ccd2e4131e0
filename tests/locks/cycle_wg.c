/* SPDX-License-Identifier: MIT */
/* The waiter holds what one of those that it waits for needs. */
#include <weft.h>

static weft_mutex mu;

static void worker(void)
{
    weft_scoped_lock(&mu); /* @worker */
}

static void parent(void)
{
    weft_wg wg = {0};
    weft_scoped_lock(&mu); /* @lock */
    weft_wg_go(&wg, worker);
    weft_wg_wait(&wg); /* @wait */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_go(parent);
    (void)weft_sleep(weft_background(), WEFT_HOUR);
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     fatal error: deadlock: goroutines wait for each other
 *
 *     goroutine N [wg wait]:
 *     parent cycle_wg.c:@wait
 *             waits for the end of goroutine N, which the wait group counts
 *     ...
 *
 *     goroutine N [mutex lock]:
 *     worker cycle_wg.c:@worker
 *             waits for the mutex locked at parent cycle_wg.c:@lock by goroutine N
 *     ...
 */
