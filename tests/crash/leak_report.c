/* SPDX-License-Identifier: MIT */
/* Without being asked to fail the report is all there is: the status is the program's. */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void sender(int_chan_tx *c, int v) { weft_send(c, v); /* @send */ }

static void receiver(int_chan_rx *c) { weft_recv(c, NULL); /* @recv */ }

static void sleeper(void) { (void)weft_sleep(weft_background(), WEFT_HOUR); }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int_chan *c = weft_make(int_chan, 0), *d = weft_make(int_chan, 2); /* @make */
    for (int i = 0; i < 1000; i++)
        weft_go(sender, weft_tx(c), i); /* @many */
    for (int i = 0; i < 2; i++)
        weft_go(receiver, weft_rx(d)); /* @few */
    weft_go(sleeper);
    weft_test_until_idle();
    puts("main returns");
    return 0;
}
/*
 * exit: 0
 * env: WEFT_LEAKS=
 * stdout:
 *     main returns
 * stderr:
 *     goroutine leak: 1000 goroutines [chan send] at sender leak_report.c:@send
 *     ...
 */
