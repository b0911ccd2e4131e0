/* SPDX-License-Identifier: MIT */
/* Nobody can run again: every goroutine is reported. */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void send_one(int_chan_tx *c) { weft_send(c, 1); /* @send */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int_chan *a = weft_make(int_chan, 0), *b = weft_make(int_chan, 0); /* @make */
    weft_go(send_one, weft_tx(a));                                     /* @go */
    puts("about to wait");
    weft_recv(b, NULL); /* @recv */
    return 0;
}
/*
 * exit: 2
 * stdout:
 *     about to wait
 * stderr:
 *     fatal error: all goroutines are asleep - deadlock!
 *
 *     goroutine N "main" [chan receive]:
 *     weft_main deadlock_channel.c:@recv
 *             channel made at weft_main deadlock_channel.c:@make, capacity 0
 *
 *     goroutine N [chan send]:
 *     send_one deadlock_channel.c:@send
 *             channel made at weft_main deadlock_channel.c:@make, capacity 0
 *     created by weft_main deadlock_channel.c:@go in goroutine N
 */
