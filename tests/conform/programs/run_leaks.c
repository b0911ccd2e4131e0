/* SPDX-License-Identifier: MIT */
/*
 * weft_run: "Goroutines that still wait are reported and dropped"; WEFT_LEAKS=fail
 * "turns a result of 0 into 3", and no other.
 */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void waits(int_chan *c) { weft_recv(c, NULL); } /* @recv */

static int leaks(int result)
{
    weft_go(waits, weft_make(int_chan, 0));
    weft_test_until_waiting(1, WEFT_WAIT_CHAN_RECV);
    return result;
}

int main(void)
{
    for (int i = 0; i < 3; i++)
        printf("%d becomes %d\n", i, weft_run(leaks, i));
    return 0;
}
/*
 * exit: 0
 * env: WEFT_LEAKS=fail
 * stdout:
 *     0 becomes 3
 *     1 becomes 1
 *     2 becomes 2
 * stderr:
 *     goroutine leak: 1 goroutine [chan receive] at waits run_leaks.c:@recv
 *     ...
 *     goroutine leak: 1 goroutine [chan receive] at waits run_leaks.c:@recv
 *     ...
 *     goroutine leak: 1 goroutine [chan receive] at waits run_leaks.c:@recv
 *     ...
 */
