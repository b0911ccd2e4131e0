/* SPDX-License-Identifier: MIT */
/*
 * Right: who launches a goroutine counts it, before it starts.
 *
 * weft_wg_go() does both, and counts it done when the function returns: there is nothing to forget.
 * Where launching and counting must be apart, weft_wg_add() stands before weft_go().
 */
#include <weft.h>

#include <stdatomic.h>

static atomic_int finished;

static void work(void) { atomic_fetch_add(&finished, 1); }

static void work_and_say_so(weft_wg *wg)
{
    weft_defer(weft_wg_done, wg);
    work();
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < 5; i++)
        weft_wg_go(&wg, work);
    for (int i = 0; i < 5; i++) {
        weft_wg_add(&wg, 1);
        weft_go(work_and_say_so, &wg);
    }
    weft_wg_wait(&wg);
    printf("%d of 10 have finished\n", finished);
    return 0;
}

/*
 * Run: weft run 05_wg_add_inside_right.c
 * Exit: 0
 * Prints:
 *     10 of 10 have finished
 */
