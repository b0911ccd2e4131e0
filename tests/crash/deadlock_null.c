/* SPDX-License-Identifier: MIT */
/* Waiting for NULL channels: the report names the line and says what it waits for. */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void sender(int_chan *c) { weft_send(c, 1); /* @send */ }

static void chooser(int_chan *c) { weft_select(weft_on_recv(c, NULL)); /* @select */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_go(sender, NULL);
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_SEND_NULL);
    weft_go(chooser, NULL);
    weft_test_until_waiting(1, WEFT_WAIT_SELECT_NONE);
    weft_recv((int_chan *)NULL, NULL); /* @recv */
    return 0;
}
/*
 * exit: 2
 * stdout:
 * stderr:
 *     fatal error: all goroutines are asleep - deadlock!
 *
 *     goroutine N "main" [chan receive (nil chan)]:
 *     weft_main deadlock_null.c:@recv
 *     ...
 *     goroutine N [chan send (nil chan)]:
 *     sender deadlock_null.c:@send
 *     ...
 *     goroutine N [select (no cases)]:
 *     chooser deadlock_null.c:@select
 *     ...
 */
