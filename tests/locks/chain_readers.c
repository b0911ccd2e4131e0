/* SPDX-License-Identifier: MIT */
/* A lock does not know its readers by name; the check does. */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static weft_rwmutex rw;
static int_chan *never;

static void reader(void)
{
    weft_scoped_rlock(&rw); /* @rlock */
    weft_recv(never, NULL); /* @recv */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    never = weft_make(int_chan, 0);
    weft_go(reader);
    weft_go(reader);
    weft_test_until_idle();
    weft_rwmutex_lock(&rw); /* @main */
    return 0;
}
/*
 * exit: 2
 * procs: 1
 * env: WEFT_CHECK=locks
 * stderr:
 *     fatal error: all goroutines are asleep - deadlock!
 *
 *     goroutine N "main" [rwmutex write lock]:
 *     weft_main chain_readers.c:@main
 *             waits for the rwmutex locked for reading at reader chain_readers.c:@rlock by goroutine N and 1 other,
 *             which waits in chan receive at reader chain_readers.c:@recv
 *     ...
 */
