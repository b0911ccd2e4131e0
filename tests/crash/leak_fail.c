/* SPDX-License-Identifier: MIT */
/* Goroutines left behind are reported in groups, the largest first; those that will wake by
 * themselves are no leak.  Under "fail" the status is 3. */
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
 * exit: 3
 * env: WEFT_LEAKS=fail
 * stdout:
 *     main returns
 * stderr:
 *     goroutine leak: 1000 goroutines [chan send] at sender leak_fail.c:@send
 *
 *     goroutine N [chan send]:
 *     sender leak_fail.c:@send
 *             channel made at weft_main leak_fail.c:@make, capacity 0
 *     created by weft_main leak_fail.c:@many in goroutine N
 *
 *     goroutine leak: 2 goroutines [chan receive] at receiver leak_fail.c:@recv
 *
 *     goroutine N [chan receive]:
 *     receiver leak_fail.c:@recv
 *             channel made at weft_main leak_fail.c:@make, capacity 2
 *     created by weft_main leak_fail.c:@few in goroutine N
 *
 *     1 goroutine sleeps or waits for I/O or a time limit; not counted
 */
