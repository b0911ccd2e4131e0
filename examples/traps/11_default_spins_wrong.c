/* SPDX-License-Identifier: MIT */
/*
 * Wrong: a select that should wait has a default.
 *
 * With a default case a select never waits: the loop goes round as fast as it can and keeps a
 * processor busy while there is nothing to do.
 */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void producer(int_chan_tx *jobs)
{
    weft_defer(weft_close, jobs);
    for (int i = 1; i <= 3; i++) {
        (void)weft_sleep(weft_background(), 20 * WEFT_MILLISECOND);
        weft_send(jobs, i);
    }
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(int_chan, jobs) = weft_make(int_chan, 0);
    weft_wg wg = {0};
    weft_wg_go(&wg, producer, weft_tx(jobs));

    long asked = 0;
    int job, done = 0;
    for (bool open = true; open;) {
        asked++;
        switch (weft_select(weft_on_recv_ok(jobs, &job, &open), weft_on_default())) {
        case 0:
            done += open;
            break;
        case 1:
            break; /* nothing there: look again */
        }
    }
    weft_wg_wait(&wg);
    printf("%d jobs done, asked for them %s times\n", done,
           asked > 1000 ? "more than a thousand" : "a few");
    return 0;
}

/*
 * Run: weft run 11_default_spins_wrong.c
 * Exit: 0
 * Prints:
 *     3 jobs done, asked for them more than a thousand times
 *
 * At run time weft has nothing to say: it cannot know that nothing else was meant. To find a loop
 * that polls without ever waiting is for weft vet, which is still to come.
 */
