/* SPDX-License-Identifier: MIT */
/*
 * Right: a timeout case needs no timer, and nothing is allocated.
 *
 * Where a timer object is wanted, one made before the loop is set anew with weft_timer_reset().
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
    for (bool open = true; open;)
        weft_select(weft_on_recv_ok(ch, &v, &open), weft_on_timeout(5 * WEFT_SECOND));
    weft_wg_wait(&wg);
    puts(memory_kb() - before > 4096 ? "memory grew by megabytes" : "memory stayed as it was");
    return 0;
}

/*
 * Run: weft run 13_timer_in_loop_right.c
 * Exit: 0
 * Prints:
 *     memory stayed as it was
 */
