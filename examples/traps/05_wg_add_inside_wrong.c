/* SPDX-License-Identifier: MIT */
/*
 * Wrong: the goroutines add themselves to the wait group.
 *
 * The wait finds the counter at zero, as none of them has run yet, and returns at once.
 */
#include <weft.h>

#include <stdatomic.h>

static weft_wg wg; /* static: those that come late must find it */
static atomic_int finished;

static void work(void)
{
    weft_wg_add(&wg, 1); /* too late */
    weft_defer(weft_wg_done, &wg);
    atomic_fetch_add(&finished, 1);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    for (int i = 0; i < 10; i++)
        weft_go(work);
    weft_wg_wait(&wg);
    printf("%d of 10 have finished\n", finished);
    return 0;
}

/*
 * Run: WEFT_PROCS=1 weft run 05_wg_add_inside_wrong.c
 * Exit: 0
 * Prints:
 *     0 of 10 have finished
 *
 * With more processors some of them may be in time, and the number changes from run to run. weft
 * panics when an add meets a wait that is just returning, but an add that comes after it looks like
 * the beginning of the next round. Finding this before it runs is for weft vet, which is still to
 * come.
 */
