/* SPDX-License-Identifier: MIT */
/*
 * Wrong: the receiver closes the channel.
 *
 * Both sides have a handle for both directions, so it compiles. The next send is a panic.
 */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void producer(int_chan *ch)
{
    for (int i = 0; i < 100; i++)
        weft_send(ch, i);
}

static void consumer(int_chan *ch)
{
    int v;
    while (weft_recv(ch, &v)) {
        if (v == 3) {
            weft_close(ch); /* has seen enough, but the producer does not know */
            return;
        }
    }
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(int_chan, ch) = weft_make(int_chan, 0);
    weft_wg wg = {0};
    weft_wg_go(&wg, producer, ch);
    consumer(ch);
    weft_wg_wait(&wg);
    return 0;
}

/*
 * Run: weft run 03_receiver_closes_wrong.c
 * Exit: 2
 * weft says:
 *     panic: send on closed channel
 *             closed at consumer 03_receiver_closes_wrong.c:22 by goroutine 1
 *             channel made at weft_main 03_receiver_closes_wrong.c:31
 *
 *     goroutine 65 [running]:
 *     producer 03_receiver_closes_wrong.c:14
 *     created by weft_main 03_receiver_closes_wrong.c:33 in goroutine 1
 */
