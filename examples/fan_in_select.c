/* SPDX-License-Identifier: MIT */
/*
 * fan_in_select - take from several channels at once, and give up on the one that stays silent.
 *
 * A source that has ended is set to NULL: the case is then dead, and select no longer looks at it.
 * The timeout begins anew with each select and needs no timer object.
 */
#include <weft.h>

WEFT_CHAN(reply_chan, int);

/* answer - three replies, and the end. */
static void answer(reply_chan_tx *out, int first)
{
    for (int i = 0; i < 3; i++)
        weft_send(out, first + i);
    weft_close(out);
}

/* stay_silent - a source that never answers, until it is told to quit. */
static void stay_silent(reply_chan_tx *out, reply_chan_rx *quit)
{
    (void)out;
    weft_recv(quit, NULL);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(reply_chan, quick) = weft_make(reply_chan, 0);
    weft_auto(reply_chan, steady) = weft_make(reply_chan, 0);
    weft_auto(reply_chan, silent) = weft_make(reply_chan, 0);
    weft_auto(reply_chan, quit) = weft_make(reply_chan, 0);
    weft_wg sources = {0};
    weft_wg_go(&sources, answer, weft_tx(quick), 1);
    weft_wg_go(&sources, answer, weft_tx(steady), 10);
    weft_wg_go(&sources, stay_silent, weft_tx(silent), weft_rx(quit));

    reply_chan_rx *a = weft_rx(quick), *b = weft_rx(steady);
    int reply, sum = 0, replies = 0;
    bool ok, waiting = true;
    while (waiting) {
        switch (weft_select(weft_on_recv_ok(a, &reply, &ok), weft_on_recv_ok(b, &reply, &ok),
                            weft_on_recv_ok(silent, &reply, &ok),
                            weft_on_timeout(300 * WEFT_MILLISECOND))) {
        case 0:
            if (!ok)
                a = NULL;
            break;
        case 1:
            if (!ok)
                b = NULL;
            break;
        case 3:
            waiting = false;
            continue;
        }
        if (ok) {
            replies++;
            sum += reply;
        }
    }
    printf("%d replies, sum %d\n", replies, sum);
    printf("%s\n", a || b ? "a source is still open" : "both sources ended");
    puts("gave up on the silent one");

    weft_close(quit);
    weft_wg_wait(&sources);
    return 0;
}

/*
 * Prints:
 *     6 replies, sum 39
 *     both sources ended
 *     gave up on the silent one
 */
