/* SPDX-License-Identifier: MIT */
/* "Idle means no CPU at all": a second of waiting costs less than 3 ms. */
#include <sys/resource.h>
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void waits(int_chan_rx *c) { weft_recv(c, NULL); }

static long long used_ns(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * WEFT_SECOND +
           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * WEFT_MICROSECOND;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    for (int i = 0; i < 100; i++)
        weft_go(waits, weft_rx(c));
    weft_test_until_waiting(100, WEFT_WAIT_CHAN_RECV);
    (void)weft_sleep(weft_background(), 100 * WEFT_MILLISECOND);
    long long before = used_ns();
    (void)weft_sleep(weft_background(), WEFT_SECOND);
    long long used = used_ns() - before;
    if (used > 3 * WEFT_MILLISECOND)
        printf("%lld ns used\n", used);
    weft_close(c);
    weft_test_until_idle();
    return 0;
}
/*
 * exit: 0
 * procs: 1 8
 * env: WEFT_LEAKS=fail
 * stdout:
 * stderr:
 */
