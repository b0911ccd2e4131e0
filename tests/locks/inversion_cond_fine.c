/* SPDX-License-Identifier: MIT */
/* Queues with condition variables, the usual way; one inside another lock. */
#include <weft.h>

static weft_mutex outer, mu;
static weft_cond not_empty, not_full;
static int length;

static void puts_in(int n)
{
    while (n-- > 0) {
        weft_scoped_lock(&mu);
        while (length == 3)
            weft_cond_wait(&not_full, &mu);
        length++;
        weft_cond_signal(&not_empty);
    }
}

static void takes_out(int n)
{
    while (n-- > 0) {
        weft_scoped_lock(&outer);
        weft_scoped_lock(&mu);
        while (length == 0)
            weft_cond_wait(&not_empty, &mu);
        length--;
        weft_cond_broadcast(&not_full);
    }
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < 4; i++) {
        weft_wg_go(&wg, puts_in, 300);
        weft_wg_go(&wg, takes_out, 300);
    }
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
