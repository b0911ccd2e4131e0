/* SPDX-License-Identifier: MIT */
/* The first goroutine has ended by weft_goexit(), and the last one waits for ever. */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void waiter(int_chan_rx *c) { weft_recv(c, NULL); /* @recv */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_go(waiter, weft_rx(weft_make(int_chan, 0)));
    weft_goexit();
}
/*
 * exit: 2
 * stderr:
 *     fatal error: all goroutines are asleep - deadlock!
 *     the main goroutine called weft_goexit
 *
 *     goroutine N [chan receive]:
 *     waiter deadlock_after_goexit.c:@recv
 *     ...
 */
