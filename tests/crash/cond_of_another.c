/* SPDX-License-Identifier: MIT */
/* Waiting on a condition whose lock another goroutine has. */
#include <weft.h>

static weft_mutex mu;
static weft_cond cond;

static void wait(void) { weft_cond_wait(&cond, &mu); /* @wait */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_mutex_lock(&mu); /* @lock */
    weft_wg wg = {0};
    weft_wg_go(&wg, wait); /* @go */
    weft_wg_wait(&wg);
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     panic: cond wait without its lock: the mutex is locked by goroutine N
 *     	it was locked at weft_main cond_of_another.c:@lock
 *
 *     goroutine N [running]:
 *     wait cond_of_another.c:@wait
 *     created by weft_main cond_of_another.c:@go in goroutine N
 */
