/* SPDX-License-Identifier: MIT */
/* Several goroutines panic at the same moment: one report, whole. */
#include <weft.h>

static void fails(void) { weft_panic("boom"); /* @boom */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    for (int i = 0; i < 50; i++)
        weft_go(fails); /* @go */
    (void)weft_sleep(weft_background(), WEFT_MINUTE);
    return 0;
}
/*
 * exit: 2
 * procs: 1 2 8
 * stderr:
 *     panic: boom
 *
 *     goroutine N [running]:
 *     fails panics_at_once.c:@boom
 *     created by weft_main panics_at_once.c:@go in goroutine N
 */
