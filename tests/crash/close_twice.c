/* SPDX-License-Identifier: MIT */
/* Closing twice names both places. */
#include <weft.h>

WEFT_CHAN(int_chan, int);

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int_chan *c = weft_make(int_chan, 0); /* @make */
    weft_close(c);                        /* @one */
    weft_close(c);                        /* @two */
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     panic: close of closed channel
 *     	closed at weft_main close_twice.c:@one by goroutine N
 *     	channel made at weft_main close_twice.c:@make
 *
 *     goroutine N "main" [running]:
 *     weft_main close_twice.c:@two
 */
