/* SPDX-License-Identifier: MIT */
/* The philosophers agree on an order. */
#include <weft.h>

static weft_mutex fork_of[3];

static void philosopher(int i)
{
    int j = (i + 1) % 3;
    weft_scoped_lock(&fork_of[i < j ? i : j]);
    weft_scoped_lock(&fork_of[i < j ? j : i]);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < 300; i++)
        weft_wg_go(&wg, philosopher, i % 3);
    weft_wg_wait(&wg);
    puts("done");
    return 0;
}
/*
 * exit: 0
 * env: WEFT_CHECK=locks
 * stdout:
 *     done
 * stderr:
 */
