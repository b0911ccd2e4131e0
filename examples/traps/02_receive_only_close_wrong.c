/* SPDX-License-Identifier: MIT */
/*
 * Wrong: the receiver closes the channel.
 *
 * It was given a receive-only handle, and with that the compiler refuses.
 */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void producer(int_chan_tx *ch)
{
    for (int i = 3; i >= 0; i--)
        weft_send(ch, i);
}

static void consumer(int_chan_rx *ch)
{
    int v;
    while (weft_recv(ch, &v)) {
        if (v != 0)
            printf("got %d\n", v);
        else
            weft_close(ch);
    }
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
 * Run: weft build 02_receive_only_close_wrong.c
 * Exit: 1
 * gcc says:
 *     ...
 *     .../weft/chan.h:...: error: 'int_chan_rx'...has no member named 'weft_can_send'...
 *     ...
 *     02_receive_only_close_wrong.c:24:13: note: in expansion of macro 'weft_close'
 *        24 |             weft_close(ch);
 *     ...
 * clang says:
 *     02_receive_only_close_wrong.c:24:13: error: no member named 'weft_can_send' in...
 *                 weft_close(ch);
 *     ...
 */
