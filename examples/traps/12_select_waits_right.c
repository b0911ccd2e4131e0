/* SPDX-License-Identifier: MIT */
/*
 * Right: a default makes a select not wait.
 *
 * weft_try_send() is the short form for one channel: if (!weft_try_send(log, line)) dropped++;
 */
#include <weft.h>

WEFT_CHAN(line_chan, const char *);

static int dropped;

static void handle(line_chan_tx *log, int request)
{
    switch (weft_select(weft_on_send(log, "a request came"), weft_on_default())) {
    case 0:
        break; /* in the queue */
    case 1:
        dropped++;
        break; /* full */
    }
    printf("request %d served\n", request);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(line_chan, log) = weft_make(line_chan, 2);
    for (int request = 1; request <= 3; request++)
        handle(weft_tx(log), request);
    printf("%d line dropped\n", dropped);
    return 0;
}

/*
 * Run: weft run 12_select_waits_right.c
 * Exit: 0
 * Prints:
 *     request 1 served
 *     request 2 served
 *     request 3 served
 *     1 line dropped
 */
