/* SPDX-License-Identifier: MIT */
/* More done than add. */
#include <weft.h>

static void finish(weft_wg *wg) { weft_wg_done(wg); /* @done */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    weft_wg_add(&wg, 1); /* @add */
    finish(&wg);
    finish(&wg); /* @second */
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     panic: negative WaitGroup counter
 *     	it was last added to at weft_main wg_negative.c:@add
 *
 *     goroutine N "main" [running]:
 *     finish wg_negative.c:@done
 *     weft_main wg_negative.c:@second
 */
