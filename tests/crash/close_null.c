/* SPDX-License-Identifier: MIT */
/* Closing NULL, by a deferred call. */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void handle(int_chan *c)
{
    weft_defer(weft_close, c);
    puts("handled");
} /* @end */

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    handle(NULL);
    return 0;
}
/*
 * exit: 2
 * stdout:
 *     handled
 * stderr:
 *     panic: close of a NULL channel
 *
 *     goroutine N "main" [running]:
 *     ...
 */
