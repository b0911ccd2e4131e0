/* SPDX-License-Identifier: MIT */
/* An ordinary deadlock: below each that waits for a lock, the chain of holders. */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static weft_mutex mu;
static weft_rwmutex rw;
static int_chan *never;

static void last(void)
{
    weft_scoped_wlock(&rw); /* @wlock */
    weft_recv(never, NULL); /* @recv */
}

static void middle(void)
{
    weft_scoped_lock(&mu);  /* @lock */
    weft_scoped_rlock(&rw); /* @rlock */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    never = weft_make(int_chan, 0);
    weft_go(last);
    weft_test_until_idle();
    weft_go(middle);
    weft_test_until_idle();
    weft_mutex_lock(&mu); /* @main */
    return 0;
}
/*
 * exit: 2
 * procs: 1
 * stderr:
 *     fatal error: all goroutines are asleep - deadlock!
 *
 *     goroutine N "main" [mutex lock]:
 *     weft_main chain.c:@main
 *             waits for the mutex locked at middle chain.c:@lock by goroutine N,
 *             which waits for the rwmutex locked for writing at last chain.c:@wlock by goroutine N,
 *             which waits in chan receive at last chain.c:@recv
 *
 *     goroutine N [chan receive]:
 *     last chain.c:@recv
 *     ...
 *
 *     goroutine N [rwmutex read lock]:
 *     middle chain.c:@rlock
 *             waits for the rwmutex locked for writing at last chain.c:@wlock by goroutine N,
 *             which waits in chan receive at last chain.c:@recv
 *     ...
 */
