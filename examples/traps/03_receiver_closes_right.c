/* SPDX-License-Identifier: MIT */
/*
 * Right: a receiver that has seen enough cancels a context, and the sender closes.
 *
 * The way back, from receiver to sender, is the context's.
 */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void producer(weft_ctx *ctx, int_chan_tx *ch)
{
    weft_defer(weft_close, ch);
    for (int i = 0; i < 100; i++)
        if (weft_send_ctx(ctx, ch, i) != 0)
            return;
}

static int consumer(int_chan_rx *ch)
{
    weft_range (v, ch)
        if (v == 3)
            return v;
    return -1;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(int_chan, ch) = weft_make(int_chan, 0);
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    weft_wg wg = {0};
    weft_wg_go(&wg, producer, ctx, weft_tx(ch));
    printf("enough at %d\n", consumer(weft_rx(ch)));
    weft_ctx_cancel(ctx);
    weft_wg_wait(&wg);
    return 0;
}

/*
 * Run: weft run 03_receiver_closes_right.c
 * Exit: 0
 * Prints:
 *     enough at 3
 */
