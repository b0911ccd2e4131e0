/* SPDX-License-Identifier: MIT */
/*
 * Wrong: each round of a loop makes a timer for its timeout.
 *
 * They are armed for five seconds and nobody stops them, so a busy loop piles them up. In C nobody
 * frees them afterwards either.
 */
#include <weft.h>

#include <sys/resource.h>

WEFT_CHAN(int_chan, int);

static void producer(int_chan_tx *ch)
{
    weft_defer(weft_close, ch);
    for (int i = 0; i < 100000; i++)
        weft_send(ch, i);
}

static long memory_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(int_chan, ch) = weft_make(int_chan, 16);
    weft_wg wg = {0};
    weft_wg_go(&wg, producer, weft_tx(ch));

    long before = memory_kb();
    int v;
    for (bool open = true; open;) {
        weft_timer *timeout = weft_timer_new(5 * WEFT_SECOND); /* one a round */
        weft_select(weft_on_recv_ok(ch, &v, &open), weft_on_recv(weft_timer_chan(timeout), NULL));
    }
    weft_wg_wait(&wg);
    puts(memory_kb() - before > 4096 ? "memory grew by megabytes" : "memory stayed as it was");
    return 0;
}

/*
 * Run: weft run 13_timer_in_loop_wrong.c
 * Exit: 0
 * Prints:
 *     memory grew by megabytes
 *
 * At run time weft has nothing to say: an armed timer is no leak. To find a timer made in a loop is
 * for weft vet, which is still to come.
 */
