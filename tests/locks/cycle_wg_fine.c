/* SPDX-License-Identifier: MIT */
/* The waiter gives the lock back first; another keeps it for long. */
#include <weft.h>

static weft_mutex mu;

static void worker(void)
{
    weft_scoped_lock(&mu);
}

static void slow(void)
{
    weft_scoped_lock(&mu);
    (void)weft_sleep(weft_background(), 2500 * WEFT_MILLISECOND);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    weft_mutex_lock(&mu);
    weft_mutex_unlock(&mu);
    weft_wg_go(&wg, slow);
    weft_wg_go(&wg, worker);
    weft_wg_wait(&wg);
    puts("done");
    return 0;
}
/*
 * exit: 0
 * stdout:
 *     done
 * stderr:
 */
