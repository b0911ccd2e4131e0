/* SPDX-License-Identifier: MIT */
/*
 * Right: the sender closes, and the types say who is who.
 *
 * A function that takes a handle ending in _tx can send and close, one that takes _rx can receive.
 */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void producer(int_chan_tx *ch)
{
    weft_defer(weft_close, ch); /* closed however this function ends */
    for (int i = 3; i > 0; i--)
        weft_send(ch, i);
}

static void consumer(int_chan_rx *ch)
{
    weft_range (v, ch) /* ends when ch is closed and empty */
        printf("got %d\n", v);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(int_chan, ch) = weft_make(int_chan, 0);
    weft_wg wg = {0};
    weft_wg_go(&wg, producer, weft_tx(ch));
    consumer(weft_rx(ch));
    weft_wg_wait(&wg);
    return 0;
}

/*
 * Run: weft run 02_receive_only_close_right.c
 * Exit: 0
 * Prints:
 *     got 3
 *     got 2
 *     got 1
 */
