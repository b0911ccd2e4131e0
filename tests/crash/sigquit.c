/* SPDX-License-Identifier: MIT */
/* SIGQUIT shows every goroutine, waiting, sleeping and computing, and ends the program. */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static volatile int going = 1;

static void computes(void)
{
    while (going) /* @compute */
        ;
}

static void waits(int_chan_rx *c) { weft_recv(c, NULL); /* @recv */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int_chan *c = weft_make(int_chan, 0); /* @make */
    weft_go(waits, weft_rx(c));           /* @go */
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
    weft_go(computes); /* @gocompute */
    puts("ready");
    fflush(stdout);
    (void)weft_sleep(weft_background(), WEFT_MINUTE); /* @sleep */
    return 0;
}
/*
 * exit: 2
 * send: QUIT
 * stdout:
 *     ready
 * stderr:
 *     SIGQUIT: quit
 *
 *     goroutine N "main" [sleep]:
 *     weft_main sigquit.c:@sleep
 *
 *     goroutine N [chan receive]:
 *     waits sigquit.c:@recv
 *             channel made at weft_main sigquit.c:@make, capacity 0
 *     created by weft_main sigquit.c:@go in goroutine N
 *
 *     goroutine N [running]:
 *     computes sigquit.c:@compute
 *     created by weft_main sigquit.c:@gocompute in goroutine N
 */
