/* SPDX-License-Identifier: MIT */
/*
 * Wrong: a send that should never hold anybody up has no default.
 *
 * The log is a luxury: when its queue is full, lines are to be dropped. But a send waits for room,
 * and here nobody empties the queue. The request waits with it.
 */
#include <weft.h>

WEFT_CHAN(line_chan, const char *);

static void handle(line_chan_tx *log, int request)
{
    weft_send(log, "a request came"); /* waits when the queue is full */
    printf("request %d served\n", request);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(line_chan, log) = weft_make(line_chan, 2);
    for (int request = 1; request <= 3; request++)
        handle(weft_tx(log), request);
    return 0;
}

/*
 * Run: weft run 12_select_waits_wrong.c
 * Exit: 2
 * Prints:
 *     request 1 served
 *     request 2 served
 * weft says:
 *     fatal error: all goroutines are asleep - deadlock!
 *
 *     goroutine 1 "main" [chan send]:
 *     handle 12_select_waits_wrong.c:14
 *     weft_main 12_select_waits_wrong.c:23
 *             channel made at weft_main 12_select_waits_wrong.c:21, capacity 2
 */
