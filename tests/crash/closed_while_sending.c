/* SPDX-License-Identifier: MIT */
/* A channel that is closed under a waiting sender: the sender panics, and both places are named. */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void producer(int_chan *c) { weft_send(c, 1); /* @send */ }

static void closer(int_chan *c) { weft_close(c); /* @close */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int_chan *c = weft_make(int_chan, 0); /* @make */
    weft_go(producer, c);                 /* @go */
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_SEND);
    closer(c);
    (void)weft_sleep(weft_background(), WEFT_MINUTE);
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     panic: send on closed channel
 *     	closed at closer closed_while_sending.c:@close by goroutine N
 *     	channel made at weft_main closed_while_sending.c:@make
 *
 *     goroutine N [running]:
 *     producer closed_while_sending.c:@send
 *     created by weft_main closed_while_sending.c:@go in goroutine N
 */
