/* SPDX-License-Identifier: MIT */
/* A long queue, but the one at its head sleeps and then goes on. */
#include <weft.h>

enum { LOCKS = 5 };

static weft_mutex mu[LOCKS + 1];
static _Atomic int ready;

static void link_of_a_chain(int i)
{
    weft_mutex_lock(&mu[i]);
    ready++;
    while (ready < LOCKS)
        weft_yield();
    weft_mutex_lock(&mu[i + 1]);
    weft_mutex_unlock(&mu[i + 1]);
    weft_mutex_unlock(&mu[i]);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    weft_mutex_lock(&mu[LOCKS]);
    for (int i = 0; i < LOCKS; i++)
        weft_wg_go(&wg, link_of_a_chain, i);
    (void)weft_sleep(weft_background(), 2500 * WEFT_MILLISECOND);
    weft_mutex_unlock(&mu[LOCKS]);
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
