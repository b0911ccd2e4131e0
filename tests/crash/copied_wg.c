/* SPDX-License-Identifier: MIT */
/* A wait group that was passed by value: the done would never arrive. */
#include <weft.h>

static void work(weft_wg wg) { weft_wg_done(&wg); /* @copy */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    weft_wg_add(&wg, 1); /* @original */
    work(wg);            /* @call */
    weft_wg_wait(&wg);
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     panic: wait group was copied after its first use
 *     	the original was last added to at weft_main copied_wg.c:@original
 *
 *     goroutine N "main" [running]:
 *     work copied_wg.c:@copy
 *     weft_main copied_wg.c:@call
 */
