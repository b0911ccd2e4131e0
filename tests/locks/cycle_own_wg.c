/* SPDX-License-Identifier: MIT */
/* A goroutine waits for the group that it is counted in. */
#include <weft.h>

static weft_wg wg;

static void worker(void)
{
    weft_wg_wait(&wg); /* @wait */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg_go(&wg, worker); /* @go */
    (void)weft_sleep(weft_background(), WEFT_HOUR);
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     fatal error: deadlock: a goroutine waits for itself
 *
 *     goroutine N [wg wait]:
 *     worker cycle_own_wg.c:@wait
 *             waits for the end of goroutine N, which the wait group counts
 *     created by weft_main cycle_own_wg.c:@go in goroutine N
 */
