/* SPDX-License-Identifier: MIT */
/* The last reference goes while goroutines wait: they can never be woken, so that is a panic. */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void receiver(int_chan_rx *c) { weft_recv(c, NULL); /* @recv */ }

static void scope(void)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0); /* @make */
    for (int i = 0; i < 3; i++)
        weft_go(receiver, weft_rx(c));
    weft_test_until_waiting(3, WEFT_WAIT_CHAN_RECV);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    scope();
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     panic: channel destroyed while 3 goroutines wait on it
 *     	goroutine N [chan receive] at receiver destroyed_under_waiters.c:@recv
 *     	channel made at scope destroyed_under_waiters.c:@make
 *
 *     goroutine N "main" [running]:
 *     ...
 */
