/* SPDX-License-Identifier: MIT */
/* The next round of a wait group begins before those who waited are back. */
#include <weft.h>

static weft_wg wg;
static weft_wg begun;

static void wait(void)
{
    weft_wg_done(&begun);
    weft_wg_wait(&wg); /* @wait */
}

static void next_round(void) { weft_wg_add(&wg, 2); /* @add */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg_add(&wg, 1);
    weft_wg_add(&begun, 2);
    weft_go(wait);
    weft_go(wait);
    weft_wg_wait(&begun);
    weft_yield(); /* with one processor both wait now */
    weft_wg_done(&wg);
    next_round(); /* @call */
    return 0;
}
/*
 * exit: 2
 * procs: 1
 * stderr:
 *     panic: WaitGroup misuse: weft_wg_add called while weft_wg_wait returns
 *     	the last of those who wait does so at wait wg_reused_early.c:@wait
 *
 *     goroutine N "main" [running]:
 *     next_round wg_reused_early.c:@add
 *     weft_main wg_reused_early.c:@call
 */
