/* SPDX-License-Identifier: MIT */
/* Waiting on a condition without its lock. */
#include <weft.h>

static weft_mutex mu;
static weft_cond cond;

static void wait(void) { weft_cond_wait(&cond, &mu); /* @wait */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_mutex_lock(&mu); /* @lock */
    weft_mutex_unlock(&mu);
    wait(); /* @call */
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     panic: cond wait without its lock: the mutex is not locked
 *     	it was last locked at weft_main cond_unlocked.c:@lock
 *
 *     goroutine N "main" [running]:
 *     wait cond_unlocked.c:@wait
 *     weft_main cond_unlocked.c:@call
 */
