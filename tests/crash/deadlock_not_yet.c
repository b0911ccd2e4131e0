/* SPDX-License-Identifier: MIT */
/* All wait, but a timer will wake one: no deadlock.  A stopped timer would not count. */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void wakes(int_chan *c) { weft_send(c, 1); }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int_chan *c = weft_make(int_chan, 0);
    weft_auto(weft_timer, stopped) = weft_timer_new(WEFT_HOUR);
    weft_timer_stop(stopped);
    (void)weft_after_func(100 * WEFT_MILLISECOND, wakes, c);
    weft_recv(c, NULL);
    puts("woken");
    fflush(stdout);
    weft_recv(c, NULL); /* @recv */
    return 0;
}
/*
 * exit: 2
 * stdout:
 *     woken
 * stderr:
 *     fatal error: all goroutines are asleep - deadlock!
 *
 *     goroutine N "main" [chan receive]:
 *     weft_main deadlock_not_yet.c:@recv
 *     ...
 */
