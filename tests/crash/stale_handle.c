/* SPDX-License-Identifier: MIT */
/* A handle whose channel is gone, though its header serves another channel by now. */
#include <weft.h>

WEFT_CHAN(int_chan, int);

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int_chan *c = weft_make(int_chan, 0);
    weft_unref(c);   /* @drop */
    weft_send(c, 1); /* @send */
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     panic: use of a destroyed channel
 *     	its last reference was dropped at weft_main stale_handle.c:@drop
 *
 *     goroutine N "main" [running]:
 *     weft_main stale_handle.c:@send
 */
