/* SPDX-License-Identifier: MIT */
/* A lock whose holder waits for goroutines to end, some of which wait themselves. */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static weft_mutex mu;
static int_chan *never;

static void worker(void) { weft_recv(never, NULL); /* @recv */ }

static void holder(void)
{
    weft_wg wg = {0};
    weft_scoped_lock(&mu); /* @lock */
    for (int i = 0; i < 3; i++)
        weft_wg_go(&wg, worker);
    weft_wg_wait(&wg); /* @wait */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    never = weft_make(int_chan, 0);
    weft_go(holder);
    weft_test_until_waiting(3, WEFT_WAIT_CHAN_RECV);
    weft_mutex_lock(&mu); /* @main */
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     fatal error: all goroutines are asleep - deadlock!
 *
 *     goroutine N "main" [mutex lock]:
 *     weft_main chain_wg.c:@main
 *             waits for the mutex locked at holder chain_wg.c:@lock by goroutine N,
 *             which waits for the end of goroutine N and 2 others, which the wait group counts,
 *             which waits in chan receive at worker chain_wg.c:@recv
 *
 *     goroutine N [wg wait]:
 *     holder chain_wg.c:@wait
 *             waits for the end of goroutine N and 2 others, which the wait group counts,
 *             which waits in chan receive at worker chain_wg.c:@recv
 *     ...
 */
