/* SPDX-License-Identifier: MIT */
/* No two of the orders are opposite, but the three go round; one waits in lock_ctx. */
#include <weft.h>

static weft_mutex fork_of[3];

static void philosopher(int i)
{
    weft_mutex *right = &fork_of[(i + 1) % 3];
    weft_scoped_lock(&fork_of[i]); /* @left */
    if (weft_mutex_lock_ctx(weft_background(), right) == 0) /* @right */
        weft_mutex_unlock(right);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < 3; i++) {
        weft_wg_go(&wg, philosopher, i);
        weft_wg_wait(&wg);
    }
    return 0;
}
/*
 * exit: 2
 * env: WEFT_CHECK=locks
 * stderr:
 *     fatal error: lock order inversion
 *
 *     goroutine N [running]:
 *     philosopher inversion_three.c:@right
 *             locks mutex 0xX while it holds
 *             mutex 0xX, locked at philosopher inversion_three.c:@left
 *     ...
 *
 *     goroutine N [earlier]:
 *     philosopher inversion_three.c:@right
 *             locked mutex 0xX while it held
 *             mutex 0xX, locked at philosopher inversion_three.c:@left
 *     ...
 *
 *     goroutine N [earlier]:
 *     philosopher inversion_three.c:@right
 *             locked mutex 0xX while it held
 *             mutex 0xX, locked at philosopher inversion_three.c:@left
 *     ...
 */
